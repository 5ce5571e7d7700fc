"""Which kernels never answer? Every map of every convolution on many photos. (Runs in a *look* worker.)"""

from dataclasses import dataclass

import numpy as np

from cnnlab import ops
from cnnlab.inspection.held_out import held_out_images
from cnnlab.progress import report
from cnnlab.runs import Store
from cnnlab.training.trained_model import trained_model

BATCH = 50
ZERO = 1e-6  # what is nearer to 0 than this passes nothing on


@dataclass(frozen=True, eq=False)
class Silence:
    """For each convolution, per kernel (n,): on how many of `photos` its map was not 0 throughout; its peak.

    Looked at is what the layer passes on, after its activation. held_out: the photos were kept from training.
    """

    photos: int
    held_out: bool
    active: dict[str, np.ndarray]
    peak: dict[str, np.ndarray]  # the largest magnitude in any cell of any photo


def passed_on(layers: list[ops.Layer]) -> dict[str, str]:
    """Return for each convolution the last layer of its block: after normalisation and activation."""
    last, current = {}, None
    for layer in layers:
        if isinstance(layer, ops.Conv):
            current = layer.name
        elif not isinstance(layer, ops.BatchNorm | ops.Activation):
            current = None
        if current:
            last[current] = layer.name
    return last


def measure(root: str, run_id: str) -> Silence:
    """Show the run's network its held-out photos.

    Raises RunError where there is no such run or no network yet, DatasetError where the photos are not here.
    """
    import keras

    run = Store(root).get(run_id)
    recipe = run.recipe()
    images, _labels, held_out = held_out_images(recipe)
    model = trained_model(run)
    last = passed_on(recipe.layers())
    parts = keras.Model(model.input, {conv: model.get_layer(name).output for conv, name in last.items()})
    active: dict[str, np.ndarray] = {}
    peak: dict[str, np.ndarray] = {}
    for start in range(0, len(images), BATCH):
        report(start, len(images))
        for conv, values in parts(images[start : start + BATCH], training=False).items():
            tops = np.abs(np.asarray(values)).max(axis=(1, 2))  # (photos, h, w, n) -> (photos, n)
            active[conv] = active.get(conv, 0) + (tops > ZERO).sum(axis=0)
            peak[conv] = np.maximum(peak.get(conv, 0.0), tops.max(axis=0))
    return Silence(len(images), held_out, active, peak)
