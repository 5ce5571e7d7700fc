"""Why validation stands above training: measured on training images, and named where it is the reason."""

import math

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import Augmentation, ConvBlock, ModelConfig
from cnnlab.data import datasets
from cnnlab.runs.history import COLUMNS
from cnnlab.training import sample
from cnnlab.ui.train import sample as words
from tests.support.training import SMALL, make, work

WHY = {
    "changing": "a mean over the epoch",
    "dropout": "dropped out",
    "augmentation": "changed images",
    "chance": "chance",
}


def trained(tmp_path, dropout: float, **changes):
    """Train a network that learns Digits in seconds; return its configuration and its history."""
    blocks = tuple(ConvBlock(filters=count, stride=2, dropout=dropout) for count in (16, 32))
    about = {"model": ModelConfig(blocks=blocks), "limit": None, "learning_rate": 0.003, "batch_size": 32}
    run = make(tmp_path, SMALL.model_copy(update=about | {"validation": 0.25} | changes))
    work(run)
    return run.recipe().config, run.history()


def main_reason(row, config) -> str:
    """Return the main reason, and check that the page's sentences name it first."""
    text = " ".join(words.reasons(row, config))
    main = sample.parts(row, datasets.find(config.dataset).held_out(config.limit, config.validation))[0].kind
    assert min((text.find(sign), kind) for kind, sign in WHY.items() if sign in text)[1] == main, text
    return main


def test_the_sample_is_of_training_images_as_they_are(digits_run):
    _store, run = digits_run
    config, data, row = run.recipe().config, datasets.load("digits"), run.history()[-1]
    training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    assert datasets.find("digits").held_out(config.limit, config.validation) == len(held)
    asked = training[: sample.SIZE]
    layers, weights = run.recipe().layers(), run.weights()
    right = [
        ops.forward(layers, weights, data.train_images[i])[-1].values.argmax() == data.train_labels[i]
        for i in asked[:300]
    ]
    assert row["sample_images"] == len(asked)
    assert row["sample_accuracy"] == pytest.approx(np.mean(right), abs=0.05)
    assert math.isnan(row["sample_dropout"]) and math.isnan(row["sample_augmented"])
    assert math.isnan(run.history()[0]["sample_accuracy"]), "it belongs to the network of the end"


def test_the_reason_is_a_mean_over_changing_weights(digits_run):
    _store, run = digits_run
    row = run.history()[-1]
    assert row["val_accuracy"] > row["accuracy"]
    assert main_reason(row, run.recipe().config) == "changing"


def test_the_reason_is_dropout(tmp_path):
    config, rows = trained(tmp_path, dropout=0.5, epochs=5)
    assert rows[-1]["sample_accuracy"] > rows[-1]["sample_dropout"] + 0.02
    assert main_reason(rows[-1] | {"val_accuracy": rows[-1]["sample_accuracy"]}, config) == "dropout"
    assert "Without dropout" in words.measured(rows[-1], config)
    assert not words.reasons(rows[0] | {"val_accuracy": 1.0}, config), "not measured then"


def test_the_reason_is_augmentation(tmp_path):
    strong = Augmentation(shift=6, rotate=30, cutout=12)
    config, rows = trained(tmp_path, dropout=0, epochs=3, augmentation=strong)
    assert main_reason(rows[-1], config) == "augmentation"
    assert "Without augmentation" in words.measured(rows[-1], config)


ROW = dict.fromkeys(COLUMNS, math.nan) | {"accuracy": 0.8, "val_accuracy": 0.9, "sample_images": 2000}
BOTH = {"sample_augmented": 0.87, "sample_dropout": 0.8}


@pytest.mark.parametrize(
    ("measured", "held_out", "kinds"),
    [
        ({"sample_accuracy": 0.9}, 5000, ["changing"]),
        ({"sample_accuracy": 0.8}, 30, ["chance"]),
        ({"sample_accuracy": 0.8}, 5000, ["easier"]),
        ({"sample_accuracy": 0.855}, 60, ["changing", "chance"]),
        ({"sample_accuracy": 0.98, "sample_dropout": 0.81}, 5000, ["dropout"]),
        ({"sample_accuracy": 0.9} | BOTH, 5000, ["dropout", "augmentation"]),
        ({}, 5000, []),
    ],
)
def test_what_each_step_adds_is_a_reason(measured, held_out, kinds):
    assert [part.kind for part in sample.parts(ROW | measured, held_out)] == kinds


def test_where_validation_does_not_stand_above_there_is_nothing_to_explain():
    assert sample.parts(ROW | {"val_accuracy": 0.8, "sample_accuracy": 0.9}, 5000) == []
    assert sample.parts(ROW | {"val_accuracy": math.nan, "sample_accuracy": 0.9}, 5000) == []


@pytest.mark.parametrize(("dropout", "shift"), [(0.0, 0), (0.4, 0), (0.0, 2), (0.4, 2)])
def test_before_it_is_measured_only_what_is_certain_is_said(dropout, shift):
    model = ModelConfig(blocks=(ConvBlock(filters=4, dropout=dropout),))
    config = SMALL.model_copy(update={"model": model, "augmentation": Augmentation(shift=shift)})
    text = words.how(config)
    assert ("dropped out" in text, "at random" in text) == (dropout > 0, shift > 0)
    assert "points" not in text
