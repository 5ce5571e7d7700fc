"""How does a page ask a *look* worker for something long, follow it, and change its mind?

A `Job` is wanted as long as somebody holds it. Whoever lets go of the last reference cancels it: Dask drops
the task, and where it is already running, its next `report` ends it (see `cnnlab.progress`).
"""

from collections.abc import Callable
from itertools import count
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from cnnlab.data.spec import DatasetError
from cnnlab.i18n import Sentence, _
from cnnlab.ops import GeometryError
from cnnlab.runs import RunError
from cnnlab.workers import dask_internals
from cnnlab.workers.pool import Workers

SENTENCES = (RunError, DatasetError, GeometryError)  # errors whose message is written for a person
TOPIC = "cnnlab.progress"  # of Dask's events, to which the page server listens
FETCHING = 10  # seconds until an answer that is ready must have arrived

_live: WeakValueDictionary[str, "Job"] = WeakValueDictionary()
_heard: WeakSet[Any] = WeakSet()  # the Dask clients whose progress events arrive in `_hear`
_numbers = count()


class JobError(Sentence, RuntimeError):
    """Why a job has no answer, as a sentence for a person."""


class Job:
    """One question to a *look* worker: function(*arguments), both importable there."""

    def __init__(self, workers: Workers, function: Callable[..., Any], *arguments: Any, long: bool = False):
        """Hand it over. RunError while there is no connection yet.

        long: it takes more than a second or two, so it waits behind other long ones, and quick ones pass it.
        """
        self.long, self.number = long, next(_numbers)
        self.progress: tuple[int, int] | None = None  # steps done, steps in all; None while it waits
        self._future = workers.look(function, *arguments, long=long)
        _live[str(self._future.key)] = self
        if workers.client is not None and workers.client not in _heard:
            workers.client.subscribe_topic(TOPIC, _hear)
            _heard.add(workers.client)

    def done(self) -> bool:
        """Say whether `result` has something to say, good or bad."""
        return bool(self._future.done())

    def before(self) -> int:
        """Count the unfinished jobs of this page server that came earlier and have to end first."""
        return sum(
            job.number < self.number and job.long == self.long and not job.done()
            for job in list(_live.values())
        )

    def wait(self, seconds: float) -> bool:
        """Return `done()`, after as many seconds as that takes, but no more than these."""
        # Dask's own waiting ends in an exception whose traceback would keep hold of this job.
        end = monotonic() + seconds
        while not self.done() and monotonic() < end:
            sleep(0.01)
        return self.done()

    def result(self) -> Any:
        """Return the answer of a finished job, or raise JobError."""
        try:
            return self._future.result(FETCHING)
        except SENTENCES as error:
            raise JobError(str(error)) from error
        except Exception as error:
            raise JobError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    from distributed import CancelledError, KilledWorker

    if isinstance(error, KilledWorker):
        return _("The worker process ended over this more than once. Smaller settings may do.")
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return _("There was not enough memory for this. Smaller settings may do.")
    if isinstance(error, (CancelledError, OSError)):  # TimeoutError is one of the latter
        return _("The connection to the worker was lost. Ask again.")
    return _("The worker could not do this: {reason}.").format(reason=f"{type(error).__name__}: {error}")


def tell(done: int, total: int) -> bool:
    """Say in a worker how far its job is; return whether somebody still waits for the answer.

    Dask cannot interrupt a running function: dropping its future marks the task as cancelled on the worker,
    and here the task looks at that mark itself.
    """
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:  # not in a worker
        return True
    key = worker.get_current_task()
    if not dask_internals.is_wanted(worker, str(key)):
        return False
    worker.log_event(TOPIC, {"job": key, "done": done, "total": total})
    return True


def _hear(event: tuple[float, dict[str, Any]]) -> None:
    """Take in what `report` said in a worker; runs in the Dask client's thread."""
    _time, message = event
    job = _live.get(message["job"])
    if job is not None:
        job.progress = message["done"], message["total"]
