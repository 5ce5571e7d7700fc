"""How do feature maps become an answer?

Flatten lays the maps out as one row of numbers a. A dense layer weighs them all, once for each of its units:

    z(u) = sum over i of a(i) W(i, u) + b(u)

and softmax turns the last layer's scores z into probabilities: P(u) = exp(z(u)) / sum over k of exp(z(k)).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .floats import Floats, as_floats
from .geometry import GeometryError, Shape


@dataclass(frozen=True, eq=False)
class DenseStep:
    """One unit of a dense layer and what each input contributes to it."""

    unit: int
    inputs: Floats  # (n,)
    weights: Floats  # (n,) of this unit
    products: Floats  # (n,) inputs * weights: the contributions
    bias: float
    output: float  # the products, added up, plus the bias


@dataclass(frozen=True, eq=False)
class SoftmaxSteps:
    """How scores become probabilities, term by term."""

    scores: Floats  # (classes,)
    temperature: float
    shift: float  # the largest score
    shifted: Floats  # (scores - shift) / temperature: at most 0, so that no exponential overflows
    exponentials: Floats  # exp(shifted), between 0 and 1
    total: float  # of the exponentials
    probabilities: Floats  # exponentials / total


def flatten(maps: ArrayLike) -> NDArray[Any]:
    """Lay out maps (h, w, c) as one row (h * w * c,): row by row, and the channels of a cell side by side."""
    return np.asarray(maps).reshape(-1)


def flat_index(shape: Shape, row: int, col: int, channel: int) -> int:
    """Return where `flatten` puts the cell (row, col, channel) of maps of this shape (h, w, c).

    All count from 0. Raises GeometryError where there is no such cell.
    """
    height, width, channels = shape
    if not (0 <= row < height and 0 <= col < width and 0 <= channel < channels):
        raise GeometryError(
            "maps of the shape {shape} have no cell {cell}, counted from 0",
            shape=tuple(shape),
            cell=(row, col, channel),
        )
    return (row * width + col) * channels + channel


def map_index(shape: Shape, index: int) -> tuple[int, int, int]:
    """Return the cell (row, col, channel) that `flatten` puts at `index`: the inverse of `flat_index`.

    Raises GeometryError where there is no such number.
    """
    height, width, channels = shape
    if not 0 <= index < height * width * channels:
        raise GeometryError(
            "maps of the shape {shape} flatten to {size} numbers, counted from 0: there is no number {index}",
            shape=tuple(shape),
            size=height * width * channels,
            index=index,
        )
    cell, channel = divmod(index, channels)
    row, col = divmod(cell, width)
    return row, col, channel


def dense(x: ArrayLike, weights: ArrayLike, bias: ArrayLike | None = None) -> Floats:
    """Return the scores (units,) of inputs x (n,) under weights (n, units) and a bias (units,) or None.

    Raises GeometryError where the sizes do not fit together.
    """
    x, weights, bias = _checked(x, weights, bias)
    return x @ weights + bias


def contributions(x: ArrayLike, weights: ArrayLike, bias: ArrayLike | None, unit: int) -> DenseStep:
    """Return the DenseStep of one unit, counted from 0: what each input adds to its score.

    The other arguments are those of `dense`. Raises GeometryError also where there is no such unit.
    """
    x, weights, bias = _checked(x, weights, bias)
    units = weights.shape[1]
    if not 0 <= unit < units:
        raise GeometryError(
            "there are {units} units, counted from 0: there is no unit {unit}", units=units, unit=unit
        )
    products = x * weights[:, unit]
    output = float(products.sum() + bias[unit])
    return DenseStep(unit, x, weights[:, unit], products, float(bias[unit]), output)


def dense_steps(x: ArrayLike, weights: ArrayLike, bias: ArrayLike | None = None) -> Iterator[DenseStep]:
    """Return an iterator of one DenseStep for each unit; the arguments are those of `dense`.

    Raises GeometryError, before the first step, where the sizes do not fit together.
    """
    x, weights, bias = _checked(x, weights, bias)
    return (contributions(x, weights, bias, unit) for unit in range(weights.shape[1]))


def softmax(scores: ArrayLike, temperature: float = 1.0) -> Floats:
    """Return probabilities that add up to 1 along the last axis.

    Subtracting the largest score first changes no probability and keeps exp from overflowing. A temperature
    above 1 evens the probabilities out, one below 1 sharpens them; GeometryError unless it is above 0.
    scores: (..., classes), no unit. Bridle, 1990.
    """
    _check_temperature(temperature)
    scores = as_floats(scores)
    exponentials: Floats = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    total: Floats = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / total


def softmax_steps(scores: ArrayLike, temperature: float = 1.0) -> SoftmaxSteps:
    """Return the SoftmaxSteps of a row of scores (classes,).

    The temperature is that of `softmax`; GeometryError unless it is above 0.
    """
    _check_temperature(temperature)
    scores = as_floats(scores)
    shift = scores.max()
    shifted = (scores - shift) / temperature
    exponentials = np.exp(shifted)
    total = exponentials.sum()
    return SoftmaxSteps(
        scores, float(temperature), float(shift), shifted, exponentials, float(total), exponentials / total
    )


def softmax_naive(scores: ArrayLike, temperature: float = 1.0) -> Floats:
    """Return softmax of scores (..., classes) as the formula is written, without the shift.

    For the lesson only: exp overflows above about 709 (88 in float32), and infinity / infinity is nan.
    GeometryError unless the temperature is above 0.
    """
    _check_temperature(temperature)
    with np.errstate(over="ignore", invalid="ignore"):
        exponentials: Floats = np.exp(as_floats(scores) / temperature)
        total: Floats = exponentials.sum(axis=-1, keepdims=True)
        return exponentials / total


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise GeometryError(
            "the temperature must be above 0, but it is {temperature}", temperature=temperature
        )


def _checked(x: ArrayLike, weights: ArrayLike, bias: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return the three as floating-point arrays whose sizes fit together; no bias becomes a bias of 0."""
    x, weights = as_floats(x), as_floats(weights)
    if x.ndim != 1 or weights.ndim != 2 or len(x) != len(weights):
        raise GeometryError(
            "a dense layer takes inputs (n,) and weights (n, units), but they are {inputs} and {weights}",
            inputs=x.shape,
            weights=weights.shape,
        )
    units = weights.shape[1]
    bias = np.zeros(units, weights.dtype) if bias is None else as_floats(bias)
    if bias.shape != (units,):
        raise GeometryError(
            "{units} units need a bias of the shape ({units},), but it is {shape}",
            units=units,
            shape=bias.shape,
        )
    return x, weights, bias
