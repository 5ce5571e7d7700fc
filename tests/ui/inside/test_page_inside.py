"""Does *What it learned* show what a network really holds, and what it really said? Damaged runs included."""

import base64

import numpy as np
import pytest

from cnnlab import files, ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.config.presets import ARTICLE
from cnnlab.data import datasets, photos
from cnnlab.evaluation import metrics
from cnnlab.evaluation.robustness import CHANGES
from cnnlab.inspection import embedding
from cnnlab.inspection.ablation import Off, Weight, accuracy, edited
from cnnlab.inspection.dead_kernels import ZERO, Silence, measure, passed_on
from cnnlab.inspection.held_out import held_out_images
from cnnlab.inspection.kernel_history import BYTES, growth
from cnnlab.progress import Cancelled
from cnnlab.runs import RunError
from cnnlab.runs.attempt import Attempt
from cnnlab.ui.inside.character import character
from cnnlab.ui.inside.mistakes import question
from cnnlab.ui.widgets import background_job
from tests.support.networks import outputs
from tests.support.pages import (
    again,
    centre,
    charts,
    galleries,
    number,
    open_page,
    sent,
    sound,
    words,
)
from tests.support.runs import network, table

pytestmark = pytest.mark.usefixtures("nothing_shipped")


def keep_kernels(run, epoch: int, factor: float) -> None:
    """Leave the run's own kernels times `factor`, as a trainer would after an epoch."""
    (run.folder / "kernels").mkdir(exist_ok=True)
    kernels = {
        name: (factor * array).astype(np.float16)
        for name, array in run.weights().items()
        if array.ndim == 4 and (epoch in (0, 3) or name.startswith("conv_1"))
    }
    files.write_arrays(run.folder / f"kernels/epoch-{epoch:04d}.npz", kernels)


# ---- kernels


def test_kernels_tell_their_true_numbers(store):
    run = network(store)
    at = open_page("inside", state={"inside.kernel": 3})
    kernels = run.weights()["conv_1/kernel"]
    low, high = (f"{value:.2f}".replace("-", "−") for value in (kernels.min(), kernels.max()))
    assert f"4 kernels of 3 × 3 × 3. Weights have no unit; they go from {low} to {high}." in words(at)
    shown = np.stack(galleries(at)[0], axis=-1)  # on red, on green, on blue
    assert np.allclose(shown, kernels[..., 3], atol=0.006)
    view = sent(at, "gallery")[0]
    assert f"norm {np.sqrt((kernels[..., 3] ** 2).sum()):.2f}" in view["captions"][3]
    assert "cannot be measured" in words(at) and len(view["steps"]) == 1


def test_kernels_are_sorted_by_their_norm(store):
    run = network(store)
    view = sent(open_page("inside", state={"inside.order": "norm"}), "gallery")[0]
    norms = [np.sqrt((run.weights()["conv_1/kernel"][..., n] ** 2).sum()) for n in view["order"]]
    assert norms == sorted(norms, reverse=True) and sorted(view["order"]) == [0, 1, 2, 3]
    assert view["captions"][0].startswith(f"Kernel {view['order'][0] + 1}:")


def test_the_change_since_the_start_is_the_relative_norm_of_the_difference(store):
    run = network(store)
    for epoch, factor in ((0, 0.5), (1, 0.75), (2, 0.5), (3, 1.0)):
        keep_kernels(run, epoch, factor)
    view = sent(open_page("inside"), "gallery")[0]
    assert view["steps"] == ["before training", *(f"epoch {n} of 3" for n in (1, 2, 3))]
    said = [facts[2] for facts in view["facts"]]
    changed = [number(text.removeprefix("Changed by ").split(" since")[0]) for text in said]
    assert changed == pytest.approx([0, 50, 0, 100], abs=0.02)
    levels = np.frombuffer(base64.b64decode(view["levels"]), np.uint8).reshape(view["shape"])
    assert np.array_equal(levels[0], levels[2]) and not np.array_equal(levels[0], levels[3])


def test_deeper_layers_play_the_epochs_that_were_kept(store):
    run = network(store)
    for epoch in (0, 1, 2, 3):
        keep_kernels(run, epoch, 1 + epoch)
    at = open_page("inside", state={"inside.layer": "conv_2", "inside.slice": 3, "inside.kernel": 4})
    assert sent(at, "gallery")[0]["steps"] == ["before training", "epoch 3 of 3"]
    assert np.allclose(galleries(at)[0][0], run.weights()["conv_2/kernel"][:, :, 2, 4], atol=0.006)


def test_many_large_kernels_leave_epochs_out_but_never_the_ends(store):
    model = ModelConfig(blocks=(ConvBlock(filters=512, kernel=7),), head="global_average")
    config = TrainConfig(model=model, dataset="digits", epochs=3)
    run = store.create(config, tuple("0123456789"), preset="article", owner="anna")
    now = np.ones((7, 7, 3, 512), np.float32)
    attempt = Attempt(run, run.claim("test"))
    attempt.write_history(table(3))
    for epoch in range(4):
        attempt.write_kernels(epoch, {"conv_1/kernel": now * (epoch + 1)})
    grown = growth(run, "conv_1", now, slice(0, 3))
    assert grown.epochs == (0, 3) and grown.slices.size <= 2 * max(BYTES, now.size)
    assert len(growth(run, "conv_1", now, slice(0, 1)).epochs) == 4


def test_kernels_of_another_shape_get_a_sentence(store):
    run = network(store)
    keep_kernels(run, 0, 1.0)
    arrays = {"conv_1/kernel": np.zeros((5, 5, 3, 4), np.float16)}
    files.write_arrays(run.folder / "kernels/epoch-0001.npz", arrays)
    at = open_page("inside")
    assert "kernels/epoch-0001.npz" in at.warning[0].value and len(galleries(at)) == 1


def test_silent_kernels_are_flagged_with_the_evidence(store, monkeypatch):
    run = network(store, dataset="digits")
    active = {"conv_1": np.array([7, 0, 9, 9]), "conv_2": np.full(5, 9)}
    found = Silence(9, True, active, {name: counts / 2 for name, counts in active.items()})
    monkeypatch.setattr(background_job, "answer", lambda *_args, **_options: found)
    at = open_page("inside", state={"inside.kernel": 1})
    view = sent(at, "gallery")[0]
    assert view["marks"] == ["", "silent on these 9 photos", "", ""]
    assert view["facts"][0][2] == "Answered on 0 of 9 photos; largest magnitude 0.00"
    assert "**1 of 4 kernels** were silent on these 9 photos" in words(at)
    assert run.id == at.session_state["network.run"]


def test_without_its_dataset_nobody_is_called_silent(store, monkeypatch):
    network(store)
    monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    assert "it is not on this computer" in words(open_page("inside"))


def test_silence_is_judged_after_the_activation():
    layers = ARTICLE.layers(10)
    assert passed_on(layers)["conv_2"] == "conv_2_relu"
    bare = [ops.Conv("a", 1, 1), ops.BatchNorm("b"), ops.Pool("c", "max", 2, stride=2)]
    assert passed_on([*bare, ops.Activation("d", "relu")]) == {"a": "b"}


def test_a_choice_beyond_a_smaller_network_starts_over(store):
    network(store)
    at = open_page(
        "inside", state={"inside.layer": "conv_9", "inside.kernel": 40, "inside.map": 63, "inside.slice": 64}
    )
    assert at.session_state["inside.kernel"] == 0 and at.session_state["inside.map"] == 0


def test_the_own_map_of_a_chosen_kernel_is_shown(store):
    network(store)
    at = open_page("inside", state={"inside.layer": "conv_2", "inside.kernel": 3, "inside.maps": "pool_1"})
    assert at.session_state["inside.maps"] == "pool_1"  # a choice of maps stands
    at.session_state["_inside.picked"] = True  # what a tap on a kernel leaves behind
    again(at)
    assert at.session_state["inside.maps"] == "conv_2" and at.session_state["inside.map"] == 3
    assert sent(at, "gallery")[1]["chosen"] == 3


SOBEL = np.outer([1, 2, 1], [-1, 0, 1])


@pytest.mark.parametrize(
    ("plane", "colour", "word"),
    [
        (SOBEL, (1, 1, 1), "left to right"),
        (SOBEL.T, (1, 1, 1), "top to bottom"),
        (np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]]), (1, 1, 1), "slanted"),
        (np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]), (1, 1, 1), "surrounds it"),
        (np.ones((3, 3)), (1, -1, 0), "difference of colour"),
        (np.ones((3, 3)), (1, 1, 1), "the brighter, the more"),
        (-np.ones((3, 3)), (1, 1, 1), "the further below 0"),
        (np.ones((3, 3)), (0.1, 0.1, 1), "most to blue"),
        (np.zeros((3, 3)), (1, 1, 1), "All its weights are 0"),
        (np.ones((1, 1)), (1, 1, 1), "the brighter, the more"),
    ],
)
def test_a_kernel_is_described_by_its_weights(plane, colour, word):
    assert word in character(plane[..., np.newaxis] * np.array(colour))


# ---- feature maps


def test_a_digits_network_gets_digits(store):
    run = network(store, dataset="digits")
    at = open_page("inside", state={"picture.number": 8, "inside.maps": "conv_1", "inside.stage": "conv"})
    image, label = datasets.test_pictures("digits", [7])
    values = ops.forward(run.recipe().layers(), run.weights(), image[0])[1].values
    assert np.allclose(galleries(at)[1][0], values[..., 0], atol=0.006)
    assert f"Test image 8: {label[0]}" in words(at)


def test_one_picture_for_all_parts_of_the_page(store):
    network(store)
    at = more("Switch parts off", state={"photo.choice": "rocket"})
    assert at.selectbox(key="picture.choice.maps").value == "rocket"
    sound(at.selectbox(key="picture.choice.parts").select("coffee").run())
    assert at.selectbox(key="picture.choice.maps").value == "coffee" == at.session_state["photo.choice"]
    assert "for “Cup of coffee”" in words(at)


@pytest.mark.parametrize(
    ("stage", "layer"), [("conv", "conv_2"), ("norm", "conv_2_norm"), ("activation", "conv_2_tanh")]
)
def test_maps_are_shown_raw_normalised_and_activated(store, stage, layer):
    run = network(store)
    at = open_page(
        "inside",
        state={"photo.choice": "rocket", "inside.maps": "conv_2", "inside.stage": stage, "inside.map": 2},
    )
    values = outputs(run, centre(photos.sample("rocket")))[layer]
    assert f"5 maps of {values.shape[0]} × {values.shape[1]} cells" in words(at)
    assert np.allclose(galleries(at)[1][0], values[..., 2], atol=0.006)
    end = f"{np.abs(values[..., 2]).max():.2f}"
    assert sent(at, "gallery")[1]["scale"] == [f"−{end}", end]
    above = f"{np.count_nonzero(values[..., 2] > 0):,} of {values[..., 2].size:,} cells are above 0"
    assert above in sent(at, "gallery")[1]["facts"][0][1]


@pytest.mark.parametrize("across", ["layer", "network"])
def test_the_colour_range_can_span_more_than_a_map(store, across):
    run = network(store)
    at = open_page("inside", state={"inside.range": across, "inside.maps": "pool_1"})
    maps = {
        name: values
        for name, values in outputs(run, centre(photos.sample("cat"))).items()
        if values.ndim == 3
    }
    del maps["rescale"]
    chosen = maps.values() if across == "network" else [maps["pool_1"]]
    expected = max(np.abs(values).max() for values in chosen)
    assert sent(at, "gallery")[1]["scale"][1] == f"{expected:.2f}"


def test_a_large_sheet_is_sent_coarser():
    from cnnlab.ui.inside.maps import CELLS, thumbnails

    values = np.random.default_rng(0).normal(size=(32, 32, 512)).astype(np.float32)
    shown = thumbnails(values, np.full(512, 4.0))
    assert shown.shape[:2] == (1, 512) and shown.size <= CELLS
    small = thumbnails(values[..., :3], np.full(3, 4.0))
    assert small.shape == (1, 3, 32, 32, 1)


# ---- mistakes


def test_mistakes_stay_sealed_until_the_test_set_is_opened(store):
    network(store, dataset="digits")
    at = open_page("inside")
    assert "still sealed" in words(at) and not at.metric


def answered(at):
    """Commit to the first option of the question about mistakes, if there is one."""
    asked = [group for group in at.get("button_group") if "inside.mistakes" in group.proto.id]
    return sound(asked[0].set_value(asked[0].options[0]).run()) if asked else at


def test_mistakes_are_counted_as_scikit_learn_counts_them(store):
    from sklearn.metrics import accuracy_score, confusion_matrix

    run = network(store, dataset="digits", evaluated=True)
    evaluation = run.evaluation()
    at = answered(open_page("inside"))
    said = evaluation.probabilities.argmax(1)
    assert f"**{100 * accuracy_score(evaluation.labels, said):.1f}\u00a0%** of the" in words(at)
    expected = confusion_matrix(evaluation.labels, said)
    cells = sent(at, "matrix")[0]["rows"]
    shown = [[int(cell["says"].split(": ")[1].split(" of ")[0]) for cell in row] for row in cells]
    assert shown == expected.tolist()
    wrong = said != evaluation.labels
    surest = f"{100 * evaluation.probabilities[wrong].max():.0f}\u00a0%"
    assert surest in at.get("image")[-8].captions[0]


def test_a_cell_of_the_matrix_opens_its_pictures(store):
    run = network(store, dataset="digits", evaluated=True)
    evaluation = run.evaluation()
    at = answered(open_page("inside", state={"inside.cell": (4, 7)}))
    said = evaluation.probabilities.argmax(1)
    places = np.flatnonzero((evaluation.labels == 4) & (said == 7))
    surest = places[np.argmax(evaluation.probabilities[places, 7])]
    assert f"**4, called 7**: {len(places)} images" in words(at)
    captions = [image.captions[0] for image in at.get("image")]
    p = evaluation.probabilities[surest]
    first = f"✗ 7 {100 * p[7]:.0f}\u00a0%  \ntruth: 4 {100 * p[4]:.0f}\u00a0%"
    assert first in captions and sum("✗ 7 " in text and "truth: 4" in text for text in captions) >= len(
        places
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_question_about_mistakes_has_the_answer_of_the_matrix(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 12))
    counts = rng.integers(0, 40, (size, size))
    classes = [f"class {n}" for n in range(size)]
    asked = question(counts, classes)
    wrong = {(i, j): counts[i, j] for i in range(size) for j in range(size) if i != j}
    behind = [sum(n for (_i, j), n in wrong.items() if j == col) for col in range(size)]
    answer = behind.index(max(behind))
    column = sorted((n, classes[i]) for (i, j), n in wrong.items() if j == answer)
    if column[-1][0] == column[-2][0]:
        assert asked is None  # two are taken for it equally often
        return
    text, options, right, _reveal = asked
    assert f"**{classes[answer]}**" in text and right == column[-1][1]
    assert right in options and classes[answer] not in options
    assert len(set(options)) == len(options) == min(4, size - 1)


def test_the_matrix_stays_hidden_until_the_student_has_predicted(store):
    network(store, dataset="digits", evaluated=True)
    at = open_page("inside")
    assert not sent(at, "matrix") and "appear when you have predicted" in words(at)
    assert len(sent(answered(at), "matrix")) == 1


def test_a_network_without_mistakes_has_no_worst_ones(store):
    run = network(store, dataset="digits")
    labels = datasets.load("digits").test_labels
    run.save_evaluation(np.eye(10)[labels], labels)
    at = open_page("inside")
    assert "**100.0\u00a0%**" in words(at) and "There are none." in words(at) and sent(at, "matrix")


def test_mistakes_without_the_dataset_keep_their_table(store, monkeypatch):
    run = network(store)
    labels = np.arange(50) % 10
    run.save_evaluation(np.random.default_rng(0).dirichlet(np.ones(10), 50), labels)
    monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    at = answered(open_page("inside"))
    assert "not on this computer" in words(at) and sent(at, "matrix")


def test_a_damaged_evaluation_spoils_only_its_own_part(store):
    run = network(store, dataset="digits")
    (run.folder / "evaluation.npz").write_bytes(b"no")
    at = open_page("inside")
    assert "evaluation.npz" in at.warning[0].value and len(galleries(at)) == 2


# ---- under More


def more(tab: str, state: dict | None = None):
    """Open the page with *More* unfolded at one of its tabs."""
    return open_page("inside", state={"_inside.more": True, "_inside.more.tab": tab, **(state or {})})


def test_precision_and_recall_are_shares_of_answers_and_of_images(store):
    run = network(store, dataset="digits", evaluated=True)
    evaluation = run.evaluation()
    table = more("Class by class").table[0].value
    said, labels = evaluation.probabilities.argmax(1), evaluation.labels
    for column, among in (("precision", said), ("recall", labels)):
        expected = [((said == c) & (labels == c)).sum() / (among == c).sum() for c in range(10)]
        assert table[column].tolist() == [f"{100 * share:.1f}\u00a0%" for share in expected]


def test_a_class_never_answered_has_no_precision():
    always_the_first = np.tile([0.9, 0.1], (5, 1))
    precision, recall = metrics.precision_and_recall(always_the_first, np.array([0, 0, 0, 1, 1]))
    assert precision[0] == 0.6 and np.isnan(precision[1]) and recall.tolist() == [1.0, 0.0]


def test_reliability_is_scikit_learns_calibration_curve():
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(3)
    probabilities, labels = rng.dirichlet(np.ones(4), 500), rng.integers(0, 4, 500)
    found = metrics.reliability(probabilities, labels)
    right, sure = calibration_curve(
        probabilities.argmax(1) == labels, probabilities.max(1), n_bins=len(found.counts)
    )
    filled = found.counts > 0
    assert found.counts.sum() == 500 and not filled.all()
    np.testing.assert_allclose(found.accuracy[filled], right)
    np.testing.assert_allclose(found.confidence[filled], sure)


def test_the_calibration_error_worked_by_hand():
    # Five answers in two bins of ten: 0.92 and 0.98 (one right), 0.61, 0.65 and 0.69 (two right).
    sure = np.array([0.92, 0.98, 0.61, 0.65, 0.69])
    probabilities = np.column_stack([sure, 1 - sure])
    labels = np.array([0, 1, 0, 0, 1])
    found = metrics.reliability(probabilities, labels, bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 3, 0, 0, 2]
    assert found.confidence[[6, 9]] == pytest.approx([0.65, 0.95])
    assert found.accuracy[[6, 9]] == pytest.approx([2 / 3, 0.5])
    assert found.error == pytest.approx(3 / 5 * (2 / 3 - 0.65) + 2 / 5 * (0.95 - 0.5))


def test_the_reliability_diagram_is_scikit_learns(store):
    from sklearn.calibration import calibration_curve

    run = network(store, dataset="digits", evaluated=True)
    evaluation = run.evaluation()
    at = more("How sure is it rightly? · University")
    points = charts(at)[0]["data"][2]
    sure = evaluation.probabilities.max(1)
    right = evaluation.probabilities.argmax(1) == evaluation.labels
    accuracy, confidence = calibration_curve(right, sure, n_bins=metrics.BINS)
    assert np.allclose(points["x"], 100 * confidence, atol=1e-3)
    assert np.allclose(points["y"], 100 * accuracy, atol=1e-3)
    shares = [float(count.replace(",", "")) / len(sure) for count, _sure, _right in points["customdata"]]
    expected = sum(share * abs(a - c) for share, a, c in zip(shares, accuracy, confidence, strict=True))
    assert at.metric[0].value == f"{100 * expected:.1f}\u00a0%"


def test_changes_of_photos_do_what_they_say():
    pictures = np.random.default_rng(0).integers(0, 200, (3, 32, 32, 3), dtype=np.uint8)
    for change in CHANGES.values():
        assert np.array_equal(change.apply(pictures, change.unchanged), pictures)
        assert change.unchanged in change.strengths
    assert np.array_equal(CHANGES["shift"].apply(pictures, 4)[:, :, 4:], pictures[:, :, :-4])
    brighter = CHANGES["brightness"].apply(pictures, 2.0)
    assert np.array_equal(brighter, np.minimum(2 * pictures.astype(int), 255))
    noise = CHANGES["noise"].apply(np.full((1, 300, 300, 3), 128, np.uint8), 16.0).astype(float)
    assert noise.std() == pytest.approx(16, rel=0.02) and noise.mean() == pytest.approx(128, abs=0.2)


def test_blur_is_scipys():
    from scipy.ndimage import gaussian_filter

    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    blurred = CHANGES["blur"].apply(pictures, 1.5)
    sigma = (0, 1.5, 1.5, 0)
    expected = gaussian_filter(pictures.astype(np.float32), sigma, mode="nearest", truncate=10 / 3)
    assert np.abs(blurred - expected).max() <= 0.51


def test_changed_photos_wait_for_the_opened_test_set(store, digits_run, monkeypatch):
    from cnnlab.evaluation import robustness

    sealed = network(store, dataset="digits")
    with pytest.raises(RunError, match="still sealed"):
        robustness.measure(str(store.root), sealed.id)
    assert "still sealed" in words(more("Darker, blurred, noisy"))
    trained, run = digits_run
    found = robustness.measure(str(trained.root), run.id)
    # All of Digits' test images; other batches round otherwise, so an undecided image may fall either way.
    assert found.accuracy["blur"][0] == pytest.approx(run.evaluation().accuracy, abs=2 / found.images)
    assert found.images == len(run.evaluation().labels)
    assert min(found.accuracy["noise"]) < found.accuracy["noise"][0]


# ---- parts switched off


def test_a_kernel_that_is_off_gives_a_map_of_zeros(store):
    run = network(store)  # the second convolution is normalised
    layers, weights = run.recipe().layers(), run.weights()
    seen = centre(photos.sample("cat"))
    for layer, last in (("conv_1", "conv_1_relu"), ("conv_2", "conv_2_tanh")):
        outputs = ops.forward(layers, edited(weights, [Off(layer, 2)]), seen)
        values = next(output.values for output in outputs if output.name == last)
        assert not values[..., 2].any() and values[..., 1].any()


def test_edits_follow_each_other_and_leave_the_given_weights_alone(store):
    weights = network(store).weights()
    before = {name: array.copy() for name, array in weights.items()}
    changed = edited(weights, [Off("conv_1", 1), Weight("conv_1", 1, 0, 2, 1, 0.5)])
    kernel = changed["conv_1/kernel"][..., 1]
    assert kernel[0, 2, 1] == 0.5 and np.count_nonzero(kernel) == 1
    assert all(np.array_equal(array, before[name]) for name, array in weights.items())
    assert changed["conv_2/kernel"] is weights["conv_2/kernel"]


def test_switching_off_changes_answer_and_accuracy_but_not_the_run(digits_run):
    store, run = digits_run
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    whole = accuracy(str(store.root), run.id, ())
    shown, labels, held_out = held_out_images(run.recipe())
    answers = [ops.forward(run.recipe().layers(), run.weights(), image)[-1].values for image in shown]
    assert whole.right == (np.argmax(answers, axis=1) == labels).sum() and held_out == whole.held_out
    everything = tuple(Off("conv_1", kernel) for kernel in range(32))
    blind = accuracy(str(store.root), run.id, everything)
    assert blind.right < whole.right and max(blind.by_class) == 1.0  # one class for all
    assert accuracy(str(store.root), run.id, ()) == whole
    assert before == {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}


def test_edits_are_shown_and_undone(store):
    run = network(store)
    at = more("Switch parts off", state={"inside.edit.kernel": 3})
    sound(at.button(key="_inside.off").click().run())
    seen = centre(photos.sample("cat"))
    before = ops.forward(run.recipe().layers(), run.weights(), seen)[-1].values
    changed = edited(run.weights(), [Off("conv_1", 2)])
    after = ops.forward(run.recipe().layers(), changed, seen)[-1].values
    table = at.table[0].value
    order = np.argsort(-np.maximum(before, after), kind="stable")[:5]
    for column, p in (("as trained", before), ("with your changes", after)):
        assert [text.strip("*") for text in table[column]] == [f"{100 * p[c]:.1f}\u00a0%" for c in order]
    assert "Convolution 1: kernel 3 is off" in words(at)
    sound(at.button(key="_inside.undo.:material/undo:").click().run())
    assert "Nothing is changed yet" in words(at)


def test_held_out_photos_are_the_runs_own(digits_run):
    _store, run = digits_run
    shown, _labels, held_out = held_out_images(run.recipe())
    data, config = datasets.load("digits"), run.recipe().config
    _training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    assert held_out and np.array_equal(shown, data.train_images[np.sort(held)])


def test_silence_is_counted_as_our_own_arithmetic_counts_it(digits_run):
    store, run = digits_run
    found = measure(str(store.root), run.id)
    shown, _labels, _held_out = held_out_images(run.recipe())
    layers, weights = run.recipe().layers(), run.weights()
    active, peak = np.zeros(32, int), np.zeros(32)
    for image in shown:
        values = {output.name: output.values for output in ops.forward(layers, weights, image)}
        tops = values["conv_1_relu"].max(axis=(0, 1))
        active, peak = active + (tops > ZERO), np.maximum(peak, tops)
    assert found.photos == len(shown) and np.abs(found.active["conv_1"] - active).max() <= 1
    assert np.allclose(found.peak["conv_1"], peak, atol=1e-3)


# ---- the space


def test_the_space_is_what_reaches_the_layer_of_scores(digits_run):
    store, run = digits_run
    found = embedding.space(str(store.root), run.id)
    data = datasets.load("digits")
    layers, weights = run.recipe().layers(), run.weights()
    before = [layer.name for layer in layers].index("scores") - 1
    rows = np.stack([ops.forward(layers, weights, image)[before].values for image in data.test_images])
    _u, sizes, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    mine = (rows - rows.mean(axis=0)) @ axes[:2].T
    assert np.allclose(np.abs(found.pca), np.abs(mine), atol=1e-2)  # an axis may point either way
    assert found.spread == pytest.approx((sizes**2 / (sizes**2).sum())[:2], abs=1e-4)
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1)[:, :10]
    same = (data.test_labels[nearest] == data.test_labels[:, None]).mean(axis=1)
    assert found.alike[3] == pytest.approx(same[data.test_labels == 3].mean(), abs=0.01)
    assert found.usual == pytest.approx(np.median(apart.min(axis=1)), abs=1e-3)


def test_a_photo_is_placed_where_its_neighbours_are(digits_run):
    store, run = digits_run
    found = embedding.space(str(store.root), run.id)
    for index in (0, 17):
        placed = embedding.place(str(store.root), run.id, datasets.load("digits").test_images[index])
        assert placed.nearest[0] == index and placed.distances[0] == pytest.approx(0, abs=1e-3)
        assert list(placed.distances) == sorted(placed.distances)
        assert np.allclose(placed.pca, found.pca[index], atol=1e-3)
        away = np.linalg.norm(found.tsne - placed.tsne, axis=1)
        assert (away < away[index]).sum() < 20  # of 360: among its own


def test_arranging_tells_its_progress_and_can_be_cancelled(digits_run, monkeypatch):
    store, run = digits_run
    told = []

    def report(done, total):
        told.append((done, total))
        if done > total / 2:
            raise Cancelled

    monkeypatch.setattr(embedding, "report", report)
    embedding._arrange.cache_clear()
    with pytest.raises(Cancelled):
        embedding.space(str(store.root), run.id)
    steps = [done for done, _total in told]
    assert steps == sorted(steps) and len({total for _done, total in told}) == 1
    assert told[-1][0] == told[-1][1] // 2 + 1


def test_places_keep_their_proportions():
    from cnnlab.ui.components.space import payload

    places = np.array([[0.0, 0.0], [10.0, 2.0], [4.0, 1.0]])
    own = (np.zeros((32, 32, 3), np.uint8), {"PCA": np.array([5.0, 4.0])})
    sprite = {"address": "", "side": 24, "columns": 50}
    (shown,) = payload({"PCA": places}, sprite, np.zeros(3, int), ["cat"], own=own)["maps"]
    whole = np.frombuffer(base64.b64decode(shown["places"]["base64"]), "<i2").reshape(3, 2)
    assert whole.tolist() == [[0, 4000], [10_000, 2000], [4000, 3000]]
    assert shown["own"] == [5000, 0] and shown["tall"] == 4000


# ---- whatever the form offers


@pytest.mark.parametrize(
    ("model", "maps"),
    [
        (ModelConfig(blocks=()), 0),
        (ModelConfig(blocks=(ConvBlock(filters=3, kernel=7, stride=4, activation="linear"),)), 1),
        (
            ModelConfig(
                blocks=(
                    ConvBlock(
                        filters=2, kernel=1, padding="same", normalise=True, activation="gelu", dropout=0.3
                    ),
                    ConvBlock(filters=3, kernel=4, activation="sigmoid", pool="average", pool_window=3),
                    ConvBlock(filters=4, activation="leaky_relu", normalise=True, pool="max"),
                ),
                head="global_max",
                dense=(DenseBlock(units=5, activation="elu", dropout=0.5),),
            ),
            5,
        ),
    ],
)
def test_every_kind_of_network_is_shown(store, model, maps):
    run = network(store, model, dataset="digits", evaluated=True)
    at = open_page("inside")
    assert len(galleries(at)) == (2 if maps else 0)
    if not maps:
        assert "has no convolution" in words(at) and "has no feature maps" in words(at)
        return
    assert len(at.selectbox(key="inside.maps").options) == maps
    outputs = ops.forward(run.recipe().layers(), run.weights(), datasets.test_pictures("digits", [0])[0][0])
    expected = {output.name: output.values for output in outputs}
    for layer in model.layers(10):
        if layer.kind not in ("conv", "pool"):
            continue
        at.session_state["inside.maps"], at.session_state["inside.stage"] = layer.name, "conv"
        shown = galleries(again(at))[1][0]
        assert np.allclose(shown, expected[layer.name][..., 0], atol=0.006)
    deepest = f"conv_{len(model.blocks)}"  # the last of three reads three maps, and these are no colours
    at.session_state["inside.layer"] = deepest
    assert len(galleries(again(at))[0]) == (1 if len(model.blocks) > 1 else 3)
    switched = more("Switch parts off")
    sound(switched.button(key="_inside.off").click().run())
    assert "kernel 1 is off" in words(switched)
