"""Which pixels would change a class's score, and which ones made it? (Runs in a *look* worker.)

All gradients belong to the score before softmax: after it, a class's number also moves with the others'.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.inspection.attribution import Attribution
from cnnlab.progress import report

if TYPE_CHECKING:
    import keras

BATCH = 32  # pictures at a time


@dataclass(frozen=True)
class InputGradient:
    """By how much the score rises for each step of brightness. Simonyan, Vedaldi, Zisserman 2013."""

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Attribution:
        """Return the gradient, (h, w, 3) in score per grey level, for an image (h, w, 3)."""
        return Attribution(_gradients(model, image[np.newaxis], target)[0])


@dataclass(frozen=True)
class SmoothGrad:
    """The mean gradient over noisy copies of the image. Smilkov et al. 2017.

    noise: standard deviation of what is added to each pixel, as a share of 255.
    """

    noise: float = 0.15
    copies: int = 48
    seed: int = 0

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Attribution:
        """Return the mean gradient, (h, w, 3) in score per grey level, for an image (h, w, 3)."""
        rng = np.random.default_rng(self.seed)
        spread = rng.normal(0, 255 * self.noise, (self.copies, *image.shape))
        return Attribution(_mean_gradient(model, image + spread, target))


@dataclass(frozen=True, eq=False)
class Integrated(Attribution):
    """What each pixel contributed on the way from a baseline to the image.

    values (h, w, 3) add up to `total`; the score rose by `difference`. Both are equal but for the
    number of steps (completeness, Sundararajan et al. 2017).
    """

    total: float
    difference: float


@dataclass(frozen=True)
class IntegratedGradients:
    """The gradient, added up along the straight way from a picture all `baseline` (0 to 255) to the image.

    The way is cut into `steps` equal pieces, and the gradient is taken in the middle of each.
    """

    baseline: float = 0.0
    steps: int = 64

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Integrated:
        """Return what each value of an image (h, w, 3) has added to the class's score: (h, w, 3) float32."""
        import tensorflow as tf

        start = np.full(image.shape, self.baseline)
        middles = (np.arange(self.steps) + 0.5) / self.steps
        way = start + middles[:, np.newaxis, np.newaxis, np.newaxis] * (image - start)  # (steps, h, w, 3)
        values = (image - start) * _mean_gradient(model, way, target)
        ends = tf.constant(np.stack([start, image]), tf.float32)
        before, after = _to_scores(model)(ends, training=False).numpy()[:, target].astype(float)
        return Integrated(values.astype(np.float32), float(values.sum()), after - before)


def _mean_gradient(model: "keras.Model", images: np.ndarray, target: int) -> np.ndarray:
    total: np.ndarray = np.zeros(images.shape[1:])
    for first in range(0, len(images), BATCH):
        report(first, len(images))
        total += _gradients(model, images[first : first + BATCH], target).sum(0)
    return total / len(images)


def _gradients(model: "keras.Model", images: np.ndarray, target: int) -> np.ndarray:
    import tensorflow as tf

    x = tf.constant(images, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(_to_scores(model)(x, training=False)[:, target])  # pictures do not touch
    return np.asarray(tape.gradient(score, x))


def _to_scores(model: "keras.Model") -> "keras.Model":
    import keras

    return keras.Model(model.input, model.get_layer("scores").output)
