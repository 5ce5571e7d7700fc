"""The kinds of layers, a class each: settings, shape of the output, weights, the way there and the way back.

A layer takes an array x, maps (h, w, c) or a row (n,), and computes with `arrays`: its weights, and the
output of an earlier layer where it joins one. `backward` is the chain rule: it turns the gradient with
respect to the output y into that with respect to x, under weights that stay. A new kind is a class here, in
`LAYER_KINDS`, and an entry in each table that goes by them: Keras layer, line of code, words, arithmetic.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from .activations import ACTIVATIONS
from .convolution import conv2d, conv2d_gradient
from .dense import dense, flatten, softmax
from .elementwise import add, batch_norm, rescale
from .floats import Floats
from .geometry import GeometryError, Shape, Window, output_size
from .pooling import (
    average_pool,
    average_pool_gradient,
    global_average_pool,
    global_max_pool,
    max_pool,
    max_pool_gradient,
)

Arrays = Mapping[str, Floats]
POOLS = {"max": (max_pool, max_pool_gradient), "average": (average_pool, average_pool_gradient)}


@dataclass(frozen=True)
class Layer(ABC):
    """One layer of a network: its name there, and its settings."""

    name: str
    kind: ClassVar[str]
    takes: ClassVar[int | None] = None  # how many axes x has: 3 are maps, 1 is a row; None: any

    @property
    def sliding(self) -> Window | None:
        """How its window slides over the maps; None where it has none."""
        return None

    @property
    def joined(self) -> str | None:
        """The earlier layer whose output comes in as well, as `arrays["joined"]`; None where none does."""
        return None

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of y for an x of this shape. Raises GeometryError where it does not fit."""
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Return the name and shape of each array that training finds, for an x of this shape."""
        return {}

    def multiplications(self, shape: Shape) -> int:
        """Return how often an input is multiplied by a weight, for an x of this shape.

        A kernel uses each of its weights once for each cell of its map, a dense layer each weight once.
        Raises GeometryError as `output_shape` does.
        """
        kernel = self.weight_shapes(shape).get("kernel")
        return prod(kernel) * prod(self.output_shape(shape)[:-1]) if kernel else 0

    @abstractmethod
    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return y, (H, W, c) or (n,) as `output_shape` says, for an x (h, w, c) or (n,), as after training.

        Raises GeometryError where x and the arrays do not fit together.
        """

    @abstractmethod
    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient with respect to x from that with respect to y; shaped like x, float32."""


@dataclass(frozen=True)
class Rescale(Layer):
    """Multiply every number by `scale`."""

    scale: float
    kind = "rescale"

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return x * scale, of x's shape."""
        return rescale(x, self.scale)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient * scale, of x's shape."""
        return gradient * np.float32(self.scale)


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution: `filters` square kernels make as many maps."""

    filters: int
    kernel: int  # side, in cells
    stride: int = 1
    padding: str = "valid"  # or "same"
    bias: bool = True
    kind = "conv"
    takes = 3

    @property
    def sliding(self) -> Window:
        """The kernels' window."""
        return Window(self.kernel, self.stride, self.padding)

    def output_shape(self, shape: Shape) -> Shape:
        """(h, w, c) -> (H, W, filters). Raises GeometryError where a kernel does not fit into the maps."""
        return *_slid(shape, self.sliding), self.filters

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The kernel (side, side, c, filters) and, where it has one, the bias (filters,)."""
        shapes: dict[str, Shape] = {"kernel": (self.kernel, self.kernel, shape[-1], self.filters)}
        return shapes | ({"bias": (self.filters,)} if self.bias else {})

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(h, w, c) -> (H, W, filters), by `conv2d`. Raises GeometryError as that does."""
        return conv2d(x, arrays["kernel"], arrays.get("bias"), stride=self.stride, padding=self.padding)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(H, W, filters) -> (h, w, c), by `conv2d_gradient`."""
        return conv2d_gradient(x.shape, arrays["kernel"], gradient, self.sliding)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalise each channel with the mean and the variance that training has stored."""

    epsilon: float = 1e-3
    kind = "norm"

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """gamma, beta, mean and variance: (c,) each."""
        return {part: shape[-1:] for part in ("gamma", "beta", "mean", "variance")}

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(..., c) -> (..., c), by `batch_norm`. Raises GeometryError as that does."""
        return batch_norm(x, **arrays, epsilon=self.epsilon)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient (..., c) times gamma / deviation: what is stored does not depend on x."""
        deviation: Floats = np.sqrt(arrays["variance"] + self.epsilon)
        return gradient * (arrays["gamma"] / deviation)


@dataclass(frozen=True)
class Activation(Layer):
    """Bend each number by one of ACTIVATIONS."""

    function: str
    kind = "activation"

    def output_shape(self, shape: Shape) -> Shape:
        """Return the same shape. Raises GeometryError where there is no such activation."""
        if self.function not in ACTIVATIONS:
            raise GeometryError('there is no activation "{function}"', function=self.function)
        return shape

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return the function of each number, of x's shape."""
        return ACTIVATIONS[self.function].apply(x)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient times the function's slope at each number, of x's shape."""
        return gradient * ACTIVATIONS[self.function].slope(x, y)


@dataclass(frozen=True)
class Softmax(Layer):
    """Turn a row of scores into probabilities."""

    kind = "softmax"
    takes = 1

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return the probabilities (n,) of the scores (n,)."""
        return softmax(x)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(n,) -> (n,): y (gradient - sum of gradient * y), as each score moves all probabilities."""
        return y * (gradient - np.sum(gradient * y))


@dataclass(frozen=True)
class Pool(Layer):
    """Make one number of each window: its largest or its mean."""

    mode: str  # "max" or "average"
    window: int  # side, in cells
    stride: int
    padding: str = "valid"  # or "same"
    kind = "pool"
    takes = 3

    @property
    def sliding(self) -> Window:
        """The window that becomes one number."""
        return Window(self.window, self.stride, self.padding)

    def output_shape(self, shape: Shape) -> Shape:
        """(h, w, c) -> (H, W, c). Raises GeometryError where the mode or the window does not fit."""
        if self.mode not in POOLS:
            raise GeometryError('pooling is "max" or "average", not "{mode}"', mode=self.mode)
        return *_slid(shape, self.sliding), shape[-1]

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(h, w, c) -> (H, W, c), by `max_pool` or `average_pool`. Raises GeometryError as these do."""
        pool, _gradient = POOLS[self.mode]
        return pool(x, self.window, stride=self.stride, padding=self.padding)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(H, W, c) -> (h, w, c), by `max_pool_gradient` or `average_pool_gradient`."""
        _pool, pool_gradient = POOLS[self.mode]
        return pool_gradient(x, y, gradient, self.sliding)


@dataclass(frozen=True)
class Dropout(Layer):
    """Set a share of the numbers to 0 at random, during training only."""

    rate: float
    kind = "dropout"

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return x as it is: after training nothing is dropped."""
        return x

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient as it is."""
        return gradient


@dataclass(frozen=True)
class Flatten(Layer):
    """Lay maps out as one row."""

    kind = "flatten"
    takes = 3

    def output_shape(self, shape: Shape) -> Shape:
        """(h, w, c) -> (h * w * c,)."""
        return (prod(shape),)

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(h, w, c) -> (h * w * c,), by `flatten`."""
        return flatten(x)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(h * w * c,) -> (h, w, c): each number goes back to its cell."""
        return gradient.reshape(x.shape)


@dataclass(frozen=True)
class GlobalAverage(Layer):
    """Make one number of each map: its mean."""

    kind = "global_average"
    takes = 3

    def output_shape(self, shape: Shape) -> Shape:
        """(h, w, c) -> (c,)."""
        return shape[-1:]

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(h, w, c) -> (c,), by `global_average_pool`."""
        return global_average_pool(x)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(c,) -> (h, w, c): an equal share for every cell of a map."""
        return np.broadcast_to(gradient / (x.shape[0] * x.shape[1]), x.shape)


@dataclass(frozen=True)
class GlobalMax(Layer):
    """Make one number of each map: its largest value."""

    kind = "global_max"
    takes = 3

    def output_shape(self, shape: Shape) -> Shape:
        """(h, w, c) -> (c,)."""
        return shape[-1:]

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(h, w, c) -> (c,), by `global_max_pool`."""
        return global_max_pool(x)

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(c,) -> (h, w, c): all of it for the first largest cell of a map."""
        cells = x.reshape(-1, x.shape[-1])  # (h, w, c) -> (h * w, c)
        back = np.zeros(cells.shape, np.float32)
        back[cells.argmax(axis=0), np.arange(x.shape[-1])] = gradient  # to the winner of each map
        return back.reshape(x.shape)


@dataclass(frozen=True)
class Dense(Layer):
    """Weigh all numbers of a row, once for each of `units` scores."""

    units: int
    kind = "dense"
    takes = 1

    def output_shape(self, shape: Shape) -> Shape:
        """(n,) -> (units,)."""
        return (self.units,)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The kernel (n, units) and the bias (units,)."""
        return {"kernel": (shape[-1], self.units), "bias": (self.units,)}

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """(n,) -> (units,), by `dense`. Raises GeometryError as that does."""
        return dense(x, arrays["kernel"], arrays["bias"])

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """(units,) -> (n,): each input gets, from every unit, the gradient there times its weight."""
        return arrays["kernel"] @ gradient


@dataclass(frozen=True)
class Add(Layer):
    """Add the output of the earlier layer `other`, of the same shape; the same gradient goes back to it."""

    other: str
    kind = "add"

    @property
    def joined(self) -> str:
        """The layer whose output is added."""
        return self.other

    def forward(self, x: Floats, arrays: Arrays) -> Floats:
        """Return x plus the joined output, of the same shape. Raises GeometryError unless it is."""
        return add(x, arrays["joined"])

    def backward(self, x: Floats, y: Floats, gradient: Floats, arrays: Arrays) -> Floats:
        """Return the gradient as it is: a sum passes it on to both."""
        return gradient


LAYER_KINDS: dict[str, type[Layer]] = {
    kind.kind: kind
    for kind in (
        Rescale,
        Conv,
        BatchNorm,
        Activation,
        Softmax,
        Pool,
        Dropout,
        Flatten,
        GlobalAverage,
        GlobalMax,
        Dense,
        Add,
    )
}


def _slid(shape: Shape, window: Window) -> Shape:
    height, width, _channels = shape
    return output_size(height, *window), output_size(width, *window)
