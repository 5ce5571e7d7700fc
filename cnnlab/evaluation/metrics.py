"""How good are the answers of a network? Arrays in, numbers out.

scikit-learn is imported where it is used: a page that measures nothing does not wait for it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]
BINS = 15  # of confidence, as in Guo et al., *On Calibration of Modern Neural Networks*, 2017


def confusion(probabilities: Floats, labels: Labels) -> NDArray[np.int64]:
    """Count how often each true class (row) got each answer (column): (classes, classes).

    probabilities: (n, classes); the answer is the largest. labels: (n,) true classes, counted from 0.
    """
    from sklearn.metrics import confusion_matrix

    answers, classes = probabilities.argmax(axis=1), range(probabilities.shape[1])
    counts: NDArray[np.int64] = confusion_matrix(labels, answers, labels=classes)
    return counts


def worst_mistakes(probabilities: Floats, labels: Labels, count: int) -> NDArray[np.intp]:
    """Return the indices of the mistakes that were made most confidently, worst first, at most `count`: (m,).

    probabilities (n, classes), labels (n,).
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    sureness = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-sureness, kind="stable")][:count]


def confused(probabilities: Floats, labels: Labels, true: int, answer: int, count: int) -> NDArray[np.intp]:
    """Return the indices of images of class `true` called `answer`, the surest first, at most `count`: (m,).

    probabilities (n, classes), labels (n,).
    """
    places = np.flatnonzero((labels == true) & (probabilities.argmax(axis=1) == answer))
    return places[np.argsort(-probabilities[places, answer], kind="stable")][:count]


def precision_and_recall(probabilities: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return for each class the share of its answers that are right, and of its images that are named.

    probabilities (n, classes), labels (n,) as above. Both (classes,), 0 to 1; nan where there is nothing to
    divide by: a class that was never answered has no precision, one without images no recall.
    """
    from sklearn.metrics import precision_recall_fscore_support

    answers, classes = probabilities.argmax(axis=1), range(probabilities.shape[1])
    found = precision_recall_fscore_support(labels, answers, labels=classes, zero_division=np.nan)
    return found[0], found[1]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers sorted by their confidence into bins of equal width from 0 to 1, each array (bins,).

    counts: how many answers; confidence: their mean largest probability; accuracy: the share that is right;
    the latter two nan in an empty bin.
    """

    counts: NDArray[np.intp]
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap between the two, each answer counted once; 0 to 1.

        Naeini, Cooper and Hauskrecht, *Obtaining Well Calibrated Probabilities Using Bayesian Binning*, 2015.
        """
        gaps = np.abs(self.confidence - self.accuracy)[self.counts > 0]
        return float(gaps @ self.counts[self.counts > 0] / self.counts.sum())


def reliability(probabilities: Floats, labels: Labels, bins: int = BINS) -> Reliability:
    """Compare how sure the answers were with how often they were right: (n, classes) with labels (n,).

    Like `sklearn.calibration.calibration_curve`, which the tests compare it with. That one keeps neither the
    counts, by which the expected calibration error weighs the bins, nor the place of empty bins.
    """
    sureness = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((sureness * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        confidence = np.bincount(place, weights=sureness, minlength=bins) / counts
        accuracy = np.bincount(place, weights=right, minlength=bins) / counts
    return Reliability(counts, confidence, accuracy)
