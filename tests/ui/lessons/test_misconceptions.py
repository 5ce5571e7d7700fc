"""Do the numbers that test a misconception come out the same when they are computed in another way?"""

import csv
import itertools
import shutil

import numpy as np
import pytest
from scipy.signal import correlate
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.data import cifar10, photos
from cnnlab.runs import Store, records
from cnnlab.ui.lessons.faq.beliefs import beliefs
from tests.conftest import ROOT
from tests.support.pages import centre, number, open_page

SHIPPED = ROOT / "cnnlab/pretrained/article"
NAMES = ("bright", "flat", "position", "weight", "sure", "loss", "steps", "use", "epochs", "training")


pytestmark = pytest.mark.usefixtures("store")


def opened(name: str, **state) -> AppTest:
    """Open Common questions at one misconception."""
    return open_page(
        "faq", state={"faq.belief": name, **{f"faq.{key}": value for key, value in state.items()}}
    )


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def table(at: AppTest):
    """Return the table of the misconception: the glossary's is the last one."""
    return at.table[-2].value


def right(at: AppTest) -> str:
    return next(m.value for m in at.markdown if "check_circle" in m.value and "Right is" in m.value)


def cat() -> np.ndarray:
    return centre(photos.sample("cat"))


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    with np.load(SHIPPED / "weights.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def history() -> list[dict[str, float]]:
    rows = csv.DictReader((SHIPPED / "history.csv").read_text().splitlines())
    return [{name: float(text) for name, text in row.items()} for row in rows]


@pytest.fixture(scope="module")
def evaluation() -> tuple[np.ndarray, np.ndarray]:
    with np.load(SHIPPED / "evaluation.npz") as stored:
        return stored["probabilities"].astype(float), stored["labels"]


def features(weights, photo: np.ndarray) -> np.ndarray:
    """The 64 numbers below the scores."""
    layers = Store().get("article").recipe().layers()
    return next(o.values for o in ops.forward(layers, weights, photo) if o.name == "dense_1_relu")


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_sentence_its_answer_and_a_page_to_go_to(name):
    at = opened(name)
    belief = beliefs()[name]
    assert f"“{belief.sentence}”" in [heading.value for heading in at.subheader]
    assert right(at)
    assert belief.link in [link.proto.label for link in at.get("page_link")]
    assert (ROOT / f"pages/{belief.page}.py").exists()


def test_every_misconception_is_tested_here():
    assert tuple(beliefs()) == NAMES


@pytest.mark.parametrize(
    ("chosen", "kernel"),
    [
        ("sobel_x", np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])),
        ("box_blur", np.full((3, 3), 1 / 9)),
    ],
)
def test_the_brightest_window_against_the_strongest(chosen, kernel):
    grey = photos.grey(cat()).astype(float)
    means, sums = (correlate(grey, k, "valid") for k in (np.full((3, 3), 1 / 9), kernel))
    shown = table(opened("bright", bright=chosen))
    bright, strong = means.argmax(), np.abs(sums).argmax()
    for row, place in enumerate((bright, strong)):
        assert number(shown.iloc[row, 1]) == pytest.approx(means.flat[place], abs=0.051)
        assert abs(number(shown.iloc[row, 2])) == pytest.approx(abs(sums.flat[place]), abs=0.051)


@pytest.mark.parametrize("kernel", [1, 17, 64])
def test_slices_add_up_to_the_output(weights, kernel):
    layers = Store().get("article").recipe().layers()
    outputs = {o.name: o.values for o in ops.forward(layers, weights, cat())}
    below, block = outputs["pool_1"], weights["conv_2/kernel"][..., kernel - 1]
    whole = sum(correlate(below[..., c], block[..., c], "valid") for c in range(block.shape[-1]))
    row, col = np.unravel_index(whole.argmax(), whole.shape)
    window = below[row : row + 3, col : col + 3]
    slices = (window * block).sum(axis=(0, 1))
    at = opened("flat", flat=kernel)
    shown = metrics(at)
    assert number(shown["The largest slice alone"]) == pytest.approx(slices.max(), abs=6e-4)
    assert number(shown["All 32 slices"]) == pytest.approx(slices.sum(), abs=6e-4)
    output = slices.sum() + weights["conv_2/bias"][kernel - 1]
    assert number(shown["With the bias: the output"]) == pytest.approx(output, abs=6e-4)
    assert "**288 weights**" in right(at)


@pytest.mark.parametrize("shift", [0, 1, 8])
def test_a_moved_photo_has_other_maxima_and_another_answer(weights, shift):
    photo, layers = centre(photos.sample("cat"), 40), Store().get("article").recipe().layers()
    crops = [photo[4:36, col : col + 32] for col in (0, shift)]
    maxima = [photos.grey(crop).reshape(16, 2, 16, 2).max(axis=(1, 3)) for crop in crops]
    p = [ops.forward(layers, weights, crop)[-1].values[3] for crop in crops]
    at = opened("position", moved=shift)
    shown = metrics(at)
    same = maxima[0] == maxima[1]
    assert number(shown["Max values that stay"]) == pytest.approx(100 * same.mean(), abs=0.51)
    said = right(at)
    if shift:
        assert f"Here {same.sum()} of 256 stay" in said and "changes too" in said
    else:  # nothing has moved, so nothing may be said to change
        assert "all 256 maxima stay" in said and "changes" not in said
    assert number(shown["Probability of cat before"]) == pytest.approx(100 * p[0], abs=0.051)
    assert number(shown["Probability of cat, moved"]) == pytest.approx(100 * p[1], abs=0.051)


@pytest.mark.parametrize("unit", range(10))
def test_what_counts_is_the_product(weights, unit):
    x, w = features(weights, cat()), weights["scores/kernel"][:, unit]
    at = opened("weight", unit=unit)
    shown = table(at)
    for row, place in enumerate((np.abs(w).argmax(), np.abs(x * w).argmax())):
        assert f"({place + 1})" in shown.iloc[row, 0]
        expected = (x[place], w[place], x[place] * w[place])
        assert [number(cell) for cell in shown.iloc[row, 1:]] == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("least", [0.5, 0.9, 0.99])
def test_sure_answers_can_be_wrong(evaluation, least):
    p, labels = evaluation
    sure = p.max(axis=1) >= least
    shown = metrics(opened("sure", sure=least))
    assert number(shown["Test images it is so sure about"]) == sure.sum()
    assert number(shown["Wrong among them"]) == (p[sure].argmax(axis=1) != labels[sure]).sum() > 0


def test_foreign_photos_are_named_too(weights):
    shown = table(opened("sure"))
    assert not {"Astronaut", "Photographer"} & set(shown.iloc[:, 0]), "no person is given a class"
    layers, best = Store().get("article").recipe().layers(), []
    for sample in photos.SAMPLES:
        if sample not in cifar10.SAMPLES and sample not in ("astronaut", "photographer"):
            seen = photos.resize(photos.square(photos.sample(sample)))
            best.append(ops.forward(layers, weights, seen)[-1].values.max())
    expected = 100 * np.sort(best)[::-1][:4]
    assert [number(cell) for cell in shown.iloc[:, 2]] == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_the_loss_moves_while_the_error_rate_stays(evaluation, factor):
    p, labels = evaluation
    scores = factor * np.log(p)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(p)), labels]
    shown = table(opened("loss", factor=factor))
    errors = 100 * np.mean(p.argmax(axis=1) != labels)
    assert [number(cell) for cell in shown.iloc[:, 1]] == pytest.approx([errors, errors], abs=0.051)
    assert number(shown.iloc[1, 2]) == pytest.approx(losses.mean(), abs=6e-4)


@pytest.mark.parametrize(("rate", "word"), [(0.3, "better"), (1.0, "as before"), (1.3, "worse")])
def test_a_step_can_make_it_worse(history, rate, word):
    at = opened("steps", step=rate)
    shown = table(at)
    expected = 2 - 3 * (1 - 2 * rate) ** np.arange(6)  # w - 2 shrinks or grows by 1 - 2 * rate each step
    assert [number(cell) for cell in shown.iloc[:, 1]] == pytest.approx(expected, abs=0.0051)
    assert all(word in cell for cell in shown.iloc[1:, 3])
    losses = [row["val_loss"] for row in history]
    rises = sum(b > a for a, b in itertools.pairwise(losses))
    assert f"the validation loss {rises}×" in right(at)


def test_only_training_changes_weights(weights):
    x, rate = features(weights, cat()), 0.1
    shown = table(opened("use", used=rate))
    assert [number(cell) for cell in shown.iloc[:, 1]] == [sum(a.size for a in weights.values()), 650]
    assert number(shown.iloc[0, 2]) == 0
    z = x @ weights["scores/kernel"] + weights["scores/bias"]
    p = np.exp(z - z.max())
    p /= p.sum()
    push = p - np.eye(10)[3]
    assert number(shown.iloc[1, 2]) == 10 * np.count_nonzero(x) + 10
    z = z - rate * push * (x @ x + 1)
    after = np.exp(z[3] - z.max()) / np.exp(z - z.max()).sum()
    before, now = (number(part) for part in shown.iloc[1, 3].split(" → "))
    assert (before, now) == pytest.approx((100 * p[3], 100 * after), abs=0.051)
    assert shown.iloc[0, 3] == " → ".join([shown.iloc[1, 3].split(" → ")[0]] * 2)


@pytest.mark.parametrize("done", [4, 10])
def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss(history, done):
    losses = [row["val_loss"] for row in history[:done]]
    text = right(opened("epochs", epochs=done))
    assert f"after epoch **{int(np.argmin(losses)) + 1}** ({min(losses):.3f})" in text
    assert f"ends at {losses[-1]:.3f}" in text


@pytest.mark.parametrize("epoch", [1, 10])
def test_three_accuracies_stand_side_by_side(history, evaluation, epoch):
    p, labels = evaluation
    shown = metrics(opened("training", trained=epoch))
    row = history[epoch - 1]
    assert shown["Training images"] == f"{100 * row['accuracy']:.1f}\u00a0%"
    assert shown["Validation images, held out"] == f"{100 * row['val_accuracy']:.1f}\u00a0%"
    test = 100 * np.mean(p.argmax(axis=1) == labels)
    assert shown["Test images, after the last epoch"] == f"{test:.1f}\u00a0%"


def test_without_the_shipped_network_a_sentence_stands_there(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "none")
    at = opened("epochs")
    assert "article" in at.warning[0].value


@pytest.mark.parametrize("name", ("sure", "loss", "training"))
def test_a_sealed_test_set_gets_a_sentence(name, tmp_path, monkeypatch):
    shutil.copytree(SHIPPED, tmp_path / "article", ignore=shutil.ignore_patterns("evaluation.npz"))
    monkeypatch.setattr(records, "SHIPPED", tmp_path)
    assert "still sealed" in opened(name).warning[0].value
