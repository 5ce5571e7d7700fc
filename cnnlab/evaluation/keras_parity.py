"""Does our own arithmetic give what Keras gives, layer by layer?

The pages compute every number with `cnnlab.ops`; this builds the same network in Keras and holds the two
against each other for one photo. It needs Keras, so it runs in the *look* worker.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.runs import Run, Store
from cnnlab.training import models

if TYPE_CHECKING:
    import keras


def difference(root: str, run_id: str, image: np.ndarray) -> list[tuple[str, float, float]]:
    """Return (layer name, largest absolute difference, largest relative one) for every layer, in order.

    image: (32, 32, 3) uint8. Relative means: divided by the largest magnitude that Keras finds in that layer.
    Raises RunError where the run was deleted or is damaged.
    """
    run = Store(root).get(run_id)
    layers, weights, model = _network(str(run.folder), run.written())
    mine = ops.forward(layers, weights, image)
    theirs = model(image[np.newaxis], training=False)
    rows = []
    for output, values in zip(mine, theirs, strict=True):
        keras_values = np.asarray(values)[0]
        largest = float(np.abs(output.values - keras_values).max())
        scale = float(np.abs(keras_values).max())
        rows.append((output.name, largest, largest / scale if scale else largest))
    return rows


@lru_cache(maxsize=8)
def _network(folder: str, stamp: int) -> tuple[list[ops.Layer], dict[str, np.ndarray], "keras.Model"]:
    """Return layers, arrays, and a Keras model that gives every layer's output; `stamp` names the arrays."""
    import keras

    run = Run(Path(folder))
    recipe, (_epochs, weights) = run.recipe(), run.trained()
    layers = recipe.layers()
    model = models.build(layers, recipe.config.model.l2, recipe.config.seed)
    models.set_weights(model, weights)
    outputs = [model.get_layer(layer.name).output for layer in layers]
    return layers, weights, keras.Model(model.input, outputs)
