"""What becomes of a network when parts of it are switched off or changed? The stored run stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.inspection.held_out import held_out_images
from cnnlab.progress import report
from cnnlab.runs import Run, Store
from cnnlab.training import models
from cnnlab.training.trained_model import untrained

if TYPE_CHECKING:
    import keras

BATCH = 250


@dataclass(frozen=True)
class Off:
    """Switch a kernel of a convolution off; it counts from 0."""

    layer: str
    kernel: int


@dataclass(frozen=True)
class Weight:
    """Give one weight of a kernel another value; all places count from 0."""

    layer: str
    kernel: int
    row: int
    col: int
    channel: int
    value: float


Edit = Off | Weight


def edited(weights: Mapping[str, np.ndarray], edits: Sequence[Edit]) -> dict[str, np.ndarray]:
    """Return the weights with the edits made, one after the other; changed arrays are copies.

    weights: as in weights.npz, kernels (kh, kw, c_in, c_out) and one number a kernel (c_out,) elsewhere. A
    kernel that is off has no weights and no bias, and where its map is normalised neither scale nor shift:
    its map is 0 in every cell before the activation, whatever the photo.
    """
    changed = dict(weights)
    copied: set[str] = set()

    def own(name: str) -> np.ndarray:
        if name not in copied:
            changed[name] = changed[name].copy()
            copied.add(name)
        return changed[name]

    for edit in edits:
        if isinstance(edit, Weight):
            own(f"{edit.layer}/kernel")[edit.row, edit.col, edit.channel, edit.kernel] = edit.value
            continue
        for part in ("kernel", "bias"):
            if f"{edit.layer}/{part}" in changed:
                own(f"{edit.layer}/{part}")[..., edit.kernel] = 0
        for part in ("gamma", "beta"):
            if f"{edit.layer}_norm/{part}" in changed:
                own(f"{edit.layer}_norm/{part}")[edit.kernel] = 0
    return changed


def left_by_off(layers: Sequence[ops.Layer], layer: str) -> dict[str, float]:
    """Return what each layer of a convolution's block has in every cell of the map of a kernel that is off.

    0 before the activation; behind it, what the activation makes of 0, which need not be 0.
    """
    names = [one.name for one in layers]
    value, left = 0.0, {layer: 0.0}
    for one in layers[names.index(layer) + 1 :]:
        if not isinstance(one, ops.BatchNorm | ops.Activation):
            break
        if isinstance(one, ops.Activation):
            value = float(ops.ACTIVATIONS[one.function].apply(value))
        left[one.name] = value
    return left


@dataclass(frozen=True)
class Accuracy:
    """How many of so many photos the edited network named rightly, of each true class too (classes,)."""

    photos: int
    right: int
    held_out: bool
    by_class: tuple[float, ...]


def accuracy(root: str, run_id: str, edits: Sequence[Edit]) -> Accuracy:
    """Count what a copy of the run's network, edited, says of held-out photos. (Runs in a *look* worker.)

    Raises RunError where there is no such run or no network yet, DatasetError where the photos are not here.
    """
    run = Store(root).get(run_id)
    recipe, (_epochs, weights) = run.recipe(), run.trained()
    images, labels, held_out = held_out_images(recipe)
    copy, lock = _copy(str(run.folder), run.written())
    parts = []
    with lock:  # a worker answers two questions at a time
        models.set_weights(copy, edited(weights, edits))
        for start in range(0, len(images), BATCH):
            report(start, len(images))
            parts.append(models.predict(copy, images[start : start + BATCH]))
    right = np.concatenate(parts).argmax(axis=1) == labels
    shares = (
        right[labels == c].mean() if (labels == c).any() else np.nan for c in range(len(recipe.classes))
    )
    return Accuracy(len(labels), int(right.sum()), held_out, tuple(float(share) for share in shares))


@lru_cache(maxsize=2)
def _copy(folder: str, _written: int) -> "tuple[keras.Model, Lock]":
    """Build a Keras model to be edited, apart from the one that all other questions share."""
    recipe = Run(Path(folder)).recipe()
    return untrained(recipe), Lock()
