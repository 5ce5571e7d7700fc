"""Why can validation stand above training? Measured, when training ends, on images that it has learned from.

The accuracy of an epoch in training is a mean over images that were changed at random, asked with dropout,
of weights that changed from batch to batch; none of this holds for validation. A sample of the training
images is therefore asked again with the weights of the end: as they were learned from, then without dropout,
then as they are. What each step adds is what it has taken from the curve.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlab.config import Augmentation, TrainConfig
from cnnlab.runs.history import Row
from cnnlab.training import models
from cnnlab.training.augmentation import augment

SIZE = 2_000  # images, at most
SMALL = 1 / 5  # a smaller share of the difference is not worth a word


def measure(model: Any, images: np.ndarray, labels: np.ndarray, config: TrainConfig) -> Row:
    """Ask a model of plain Keras layers about training images; return the `sample_` columns.

    images (n, 32, 32, 3) uint8, labels (n,). What is not used in training stays NaN: dropout, augmentation.
    """
    changed = images
    found = {"sample_images": len(images), "sample_accuracy": _accuracy(model, images, labels)}
    if augments(config):
        changed = augment(images, config.augmentation, np.random.default_rng(config.seed))
        found["sample_augmented"] = _accuracy(model, changed, labels)
    if drops_out(config):
        for layer in model.layers:
            layer.trainable = False  # normalisation judges as ever, and learns nothing from this
        found["sample_dropout"] = _accuracy(model, changed, labels, dropout=True)
    return found


def _accuracy(model: Any, images: np.ndarray, labels: np.ndarray, dropout: bool = False) -> float:
    return float((models.predict(model, images, dropout=dropout).argmax(axis=1) == labels).mean())


def drops_out(config: TrainConfig) -> bool:
    """Say whether a network drops values out while it learns."""
    blocks, dense = config.model.blocks, config.model.dense
    return any(block.dropout for block in blocks) or any(layer.dropout for layer in dense)


def augments(config: TrainConfig) -> bool:
    """Say whether images are changed at random before a network learns from them."""
    return config.augmentation != Augmentation()


@dataclass(frozen=True)
class Part:
    """One reason for which validation stands above training, and how much of the difference it makes (0–1).

    kind: "changing" (a mean over changing weights), "dropout", "augmentation"; "chance" is what chance can do
    with so few images, "easier" what it cannot: validation is above even the sample.
    """

    kind: str
    share: float


def parts(row: Row, held_out: int) -> list[Part]:
    """Return why validation stands above training after this epoch, the largest part first.

    held_out: how many images validation has. Empty where validation does not stand above, or where nothing
    was measured.
    """
    shown, validation, plain = row["accuracy"], row["val_accuracy"], row["sample_accuracy"]
    if not validation > shown or math.isnan(plain):
        return []
    undropped = plain if math.isnan(row["sample_augmented"]) else row["sample_augmented"]
    learned = undropped if math.isnan(row["sample_dropout"]) else row["sample_dropout"]
    sizes = {"changing": learned - shown, "dropout": undropped - learned, "augmentation": plain - undropped}
    error = math.sqrt(plain * (1 - plain) * (1 / row["sample_images"] + 1 / max(1, held_out)))
    sizes["chance" if validation - plain <= 2 * error else "easier"] = validation - plain
    found = [Part(kind, size) for kind, size in sizes.items() if size >= SMALL * (validation - shown)]
    return sorted(found, key=lambda part: -part.share)
