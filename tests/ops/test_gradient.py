"""Is the way back through a whole network the one that TensorFlow takes?"""

import numpy as np
import pytest

from cnnlab import ops
from tests.ops.every_kind import ENDS, KERAS_NAMES, every_kind, keras_model
from tests.support.networks import random_weights

SHAPE = (32, 32, 3)


@pytest.mark.parametrize("end", ENDS)
def test_the_gradient_is_tensorflows_for_every_kind_of_layer(keras, rng, end):
    import tensorflow as tf

    layers = every_kind(end)
    weights = random_weights(layers, SHAPE, rng)
    model = keras_model(keras, layers, SHAPE)
    for key, values in weights.items():
        name, part = key.split("/")
        variables = {variable.name: variable for variable in model.get_layer(name).weights}
        variables[KERAS_NAMES.get(part, part)].assign(values)
    image, label = rng.integers(0, 256, SHAPE).astype(np.float32), 3
    x = tf.constant(image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = -tf.math.log(model(x, training=False)[-1][0, label])
    expected = tape.gradient(loss, x)[0].numpy()
    truth = ops.one_hot(label, 10)
    mine = ops.input_gradient(layers, weights, image, lambda p: p - truth)
    assert mine.shape == image.shape and np.abs(expected).max() > 0
    np.testing.assert_allclose(mine, expected, rtol=0, atol=2e-4 * np.abs(expected).max())


def test_a_small_step_changes_the_score_as_the_gradient_says(rng):
    layers = every_kind("flatten")
    weights = random_weights(layers, SHAPE, rng)
    image = rng.integers(60, 200, SHAPE).astype(np.float32)

    def score(image):
        return float(ops.forward(layers, weights, image)[-2].values[7])

    gradient = ops.input_gradient(layers, weights, image, lambda p: ops.one_hot(7, 10))
    step = 0.5 * gradient / np.linalg.norm(gradient)
    rise = score(image + step) - score(image - step)
    assert rise == pytest.approx(2 * float((gradient * step).sum()), rel=0.05)
