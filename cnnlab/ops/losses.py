"""How wrong is an answer, and which way should the scores move?

Both losses compare the probabilities p of one photo with the truth y, which is 1 for the true class and 0 for
the others; `label` is the true class, from 0. GeometryError where there is no such class or more than one
photo. The gradients are taken with respect to the scores z, through p = softmax(z).
"""

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats, as_floats
from .geometry import GeometryError


def one_hot(label: int, classes: int) -> Floats:
    """Return the truth as an array (classes,): 1 for the class `label`, counted from 0, and 0 elsewhere.

    Raises GeometryError where there is no such class.
    """
    if not 0 <= label < classes:
        raise GeometryError(
            "there are {classes} classes, counted from 0: there is no class {label}",
            classes=classes,
            label=label,
        )
    truth = np.zeros(classes)
    truth[label] = 1
    return truth


def cross_entropy(probabilities: ArrayLike, label: int) -> float:
    """Return -sum of y ln p, which is -ln of the true class's probability; infinite where that is 0.

    probabilities: (classes,). Raises GeometryError where they are of another shape or there is no such class.
    """
    p, _y = _checked(probabilities, label)
    with np.errstate(divide="ignore"):
        return float(-np.log(p[label]))


def cross_entropy_gradient(probabilities: ArrayLike, label: int) -> Floats:
    """Return the gradient (classes,) of the cross-entropy with respect to the scores: p - y.

    The arguments and errors (GeometryError) are those of `cross_entropy`. Bridle, 1990.
    """
    p, y = _checked(probabilities, label)
    return p - y


def mse(probabilities: ArrayLike, label: int) -> float:
    """Return the mean squared error: the mean over the classes of (p - y)^2.

    The arguments and errors (GeometryError) are those of `cross_entropy`. Brier, 1950, but for the factor.
    """
    p, y = _checked(probabilities, label)
    return float(np.mean((p - y) ** 2))


def mse_gradient(probabilities: ArrayLike, label: int) -> Floats:
    """Return the gradient (classes,) of the mean squared error with respect to the scores.

    By the chain rule through softmax, with g = 2 (p - y) / classes: p (g - sum of p g). The factor p is why a
    network that is surely wrong hardly learns from this loss. The arguments and errors (GeometryError) are
    those of `cross_entropy`.
    """
    p, y = _checked(probabilities, label)
    g = 2 * (p - y) / len(p)
    return p * (g - np.sum(p * g))


def _checked(probabilities: ArrayLike, label: int) -> tuple[Floats, Floats]:
    p = as_floats(probabilities)
    if p.ndim != 1:
        raise GeometryError("one photo's probabilities have the shape (classes,), not {shape}", shape=p.shape)
    return p, one_hot(label, len(p))
