"""Does each step get the rate of its own place in the epoch?"""

import keras
import numpy as np

from cnnlab.training.callbacks import keras_callbacks
from cnnlab.training.callbacks.learning_rate import LearningRate


def test_keras_steps_with_the_rate_of_each_step():
    """A weight that only its gradient of 1 moves goes down by the sum of the rates."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(9.0), loss=lambda _true, answer: answer)
    model.set_weights([np.zeros((1, 1), np.float32)])
    rates = LearningRate(model.optimizer, lambda step: 0.1 * (step + 1), first=2)
    model.fit(np.ones((3, 1)), np.ones((3, 1)), 1, callbacks=keras_callbacks(rates), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], -(0.3 + 0.4 + 0.5), rtol=1e-6)
