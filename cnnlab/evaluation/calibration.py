"""When a network says 90 %, is it right nine times in ten?

One number can make it more honest: dividing all scores by a temperature before softmax leaves the order of
the classes, and so every answer, as it is; only the confidence changes. Guo et al., *On Calibration of Modern
Neural Networks*, 2017.
"""

import numpy as np

from cnnlab.evaluation.metrics import Floats, Labels

COLDEST, HOTTEST = 0.05, 20.0  # between these the temperature is looked for


def negative_log_likelihood(scores: Floats, labels: Labels, temperature: float = 1.0) -> float:
    """Return the mean of minus ln of the true class's probability; scores (n, classes), labels (n,).

    Of scores, where no probability becomes 0 by rounding, as it may for `sklearn.metrics.log_loss`.
    """
    shifted = (scores - scores.max(axis=1, keepdims=True)) / temperature
    true = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - true))


def fit_temperature(scores: Floats, labels: Labels) -> float:
    """Return the temperature with the smallest negative log-likelihood on these pictures.

    scores (n, classes), labels (n,). As a function of 1 / temperature it is convex, so SciPy's bounded search
    (Brent 1973: golden sections and parabolas) finds its minimum.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda inverse: negative_log_likelihood(scores, labels, 1 / inverse),
        bounds=(1 / HOTTEST, 1 / COLDEST),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(1 / found.x)
