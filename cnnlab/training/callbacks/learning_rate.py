"""The learning rate of each step, as a Keras callback: what holds now times the schedule."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


class LearningRate:
    """Sets the optimiser's rate before each step."""

    def __init__(self, optimizer: "keras.optimizers.Optimizer", rate: Callable[[int], float], first: int = 0):
        """rate: the rate for a step of the epoch, counted from 0. first: how many were made before this."""
        self.optimizer, self.rate, self.first = optimizer, rate, first

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        """Set the rate of the step that begins with this batch.

        Raises RunError where the run's commands are damaged.
        """
        self.optimizer.learning_rate.assign(self.rate(self.first + batch))
