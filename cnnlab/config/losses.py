"""What is the loss of a run? What it says of answers, what the weights add to it, and what each is called.

The names stand for one quantity each, wherever they are read: *loss* is what training made smaller, the mean
over the images, with label smoothing and the L2 penalty where they are set; *cross-entropy* is that of the
answers alone; the *L2 penalty* is the part of the loss that the weights themselves cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cnnlab.config import TrainConfig
from cnnlab.i18n import _, number

SMALLEST = float(np.finfo(np.float32).tiny)  # a probability that became 0 by rounding


@dataclass(frozen=True)
class Loss:
    """How wrong a network is on some images: the loss, its part that the weights cost, the cross-entropy."""

    loss: float
    l2: float
    cross_entropy: float


def of(probabilities: np.ndarray, labels: np.ndarray, config: TrainConfig, l2: float) -> Loss:
    """Return the loss of answers (n, classes), true labels (n,); l2 is the `penalty` of the network."""
    whole = of_answers(probabilities, labels, config) + l2
    return Loss(whole, l2, cross_entropy(probabilities, labels))


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
    """Return in words what the loss of a run is, such as "cross-entropy with label smoothing 0.1"."""
    loss, share = config.loss, f"{config.label_smoothing:g}"
    words = _("mean squared error") if loss == "mse" else _("cross-entropy")
    more = [_("label smoothing {share}").format(share=share)] if config.label_smoothing else []
    more += [_("L2 penalty")] if config.model.l2 else []
    return _("{loss} with {more}").format(loss=words, more=_(" and ").join(more)) if more else words


def explained(config: TrainConfig, l2: float) -> str:
    """Return what the loss of a run is, in a sentence; l2: its part that the weights cost, NaN: not known."""
    text = _("The loss is what training makes smaller: {name}.").format(name=name(config))
    if config.model.l2 and l2 == l2:
        text += " " + _("Of it {l2} is the L2 penalty.").format(l2=number(l2, 3))
    return text


def _log(probabilities: np.ndarray) -> np.ndarray:
    logarithms: np.ndarray = np.log(np.maximum(probabilities, SMALLEST, dtype=float))
    return logarithms


def written(loss: float) -> str:
    """Write a loss for reading: a squared error differs in decimals that say nothing of a cross-entropy."""
    return number(loss, 3 if abs(loss) >= 0.1 else 5)
