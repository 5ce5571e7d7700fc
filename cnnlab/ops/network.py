"""What a whole trained network computes, layer by layer.

A network is a list of layers (`cnnlab.ops.layers`). Each takes the output of the one before; `Add` takes that
of an earlier one as well. The arrays that training found stand in `weights` under "<layer>/<part>". One photo
at a time, in float32, which is how the network was trained.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats
from .geometry import GeometryError, Shape
from .layers import Layer

Weights = Mapping[str, Floats]
NEEDED = {
    3: "maps (height, width, channels) are needed, but {shape} comes in",
    1: "a row of numbers is needed, but {shape} comes in",
}


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one layer makes of one photo."""

    layer: Layer
    values: Floats  # (H, W, c) or (n,), float32

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name


def forward(layers: Sequence[Layer], weights: Weights, image: ArrayLike) -> list[LayerOutput]:
    """Return the LayerOutput of every layer for one photo (h, w, c) with pixels from 0 to 255.

    weights: mapping of "<layer>/kernel", "/bias", "/gamma", "/beta", "/mean" and "/variance" to arrays.
    Raises GeometryError, naming the layer, where sizes do not fit or weights are missing.
    """
    values = np.asarray(image, np.float32)
    output_shapes(layers, values.shape)
    outputs: dict[str, Floats] = {}
    for layer in layers:
        with _naming(layer):
            arrays = own_arrays(layer, weights, values.shape)
            if layer.joined:
                arrays["joined"] = outputs[layer.joined]
            values = layer.forward(values, arrays)
        outputs[layer.name] = values
    return [LayerOutput(layer, outputs[layer.name]) for layer in layers]


def output_shapes(layers: Sequence[Layer], input_shape: Shape) -> list[Shape]:
    """Return the shape of every layer's output, (H, W, c) or (n,), for a photo of `input_shape` (h, w, c).

    Raises GeometryError, naming the layer, where sizes do not fit.
    """
    shape = tuple(input_shape)
    shapes: dict[str, Shape] = {}
    for layer in layers:
        with _naming(layer):
            _check(layer, shape, shapes)
            shape = layer.output_shape(shape)
        shapes[layer.name] = shape
    return [shapes[layer.name] for layer in layers]


def _check(layer: Layer, shape: Shape, earlier: Mapping[str, Shape]) -> None:
    """Raise GeometryError where a layer cannot take what comes in."""
    if layer.takes and layer.takes != len(shape):
        raise GeometryError(NEEDED[layer.takes], shape=shape)
    if layer.joined and layer.joined not in earlier:
        raise GeometryError('there is no earlier layer "{other}" to add', other=layer.joined)
    if layer.joined and earlier[layer.joined] != shape:
        raise GeometryError(
            'only equal shapes can be added, but {shape} comes in and "{other}" gives {found}',
            shape=shape,
            other=layer.joined,
            found=earlier[layer.joined],
        )


def network_shapes(layers: Sequence[Layer], input_shape: Shape) -> dict[str, Shape]:
    """Return the shape of each array of a network, '<layer>/<part>' -> shape, in the order of the layers.

    Raises GeometryError as `output_shapes` does.
    """
    return {
        f"{layer.name}/{part}": size
        for layer, shape in _inputs(layers, input_shape)
        for part, size in layer.weight_shapes(shape).items()
    }


def parameters(layers: Sequence[Layer], input_shape: Shape) -> list[int]:
    """Return how many numbers each layer stores: weights, biases, and a channel's four of normalisation.

    A normalisation's mean and variance are counted as Keras does, although no gradient changes them. Raises
    GeometryError as `output_shapes` does.
    """
    return [
        sum(prod(part) for part in layer.weight_shapes(shape).values())
        for layer, shape in _inputs(layers, input_shape)
    ]


def multiplications(layers: Sequence[Layer], input_shape: Shape) -> list[int]:
    """Return how often each layer multiplies an input by a weight for one photo (h, w, c).

    Raises GeometryError as `output_shapes` does.
    """
    return [layer.multiplications(shape) for layer, shape in _inputs(layers, input_shape)]


def _inputs(layers: Sequence[Layer], input_shape: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Return each layer with the shape that comes in."""
    shapes = [tuple(input_shape), *output_shapes(layers, input_shape)]
    return zip(layers, shapes, strict=False)


def own_arrays(layer: Layer, weights: Weights, input_shape: Shape) -> dict[str, Floats]:
    """Return the layer's weights by the names of their parts, float32.

    Raises GeometryError where one is missing or has another shape than the layer needs.
    """
    arrays: dict[str, Floats] = {}
    for part, shape in layer.weight_shapes(input_shape).items():
        key = f"{layer.name}/{part}"
        if key not in weights:
            raise GeometryError('the weights hold no "{key}"', key=key)
        arrays[part] = np.asarray(weights[key], np.float32)
        if arrays[part].shape != shape:
            raise GeometryError(
                'the weights "{key}" should have the shape {shape}, but theirs is {found}',
                key=key,
                shape=shape,
                found=arrays[part].shape,
            )
    return arrays


@contextmanager
def _naming(layer: Layer) -> Iterator[None]:
    """Put the layer's name before the message of a GeometryError that happens within."""
    try:
        yield
    except GeometryError as error:
        raise GeometryError("{layer}: " + error.template, layer=layer.name, **error.numbers) from None
