"""What would a kernel, or a class, like to see most? A picture made for it, from noise. (In a *look* worker.)

Activation maximisation (Erhan et al. 2009): follow the gradient of one number of the network with respect to
the pixels. Left alone that ends in fine noise, which moves the number but says nothing to an eye; so after
each step the picture is blurred a little and drawn back to grey (Yosinski et al. 2015).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.spec import SIDE
from cnnlab.progress import report
from cnnlab.runs import Store
from cnnlab.training.trained_model import trained_model

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

GREY = 127.5
STEP = 5.0  # root mean square of a step, in steps of brightness
FADE = 0.01  # share of the way back to grey, a step
SHARP = 0.88  # what a pixel keeps of itself in a blur; its four neighbours share the rest
EVERY = 4  # a picture is kept so often


@dataclass(frozen=True, eq=False)
class Made:
    """The pictures on the way: steps (n,), pictures (n, 32, 32, 3) uint8, and values (n,).

    The values are what the number is on the pictures as they are here, with whole pixels.
    """

    steps: np.ndarray
    pictures: np.ndarray
    values: np.ndarray


def made_for(root: str, run_id: str, layer: str, unit: int, steps: int, seed: int) -> Made:
    """Make a picture for a unit, counted from 0, of a layer of a run's network.

    Raises RunError where there is no such run or no network yet.
    """
    return maximise(trained_model(Store(root).get(run_id)), layer, unit, steps=steps, seed=seed)


def maximise(model: "keras.Model", layer: str, unit: int, *, steps: int = 128, seed: int = 0) -> Made:
    """Raise one number of a layer: the middle cell of a map, or a unit of a row such as "scores".

    unit: which map or unit, counted from 0; seed: of the noise (32, 32, 3) that it begins with.
    """
    import tensorflow as tf

    better, value = _compiled(model, layer)
    x = tf.constant(GREY + np.random.default_rng(seed).normal(0, 20, (1, SIDE, SIDE, 3)), tf.float32)
    numbers, kept = [*range(0, steps, EVERY), steps], []
    for here, following in zip(numbers, [*numbers[1:], steps], strict=True):
        report(here, steps)
        kept.append(np.rint(x.numpy()[0]).clip(0, 255).astype(np.uint8))
        x = better(x, tf.constant(unit), tf.constant(following - here))
    pictures = np.stack(kept)
    return Made(
        np.array(numbers), pictures, value(tf.constant(pictures, tf.float32), tf.constant(unit)).numpy()
    )


@lru_cache(maxsize=4)
def _compiled(
    model: "keras.Model", layer: str
) -> tuple[Callable[..., "tf.Tensor"], Callable[..., "tf.Tensor"]]:
    """Return two functions: a picture so many steps further, and a unit's values (n,) on pictures.

    The first is compiled: called one by one, 128 steps would spend most of their time between the calls.
    """
    import keras
    import tensorflow as tf

    part = keras.Model(model.input, model.get_layer(layer).output)
    middle = tuple(n // 2 for n in part.output.shape[1:-1])  # row and column; () in a row of numbers

    def value(pictures: tf.Tensor, unit: tf.Tensor) -> tf.Tensor:
        return tf.gather(part(pictures, training=False)[(slice(None), *middle)], unit, axis=-1)

    def better(x: tf.Tensor, unit: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        for _step in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(x)
                reached = value(x, unit)
            x = _moved(x, tape.gradient(reached, x))
        return x

    number = tf.TensorSpec((), tf.int32)
    compiled = tf.function(better, input_signature=[tf.TensorSpec((1, SIDE, SIDE, 3)), number, number])
    return compiled, value


def _moved(x: "tf.Tensor", gradient: "tf.Tensor") -> "tf.Tensor":
    """Return the picture (1, h, w, 3) one step along the gradient, faded and blurred."""
    import tensorflow as tf

    spread = tf.sqrt(tf.reduce_mean(gradient**2))
    x = x + STEP * gradient / (spread + 1e-12)  # a unit that nothing moves leaves the picture as it is
    x = GREY + (1 - FADE) * (x - GREY)
    edge = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    around = edge[:, :-2, 1:-1] + edge[:, 2:, 1:-1] + edge[:, 1:-1, :-2] + edge[:, 1:-1, 2:]
    return tf.clip_by_value(SHARP * x + (1 - SHARP) / 4 * around, 0, 255)
