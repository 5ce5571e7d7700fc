"""Batch normalisation by the fused operation is Keras's own, step for step."""

import numpy as np
import pytest

from cnnlab.training.batch_norm import fused_normalisation


@pytest.mark.parametrize("shape", [(8, 5, 4, 3), (1, 1, 1, 2), (2, 1, 1, 4)])
def test_it_equals_keras_in_outputs_gradients_and_statistics(shape):
    import keras
    import tensorflow as tf

    rng = np.random.default_rng(0)

    def draw(mean, size):
        return rng.normal(mean, 2, size).astype(np.float32)

    images, towards, gamma = tf.constant(draw(3, shape)), tf.constant(draw(0, shape)), draw(1, shape[-1])
    results = []
    for kind in (keras.layers.BatchNormalization, fused_normalisation()):
        layer = kind(epsilon=1e-3, momentum=0.9)
        layer.build(shape)
        layer.gamma.assign(gamma)
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(layer(images, training=True) * towards)
        gradients = tape.gradient(loss, [images, *layer.trainable_variables])
        results.append([layer(images, training=True), layer(images), *gradients, *layer.weights])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-4, atol=2e-4)
