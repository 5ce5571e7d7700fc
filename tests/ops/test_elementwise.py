"""Is every elementwise operation Keras's?"""

import numpy as np
import pytest

from cnnlab import ops


def test_rescale_by_hand():
    assert ops.rescale(np.array([0, 51, 255], np.uint8), 1 / 255).tolist() == [0, 0.2, 1]


def test_batch_norm_by_hand():
    x = np.array([[[3.0, 10.0]]])
    # (3 - 1) / sqrt(4) * 5 + 7 = 12 and (10 - 10) ... + 0.5
    normed = ops.batch_norm(x, [5, 5], [7, 0.5], [1, 10], [4, 9], 0)
    assert normed.tolist() == [[[12, 0.5]]]


def test_batch_norm_equals_keras(keras, rng):
    x = rng.normal(size=(5, 6, 4)).astype(np.float32)
    layer = keras.layers.BatchNormalization(epsilon=1e-3)
    layer.build((None, 5, 6, 4))
    arrays = [rng.uniform(0.2, 2, 4).astype(np.float32) for _ in range(4)]  # gamma, beta, mean, variance
    layer.set_weights(arrays)
    ours = ops.batch_norm(x, *arrays, 1e-3)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, np.asarray(layer(x[None], training=False))[0], rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_said_with_its_numbers():
    two, three = np.ones(2), np.ones(3)
    with pytest.raises(
        ops.GeometryError, match=r"2 channels need a mean of the shape \(2,\), but it is \(3,\)"
    ):
        ops.batch_norm(np.ones((4, 4, 2)), two, two, three, two, 1e-3)
    with pytest.raises(
        ops.GeometryError, match=r"only equal shapes can be added, but these are \(2,\) and \(3,\)"
    ):
        ops.add(two, three)
    assert ops.add([1, 2], [3, 4]).tolist() == [4, 6]
