"""What an activation makes of each number, and how steeply: one entry a function.

Activations bend the numbers between two layers: without one, stacked convolutions are a single linear map.
Each takes an array of any shape and returns one like it. Names, definitions and constants are Keras's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats, as_floats


def linear(x: ArrayLike) -> Floats:
    """Pass x, of any shape, on as it is."""
    return as_floats(x)


def relu(x: ArrayLike) -> Floats:
    """Pass on what is positive and replace the rest by 0: max(x, 0). Any shape. Nair and Hinton, 2010."""
    return np.maximum(as_floats(x), 0)


def leaky_relu(x: ArrayLike, slope: float = 0.2) -> Floats:
    """Pass on what is positive, and a fraction of the rest: x or slope * x.

    Any shape. Maas et al., 2013.
    """
    x = as_floats(x)
    return np.where(x > 0, x, slope * x)


def elu(x: ArrayLike, alpha: float = 1.0) -> Floats:
    """Pass on what is positive, and let the rest approach -alpha: x or alpha * (exp(x) - 1).

    Any shape. Clevert, Unterthiner and Hochreiter, 2016.
    """
    x = as_floats(x)
    return np.where(
        x > 0, x, alpha * np.expm1(np.minimum(x, 0))
    )  # np.where computes both: keep exp from overflowing


def gelu(x: ArrayLike) -> Floats:
    """Weigh x by the share of a normal distribution that lies below it: x (1 + erf(x / sqrt(2))) / 2.

    Any shape. Hendrycks and Gimpel, 2016.
    """
    x = as_floats(x)
    return x * (1 + _erf(x / math.sqrt(2))) / 2


def tanh(x: ArrayLike) -> Floats:
    """Squeeze x, of any shape, into -1 to 1."""
    return np.tanh(as_floats(x))


def sigmoid(x: ArrayLike) -> Floats:
    """Squeeze x, of any shape, into 0 to 1: 1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):  # exp may become infinite, which gives 0 and is right
        return 1 / (1 + np.exp(-as_floats(x)))


@dataclass(frozen=True)
class ActivationFunction:
    """One activation. Its key in ACTIVATIONS is Keras's name for it, which configurations store."""

    title: str  # what learners read, also within a formula
    formula: str  # LaTeX: what it makes of a number z
    apply: Callable[[ArrayLike], Floats]
    slope: Callable[[Floats, Floats], Floats]  # the derivative at x, from x and y = apply(x)
    exponential: bool = False  # whether it takes one, which costs time


def _gelu_slope(x: Floats, y: Floats) -> Floats:
    bell = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    below = np.divide(y, x, out=np.full_like(x, 0.5), where=x != 0)  # gelu(x) / x is the share below x
    return below + x * bell


ACTIVATIONS = {
    "relu": ActivationFunction("ReLU", r"\max(0, z)", relu, lambda x, y: (x > 0).astype(x.dtype)),
    "leaky_relu": ActivationFunction(
        "leaky ReLU",
        r"\max(0.2\,z, z)",
        leaky_relu,
        lambda x, y: np.where(x > 0, x.dtype.type(1), x.dtype.type(0.2)),
    ),
    "elu": ActivationFunction(
        "ELU",
        r"\begin{cases} z & z > 0 \\ e^z - 1 & z \le 0 \end{cases}",
        elu,
        lambda x, y: np.where(x > 0, x.dtype.type(1), y + 1),
        exponential=True,
    ),
    "gelu": ActivationFunction(
        "GELU",
        r"\tfrac{1}{2}\,z\,\big(1 + \operatorname{erf}(z / \sqrt{2})\big)",
        gelu,
        _gelu_slope,
        exponential=True,
    ),
    "tanh": ActivationFunction("tanh", r"\tanh(z)", tanh, lambda x, y: 1 - y * y, exponential=True),
    "sigmoid": ActivationFunction(
        "sigmoid", r"\frac{1}{1 + e^{-z}}", sigmoid, lambda x, y: y * (1 - y), exponential=True
    ),
    "linear": ActivationFunction("linear", "z", linear, lambda x, y: np.ones_like(x)),
}

_erf_of_each = np.frompyfunc(math.erf, 1, 1)  # NumPy has no error function of its own


def _erf(x: Floats) -> Floats:
    return np.asarray(_erf_of_each(x), dtype=x.dtype)
