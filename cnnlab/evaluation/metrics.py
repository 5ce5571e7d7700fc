"""How good are the answers of a network? Arrays in, numbers out."""

from dataclasses import dataclass

import numpy as np

BINS = 15  # of confidence, as in Guo et al., *On Calibration of Modern Neural Networks*, 2017


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Count how often each true class (row) got each answer (column): (classes, classes) whole numbers.

    probabilities: (n, classes); the answer is the largest. labels: (n,) true classes, counted from 0.
    """
    classes = probabilities.shape[1]
    pairs = classes * labels + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def worst_mistakes(probabilities: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the mistakes that were made most confidently, worst first, at most `count`."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    sureness = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-sureness, kind="stable")][:count]


def confused(probabilities: np.ndarray, labels: np.ndarray, true: int, answer: int, count: int) -> np.ndarray:
    """Return the indices of images of class `true` called `answer`, the surest first, at most `count`."""
    places = np.flatnonzero((labels == true) & (probabilities.argmax(axis=1) == answer))
    return places[np.argsort(-probabilities[places, answer], kind="stable")][:count]


def precision_and_recall(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each class the share of its answers that are right, and of its images that are named.

    counts: the confusion matrix, a row a true class. Both (classes,), 0 to 1; nan where there is nothing to
    divide by: a class that was never answered has no precision, one without images no recall.
    """
    right = np.diag(counts).astype(float)
    with np.errstate(invalid="ignore"):
        return right / counts.sum(axis=0), right / counts.sum(axis=1)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers sorted by their confidence into bins of equal width from 0 to 1, each array (bins,).

    counts: how many answers; confidence: their mean largest probability; accuracy: the share that is right;
    the latter two nan in an empty bin.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap between the two, each answer counted once; 0 to 1."""
        gaps = np.abs(self.confidence - self.accuracy)[self.counts > 0]
        return float(gaps @ self.counts[self.counts > 0] / self.counts.sum())


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> Reliability:
    """Compare how sure the answers were with how often they were right; probabilities (n, classes)."""
    sureness = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((sureness * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        sums = (np.bincount(place, weights=values, minlength=bins) for values in (sureness, right))
        return Reliability(counts, *(total / counts for total in sums))
