"""Why an epoch ends before its last batch, as a Keras callback that ends it."""

import math
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from cnnlab.runs import Run
from cnnlab.runs.attempt import Attempt

if TYPE_CHECKING:
    import keras


class End(Enum):
    """A reason to end training early."""

    STOP = "stop"  # a command
    PAUSE = "pause"  # a command
    LET_GO = "let go"  # this process is to end, or a newer attempt has taken over
    UNDEFINED = "undefined"  # the loss has left the range of numbers


class EarlyEnd:
    """Ends the training of a model where it must; `why` says why, None while it need not."""

    def __init__(self, model: "keras.Model", run: Run, attempt: Attempt, should_stop: Callable[[], bool]):
        self._model, self._run, self._attempt, self._should_stop = model, run, attempt, should_stop
        self.why: End | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Look whether there is a reason to end, and have Keras end.

        Raises RunError where the run's commands are damaged.
        """
        self.why = self._reason(float(logs["loss"]))
        self._model.stop_training = self.why is not None

    def _reason(self, loss: float) -> End | None:
        if self._should_stop() or self._attempt.superseded():
            return End.LET_GO
        if not math.isfinite(loss):
            return End.UNDEFINED
        ends = (End.STOP.value, End.PAUSE.value)
        return next((End(name) for name in self._run.new_commands() if name in ends), None)
