"""Is every activation Keras's, and its slope TensorFlow's? May a configuration ask for each?"""

import math
import warnings

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock


@pytest.mark.parametrize("name", sorted(ops.ACTIVATIONS))
def test_equals_keras(keras, rng, name):
    x = np.concatenate([np.linspace(-8, 8, 401), 30 * rng.normal(size=99)]).astype(np.float32).reshape(5, 100)
    ours = ops.ACTIVATIONS[name].apply(x)
    theirs = np.asarray(keras.activations.get(name)(x))
    assert ours.dtype == np.float32
    assert ours.shape == x.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


def test_by_hand():
    x = [-2, 0, 3]
    assert ops.relu(x).tolist() == [0, 0, 3]
    assert ops.leaky_relu(x).tolist() == [-0.4, 0, 3]
    np.testing.assert_allclose(ops.elu(x), [math.exp(-2) - 1, 0, 3])
    np.testing.assert_allclose(ops.gelu([0, 1]), [0, 0.8413447460685429])  # the normal distribution at 1
    np.testing.assert_allclose(ops.sigmoid([0, math.log(3)]), [0.5, 0.75])
    np.testing.assert_allclose(ops.tanh([0, math.log(2)]), [0, 0.6])
    assert ops.linear(x).tolist() == x


@pytest.mark.parametrize("name", sorted(ops.ACTIVATIONS))
def test_far_out_nothing_breaks_and_nothing_warns(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = ops.ACTIVATIONS[name].apply(np.array([-1e4, 1e4], np.float32)).tolist()
    assert np.isfinite([low, high]).all()
    assert low <= 0 < high


@pytest.mark.parametrize("name", sorted(ops.ACTIVATIONS))
def test_its_slope_is_tensorflows(keras, name):
    import tensorflow as tf

    x = np.linspace(-8, 8, 402, dtype=np.float32)  # 0 is left out, where some have a corner
    with tf.GradientTape() as tape:
        given = tf.constant(x)
        tape.watch(given)
        y = keras.activations.get(name)(given)
    expected = tape.gradient(y, given)
    slope = ops.ACTIVATIONS[name].slope(x, ops.ACTIVATIONS[name].apply(x))
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=2e-6)


def test_a_configuration_may_ask_for_each_and_no_other():
    assert ConvBlock.model_json_schema()["properties"]["activation"]["enum"] == list(ops.ACTIVATIONS)
    for name in ops.ACTIVATIONS:
        assert ConvBlock(filters=1, activation=name).activation == name
    with pytest.raises(ValueError, match="activation"):
        ConvBlock(filters=1, activation="swoosh")


def test_every_activation_has_its_words():
    titles = [one.title for one in ops.ACTIVATIONS.values()]
    assert len(set(titles)) == len(titles) and all(titles)
    assert all("_" not in title for title in titles), "LaTeX takes it for an index"
