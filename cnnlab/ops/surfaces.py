"""On which landscapes can one see how optimisers differ? Losses of two weights, with their gradients.

Weights come as (..., 2); a value is (...) and a gradient (..., 2).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats, as_floats


@dataclass(frozen=True)
class Surface:
    """A loss of two weights: its value, its gradient, and where the race begins.

    `lowest` are the places (x, y) of its minima, the deepest first.
    """

    value: Callable[[ArrayLike], Floats]
    gradient: Callable[[ArrayLike], Floats]
    start: tuple[float, float]
    lowest: tuple[tuple[float, float], ...]
    reach: float = 2.0  # the map shows weights from -reach to reach


def _halves(w: ArrayLike) -> tuple[Floats, Floats]:
    w = as_floats(w)
    return w[..., 0], w[..., 1]


def bowl(w: ArrayLike) -> Floats:
    """Equally steep all round: x^2 + y^2. w (..., 2) -> (...)."""
    x, y = _halves(w)
    return x**2 + y**2


def bowl_gradient(w: ArrayLike) -> Floats:
    """Return the gradient (..., 2) of `bowl` at w."""
    return 2 * as_floats(w)


def ravine(w: ArrayLike) -> Floats:
    """Thirty times as steep across as along: (x^2 + 30 y^2) / 2. w (..., 2) -> (...).

    Real losses have many such directions.
    """
    x, y = _halves(w)
    return (x**2 + 30 * y**2) / 2


def ravine_gradient(w: ArrayLike) -> Floats:
    """Return the gradient (..., 2) of `ravine` at w."""
    x, y = _halves(w)
    return np.stack([x, 30 * y], axis=-1)


def saddle(w: ArrayLike) -> Floats:
    """A pass at (0, 0), low along x, with valleys on both sides: x^2 + y^4 / 2 - y^2. w (..., 2) -> (...)."""
    x, y = _halves(w)
    return x**2 + y**4 / 2 - y**2


def saddle_gradient(w: ArrayLike) -> Floats:
    """Return the gradient (..., 2) of `saddle` at w."""
    x, y = _halves(w)
    return np.stack([2 * x, 2 * y**3 - 2 * y], axis=-1)


TILT = 0.3


def minima(w: ArrayLike) -> Floats:
    """Four hollows of different depth: the sum of t^4 / 2 - t^2 - 0.3 t over both weights t.

    w (..., 2) -> (...).
    """
    w = as_floats(w)
    total: Floats = (w**4 / 2 - w**2 - TILT * w).sum(axis=-1)
    return total


def minima_gradient(w: ArrayLike) -> Floats:
    """Return the gradient (..., 2) of `minima` at w."""
    w = as_floats(w)
    return 2 * w**3 - 2 * w - TILT


SHALLOW, _ridge, DEEP = sorted(np.roots([2, 0, -2, -TILT]))  # where the gradient is 0, along one weight
SURFACES = {
    "bowl": Surface(bowl, bowl_gradient, (-1.7, 1.3), ((0, 0),)),
    "ravine": Surface(ravine, ravine_gradient, (-1.8, 0.9), ((0, 0),)),
    "saddle": Surface(saddle, saddle_gradient, (-1.5, 0.02), ((0, 1), (0, -1))),
    "minima": Surface(
        minima,
        minima_gradient,
        (-1.85, 1.6),
        ((DEEP, DEEP), (DEEP, SHALLOW), (SHALLOW, DEEP), (SHALLOW, SHALLOW)),
    ),
}
