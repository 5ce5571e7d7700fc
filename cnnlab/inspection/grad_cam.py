"""Which cells of a layer's maps speak for a class? (Runs in a *look* worker.)

Grad-CAM (Selvaraju et al. 2017): each map is weighted by the mean of the class score's gradient over its
cells, the weighted maps are added up, and what speaks against the class is left out by a ReLU.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.inspection.attribution import Attribution

if TYPE_CHECKING:
    import keras

KINDS = (
    ops.Conv,
    ops.BatchNorm,
    ops.Activation,
    ops.Pool,
    ops.Add,
)  # what makes maps that are worth asking about


@dataclass(frozen=True)
class GradCam:
    """Grad-CAM at a layer that makes maps: values of 0 or more, at the layer's own resolution.

    The gradient belongs to the class's score before softmax.
    """

    layer: str

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Attribution:
        """Return a value for each cell of the layer's maps, (H, W), for an image (32, 32, 3)."""
        import keras
        import tensorflow as tf

        outputs = [model.get_layer(name).output for name in (self.layer, "scores")]
        both = keras.Model(model.input, outputs)
        x = tf.constant(image[np.newaxis], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            maps, scores = both(x, training=False)
            score = scores[0, target]
        gradient = tape.gradient(score, maps)
        weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)  # (1, 1, 1, k)
        values = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0]  # (h, w)
        return Attribution(values.numpy(), layer=self.layer)


def layers_with_maps(layers: list[ops.Layer]) -> list[str]:
    """Return the names of the layers that Grad-CAM can be asked about, in order."""
    names: list[str] = []
    for layer in layers:
        if isinstance(layer, ops.Flatten | ops.GlobalAverage | ops.GlobalMax):
            return names
        if isinstance(layer, KINDS):
            names.append(layer.name)
    return names


def on_photo(layers: list[ops.Layer], layer: str, map: np.ndarray, side: int) -> np.ndarray:
    """Lay a layer's map (h, w) over the photo: (side, side), each cell in the middle of what it sees.

    Between the middles the values go over into each other; beyond the outermost they stay as they are. Simply
    enlarging the map would shift it, where layers without border have cut the photo's edge off. Raises
    GeometryError where there is no such layer, or none with rows and columns.
    """
    field = ops.receptive_field(layers, layer, 0, 0, (side, side, 3))
    pixels = np.arange(side)
    rows, cols = (
        first + jump * np.arange(n)
        for first, jump, n in zip(field.centre, field.jump, map.shape, strict=True)
    )
    across = np.array([np.interp(pixels, cols, line) for line in map])  # (h, side)
    return np.array([np.interp(pixels, rows, line) for line in across.T]).T
