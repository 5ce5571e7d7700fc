"""What is the loss of a run? What it says of answers, what the weights add to it, and what each is called.

The names stand for one quantity each, wherever they are read: *loss* is what training made smaller, the mean
over the images, with label smoothing and the L2 penalty where they are set; *cross-entropy* is that of the
answers alone; the *L2 penalty* is the part of the loss that the weights themselves cost.
"""

from collections.abc import Mapping

import numpy as np

from cnnlab.config import TrainConfig
from cnnlab.text import _

SMALLEST = float(np.finfo(np.float32).tiny)  # a probability that became 0 by rounding


def loss(
    probabilities: np.ndarray, labels: np.ndarray, config: TrainConfig, weights: Mapping[str, np.ndarray]
) -> float:
    """Return the loss as this configuration trains on it: of answers (n, classes), true labels (n,)."""
    return of_answers(probabilities, labels, config) + penalty(weights, config.model.l2)


def of_answers(probabilities: np.ndarray, labels: np.ndarray, config: TrainConfig) -> float:
    """Return the part of the loss that depends on the answers (n, classes), the mean over the images."""
    truth = np.eye(probabilities.shape[1])[labels]
    if config.loss == "mse":
        return float(((probabilities - truth) ** 2).mean())
    smoothing = config.label_smoothing
    truth = truth * (1 - smoothing) + smoothing / probabilities.shape[1]
    return float(-(truth * _log(probabilities)).sum(axis=1).mean())


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean over the images of -ln p of the true class; probabilities (n, classes), labels (n,)."""
    return float(-_log(probabilities[np.arange(len(labels)), labels]).mean())


def penalty(weights: Mapping[str, np.ndarray], l2: float) -> float:
    """Return the part of the loss that the weights cost: l2 times the sum of all squares in the kernels."""
    if not l2:
        return 0.0
    kernels = (array for name, array in weights.items() if name.endswith("/kernel"))
    return l2 * float(sum(np.square(kernel, dtype=float).sum() for kernel in kernels))


def is_cross_entropy(config: TrainConfig) -> bool:
    """Say whether the loss is cross-entropy and nothing else, so that the two are one number."""
    return config.loss == "cross_entropy" and not config.label_smoothing and not config.model.l2


def name(config: TrainConfig) -> str:
    """Return in words what the loss of a run is, such as "cross-entropy, label smoothing 0.1, L2 penalty"."""
    words = _("mean squared error") if config.loss == "mse" else _("cross-entropy")
    if config.label_smoothing:
        words += ", " + _("label smoothing {share}").format(share=f"{config.label_smoothing:g}")
    return words + (", " + _("L2 penalty") if config.model.l2 else "")


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, SMALLEST, dtype=float))
