"""How far an epoch is and how well it goes, as a Keras callback that tells the run folder."""

import math
import time
from collections.abc import Callable

from cnnlab.runs import Phase
from cnnlab.runs.attempt import Attempt
from cnnlab.training.measures import MEANS, means


class RunningValues:
    """Counts the batches of an epoch and keeps MEANS over those since `first`.

    step: batches of this epoch so far, those before `first` included. start: when it began, in seconds of
    `time.perf_counter`.
    """

    def __init__(
        self,
        attempt: Attempt,
        epochs: Callable[[], int],
        rate: Callable[[], float],
        images: int,
        batch_size: int,
        steps: int,
        first: int = 0,
    ):
        """epochs, rate: how many are wanted, and which holds now. images, steps: of a whole epoch."""
        self._attempt, self._epochs, self._rate = attempt, epochs, rate
        self._images, self._batch_size, self._steps = images, batch_size, steps
        self.first = self.step = first
        self.values = (0.0,) * len(MEANS)
        self.start = time.perf_counter()
        self._shown = False

    @property
    def whole(self) -> bool:
        """Whether all batches of the epoch have been computed."""
        return self.step == self._steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Take in what Keras has counted; several batches may have passed since the last call.

        When the first figures are written, raises Superseded where a newer attempt exists, OSError on a full
        disk.
        """
        self.step = min(self.first + batch + 1, self._steps)
        self.values = loss, accuracy, _cross_entropy = means(logs)
        seen = min(self.step * self._batch_size, self._images) - self.first * self._batch_size
        self._attempt.update(
            step=self.step,
            epochs=self._epochs(),
            accuracy=accuracy,
            loss=loss if math.isfinite(loss) else None,
            learning_rate=self._rate(),
            images_per_second=seen / (time.perf_counter() - self.start),
        )
        if not self._shown:
            # The first figures are written at once, the others with the next heartbeat.
            self._attempt.enter(Phase.RUNNING)
            self._shown = True
