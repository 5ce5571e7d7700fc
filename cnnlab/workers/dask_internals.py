"""What the app uses of Dask that is no public interface, and how it goes on where that is another one.

Each function says what for, and what is lost where Dask does not fit it: then the app runs without it, and
the log says so once. Tried with distributed and dask 2026.8; `tests/workers/test_dask_internals.py` holds
each against the real classes.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


def _or_else(instead: Any, lost: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function return `instead` where Dask is not as it expects; the log says once what is lost."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def guarded(*arguments: P.args, **named: P.kwargs) -> T:
            try:
                return function(*arguments, **named)
            except (AttributeError, ImportError, TypeError) as error:
                _say_once(f"This version of Dask is another than the app knows ({error}): {lost}")
                value: T = instead
                return value

        return guarded

    return decorate


@lru_cache
def _say_once(text: str) -> None:
    _log.warning(text)


@_or_else(None, "its HTTP port stays open on this computer, and tells who asks what is computed.")
def close_http(server: Any) -> None:
    """Close the HTTP port that a Scheduler or Worker opens, whatever it is told.

    Uses `server.http_server` (distributed.node.ServerNode).
    """
    server.http_server.stop()


@_or_else({}, "this worker takes no work, as nobody can read what it was started for.")
def resources_of(worker: Any) -> dict[str, float]:
    """Return the resources that a Worker was started with, before the scheduler knows it.

    Uses `worker.state.total_resources`.
    """
    return dict(worker.state.total_resources)


@_or_else(None, "this worker takes no work, as it cannot say what it offers.")
def offer(worker: Any, resources: dict[str, float]) -> None:
    """Have a Worker offer more resources once it registers: `set_resources` needs a scheduler that knows it.

    Uses `worker.state.total_resources` and `available_resources`.
    """
    worker.state.total_resources.update(resources)
    worker.state.available_resources.update(resources)


@_or_else(True, "a worker that closes trains on until it is killed; the run goes on from its checkpoint.")
def is_running(worker: Any) -> bool:
    """Say whether a Worker is neither closing nor paused. Uses `worker.status` (distributed.core.Status)."""
    from distributed.core import Status

    return bool(worker.status == Status.running)


@_or_else(False, "the speed of this computer may be measured while something else is computed.")
def is_busy(worker: Any) -> bool:
    """Say whether a Worker computes a task. Uses `worker.state.executing`."""
    return bool(worker.state.executing)


@_or_else(True, "what nobody waits for any more is computed to its end.")
def is_wanted(worker: Any, key: str) -> bool:
    """Say whether somebody waits for the task that a Worker computes: a future that was dropped cancels it.

    Uses `worker.state.tasks` and the states of its tasks.
    """
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled"


def knock(address: str) -> None:
    """Raise OSError where no scheduler answers at this address, before there is a client.

    A client that fails is closed when its garbage is collected, in whatever thread that happens to be; where
    that thread holds Dask's lock for starting clients, none can be started any more. Uses
    `distributed.comm.core.connect`.
    """
    if (connecting := _connecting(address)) is not None:
        asyncio.run(_close(connecting))


@_or_else(None, "a cluster that does not answer is found out by Dask's own client alone.")
def _connecting(address: str) -> Coroutine[Any, Any, Any] | None:
    from distributed.comm.core import connect
    from distributed.security import Security

    connecting: Coroutine[Any, Any, Any] = connect(
        address, timeout=5, **Security().get_connection_args("client")
    )
    return connecting


async def _close(connecting: Coroutine[Any, Any, Any]) -> None:
    comm = await connecting
    await comm.close()


@_or_else(os.cpu_count() or 1, "the cores of this computer are counted without the limits of a container.")
def cores() -> int:
    """Return how many cores this process may use, also in a container. Uses `dask.system.CPU_COUNT`."""
    from dask import system

    return int(system.CPU_COUNT)


@_or_else("", "the teacher's page does not say which function a worker computes.")
def function_of(key: str) -> str:
    """Return the name of the function that a task of this key computes. Uses `dask.utils.key_split`."""
    from dask.utils import key_split

    return str(key_split(key))
