"""Who does the long work?

Training and everything that needs Keras happens in worker processes of Dask: the page server never imports
TensorFlow. By default two are started here, *train* and *look* (CNNLAB_WORKERS says how many *train*);
CNNLAB_SCHEDULER names a cluster to use instead. A thread keeps the connection and lets the dispatcher hand
out waiting runs.
"""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnlab import environment
from cnnlab.i18n import _, foreign
from cnnlab.runs import RunError, Store
from cnnlab.workers import connection, dask_internals, processes, resources, worker_log
from cnnlab.workers.channel import Channel
from cnnlab.workers.dispatcher import Dispatcher, name_of

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_AGAIN = 1.0  # seconds until the dispatcher looks at the run folder again without being woken
LETTING_GO = 20.0  # seconds in which a worker writes down where its run stands; then it is killed


@dataclass(frozen=True)
class Health:
    """A worker process, as a teacher wants to see it."""

    name: str
    kinds: tuple[str, ...]  # of work: "train", "look", "long"
    address: str  # "" while it is not connected
    memory: int  # bytes
    doing: tuple[str, ...]  # names of the runs that it trains and of the functions that it computes
    trouble: str  # why it gets no work, as a sentence; "" when all is well
    why: str = ""  # how that came about and what to do, as Markdown, where it is known
    coming: bool = False  # it is still starting


class Workers:
    """The worker processes (or a cluster) and the dispatcher, for one page server."""

    def __init__(self, store: Store, scheduler: str | None = None, trainers: int = 1):
        """trainers: how many processes that train one run each are started here, without a cluster."""
        self.store, self.scheduler, self.trainers = store, scheduler, trainers
        self.client: Client | None = None
        self.trouble = ""  # what keeps the dispatcher from working, for the pages to show
        self.processes: dict[str, subprocess.Popen[bytes]] = {}  # by name
        self.began: float | None = None  # when they were started, by the monotonic clock
        self._channel: Channel | None = None
        self._cluster: Any = None
        self._dispatcher = Dispatcher(store, self.wake)
        self._awake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="dispatcher")

    def start(self) -> "Workers":
        """Return at once; the workers are warm some seconds later."""
        self._thread.start()
        return self

    def wake(self) -> None:
        """Make the dispatcher look for waiting runs now."""
        self._awake.set()

    def ready(self, kind: str) -> bool:
        """Say whether a worker of this kind ("train" or "look") is connected and warm."""
        try:
            return connection.slots(self.client, kind, self.store.root) > 0
        except OSError:  # the scheduler does not answer
            return False

    def lost(self, kind: str) -> str:
        """Return why no worker of this kind will come, as Markdown; "" while there is one, or may be soon."""
        try:
            if connection.slots(self.client, kind, self.store.root):
                return ""
        except OSError:
            return ""
        found = [one for one in self.health() if kind in one.kinds]
        if any(one.coming for one in found):
            return ""
        named = self.scheduler is not None or len(found) > 1  # a machine, or one of several
        told = [(f"{one.name}: " if named else "") + f"{one.trouble} {one.why}".strip() for one in found]
        return " ".join(told)

    def look(self, function: Callable[..., Any], *arguments: Any, long: bool = False) -> "Future[Any]":
        """Have a *look* worker call an importable function; RunError while there is no connection.

        Such a worker has two resources: one for what is answered in a second or two, one for what takes
        longer, so that nobody's long question holds up the quick ones of others. See `cnnlab.workers.job`.
        """
        client = self.client  # the dispatcher may put another in its place
        if client is None:
            raise RunError(self.trouble or _("The workers are still starting; try again in a few seconds."))
        if trouble := self.lost("look"):
            raise RunError(trouble)
        try:
            resource = "long" if long and connection.slots(client, "long", self.store.root) else "look"
        except OSError:
            resource = None
        if resource is None or client.status != "running":
            raise RunError(_("The workers do not answer; try again in a few seconds."))
        needs = {resources.resource_name(resource, self.store.root): 1}
        return client.submit(function, *arguments, resources=needs, pure=False)

    def health(self) -> list[Health]:
        """Return how each worker is; while the scheduler does not answer, none is connected."""
        report: list[Health] = []
        found: dict[str, dict[str, Any]] = {}
        tasks: dict[str, list[str]] = {}
        with contextlib.suppress(OSError):
            found, tasks = connection.workers(self.client), connection.tasks(self.client)
        for address, worker in found.items():
            name, kinds = str(worker["name"]), tuple(resources.kinds(worker["resources"]))
            doing = tuple(name_of(key) for key in tasks.get(address, ()))
            trouble = resources.misfit(worker["resources"], self.store.root)
            report.append(Health(name, kinds, address, worker["metrics"]["memory"], doing, trouble))
        for name in self.processes.keys() - {worker.name for worker in report}:
            alive = self.processes[name].poll() is None
            trouble, why = worker_log.trouble(worker_log.path(self.store.root, name), alive)
            kinds = processes.kinds_of(name)
            starting = _("It is still starting.")
            report.append(Health(name, kinds, "", 0, (), trouble or starting, why, coming=not trouble))
        return sorted(report, key=lambda worker: ("train" not in worker.kinds, worker.name))

    def close(self) -> None:
        """Let go of everything: a training run is queued again by its worker and goes on after a restart."""
        self._closing.set()
        self._awake.set()
        self._thread.join(5)  # it may be starting processes at this moment
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LETTING_GO)
            process.kill()
        for thing in (self.client, self._cluster):
            if thing is not None:
                with contextlib.suppress(Exception):
                    thing.close(timeout=2)
        if self._channel is not None:
            self._channel.close()

    def _work(self) -> None:
        """Connect and hand out runs until closed; the loop outlives any single failure, and pages tell it."""
        while not self._closing.is_set():
            try:
                if self.client is None or self.client.status == "closed":  # as after a lost connection
                    self.client = None
                    self.client = self._connect()
                self._dispatcher.dispatch(self.client)
                self.trouble = self.lost("train")
            except RunError as error:
                self.trouble = str(error)
            except Exception as error:  # whatever it is, the next round may succeed
                self.trouble = foreign(f"{type(error).__name__}: {error}.")
            self._awake.wait(LOOK_AGAIN)
            self._awake.clear()

    def _connect(self) -> "Client":
        """Connect to the cluster; without one, start a scheduler and worker processes here."""
        from distributed import Client

        self.store.root.mkdir(parents=True, exist_ok=True)
        if self.scheduler is not None:
            dask_internals.knock(self.scheduler)
            return Client(self.scheduler, set_as_default=False, timeout=5)
        self._channel = channel = self._channel or Channel()
        self._cluster = self._cluster or channel.scheduler()
        address = self._cluster.scheduler_address
        self._start_processes(address, channel.environment())
        return Client(address, security=channel.security, set_as_default=False)

    def _start_processes(self, address: str, key: dict[str, str]) -> None:
        """Start each worker process that there is none of yet: one try may fail, as for lack of memory."""
        started, threads = dict(self.processes), processes.threads_each(self.trainers)
        try:
            for name in processes.names(self.trainers):
                if name not in started:
                    started[name] = processes.start_worker(address, key, name, self.store.root, threads)
        finally:
            self.processes, self.began = started, time.monotonic()


_current: Workers | None = None


def start() -> Workers:
    """Start this process's workers (once).

    CNNLAB_WORKERS says how many train at once, CNNLAB_SCHEDULER names a cluster to use instead of local ones.
    """
    global _current
    if _current is None:
        _current = Workers(Store(), environment.scheduler(), environment.trainers()).start()
    return _current


def current() -> Workers | None:
    """Return this process's workers, None where none were started (in tests of single pages)."""
    return _current


def stop() -> None:
    global _current
    if _current is not None:
        _current.close()
        _current = None
