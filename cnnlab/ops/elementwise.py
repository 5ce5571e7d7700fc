"""What happens to each number by itself: dividing pixels, normalising channels, adding a branch."""

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats, as_floats
from .geometry import GeometryError


def rescale(x: ArrayLike, scale: float) -> Floats:
    """Multiply every number by `scale`: 1 / 255 takes pixels from 0..255 to 0..1. Any shape."""
    return as_floats(x) * scale


def batch_norm(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, mean: ArrayLike, variance: ArrayLike, epsilon: float
) -> Floats:
    """Normalise each channel with its stored mean and variance, then stretch it by gamma and move it by beta.

    x: (..., c); the four arrays: (c,). epsilon keeps a channel without variance from dividing by 0. Returns
    (..., c). Raises GeometryError where an array does not fit the channels. Ioffe and Szegedy, 2015.
    """
    x = as_floats(x)
    channels = x.shape[-1]
    parts = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    found = {name: as_floats(part) for name, part in parts.items()}
    for name, part in found.items():
        if part.shape != (channels,):
            raise GeometryError(
                "{channels} channels need a {name} of the shape ({channels},), but it is {shape}",
                channels=channels,
                name=name,
                shape=part.shape,
            )
    deviation: Floats = np.sqrt(found["variance"] + epsilon)
    return found["gamma"] * (x - found["mean"]) / deviation + found["beta"]


def add(a: ArrayLike, b: ArrayLike) -> Floats:
    """Add two arrays, as where a branch joins again. Raises GeometryError unless their shapes are equal."""
    a, b = as_floats(a), as_floats(b)
    if a.shape != b.shape:
        raise GeometryError("only equal shapes can be added, but these are {a} and {b}", a=a.shape, b=b.shape)
    return a + b
