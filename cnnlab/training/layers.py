"""What each kind of layer is to training: its Keras layer, and what its time depends on. An entry a kind.

Keras is handed to the functions, for the page server imports this module and must never load TensorFlow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cnnlab import ops
from cnnlab.training.batch_norm import fused_normalisation

if TYPE_CHECKING:
    import keras

FORWARD, TRAINING = 2, 6  # operations a multiplication: with its addition; and twice more for gradients


@dataclass(frozen=True)
class Making:
    """What a Keras layer is made with, beside the settings of its kind."""

    common: Mapping[str, Any]  # arguments of every layer: its name, and in which precision it computes
    trained: Mapping[str, Any]  # arguments of one with a kernel: how it begins, and the penalty on it
    seed: int
    for_training: bool


@dataclass(frozen=True)
class Batch:
    """What a layer has to do at once: as many `images`, each with its shapes and multiplications."""

    images: int
    before: ops.Shape
    after: ops.Shape
    multiplications: int
    first: bool  # nothing before it learns, so its gradient goes no further


@dataclass(frozen=True)
class Training:
    """One kind of layer. `keras` is called with the module keras.layers, the layer, and a `Making`."""

    keras: Callable[[Any, Any, Making], "keras.Layer"]
    timed: Callable[[Any], str] = lambda layer: "plain"  # as which of speed.MEASURES a layer is timed
    arithmetic: Callable[[Batch], list[float]] = (
        lambda batch: []
    )  # what its time depends on beside its numbers


def _conv(layers: ModuleType, layer: ops.Conv, made: Making) -> "keras.Layer":
    shape = {"strides": layer.stride, "padding": layer.padding, "use_bias": layer.bias}
    return layers.Conv2D(layer.filters, layer.kernel, **shape, **made.common, **made.trained)


def _conv_arithmetic(batch: Batch) -> list[float]:
    """Return its operations, and these by channels in and out: few of them make less of a processor."""
    operations = TRAINING * batch.images * batch.multiplications * (2 / 3 if batch.first else 1)
    return [operations, operations / batch.before[-1], operations / batch.after[-1]]


def _dense_arithmetic(batch: Batch) -> list[float]:
    return [TRAINING * batch.images * batch.multiplications + 2.0 * TRAINING * batch.multiplications]


def _norm(layers: ModuleType, layer: ops.BatchNorm, made: Making) -> "keras.Layer":
    kind = fused_normalisation() if made.for_training else layers.BatchNormalization
    return kind(epsilon=layer.epsilon, **made.common)


def _pool(layers: ModuleType, layer: ops.Pool, made: Making) -> "keras.Layer":
    kind = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[layer.mode]
    return kind(layer.window, strides=layer.stride, padding=layer.padding, **made.common)


LAYERS: dict[type[ops.Layer], Training] = {
    ops.Rescale: Training(lambda layers, layer, made: layers.Rescaling(layer.scale, **made.common)),
    ops.Conv: Training(_conv, lambda layer: "conv", _conv_arithmetic),
    ops.BatchNorm: Training(_norm, lambda layer: "norm"),
    ops.Activation: Training(
        lambda layers, layer, made: layers.Activation(layer.function, **made.common),
        lambda layer: "curved" if ops.ACTIVATIONS[layer.function].exponential else "plain",
    ),
    ops.Softmax: Training(lambda layers, layer, made: layers.Activation("softmax", **made.common)),
    ops.Pool: Training(_pool, lambda layer: f"pool_{layer.mode}"),
    ops.Dropout: Training(
        lambda layers, layer, made: layers.Dropout(layer.rate, seed=made.seed, **made.common),
        lambda layer: "dropout",
    ),
    ops.Flatten: Training(lambda layers, layer, made: layers.Flatten(**made.common)),
    ops.GlobalAverage: Training(lambda layers, layer, made: layers.GlobalAveragePooling2D(**made.common)),
    ops.GlobalMax: Training(lambda layers, layer, made: layers.GlobalMaxPooling2D(**made.common)),
    ops.Dense: Training(
        lambda layers, layer, made: layers.Dense(layer.units, **made.common, **made.trained),
        lambda layer: "dense",
        _dense_arithmetic,
    ),
    ops.Add: Training(lambda layers, layer, made: layers.Add(**made.common)),
}


def keras_layer(
    layer: ops.Layer,
    seed: int,
    penalty: "keras.Regularizer | None",
    policy: str,
    *,
    for_training: bool,
) -> "keras.Layer":
    """Return the Keras layer for a layer of the flat list, under its name.

    Its first weights and what it drops out depend on `seed`; `penalty` is one on its kernel; `policy` is
    Keras's name of the precision. One to train normalises faster (`cnnlab.training.batch_norm`).
    """
    from keras import initializers, layers

    trained = {"kernel_initializer": initializers.GlorotUniform(seed), "kernel_regularizer": penalty}
    making = Making({"name": layer.name, "dtype": policy}, trained, seed, for_training)
    return LAYERS[type(layer)].keras(layers, layer, making)


def kind_of(layer: ops.Layer) -> str:
    """Return as what a layer is timed."""
    return LAYERS[type(layer)].timed(layer)


def measures(layer: ops.Layer, before: ops.Shape, images: int, first: bool = False) -> list[float]:
    """Return what the time of a layer depends on: 1, the numbers that go in and out, and its arithmetic.

    before: the shape that comes in; images: of a batch; first: nothing before it learns. Raises GeometryError
    where the shape does not fit the layer.
    """
    after = layer.output_shape(before)
    numbers = float(images * (prod(before) + prod(after)))
    batch = Batch(images, before, after, layer.multiplications(before), first)
    return [1.0, numbers, *LAYERS[type(layer)].arithmetic(batch)]
