"""What does a student predict about pooling, when the crop moves and when one pixel becomes brighter?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from cnnlab import ops

POOLS = {"max": ops.max_pool, "average": ops.average_pool}
WHITE = 255
CLEAR = 4  # grey levels by which a losing pixel must stand below its winner, so that both cases can be asked
# Which outputs change, by whether one of max pooling and one of average pooling does.
OUTCOMES = {(True, False): "max", (False, True): "average", (True, True): "both", (False, False): "neither"}


@dataclass(frozen=True, eq=False)
class Setting:
    """All that decides a pooled map: grey values (h, w), window, stride and padding."""

    values: np.ndarray
    window: int
    stride: int
    padding: str

    def index(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows (H, k) and columns (W, k) of every window. Raises GeometryError."""
        height, width = self.values.shape
        geometry = (self.window, self.stride, self.padding)
        return ops.window_index(height, *geometry), ops.window_index(width, *geometry)

    def border(self) -> tuple[int, int]:
        """Return how many border cells lie above the values and to their left."""
        first_row, first_col = (index[0, 0] for index in self.index())
        return -int(first_row), -int(first_col)

    def pooled(self, mode: str, values: np.ndarray | None = None) -> np.ndarray:
        """Return the map (H, W) of these values or of others; mode "max", "average" or "none"."""
        values = np.asarray(self.values if values is None else values, float)
        if mode == "none":
            return values
        maps = values[..., np.newaxis]
        pooled: np.ndarray = POOLS[mode](maps, self.window, **self._geometry)
        return pooled.squeeze(-1)  # (H, W, 1) -> (H, W)

    def steps(self, mode: str) -> list[ops.PoolStep]:
        """Return the steps of all cells, row by row."""
        return list(ops.pool_steps(self._maps, self.window, mode=mode, **self._geometry))

    def step(self, mode: str, cell: tuple[int, int]) -> ops.PoolStep:
        """Return the step of one output cell (row, col), from 0."""
        row, col = cell
        return ops.pool_step(self._maps, self.window, row=row, col=col, mode=mode, **self._geometry)

    @property
    def _maps(self) -> np.ndarray:
        return np.asarray(self.values, float)[..., np.newaxis]  # (h, w) -> (h, w, 1)

    @property
    def _geometry(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding}


@dataclass(frozen=True)
class Change:
    """How a map differs from what it was: the mean |difference| in grey levels, the share of equal values."""

    mean: float
    same: float


@dataclass(frozen=True)
class Loser:
    """One pixel that is not the largest of its window becomes brighter by `more`."""

    row: int  # of the pixel in the crop, from 0
    col: int
    cell: tuple[int, int]  # an output cell whose window holds it
    value: float
    largest: float  # of that window
    more: int
    max_after: float  # that output cell, with the brighter pixel
    average: float
    average_after: float
    outcome: str  # which outputs change anywhere: one of OUTCOMES' values


def shift_room(photo: np.ndarray, col: int, size: int, most: int = 4) -> int:
    """Return how far, up to `most` pixels, a crop can move: to the right, or if negative to the left."""
    right, left = photo.shape[1] - size - col, col
    return min(most, right) if right >= min(most, left) else -min(most, left)


def shift_test(
    photo: np.ndarray, row: int, col: int, setting: Setting, shifts: Sequence[int]
) -> dict[str, list[Change]]:
    """Move the crop over the photo (h, w) and compare: {"none" | "max" | "average": [Change of each shift]}.

    Both crops are cut from the photo, so what comes in at one side is the photo, no border. Positions and
    shifts (columns to the right) in pixels.
    """
    height, width = setting.values.shape
    crops = [photo[row : row + height, col + shift : col + shift + width] for shift in (0, *shifts)]
    changes: dict[str, list[Change]] = {}
    for mode in ("none", *POOLS):
        before, *moved = (setting.pooled(mode, crop) for crop in crops)
        changes[mode] = [
            Change(float(np.abs(after - before).mean()), float((after == before).mean())) for after in moved
        ]
    return changes


def share_options(
    changes: Mapping[str, Sequence[Change]], place: int, count: int
) -> tuple[list[int], int] | None:
    """Return the choices for the share of max values that stay, in whole percent and rising, and the answer.

    The others are the shares without pooling and with the average, all, and the middle between answer and
    all, each brought to what so many (`count`) values can give. `place`: of the shift. None where all values
    stay: an even piece of a photo tells nothing.
    """
    same = {mode: round(count * change[place].same) for mode, change in changes.items()}
    answer = same["max"]
    stay = {answer, same["none"], same["average"], (answer + count) // 2, count}
    percents = sorted({_percent(number, count) for number in stay})
    return (percents, _percent(answer, count)) if answer < count and len(percents) > 1 else None


def _percent(number: int, count: int) -> int:
    """Return a share in whole percent; only all of them are 100, and only none is 0."""
    share = round(100 * number / count)
    return share if number in (0, count) else min(max(share, 1), 99)


def loser(setting: Setting) -> Loser | None:
    """Choose a losing pixel and make it brighter: in half of the cases not enough to win, in half enough.

    It stands clearly below the largest of every window that holds it. None where no pixel does. The same
    setting gives the same question.
    """
    values = np.asarray(setting.values, float)
    key = crc32(values.tobytes()), setting.window, setting.stride, setting.padding == "same"
    rng = np.random.default_rng(key)
    enough = bool(rng.integers(2))
    largest = setting.pooled("max")
    fed = [
        [np.flatnonzero((index == place).any(axis=1)) for place in range(n)]
        for n, index in zip(values.shape, setting.index(), strict=True)
    ]
    pixels = rng.permutation(values.size)
    # The first window, which the page opens with, is asked about only where no other will do.
    first = [
        0 in fed[0][pixel // values.shape[1]] and 0 in fed[1][pixel % values.shape[1]] for pixel in pixels
    ]
    for pixel in pixels[np.argsort(first, kind="stable")]:
        row, col = (int(place) for place in np.unravel_index(pixel, values.shape))
        cells = [(int(i), int(j)) for i in fed[0][row] for j in fed[1][col]]
        if not cells:
            continue  # a stride larger than the window leaves pixels out
        cell = min(cells, key=lambda cell: largest[cell])
        gap, room = int(largest[cell] - values[row, col]), int(WHITE - largest[cell])
        if gap < CLEAR or (enough and room < 1):
            continue
        more = gap + int(rng.integers(1, min(room, gap) + 1)) if enough else int(rng.integers(gap // 2, gap))
        brighter = values.copy()
        brighter[row, col] += more
        before, after = ([setting.pooled(mode, v) for mode in POOLS] for v in (values, brighter))
        maximum, average = (not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
        return Loser(
            row,
            col,
            cell,
            value=float(values[row, col]),
            largest=float(largest[cell]),
            more=more,
            max_after=float(after[0][cell]),
            average=float(before[1][cell]),
            average_after=float(after[1][cell]),
            outcome=OUTCOMES[maximum, average],
        )
    return None
