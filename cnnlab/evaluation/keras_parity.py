"""Does our own arithmetic give what Keras gives, layer by layer?

The pages compute every number with `cnnlab.ops`; this builds the same network in Keras and holds the two
against each other for one photo. It needs Keras, so it runs in the *look* worker.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.runs import Store
from cnnlab.training.trained_model import trained

if TYPE_CHECKING:
    import keras


def difference(root: str, run_id: str, image: np.ndarray) -> list[tuple[str, float, float]]:
    """Return (layer name, largest absolute difference, largest relative one) for every layer, in order.

    image: (32, 32, 3) uint8. Relative means: divided by the largest magnitude that Keras finds in that layer.
    Raises RunError where the run was deleted or is damaged.
    """
    run = Store(root).get(run_id)
    layers, found = run.recipe().layers(), trained(run)
    mine = ops.forward(layers, found.weights, image)
    whole = _every_layer(found.model, tuple(layer.name for layer in layers))
    theirs = whole(image[np.newaxis], training=False)
    rows = []
    for output, values in zip(mine, theirs, strict=True):
        keras_values = np.asarray(values)[0]
        largest = float(np.abs(output.values - keras_values).max())
        scale = float(np.abs(keras_values).max())
        rows.append((output.name, largest, largest / scale if scale else largest))
    return rows


@lru_cache(maxsize=4)
def _every_layer(model: "keras.Model", names: tuple[str, ...]) -> "keras.Model":
    """Return a model that gives the output of every layer of these names."""
    import keras

    return keras.Model(model.input, [model.get_layer(name).output for name in names])
