"""One name, one quantity: what NumPy says a loss is, Keras trains on, for every loss there is."""

import json
from itertools import product

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig, losses
from cnnlab.config.presets import PRESETS, Preset
from cnnlab.data import datasets
from cnnlab.export import report
from cnnlab.export.code.script import script
from cnnlab.figures.curves import kept
from cnnlab.i18n import number
from cnnlab.runs import Store
from cnnlab.training import models
from cnnlab.training.command_line import main
from cnnlab.training.trainer import measures
from tests.support.pages import open_page

KINDS = [
    (loss, smoothing, l2)
    for loss, smoothing, l2 in product(("cross_entropy", "mse"), (0.0, 0.2), (0.0, 0.01))
    if loss == "cross_entropy" or not smoothing
]


def configured(loss: str, smoothing: float, l2: float) -> TrainConfig:
    block = ConvBlock(filters=2, kernel=7, stride=4, normalise=True)
    model = ModelConfig(blocks=(block,), dense=(DenseBlock(units=4),), l2=l2)
    return TrainConfig(model=model, dataset="digits", loss=loss, label_smoothing=smoothing)


@pytest.mark.parametrize(("loss", "smoothing", "l2"), KINDS)
def test_keras_counts_the_loss_the_cross_entropy_and_the_penalty_that_numpy_counts(loss, smoothing, l2):
    """With large weights, so that some answers are surely wrong: no probability is cut off."""
    config, rng = configured(loss, smoothing, l2), np.random.default_rng(1)
    model = models.build(config.model.layers(10), l2, seed=1)
    weights = {name: 4 * array for name, array in models.weights(model).items()}
    models.set_weights(model, weights)
    images, labels = rng.integers(0, 256, (40, 32, 32, 3), np.uint8), rng.integers(0, 10, 40)
    model.compile(**measures(config), jit_compile=False)
    keras = model.evaluate(images, np.eye(10)[labels], return_dict=True, verbose=0)
    answers = models.predict(model, images)
    assert answers.min() < 1e-9
    found = losses.of(answers, labels, config, losses.penalty(weights, l2))
    assert found.loss == pytest.approx(keras["loss"], rel=1e-5)
    expected = keras.get("cross_entropy", keras["loss"])
    assert found.cross_entropy == pytest.approx(expected, rel=1e-5)
    assert losses.is_cross_entropy(config) == ("cross_entropy" not in keras)
    penalty = float(sum(model.losses)) if model.losses else 0
    assert found.l2 == pytest.approx(penalty, rel=1e-5)


def test_the_means_are_those_that_the_lessons_compute_for_one_photo():
    p = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    labels = np.array([2, 1])
    by_photo = [ops.cross_entropy(row, label) for row, label in zip(p, labels, strict=True)]
    assert losses.cross_entropy(p, labels) == pytest.approx(np.mean(by_photo))
    config = configured("mse", 0.0, 0.0)
    squares = [ops.mse(row, label) for row, label in zip(p, labels, strict=True)]
    assert losses.of_answers(p, labels, config) == pytest.approx(np.mean(squares))


def test_a_probability_that_became_0_counts_as_the_smallest_number_and_not_as_infinite():
    p = np.array([[1.0, 0.0]], np.float32)
    assert 87 < losses.cross_entropy(p, np.array([1])) < 88
    assert losses.cross_entropy(p, np.array([0])) == 0


def test_every_kind_of_loss_has_a_name_of_its_own():
    names = [losses.name(configured(*kind)) for kind in KINDS]
    assert len(set(names)) == len(KINDS)
    assert losses.name(configured("cross_entropy", 0.0, 0.0)) == "cross-entropy"


# ---- The same name is the same quantity, wherever it is read


@pytest.fixture(scope="module")
def smoothed(tmp_path_factory):
    """A run from the command line, with label smoothing and L2 penalty; returns it and what was printed."""
    config = configured("cross_entropy", 0.2, 0.01).model_copy(update={"epochs": 2, "limit": 300})
    folder, printed = tmp_path_factory.mktemp("runs"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "smoothed", Preset("Smoothed", "For this test.", config))
        patch.setattr("builtins.print", lambda *words, **how: printed.append(words))
        assert main(["--preset", "smoothed", "--dataset", "digits", "--runs", str(folder)]) == 0
    result = json.loads(next(words[0] for words in reversed(printed) if words and words[0][:1] == "{"))
    return Store(folder).get(result["run"]), result


@pytest.fixture(scope="module")
def true(smoothed):
    """What Keras itself says of this network and its test set: the loss, the cross-entropy, the penalty."""
    run, data = smoothed[0], datasets.load("digits")
    recipe = run.recipe()
    model = models.build(recipe.layers(), recipe.config.model.l2, seed=1)
    models.set_weights(model, run.weights())
    model.compile(**measures(recipe.config), jit_compile=False)
    values = model.evaluate(data.test_images, np.eye(10)[data.test_labels], return_dict=True, verbose=0)
    return values | {"l2": float(sum(model.losses))}


def test_the_command_line_prints_the_loss_that_was_trained_on(smoothed, true):
    _run, result = smoothed
    assert result["test_loss"] == pytest.approx(true["loss"], abs=2e-5)
    assert result["test_cross_entropy"] == pytest.approx(true["cross_entropy"], abs=2e-5)
    assert result["test_loss"] > result["test_cross_entropy"] + 0.1


def test_the_page_shows_both_by_their_names_and_the_part_of_the_penalty(smoothed, true, monkeypatch):
    run, _result = smoothed
    monkeypatch.setenv("CNNLAB_RUNS", str(run.folder.parent))
    at = open_page("train", "anna", {"run": run.id})
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Test loss"] == number(true["loss"], 3)
    assert shown["Test cross-entropy"] == number(true["cross_entropy"], 3)
    captions = " ".join(caption.value for caption in at.caption)
    assert losses.name(run.recipe().config) in captions
    assert f"Of it {number(true['l2'], 3)} is the L2 penalty" in captions
    at.segmented_control(key="train.curve").set_value("loss").run()
    row = run.history()[-1]
    captions = [caption.value for caption in at.caption if "Of it" in caption.value]
    assert f"Of it {number(row['l2'], 3)} is the L2 penalty" in captions[0]
    at.segmented_control(key="train.curve").set_value("cross_entropy").run()
    assert any("whatever its loss is" in caption.value for caption in at.caption)


def test_report_and_script_name_the_loss(smoothed, true):
    run, _result = smoothed
    page = report(run)
    for value in (true["loss"], true["cross_entropy"], run.history()[-1]["loss"]):
        assert number(value, 3) in page
    for text in (page, " ".join(script(run).replace("\n# ", " ").split())):
        assert losses.name(run.recipe().config) in text


def test_where_the_loss_is_cross_entropy_there_is_one_number(digits_run):
    _store, run = digits_run
    config, rows = run.recipe().config, run.history()
    assert "cross_entropy" not in kept(rows, config)
    assert all(row["cross_entropy"] == row["loss"] and row["l2"] == 0 for row in rows)
    assert losses.explained(config, 0.0).endswith("smaller: cross-entropy.")


def test_the_curves_have_a_name_for_each_quantity(smoothed):
    run, _result = smoothed
    names = kept(run.history(), run.recipe().config)
    assert list(names) == ["accuracy", "loss", "cross_entropy"] and len(set(names.values())) == 3
    older = [row | {"cross_entropy": float("nan")} for row in run.history()]
    assert "cross_entropy" not in kept(older, run.recipe().config)
