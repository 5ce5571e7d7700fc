"""Which pixels would change a class's score, and which ones made it? (Runs in a *look* worker.)

All gradients belong to the score before softmax: after it, a class's number also moves with the others'.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.progress import report

if TYPE_CHECKING:
    import keras

BATCH = 32  # pictures at a time


def input_gradient(model: "keras.Model", image: np.ndarray, target: int) -> np.ndarray:
    """Return by how much the score rises for each step of brightness, (h, w, 3) float32.

    image: (h, w, 3) with pixels from 0 to 255. Simonyan, Vedaldi, Zisserman 2013.
    """
    return _gradients(model, image[np.newaxis], target)[0]


def smooth_grad(
    model: "keras.Model",
    image: np.ndarray,
    target: int,
    *,
    copies: int = 48,
    noise: float = 0.15,
    seed: int = 0,
) -> np.ndarray:
    """Return the mean gradient over noisy copies of the image, (h, w, 3) float32. Smilkov et al. 2017.

    noise: standard deviation of what is added to each pixel, as a share of 255.
    """
    spread = np.random.default_rng(seed).normal(0, 255 * noise, (copies, *image.shape))
    return _mean_gradient(model, image + spread, target)


@dataclass(frozen=True, eq=False)
class Integrated:
    """What each pixel contributed on the way from a baseline to the image.

    attributions (h, w, 3) add up to `total`; the score rose by `difference`. Both are equal but for the
    number of steps (completeness, Sundararajan et al. 2017).
    """

    attributions: np.ndarray
    total: float
    difference: float


def integrated_gradients(
    model: "keras.Model", image: np.ndarray, target: int, *, baseline: float = 0.0, steps: int = 64
) -> Integrated:
    """Add up the gradient along the straight way from a plain picture of brightness `baseline` to the image.

    The way is cut into `steps` equal pieces, and the gradient is taken in the middle of each.
    """
    import tensorflow as tf

    start = np.full(image.shape, baseline)
    middles = (np.arange(steps) + 0.5) / steps
    way = start + middles[:, np.newaxis, np.newaxis, np.newaxis] * (image - start)  # (steps, h, w, 3)
    attributions = (image - start) * _mean_gradient(model, way, target)
    ends = tf.constant(np.stack([start, image]), tf.float32)
    before, after = _to_scores(model)(ends, training=False).numpy()[:, target].astype(float)
    return Integrated(attributions.astype(np.float32), float(attributions.sum()), after - before)


def _mean_gradient(model, images: np.ndarray, target: int) -> np.ndarray:
    total = np.zeros(images.shape[1:])
    for first in range(0, len(images), BATCH):
        report(first, len(images))
        total += _gradients(model, images[first : first + BATCH], target).sum(0)
    return total / len(images)


def _gradients(model, images: np.ndarray, target: int) -> np.ndarray:
    import tensorflow as tf

    x = tf.constant(images, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(_to_scores(model)(x, training=False)[:, target])  # pictures do not touch
    return tape.gradient(score, x).numpy()


def _to_scores(model):
    import keras

    return keras.Model(model.input, model.get_layer("scores").output)
