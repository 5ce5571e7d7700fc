"""What does the scheduler say of its workers and their tasks?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab.i18n import _
from cnnlab.workers.resources import resource_name

if TYPE_CHECKING:
    from distributed import Client


def workers(client: "Client | None") -> dict[str, dict[str, Any]]:
    """Return what the scheduler knows of each worker, by address; nothing without a connection."""
    if client is None or client.status != "running":
        return {}
    # While a connection is being lost, Dask knows of no scheduler and of no workers.
    found: dict[str, dict[str, Any]] = client.scheduler_info(n_workers=-1).get("workers", {})
    return found


def tasks(client: "Client | None") -> dict[str, list[str]]:
    """Return the keys of the tasks that each worker works on, or has waiting, by its address.

    Raises ConnectionError without a connection, and other OSErrors where it is lost meanwhile.
    """
    if client is None or client.status != "running":
        raise ConnectionError(_("The workers do not answer; try again in a few seconds."))
    found: dict[str, list[str]] = client.processing()
    return found


def slots(client: "Client | None", kind: str, root: Path) -> int:
    """Return how many tasks of this kind ("train", "look", "long") on this folder are taken at a time."""
    resource = resource_name(kind, root)
    return int(sum(worker["resources"].get(resource, 0) for worker in workers(client).values()))


@contextmanager
def alone(client: "Client", name: str) -> Iterator[None]:
    """Be the only one of all clients of the scheduler meanwhile that holds this name."""
    from distributed import Lock

    with client.as_current(), Lock(name):
        yield
