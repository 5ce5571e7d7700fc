"""Does one update by numbers equal automatic differentiation, and arithmetic by hand?"""

import numpy as np
import pytest

from cnnlab import ops


def test_equals_gradient_tape(rng):
    import tensorflow as tf

    for _ in range(30):
        x, weights, bias = rng.uniform(size=3), rng.normal(size=(3, 4)), rng.normal(size=4)
        label, rate = int(rng.integers(4)), float(rng.uniform(0.01, 2))
        variables = [tf.Variable(weights), tf.Variable(bias)]

        def loss(x=x, label=label, variables=variables):
            scores = tf.constant(x)[None] @ variables[0] + variables[1]
            return tf.nn.sparse_softmax_cross_entropy_with_logits([label], scores)[0]

        with tf.GradientTape() as tape:
            before = loss()
        slopes = tape.gradient(before, variables)
        for variable, slope in zip(variables, slopes, strict=True):
            variable.assign_sub(rate * slope)
        step = ops.update(x, weights, bias, label, rate)
        assert step.loss == pytest.approx(float(before), abs=1e-12)
        np.testing.assert_allclose(step.weight_gradient, slopes[0], atol=1e-12)
        np.testing.assert_allclose(step.bias_gradient, slopes[1], atol=1e-12)
        np.testing.assert_allclose(step.new_weights, variables[0], atol=1e-12)
        np.testing.assert_allclose(step.new_bias, variables[1], atol=1e-12)
        assert step.new_loss == pytest.approx(float(loss()), abs=1e-12)


def test_by_hand():
    step = ops.update([1.0, 0.0, 0.5], np.zeros((3, 2)), np.zeros(2), 1, 0.1)
    assert step.scores.tolist() == [0, 0]
    assert step.probabilities.tolist() == [0.5, 0.5]
    assert step.loss == pytest.approx(np.log(2))
    assert step.score_gradient.tolist() == [0.5, -0.5]
    assert step.weight_gradient.tolist() == [[0.5, -0.5], [0, 0], [0.25, -0.25]]
    np.testing.assert_allclose(step.new_weights, [[-0.05, 0.05], [0, 0], [-0.025, 0.025]])
    np.testing.assert_allclose(step.new_bias, [-0.05, 0.05])
    assert step.new_loss < step.loss


def test_sizes_that_do_not_fit_and_a_class_that_is_not_there():
    with pytest.raises(ops.GeometryError, match="inputs"):
        ops.update([1, 2], np.zeros((3, 2)), np.zeros(2), 0, 0.1)
    with pytest.raises(ops.GeometryError, match="no class 2"):
        ops.update([1, 2, 3], np.zeros((3, 2)), np.zeros(2), 2, 0.1)
