"""Does *What it learned* show what a network really holds, and what it really said? Damaged runs included."""

import base64

import numpy as np
import pytest

from cnnlab import datasets, images, ops, runs
from cnnlab.inspection.growth import BYTES, growth
from cnnlab.inspection.silence import Silence, passed_on
from cnnlab.runs import Store
from cnnlab.ui import job

from .test_pages_look import charts, galleries, network, open_page, seen_of, sent, texts


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty run folder, and no shipped networks."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "none")
    return Store()


def keep_kernels(run, epoch: int, factor: float) -> None:
    """Leave the run's own kernels times `factor`, as a trainer would after an epoch."""
    (run.folder / "kernels").mkdir(exist_ok=True)
    kernels = {
        name: (factor * array).astype(np.float16)
        for name, array in run.weights().items()
        if array.ndim == 4 and (epoch in (0, 3) or name.startswith("conv_1"))
    }
    runs.write_arrays(run.folder / f"kernels/epoch-{epoch:04d}.npz", kernels)


def outputs_of(run, photo: str) -> dict:
    outputs = ops.forward(run.recipe().layers(), run.weights(), seen_of(images.sample(photo)))
    return {output.name: output.values for output in outputs}


# ---- kernels


def test_kernels_tell_their_true_numbers(store):
    run = network(store)
    at = open_page("inside", inside__kernel=3)
    kernels = run.weights()["conv_1/kernel"]
    low, high = (f"{value:.2f}".replace("-", "−") for value in (kernels.min(), kernels.max()))
    assert f"4 kernels of 3 × 3 × 3. Weights have no unit; they go from {low} to {high}." in texts(at)
    shown = np.stack(galleries(at)[0], axis=-1)  # on red, on green, on blue
    assert np.allclose(shown, kernels[..., 3], atol=0.006)
    view = sent(at, "gallery")[0]
    assert f"norm {np.sqrt((kernels[..., 3] ** 2).sum()):.2f}" in view["captions"][3]
    assert "cannot be measured" in texts(at) and len(view["steps"]) == 1


def test_kernels_are_sorted_by_their_norm(store):
    run = network(store)
    view = sent(open_page("inside", inside__order="norm"), "gallery")[0]
    norms = [np.sqrt((run.weights()["conv_1/kernel"][..., n] ** 2).sum()) for n in view["order"]]
    assert norms == sorted(norms, reverse=True) and sorted(view["order"]) == [0, 1, 2, 3]
    assert view["captions"][0].startswith(f"Kernel {view['order'][0] + 1}:")


def test_the_change_since_the_start_is_the_relative_norm_of_the_difference(store):
    run = network(store)
    for epoch, factor in ((0, 0.5), (1, 0.75), (2, 0.5), (3, 1.0)):
        keep_kernels(run, epoch, factor)
    view = sent(open_page("inside"), "gallery")[0]
    assert view["steps"] == ["before training", *(f"after epoch {n} of 3" for n in (1, 2, 3))]
    said = [facts[2] for facts in view["facts"]]
    assert [text.split(" since")[0] for text in said] == [f"Changed by {n}\u00a0%" for n in (0, 50, 0, 100)]
    levels = np.frombuffer(base64.b64decode(view["levels"]), np.uint8).reshape(view["shape"])
    assert np.array_equal(levels[0], levels[2]) and not np.array_equal(levels[0], levels[3])


def test_deeper_layers_play_the_epochs_that_were_kept(store):
    run = network(store)
    for epoch in (0, 1, 2, 3):
        keep_kernels(run, epoch, 1 + epoch)
    at = open_page("inside", inside__layer="conv_2", inside__slice=3, inside__kernel=4)
    assert sent(at, "gallery")[0]["steps"] == ["before training", "after epoch 3 of 3"]
    assert np.allclose(galleries(at)[0][0], run.weights()["conv_2/kernel"][:, :, 2, 4], atol=0.006)


def test_many_large_kernels_leave_epochs_out_but_never_the_ends(store):
    run = network(store)
    now = np.ones((7, 7, 3, 512), np.float32)
    (run.folder / "kernels").mkdir()
    for epoch in range(4):
        arrays = {"wide/kernel": (now * (epoch + 1)).astype(np.float16)}
        runs.write_arrays(run.folder / f"kernels/epoch-{epoch:04d}.npz", arrays)
    grown = growth(run, "wide", now, slice(0, 3))
    assert grown.epochs == (0, 3) and grown.slices.size <= 2 * max(BYTES, now.size)
    assert len(growth(run, "wide", now, slice(0, 1)).epochs) == 4


def test_kernels_of_another_shape_get_a_sentence(store):
    run = network(store)
    keep_kernels(run, 0, 1.0)
    arrays = {"conv_1/kernel": np.zeros((5, 5, 3, 4), np.float16)}
    runs.write_arrays(run.folder / "kernels/epoch-0001.npz", arrays)
    at = open_page("inside")
    assert "do not fit its configuration" in at.warning[0].value and len(galleries(at)) == 1


def test_silent_kernels_are_flagged_with_the_evidence(store, monkeypatch):
    run = network(store, dataset="digits")
    active = {"conv_1": np.array([7, 0, 9, 9]), "conv_2": np.full(5, 9)}
    found = Silence(9, True, active, {name: counts / 2 for name, counts in active.items()})
    monkeypatch.setattr(job, "answer", lambda *_args, **_options: found)
    at = open_page("inside", inside__kernel=1)
    view = sent(at, "gallery")[0]
    assert view["marks"] == ["", "silent on these 9 photos", "", ""]
    assert view["facts"][0][-1] == "Answered on 0 of 9 photos; largest magnitude 0.00"
    assert "**1 of 4 kernels** were silent on these 9 photos" in texts(at)
    assert run.id == at.session_state["network.run"]


def test_without_its_dataset_nobody_is_called_silent(store, monkeypatch):
    network(store)
    monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    assert "it is not on this computer" in texts(open_page("inside"))


def test_silence_is_judged_after_the_activation():
    layers = Store().get("article").recipe().layers()
    assert passed_on(layers)["conv_2"] == "conv_2_relu"
    bare = [{"kind": "conv", "name": "a"}, {"kind": "norm", "name": "b"}, {"kind": "pool", "name": "c"}]
    assert passed_on([*bare, {"kind": "activation", "name": "d"}]) == {"a": "b"}


def test_a_choice_beyond_a_smaller_network_starts_over(store):
    network(store)
    at = open_page("inside", inside__layer="conv_9", inside__kernel=40, inside__map=63, inside__slice=64)
    assert at.session_state["inside.kernel"] == 0 and at.session_state["inside.map"] == 0


# ---- feature maps


@pytest.mark.parametrize(
    ("stage", "layer"), [("conv", "conv_2"), ("norm", "conv_2_norm"), ("activation", "conv_2_tanh")]
)
def test_maps_are_shown_raw_normalised_and_activated(store, stage, layer):
    run = network(store)
    at = open_page(
        "inside", photo__choice="rocket", inside__maps="conv_2", inside__stage=stage, inside__map=2
    )
    values = outputs_of(run, "rocket")[layer]
    assert f"5 maps of {values.shape[0]} × {values.shape[1]} cells" in texts(at)
    assert np.allclose(galleries(at)[1][0], values[..., 2], atol=0.006)
    end = f"{np.abs(values[..., 2]).max():.2f}"
    assert sent(at, "gallery")[1]["scale"] == [f"−{end}", end]
    above = f"{np.count_nonzero(values[..., 2] > 0):,} of {values[..., 2].size:,} cells are above 0"
    assert above in sent(at, "gallery")[1]["facts"][0][1]


@pytest.mark.parametrize("across", ["layer", "network"])
def test_the_colour_range_can_span_more_than_a_map(store, across):
    run = network(store)
    at = open_page("inside", inside__range=across, inside__maps="pool_1")
    maps = {name: values for name, values in outputs_of(run, "cat").items() if values.ndim == 3}
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
    assert "still sealed" in texts(at) and not at.metric


def test_mistakes_are_counted_as_scikit_learn_counts_them(store):
    from sklearn.metrics import accuracy_score, confusion_matrix

    run = network(store, dataset="digits", evaluated=True)
    evaluation = run.evaluation()
    at = open_page("inside")
    said = evaluation.probabilities.argmax(1)
    assert at.metric[0].value == f"{100 * accuracy_score(evaluation.labels, said):.1f}\u00a0%"
    cells = charts(at)[-1]["data"][0]["customdata"]
    shown = [[int(cell[2]) for cell in row] for row in cells]
    assert shown == confusion_matrix(evaluation.labels, said).tolist()
    wrong = said != evaluation.labels
    surest = f"{100 * evaluation.probabilities[wrong].max():.0f}\u00a0%"
    first = at.get("image")[-8].captions[0]
    assert surest in first


def test_a_network_without_mistakes_has_no_worst_ones(store):
    run = network(store, dataset="digits")
    labels = datasets.load("digits").test_labels
    run.save_evaluation(np.eye(10)[labels], labels)
    at = open_page("inside")
    assert at.metric[0].value == "100.0\u00a0%" and "There are none." in texts(at)


def test_mistakes_without_the_dataset_keep_their_table(store, monkeypatch):
    run = network(store)
    labels = np.arange(50) % 10
    run.save_evaluation(np.random.default_rng(0).dirichlet(np.ones(10), 50), labels)
    monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    at = open_page("inside")
    assert "not on this computer" in texts(at) and len(charts(at)) == 1


def test_a_damaged_evaluation_spoils_only_its_own_part(store):
    run = network(store, dataset="digits")
    (run.folder / "evaluation.npz").write_bytes(b"no")
    at = open_page("inside")
    assert "evaluation.npz" in at.warning[0].value and len(galleries(at)) == 2
