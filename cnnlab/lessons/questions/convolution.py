"""What can be predicted about one kernel on one picture, and what is the answer?

Every function takes the settings of the moment and returns a question, or None where its condition fails.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnlab import ops

PATCH = 200  # the value of every pixel of the even patch
BALANCED = 0.1  # weights count as balanced when their sum is below this share of their magnitudes' sum
CLEARLY = 2  # how many times stronger the stronger of two answers must be


@dataclass(frozen=True, eq=False)
class Setting:
    """All that decides one map: image (h, w, c), kernel (kh, kw, c), bias, stride, padding, dilation."""

    image: np.ndarray
    kernel: np.ndarray
    bias: float = 0.0
    stride: int = 1
    padding: str = "valid"
    dilation: int = 1

    @property
    def geometry(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    def index(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows (H, kh) and columns (W, kw) of every window. Raises GeometryError."""
        height, width, _channels = self.image.shape
        kh, kw, _channels = self.kernel.shape
        return ops.window_index(height, kh, **self.geometry), ops.window_index(width, kw, **self.geometry)

    def sums(self, image: np.ndarray | None = None) -> np.ndarray:
        """Return the map (H, W) before any activation, of this image or another one."""
        bias = np.array([self.bias], dtype=float)
        image = self.image if image is None else image
        made: np.ndarray = ops.conv2d(image, self.kernel[..., None], bias, **self.geometry)
        return made.squeeze(-1)  # (H, W, 1) -> (H, W)

    def steps(self) -> list[ops.ConvStep]:
        """Return the steps of all cells, row by row."""
        bias = np.array([self.bias], dtype=float)
        return list(ops.conv2d_steps(self.image, self.kernel[..., None], bias, **self.geometry))


@dataclass(frozen=True)
class TwoWindows:
    """The brightest window and the one that answers most strongly: output cells with their sums.

    Their letters go by reading order, so that the answer is not the same letter every time.
    """

    bright: tuple[int, int]
    strong: tuple[int, int]
    sum_bright: float
    sum_strong: float

    @property
    def letters(self) -> tuple[str, str]:
        """Return the letters of the bright and of the strong window."""
        return ("A", "B") if self.bright < self.strong else ("B", "A")


def two_windows(setting: Setting) -> TwoWindows | None:
    """Ask which window answers more strongly, where brightness alone cannot be why.

    Asked if |sum of weights| < 0.1 * sum of |weights| and the strongest answer is at least twice that of the
    brightest window. Of equals the first in row order counts.
    """
    weights = setting.kernel
    if not abs(weights.sum()) < BALANCED * np.abs(weights).sum():
        return None
    sums = setting.sums()
    brightness = replace(setting, kernel=np.ones_like(weights), bias=0.0).sums()
    bright, strong = (_largest(values) for values in (brightness, np.abs(sums)))
    if sums[strong] == 0 or abs(sums[strong]) < CLEARLY * abs(sums[bright]):
        return None
    return TwoWindows(bright, strong, float(sums[bright]), float(sums[strong]))


def _largest(values: np.ndarray) -> tuple[int, int]:
    """Return the row and column of the largest of the values (h, w)."""
    row, col = np.unravel_index(values.argmax(), values.shape)
    return int(row), int(col)


@dataclass(frozen=True)
class Feeds:
    """Input pixel (row, col) is read by the output cells where `rows` and `cols` meet."""

    row: int
    col: int
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    options: tuple[int, ...]

    @property
    def answer(self) -> int:
        return len(self.rows) * len(self.cols)


def feeds(setting: Setting) -> Feeds:
    """Ask how many outputs a pixel feeds: one that follows from the sizes, as often near a border as not."""
    height, width, _channels = setting.image.shape
    k = setting.kernel.shape[0]
    span = ops.window_span(k, setting.dilation)
    rng = np.random.default_rng([height, width, k, setting.stride, setting.dilation, len(setting.padding)])
    row, col = (int(rng.integers(min(n, 2 * span))) for n in (height, width))
    rows = ops.outputs_fed(height, k, index=row, **setting.geometry)
    cols = ops.outputs_fed(width, k, index=col, **setting.geometry)
    options = {len(rows) * len(cols), len(rows) + len(cols), k * k, k, 1}
    if len(options) == 1:
        options.add(0)
    return Feeds(row, col, tuple(map(int, rows)), tuple(map(int, cols)), tuple(sorted(options)))


@dataclass(frozen=True, eq=False)
class EvenPatch:
    """The setting on an even patch, an output cell that sees nothing else, and what comes out there."""

    setting: Setting
    cell: tuple[int, int]
    answer: float
    options: tuple[float, ...]


def even_patch(setting: Setting, value: float = PATCH) -> EvenPatch | None:
    """Ask what comes out where every pixel has the same value: value * sum of weights + bias.

    Asked where some window lies wholly inside the picture, and where there is more than one plausible answer.
    """
    rows, cols = setting.index()
    height, width, _channels = setting.image.shape
    inside = [
        np.flatnonzero((index.min(axis=1) >= 0) & (index.max(axis=1) < n))
        for index, n in ((rows, height), (cols, width))
    ]
    if not all(map(len, inside)):
        return None
    row, col = (int(places[len(places) // 2]) for places in inside)
    answer = value * setting.kernel.sum() + setting.bias
    others = (value, 0.0, value * np.abs(setting.kernel).sum() + setting.bias, value * setting.kernel.size)
    options = [answer]
    alike = max(0.02, 0.002 * np.abs([answer, *others]).max())  # closer ones would be written alike
    for other in others:
        if np.abs(np.array(options) - other).min() > alike:
            options.append(other)
    patch = replace(setting, image=np.full(setting.image.shape, float(value)))
    return EvenPatch(patch, (row, col), float(answer), tuple(sorted(map(float, options))))
