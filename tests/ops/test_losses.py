"""Do the losses and their gradients equal known numbers, Keras's and differences of the loss itself?"""

import math

import numpy as np
import pytest

from cnnlab import ops

LOSSES = {
    "categorical_crossentropy": (ops.cross_entropy, ops.cross_entropy_gradient),
    "mean_squared_error": (ops.mse, ops.mse_gradient),
}


def test_surely_wrong_cross_entropy_teaches_and_squares_hardly_do():
    wrong = ops.softmax([10, 0, 0])
    assert ops.cross_entropy_gradient(wrong, 2)[2] == pytest.approx(-1.0, abs=1e-4)
    assert ops.mse_gradient(wrong, 2)[2] == pytest.approx(-0.00006, abs=1e-6)


def test_by_hand():
    p = [0.5, 0.25, 0.25]
    assert ops.cross_entropy(p, 1) == pytest.approx(math.log(4))
    assert ops.mse(p, 1) == pytest.approx((0.25 + 0.5625 + 0.0625) / 3)
    assert ops.cross_entropy_gradient(p, 1).tolist() == [0.5, -0.75, 0.25]
    assert ops.cross_entropy([1, 0], 1) == math.inf


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_slope_of_the_loss(rng, name):
    loss, gradient = LOSSES[name]
    for _ in range(20):
        scores, label, step = rng.normal(size=6), int(rng.integers(6)), 1e-6
        slopes = [
            (loss(ops.softmax(scores + move), label) - loss(ops.softmax(scores - move), label)) / (2 * step)
            for move in step * np.eye(6)
        ]
        np.testing.assert_allclose(gradient(ops.softmax(scores), label), slopes, atol=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_gradient_equal_keras(keras, rng, name):
    import tensorflow as tf

    loss, gradient = LOSSES[name]
    scores = tf.constant(rng.normal(size=(1, 10)))
    with tf.GradientTape() as tape:
        tape.watch(scores)
        probabilities = keras.ops.softmax(scores)
        expected = keras.losses.get(name)(tf.one_hot([3], 10, dtype="float64"), probabilities)
    slope = tape.gradient(expected, scores)
    p = ops.softmax(scores.numpy()[0])
    assert loss(p, 3) == pytest.approx(float(expected[0]), rel=1e-6)
    np.testing.assert_allclose(gradient(p, 3), slope.numpy()[0], rtol=1e-6, atol=1e-9)


def test_a_class_that_is_not_there():
    with pytest.raises(ops.GeometryError, match="there are 3 classes, counted from 0: there is no class 3"):
        ops.cross_entropy([0.2, 0.3, 0.5], 3)
    with pytest.raises(ops.GeometryError, match=r"have the shape \(classes,\), not \(1, 3\)"):
        ops.mse([[0.2, 0.3, 0.5]], 0)
