"""What happens to each number by itself?

Activations bend the numbers between two layers: without one, stacked convolutions are a single linear map.
Each function takes an array of any shape and returns one like it. Definitions and constants are Keras's.
"""

import math

import numpy as np

from .floats import as_floats
from .geometry import GeometryError


def linear(x):
    """Pass x on as it is."""
    return as_floats(x)


def relu(x):
    """Pass on what is positive and replace the rest by 0: max(x, 0)."""
    return np.maximum(as_floats(x), 0)


def leaky_relu(x, slope=0.2):
    """Pass on what is positive, and a fraction of the rest: x or slope * x."""
    x = as_floats(x)
    return np.where(x > 0, x, slope * x)


def elu(x, alpha=1.0):
    """Pass on what is positive, and let the rest approach -alpha: x or alpha * (exp(x) - 1)."""
    x = as_floats(x)
    return np.where(
        x > 0, x, alpha * np.expm1(np.minimum(x, 0))
    )  # np.where computes both: keep exp from overflowing


def gelu(x):
    """Weigh x by the share of a normal distribution that lies below it: x (1 + erf(x / sqrt(2))) / 2."""
    x = as_floats(x)
    return x * (1 + _erf(x / math.sqrt(2))) / 2


def tanh(x):
    """Squeeze x into -1 to 1."""
    return np.tanh(as_floats(x))


def sigmoid(x):
    """Squeeze x into 0 to 1: 1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):  # exp may become infinite, which gives 0 and is right
        return 1 / (1 + np.exp(-as_floats(x)))


ACTIVATIONS = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "linear": linear,
}


def rescale(x, scale):
    """Multiply every number by `scale`: 1 / 255 takes pixels from 0..255 to 0..1."""
    return as_floats(x) * scale


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    """Normalise each channel with its stored mean and variance, then stretch it by gamma and move it by beta.

    x: (..., c); the four arrays: (c,). epsilon keeps a channel without variance from dividing by 0.
    """
    x = as_floats(x)
    parts = [as_floats(part) for part in (gamma, beta, mean, variance)]
    channels = x.shape[-1]
    for name, part in zip(("gamma", "beta", "mean", "variance"), parts, strict=True):
        if part.shape != (channels,):
            raise GeometryError(
                "{channels} channels need a {name} of the shape ({channels},), but it is {shape}",
                channels=channels,
                name=name,
                shape=part.shape,
            )
    gamma, beta, mean, variance = parts
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def add(a, b):
    """Add two arrays, as where a branch joins again. Raises GeometryError unless their shapes are equal."""
    a, b = as_floats(a), as_floats(b)
    if a.shape != b.shape:
        raise GeometryError("only equal shapes can be added, but these are {a} and {b}", a=a.shape, b=b.shape)
    return a + b


_erf_of_each = np.frompyfunc(math.erf, 1, 1)  # NumPy has no error function of its own


def _erf(x):
    return np.asarray(_erf_of_each(x), dtype=x.dtype)
