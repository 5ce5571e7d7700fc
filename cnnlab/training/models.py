"""How does a configuration become a Keras model?

The model is built from plain Keras layers, one for each entry of the flat layer list, under the same names;
so `weights` gives the arrays that `cnnlab.ops.network` reads. Keras is imported when it is needed: the page
server imports this module for nothing but type names and must never load TensorFlow.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.config import OPTIMIZERS
from cnnlab.data.spec import SIDE
from cnnlab.training.layers import keras_layer

if TYPE_CHECKING:
    import keras

# What Keras calls the arrays of a layer -> what weights.npz calls them.
ARRAYS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "mean",
    "moving_variance": "variance",
}


def build(layers: Sequence[ops.Layer], l2: float, seed: int, precision: str | None = None) -> "keras.Model":
    """Return the uncompiled model: uint8-valued images (n, 32, 32, 3) in, probabilities (n, classes) out.

    `layers` is the flat list of `ModelConfig.layers`. The initial weights depend on `seed` and the layer's
    place alone; `l2` is a penalty on every kernel. With a precision ("float32", "bfloat16"), the model is one
    to train: it computes in that precision and normalises faster. Without, it is made of plain Keras layers.
    """
    import keras

    penalty = keras.regularizers.L2(l2) if l2 else None
    inputs = keras.Input((SIDE, SIDE, 3), name="image")
    outputs: dict[str, object] = {}
    x = inputs
    for place, layer in enumerate(layers):
        last = place == len(layers) - 1  # probabilities need the digits of float32
        policy = "mixed_bfloat16" if precision == "bfloat16" and not last else "float32"
        made = keras_layer(layer, seed * 1000 + place, penalty, policy, for_training=precision is not None)
        x = made([x, outputs[layer.joined]] if layer.joined else x)
        outputs[layer.name] = x
    return keras.Model(inputs, x, name="network")


def weights(model: "keras.Model") -> dict[str, np.ndarray]:
    """Return the model's arrays as weights.npz holds them: '<layer>/<array>' -> float32."""
    return {
        f"{layer.name}/{ARRAYS[variable.name]}": np.asarray(variable)
        for layer in model.layers
        for variable in layer.weights
    }


def set_weights(model: "keras.Model", arrays: Mapping[str, np.ndarray]) -> None:
    """Give the model the arrays of `weights`.

    Raises ValueError where one is missing, surplus or wrongly shaped.
    """
    named = {f"{la.name}/{ARRAYS[v.name]}": v for la in model.layers for v in la.weights}
    if set(named) != set(arrays):
        raise ValueError(f"arrays do not fit the network: {', '.join(sorted(set(named) ^ set(arrays)))}")
    for name, variable in named.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise ValueError(
                f"{name} has shape {arrays[name].shape}, the network needs {tuple(variable.shape)}"
            )
        variable.assign(arrays[name])


def optimizer(name: str, learning_rate: float) -> "keras.optimizers.Optimizer":
    """Return the Keras optimiser of one of `cnnlab.config.OPTIMIZERS`."""
    import keras

    record = OPTIMIZERS[name]
    return getattr(keras.optimizers, record.keras)(learning_rate, **record.arguments)


def predict(model: "keras.Model", images: np.ndarray, batch: int = 500, dropout: bool = False) -> np.ndarray:
    """Return the probabilities (n, classes) for uint8 images (n, 32, 32, 3), a batch at a time.

    dropout: with values dropped out at random, as while it learns.
    """
    parts: Sequence[np.ndarray] = [
        np.asarray(model(images[start : start + batch], training=dropout))
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)
