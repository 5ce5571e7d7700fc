"""Is a picture unlike everything that the network was trained on?

A network is asked for a familiarity: one number a picture, larger for what resembles the training images.
What lies below a threshold is called unfamiliar. The probabilities cannot say it: softmax divides 100 % among
the classes whatever the scores are, so of ten low scores the least low one still takes most of it.

`Familiarity` adds two numbers: how loudly the scores speak (their energy), and how ordinary the feature maps
are (a distance). `benchmarks/out_of_distribution.py` compares it with each of them and with others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab import ops
from cnnlab.evaluation.metrics import Floats, Labels

CHANNELS = 160  # feature maps whose means are looked at, at most
RIDGE = 1e-4  # added to the covariance, in largest variances: maps that are silent have none of their own
FALSE_ALARMS = 0.05  # share of ordinary pictures that may be called unfamiliar


def max_probability(scores: Floats) -> Floats:
    """Return the largest softmax probability of each row of scores (n, classes): (n,).

    The baseline of Hendrycks and Gimpel, *A Baseline for Detecting Misclassified and Out-of-Distribution
    Examples*, 2017.
    """
    largest: Floats = 1 / np.exp(scores - scores.max(axis=1, keepdims=True)).sum(axis=1)
    return largest


def energy(scores: Floats) -> Floats:
    """Return ln of the sum of exp(score), for each row (n, classes): (n,). No unit.

    This is the denominator of softmax, which the probabilities have lost: Liu et al., *Energy-based
    Out-of-distribution Detection*, 2020, with the sign turned round. Written out, as a page shows this
    source; `scipy.special.logsumexp` gives the same.
    """
    top: Floats = scores.max(axis=1)
    logarithm: Floats = top + np.log(np.exp(scores - top[:, np.newaxis]).sum(axis=1))
    return logarithm


def watched(layers: Sequence[ops.Layer], input_shape: tuple[int, int, int]) -> list[str]:
    """Return the names of the layers whose maps are looked at: activations of maps, else convolutions.

    Raises GeometryError where the layers do not fit together.
    """
    shapes = ops.output_shapes(layers, input_shape)
    maps = [layer for layer, shape in zip(layers, shapes, strict=True) if len(shape) == 3]
    activations = [layer.name for layer in maps if isinstance(layer, ops.Activation)]
    return activations or [layer.name for layer in maps if isinstance(layer, ops.Conv)]


def map_means(means: Floats) -> Floats:
    """Choose evenly and straighten the means of all watched maps, (n, k) -> (n, at most CHANNELS).

    The square root, with the sign kept, makes the skewed means of ReLU maps look more like a normal
    distribution, for which the distance below is meant.
    """
    count = means.shape[1]
    taken = np.linspace(0, count - 1, min(CHANNELS, count)).round().astype(int)
    straight: Floats = np.sign(means[:, taken]) * np.sqrt(np.abs(means[:, taken]))
    return straight


def fit_distance(features: Floats, labels: Labels, classes: int) -> tuple[Floats, Floats]:
    """Return each class's mean (classes, k) and the inverse of the covariance (k, k) that they share.

    features: (n, k); labels: (n,), all 0 to tell no classes apart.
    """
    means = np.stack([features[labels == c].mean(axis=0) for c in range(classes)])
    apart = features - means[labels]
    covariance = apart.T @ apart / len(features)
    ridge = RIDGE * covariance.diagonal().max(initial=0) * np.eye(len(covariance))
    return means, np.linalg.pinv(covariance + ridge, hermitian=True)


def nearness(features: Floats, means: Floats, inverse: Floats) -> Floats:
    """Return minus the squared Mahalanobis distance of each row (n, k) to the nearest of the means: (n,).

    Lee et al., *A Simple Unified Framework for Detecting Out-of-Distribution Samples*, 2018.
    """
    apart = features[:, np.newaxis] - means  # (n, 1, k) - (classes, k) -> (n, classes, k)
    near: Floats = -np.einsum("nck,nck->nc", apart @ inverse, apart).min(axis=1)
    return near


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What is known of a network's answers to ordinary pictures, to judge others by.

    centre (1, k), inverse (k, k): of `map_means` of the training images. scale: mean and standard deviation
    of the energy, then of the nearness, on held-out images, (4,).
    """

    centre: Floats
    inverse: Floats
    scale: Floats

    @classmethod
    def fit(cls, training: Floats, held_out: tuple[Floats, Floats]) -> "Familiarity":
        """Fit to the maps' means of training images, (n, k), and to what held-out ones gave.

        held_out: their maps' means (m, k) and their scores (m, classes).
        """
        features = map_means(training)
        centre, inverse = fit_distance(features, np.zeros(len(features), int), 1)
        near = nearness(map_means(held_out[0]), centre, inverse)
        loud = energy(held_out[1])
        spread = [near.std() or 1.0, loud.std() or 1.0]  # a network without maps has no nearness at all
        return cls(centre, inverse, np.array([loud.mean(), spread[1], near.mean(), spread[0]]))

    def of(self, means: Floats, scores: Floats) -> Floats:
        """Return the familiarity (n,) of pictures by their maps' means (n, k) and scores (n, classes).

        The sum of two numbers that ordinary pictures spread around 0 with a standard deviation of 1.
        """
        loud: Floats = (energy(scores) - self.scale[0]) / self.scale[1]
        near: Floats = (nearness(map_means(means), self.centre, self.inverse) - self.scale[2]) / self.scale[3]
        return loud + near


def threshold(familiar: Floats, false_alarms: float = FALSE_ALARMS) -> float:
    """Return the familiarity below which the share `false_alarms` of these familiar pictures (n,) lies."""
    return float(np.quantile(familiar, false_alarms))


def auroc(familiar: Floats, strange: Floats) -> float:
    """Return how often a familiar picture has more familiarity than a strange one: 0.5 is guessing, 1 always.

    Over all pairs of the two arrays (n,) and (m,); a tie counts half. This is the area under the ROC curve
    (Hanley and McNeil 1982).
    """
    from sklearn.metrics import roc_auc_score

    is_familiar = np.repeat([1, 0], [len(familiar), len(strange)])
    return float(roc_auc_score(is_familiar, np.concatenate([familiar, strange])))
