"""What becomes of the answer when a part of the photo is covered? (Runs in a *look* worker.)

Zeiler and Fergus 2013. It asks nothing of the network but answers, so it works for any classifier.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.inspection.attribution import Attribution
from cnnlab.progress import report

if TYPE_CHECKING:
    import keras

BATCH = 96  # pictures at a time


@dataclass(frozen=True, eq=False)
class Covers(Attribution):
    """Answers with a square cover over the photo; the values are `per_pixel` for the class asked about.

    places (n,): where along each side the cover began, in pixels; below 0 it lay partly outside.
    probabilities (n, n, classes) belong to each row and column of places, `uncovered` (classes,) to the whole
    photo. colour (3,) uint8: the cover's.
    """

    places: np.ndarray
    window: int
    colour: np.ndarray
    probabilities: np.ndarray
    uncovered: np.ndarray

    def drops(self, target: int) -> np.ndarray:
        """Return by how much each place of the cover lowers the probability of a class, (n, n)."""
        drops: np.ndarray = self.uncovered[target] - self.probabilities[..., target]
        return drops

    def per_pixel(self, target: int) -> np.ndarray:
        """Return for each pixel the mean drop of a class over all covers that lay on it, (h, h)."""
        return _per_pixel(self.drops(target), self.places, self.window, len(self.values))


def covered(row: int, col: int, window: int) -> tuple[slice, slice]:
    """Return the pixels under a cover that begins at (row, col), which may lie outside the photo."""
    return slice(max(0, row), row + window), slice(max(0, col), col + window)


@dataclass(frozen=True)
class Occlusion:
    """Cover squares of window x window pixels, `stride` pixels apart, with the photo's mean colour.

    window at most the photo's side, stride at most window. The first and last covers lie partly outside, so
    that pixels at the border are covered as often as others.
    """

    window: int = 8
    stride: int = 4

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Covers:
        """Return the answers for an image (h, h, 3) uint8, covered at each place.

        Raises ValueError where such covers do not cover the image.
        """
        side, window, stride = image.shape[0], self.window, self.stride
        if not 1 <= stride <= window <= side:
            raise ValueError(f"covers of {window} pixels, {stride} apart, do not cover {side} pixels")
        places = np.arange(stride - window, side, stride)
        colour = np.rint(image.mean((0, 1))).astype(np.uint8)
        pictures = np.repeat(image[np.newaxis], len(places) ** 2 + 1, axis=0)  # the last one stays whole
        for n, (row, col) in enumerate((row, col) for row in places for col in places):
            pictures[(n, *covered(int(row), int(col), window))] = colour
        answers = []
        for first in range(0, len(pictures), BATCH):
            report(first, len(pictures))
            answers.append(np.asarray(model(pictures[first : first + BATCH], training=False)))
        *answered, uncovered = np.concatenate(answers)
        probabilities = np.reshape(answered, (len(places), len(places), -1))
        values = _per_pixel(uncovered[target] - probabilities[..., target], places, window, side)
        return Covers(values, places, window, colour, probabilities, uncovered)


def _per_pixel(drops: np.ndarray, places: np.ndarray, window: int, side: int) -> np.ndarray:
    """Spread drops (n, n) over the pixels that each cover lay on: their mean, (side, side)."""
    total, count = np.zeros((side, side)), np.zeros((side, side))
    for i, row in enumerate(places):
        for j, col in enumerate(places):
            under = covered(row, col, window)
            total[under] += drops[i, j]
            count[under] += 1
    return total / count
