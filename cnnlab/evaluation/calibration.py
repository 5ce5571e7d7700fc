"""When a network says 90 %, is it right nine times in ten?

One number can make it more honest: dividing all scores by a temperature before softmax leaves the order of
the classes, and so every answer, as it is; only the confidence changes. Guo et al., *On Calibration of Modern
Neural Networks*, 2017.
"""

import numpy as np

COLDEST, HOTTEST = 0.05, 20.0  # between these the temperature is looked for


def negative_log_likelihood(scores: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> float:
    """Return the mean of minus ln of the true class's probability; scores (n, classes), labels (n,)."""
    shifted = (scores - scores.max(axis=1, keepdims=True)) / temperature
    true = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - true))


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature with the smallest negative log-likelihood on these pictures.

    As a function of 1 / temperature it is convex, so a golden-section search (Kiefer 1953) finds its minimum.
    """
    shrink = (5**0.5 - 1) / 2
    low, high = 1 / HOTTEST, 1 / COLDEST
    while high - low > 1e-4:
        one, other = high - shrink * (high - low), low + shrink * (high - low)
        losses = [negative_log_likelihood(scores, labels, 1 / inverse) for inverse in (one, other)]
        low, high = (low, other) if losses[0] < losses[1] else (one, high)
    return 2 / (low + high)
