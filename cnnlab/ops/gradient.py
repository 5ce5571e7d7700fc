"""How would each pixel have to change to move the scores? The way back through a whole network.

By the chain rule, layer by layer from the scores to the photo: a layer that computes y from x turns the
gradient with respect to y into that with respect to x. No weight is changed.
"""

import math

import numpy as np

from .geometry import window_index
from .network import forward


def input_gradient(layers, weights, image, wanted):
    """Return the gradient (h, w, c), float32, of a number that depends on the scores, for one photo.

    wanted: from the probabilities (classes,) to the gradient of that number with respect to the scores
    (classes,); `lambda p: p - y` makes it the cross-entropy. The rest are the arguments of `forward`.
    """
    outputs = forward(layers, weights, image)
    inputs = [np.asarray(image, np.float32), *(output.values for output in outputs)]
    # The last layer is softmax, the last but one gives the scores.
    arriving = {layers[-2]["name"]: np.asarray(wanted(outputs[-1].values), np.float32)}
    for place in range(len(layers) - 2, -1, -1):
        layer, gradient = layers[place], arriving.pop(layers[place]["name"])
        if layer["kind"] == "add":
            arriving[layer["with"]] = arriving.get(layer["with"], 0) + gradient
        back = _back(layer, weights, inputs[place], inputs[place + 1], gradient)
        before = layers[place - 1]["name"] if place else "image"
        arriving[before] = arriving.get(before, 0) + back
    return arriving["image"]


def _back(layer, weights, x, y, gradient):
    """Turn the gradient with respect to a layer's output y into that with respect to its input x."""
    name = layer["name"]
    match layer["kind"]:
        case "rescale":
            return gradient * np.float32(layer["scale"])
        case "conv":
            return _conv(x, weights[f"{name}/kernel"], gradient, layer["stride"], layer["padding"])
        case "norm":
            deviation = np.sqrt(weights[f"{name}/variance"] + layer["epsilon"])
            return gradient * (weights[f"{name}/gamma"] / deviation)
        case "activation":
            return gradient * SLOPES[layer["function"]](x, y)
        case "pool":
            return _pool(x, y, gradient, layer)
        case "dropout" | "add":
            return gradient
        case "flatten":
            return gradient.reshape(x.shape)
        case "global_average":
            return np.broadcast_to(gradient / (x.shape[0] * x.shape[1]), x.shape)
        case "global_max":
            first = x.reshape(-1, x.shape[-1]).argmax(
                axis=0
            )  # (h, w, c) -> (h * w, c): the winner of each map
            back = np.zeros((x.shape[0] * x.shape[1], x.shape[2]), np.float32)
            back[first, np.arange(x.shape[2])] = gradient
            return back.reshape(x.shape)
        case "dense":
            return weights[f"{name}/kernel"] @ gradient


def _places(x, window, stride, padding):
    """Yield, for each place of the window, which outputs see a cell of x there and which cells these are."""
    height, width, _channels = x.shape
    rows = window_index(height, window, stride, padding)
    cols = window_index(width, window, stride, padding)
    for p, q in np.ndindex(window, window):
        inside_rows = (rows[:, p] >= 0) & (rows[:, p] < height)
        inside_cols = (cols[:, q] >= 0) & (cols[:, q] < width)
        outputs = np.ix_(inside_rows, inside_cols)
        yield p, q, outputs, np.ix_(rows[inside_rows, p], cols[inside_cols, q])


def _conv(x, kernel, gradient, stride, padding):
    back = np.zeros(x.shape, np.float32)
    for p, q, outputs, cells in _places(x, len(kernel), stride, padding):
        back[cells] += gradient[outputs] @ kernel[p, q].T
    return back


def _pool(x, y, gradient, layer):
    """Hand the gradient of each output to its winner (the first in row order), or to all cells alike."""
    back, free = np.zeros(x.shape, np.float32), np.ones(y.shape, bool)
    places = list(_places(x, layer["window"], layer["stride"], layer["padding"]))
    if layer["mode"] == "average":
        counts = np.zeros((*y.shape[:2], 1), np.float32)
        for _p, _q, outputs, _cells in places:
            counts[outputs] += 1
        gradient = gradient / counts
    for _p, _q, outputs, cells in places:
        if layer["mode"] == "average":
            back[cells] += gradient[outputs]
            continue
        wins = free[outputs] & (x[cells] == y[outputs])
        back[cells] += gradient[outputs] * wins
        free[outputs] &= ~wins
    return back


def _gelu_slope(x, y):
    bell = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    below = np.divide(y, x, out=np.full_like(x, 0.5), where=x != 0)  # gelu(x) / x is the share below x
    return below + x * bell


# The derivative of each activation, from its input x and its output y.
SLOPES = {
    "linear": lambda x, y: np.ones_like(x),
    "relu": lambda x, y: (x > 0).astype(np.float32),
    "leaky_relu": lambda x, y: np.where(x > 0, np.float32(1), np.float32(0.2)),
    "elu": lambda x, y: np.where(x > 0, np.float32(1), y + 1),
    "gelu": _gelu_slope,
    "tanh": lambda x, y: 1 - y * y,
    "sigmoid": lambda x, y: y * (1 - y),
}
