"""Which run is trained next, and by whom? The dispatcher claims waiting runs for idle *train* workers."""

import time
from itertools import chain
from typing import TYPE_CHECKING

from cnnlab.classroom import Classroom
from cnnlab.classroom.limits import stop_overdue
from cnnlab.runs import Run, RunError, Store
from cnnlab.runs.queue import last_taken_up, waiting
from cnnlab.workers import connection, dask_internals
from cnnlab.workers.resources import resource_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client, Future

TRAINING = "train:"  # how the key of a training task begins; the run's name and the attempt follow


class Dispatcher:
    """Hands out the runs of a store, as the limits of its class allow."""

    def __init__(self, store: Store, wake: "Callable[[], None]"):
        """wake: called when a worker has become idle, from a thread of Dask."""
        self.store, self._wake = store, wake
        self._training: list[Future[None]] = []  # held, so that Dask tells when they are done

    def dispatch(self, client: "Client") -> None:
        """Stop runs that are over the limits; claim waiting runs, in turn, for as many workers as are idle.

        Raises RunError where a run that waits cannot be claimed, and OSError while nobody answers.
        """
        rules = Classroom(self.store.root).in_force()
        stop_overdue(self.store, rules)
        self._training = [future for future in self._training if not future.done()]
        idle = self._idle(client)
        if idle <= 0 and connection.slots(client, "train", self.store.root):  # all are busy
            return
        # Also while workers start: to be taken for interrupted, a run must be listened to for some seconds.
        anything = waiting(self.store)
        if idle <= 0 or not anything or rules.queue_paused:
            return
        # Another page server may hand out runs on the same cluster: one looks and hands out at a time.
        with connection.alone(client, "cnnlab hands out"):
            idle, handed_out = self._idle(client), _handed_out(client)
            begun, trouble = 0, None
            for run, reason in waiting(self.store):
                if idle > begun and run.id not in handed_out:
                    try:
                        begun += self._hand_out(client, run, reason)
                    except RunError as error:  # its folder takes nothing, or the disk is full
                        trouble = error
            if trouble and not begun:
                raise trouble

    def _hand_out(self, client: "Client", run: Run, reason: str) -> bool:
        """Claim a run and give it to a worker; False where another server was quicker."""
        from distributed import fire_and_forget

        number = run.claim(reason, after=last_taken_up(self.store))
        if number is None:
            return False
        key = f"{TRAINING}{run.id}:{number}"
        needs = {resource_name("train", self.store.root): 1}
        future = client.submit(train_run, str(self.store.root), run.id, number, key=key, resources=needs)
        fire_and_forget(future)
        future.add_done_callback(lambda _future: self._wake())
        self._training.append(future)
        end = time.monotonic() + 5  # seconds until it has surely reached the scheduler, where others see it
        while not future.done() and not _has(client, key) and time.monotonic() < end:
            time.sleep(0.01)
        return True

    def _idle(self, client: "Client") -> int:
        """Count the *train* workers without a run, but for those that a run waiting at another will move to.

        Such a run lost its worker and was sent to a busy one; when there is an idle one, Dask sends it on.
        """
        resource, tasks = resource_name("train", self.store.root), connection.tasks(client)
        idle = 0
        for address, worker in connection.workers(client).items():
            training = sum(key.startswith(TRAINING) for key in tasks.get(address, ()))
            idle += int(worker["resources"].get(resource, 0)) - training
        return idle


def train_run(root: str, id: str, number: int) -> None:
    """Train an attempt in this worker; handed out again after a worker's death, go on as a new attempt."""
    from distributed import get_worker

    from cnnlab.training.run_attempt import train

    worker = get_worker()
    run = Store(root).get(id)
    attempt = run.reclaim(number)
    if attempt is not None:
        train(run, attempt, should_stop=lambda: not dask_internals.is_running(worker))


def name_of(key: str) -> str:
    """Return the name of the run that a task of this key trains, or of the function that it computes."""
    if key.startswith(TRAINING):
        return key.removeprefix(TRAINING).split(":")[0]
    return dask_internals.function_of(key)


def _has(client: "Client", key: str) -> bool:
    return any(key in keys for keys in connection.tasks(client).values())


def _handed_out(client: "Client") -> set[str]:
    """Return the names of the runs that Dask has a task for, and will hand on when their worker dies.

    One of them may seem interrupted: its worker gets no time for a heartbeat, or the next one is busy.
    """
    keys = chain(*connection.tasks(client).values())
    return {name_of(key) for key in keys if key.startswith(TRAINING)}
