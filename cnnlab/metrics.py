"""How good are the answers of a network? Arrays in, numbers out."""

import numpy as np


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
