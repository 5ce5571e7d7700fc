"""What does a worker execute? One attempt of a training run, whose every end is told in the run folder."""

import contextlib
import gc
from collections.abc import Callable

from cnnlab import malloc
from cnnlab.data.spec import DatasetError
from cnnlab.i18n import _
from cnnlab.runs import Run, RunError
from cnnlab.runs.attempt import Attempt, Superseded
from cnnlab.training.trainer import Training


def train(run: Run, number: int, should_stop: Callable[[], bool]) -> None:
    """Train attempt `number` of the run until its last epoch, a command to stop or pause, or a failure.

    Goes on from the checkpoint where there is one. `should_stop` says that this process is to let go at once:
    the run is queued again, and its next attempt goes on. Errors end as the run's message, in words that a
    student can read where they can be foreseen; one that cannot is raised again, for the worker's log. The
    finished epochs are kept in every case.
    """
    _train(run, number, should_stop)
    gc.collect()  # a Keras network holds itself, as a ring
    malloc.give_back()


def _train(run: Run, number: int, should_stop: Callable[[], bool]) -> None:
    with contextlib.suppress(Superseded), Attempt(run, number) as attempt:
        try:
            Training(run, attempt, should_stop).work()
        except Superseded:
            raise
        except (RunError, DatasetError, ValueError) as error:
            attempt.fail(str(error))
        except OSError as error:
            text = _("Writing the run failed ({why}), so training stopped. The epochs before are kept.")
            attempt.fail(text.format(why=error.strerror or error))
        except MemoryError:
            attempt.fail(_("There was not enough memory to train this network."))
        except Exception as error:
            text = _(
                "Training broke off with an unforeseen error ({kind}). The worker's log has the details."
            )
            attempt.fail(text.format(kind=type(error).__name__))
            raise
