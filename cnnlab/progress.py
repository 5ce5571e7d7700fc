"""How does long work in a *look* worker say how far it is, and learn that nobody wants its answer any more?

A job that calls `report` now and then can be watched and cancelled; one that never does simply runs on. Dask
cannot interrupt a running function: dropping its future marks the task as cancelled on the worker, and here
the task looks at that mark itself. A closed browser, a page server that was killed and a press on *Cancel*
are the same thing to it.
"""

TOPIC = "cnnlab.progress"  # of Dask's events, to which the page server listens


class Cancelled(Exception):
    """Nobody waits for this work any longer."""


def report(done: int, total: int) -> None:
    """Tell the page that `done` of `total` steps are finished; raise Cancelled when it has given up waiting.

    A millisecond at most. Outside a worker (in a test, in a benchmark) it does nothing.
    """
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:
        return
    key = worker.get_current_task()
    task = worker.state.tasks.get(key)
    if task is None or task.state == "cancelled":
        raise Cancelled
    worker.log_event(TOPIC, {"job": key, "done": done, "total": total})
