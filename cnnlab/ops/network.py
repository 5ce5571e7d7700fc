"""What does a whole trained network compute, layer by layer?

A network is a list of layers, each a dict with its kind, its name and its settings. Each takes the output of
the one before; `add` takes that of an earlier one as well. The arrays that training found stand in `weights`
under "<layer>/<part>". One photo at a time, in float32, which is how the network was trained.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np

from .convolution import conv2d
from .dense import dense, flatten, softmax
from .elementwise import ACTIVATIONS, add, batch_norm, rescale
from .geometry import GeometryError, output_size
from .pooling import average_pool, global_average_pool, global_max_pool, max_pool

POOLS = {"max": max_pool, "average": average_pool}
FUNCTIONS = ACTIVATIONS | {"softmax": softmax}
# Which kinds take maps (h, w, c), which a row of numbers (n,), which either.
TAKE_MAPS = ("conv", "pool", "flatten", "global_average", "global_max")
TAKE_ROWS = ("dense",)
TAKE_ANY = ("rescale", "norm", "activation", "dropout", "add")


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one layer makes of one photo."""

    name: str
    kind: str
    spec: dict  # the layer as it stands in the list
    values: np.ndarray  # (H, W, c) or (n,), float32


def forward(layers, weights, image):
    """Return the LayerOutput of every layer for one photo (h, w, c) with pixels from 0 to 255.

    weights: mapping of "<layer>/kernel", "/bias", "/gamma", "/beta", "/mean" and "/variance" to arrays.
    Raises GeometryError, naming the layer, where sizes do not fit or weights are missing.
    """
    values = np.asarray(image, np.float32)
    output_shapes(layers, values.shape)
    outputs = {}
    for layer in layers:
        with _naming(layer):
            values = _run(layer, _parts(layer, weights, values.shape), values, outputs)
        outputs[layer["name"]] = values
    return [LayerOutput(layer["name"], layer["kind"], layer, outputs[layer["name"]]) for layer in layers]


def _run(layer, parts, x, earlier):
    match layer["kind"]:
        case "rescale":
            return rescale(x, layer["scale"])
        case "conv":
            return conv2d(x, *parts.values(), stride=layer["stride"], padding=layer["padding"])
        case "norm":
            return batch_norm(x, **parts, epsilon=layer["epsilon"])
        case "activation":
            return FUNCTIONS[layer["function"]](x)
        case "pool":
            return POOLS[layer["mode"]](x, layer["window"], stride=layer["stride"], padding=layer["padding"])
        case "dropout":
            return x  # numbers are dropped during training only
        case "flatten":
            return flatten(x)
        case "global_average":
            return global_average_pool(x)
        case "global_max":
            return global_max_pool(x)
        case "dense":
            return dense(x, *parts.values())
        case "add":
            return add(x, earlier[layer["with"]])


def output_shapes(layers, input_shape):
    """Return the shape of every layer's output, (H, W, c) or (n,), for a photo of `input_shape` (h, w, c).

    Raises GeometryError, naming the layer, where sizes do not fit.
    """
    shape = tuple(input_shape)
    shapes = {}
    for layer in layers:
        with _naming(layer):
            shape = _output_shape(layer, shape, shapes)
        shapes[layer["name"]] = shape
    return [shapes[layer["name"]] for layer in layers]


def _output_shape(layer, shape, earlier):
    _check(layer, shape, earlier)
    match layer["kind"]:
        case "conv":
            return _slide(shape, layer["kernel"], layer, layer["filters"])
        case "pool":
            return _slide(shape, layer["window"], layer, shape[-1])
        case "flatten":
            return (prod(shape),)
        case "global_average" | "global_max":
            return shape[-1:]
        case "dense":
            return (layer["units"],)
        case _:
            return shape


def _slide(shape, k, layer, channels):
    height, width, _channels = shape
    settings = k, layer["stride"], layer["padding"]
    return output_size(height, *settings), output_size(width, *settings), channels


def _check(layer, shape, earlier):
    """Raise GeometryError where there is no such layer or it cannot take what comes in."""
    kind, other = layer["kind"], earlier.get(layer.get("with"))
    wants_maps, wants_row = kind in TAKE_MAPS, kind in TAKE_ROWS
    unequal = 'only equal shapes can be added, but {shape} comes in and "{with}" gives {other}'
    complaints = {
        'there is no layer of the kind "{kind}"': not (wants_maps or wants_row or kind in TAKE_ANY),
        "maps (height, width, channels) are needed, but {shape} comes in": wants_maps and len(shape) != 3,
        "a row of numbers is needed, but {shape} comes in": wants_row and len(shape) != 1,
        'pooling is "max" or "average", not "{mode}"': kind == "pool" and layer["mode"] not in POOLS,
        'there is no activation "{function}"': kind == "activation" and layer["function"] not in FUNCTIONS,
        'there is no earlier layer "{with}" to add': kind == "add" and other is None,
        unequal: kind == "add" and other != shape,
    }
    for sentence, holds in complaints.items():
        if holds:
            raise GeometryError(sentence, shape=shape, other=other, **layer)


def weight_shapes(layer, input_shape):
    """Return the name and shape of each array that training finds for this layer."""
    channels = input_shape[-1]
    match layer["kind"]:
        case "conv":
            shapes = {"kernel": (layer["kernel"], layer["kernel"], channels, layer["filters"])}
            return shapes | ({"bias": (layer["filters"],)} if layer["bias"] else {})
        case "dense":
            return {"kernel": (channels, layer["units"]), "bias": (layer["units"],)}
        case "norm":
            return {part: (channels,) for part in ("gamma", "beta", "mean", "variance")}
        case _:
            return {}


def network_shapes(layers, input_shape):
    """Return the shape of each array of a network, '<layer>/<part>' -> shape, in the order of the layers."""
    shapes = [tuple(input_shape), *output_shapes(layers, input_shape)]
    return {
        f"{layer['name']}/{part}": size
        for layer, shape in zip(layers, shapes, strict=False)
        for part, size in weight_shapes(layer, shape).items()
    }


def parameters(layers, input_shape):
    """Return how many numbers each layer stores: weights, biases, and a channel's four of normalisation.

    A normalisation's mean and variance are counted as Keras does, although no gradient changes them.
    """
    shapes = [tuple(input_shape), *output_shapes(layers, input_shape)]
    return [
        sum(prod(part) for part in weight_shapes(layer, shape).values())
        for layer, shape in zip(layers, shapes, strict=False)
    ]


def multiplications(layers, input_shape):
    """Return how often each layer multiplies an input by a weight for one photo.

    A kernel uses each of its weights once for each cell of its map, a dense layer each weight once.
    """
    outputs = output_shapes(layers, input_shape)
    counts = []
    for layer, before, after in zip(layers, [tuple(input_shape), *outputs], outputs, strict=False):
        kernel = weight_shapes(layer, before).get("kernel", (0,))
        places = prod(after[:2]) if layer["kind"] == "conv" else 1
        counts.append(places * prod(kernel))
    return counts


def _parts(layer, weights, input_shape):
    """Return the layer's own arrays by their name, checked against the shapes that the layer needs."""
    parts = {}
    for part, shape in weight_shapes(layer, input_shape).items():
        key = f"{layer['name']}/{part}"
        if key not in weights:
            raise GeometryError('the weights hold no "{key}"', key=key)
        parts[part] = np.asarray(weights[key], np.float32)
        if parts[part].shape != shape:
            raise GeometryError(
                'the weights "{key}" should have the shape {shape}, but theirs is {found}',
                key=key,
                shape=shape,
                found=parts[part].shape,
            )
    return parts


@contextmanager
def _naming(layer):
    """Put the layer's name before the message of a GeometryError that happens within."""
    try:
        yield
    except GeometryError as error:
        raise GeometryError("{layer}: " + error.template, layer=layer["name"], **error.numbers) from None
