"""How does long work in a *look* worker say how far it is, and learn that nobody wants its answer any more?

A job that calls `report` now and then can be watched and cancelled; one that never does simply runs on. Who
computes jobs says by `told_to` whom that reaches (`cnnlab.workers.job.tell`, in a worker); a closed browser,
a page server that was killed and a press on *Cancel* are the same thing to a job.
"""

from collections.abc import Callable

_tell: Callable[[int, int], bool] | None = None


class Cancelled(Exception):
    """Nobody waits for this work any longer."""


def told_to(tell: Callable[[int, int], bool] | None) -> None:
    """Have `report` call tell(done, total), which returns whether somebody still waits for the answer."""
    global _tell
    _tell = tell


def report(done: int, total: int) -> None:
    """Tell the page that `done` of `total` steps are finished; raise Cancelled when it has given up waiting.

    A millisecond at most. Outside a worker (in a test, in a benchmark) it does nothing.
    """
    if _tell is not None and not _tell(done, total):
        raise Cancelled
