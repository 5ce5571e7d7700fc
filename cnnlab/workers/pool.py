"""Who does the long work, and who hands it out?

Training and everything that needs Keras happens in worker processes of Dask: the page server never imports
TensorFlow. By default two are started here, *train* and *look* (CNNLAB_WORKERS says how many *train*);
CNNLAB_SCHEDULER names a cluster to use instead. A dispatcher thread hands the next waiting run to an idle
*train* worker.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab import access, environment, malloc
from cnnlab.classroom import Classroom
from cnnlab.classroom.limits import stop_overdue
from cnnlab.i18n import _, foreign
from cnnlab.runs import RunError, Store
from cnnlab.runs.queue import last_taken_up, waiting
from cnnlab.workers import resources, worker_log
from cnnlab.workers.channel import Channel

if TYPE_CHECKING:
    from distributed import Client, Future

    from cnnlab.runs import Run

ROOT = Path(__file__).parents[2]
RESOURCES = {"train": "train=1", "look": "look=1 long=1"}  # kind of worker -> what it does at the same time
LOOK_AGAIN = 1.0  # seconds until the dispatcher looks at the run folder again without being woken
TRAINING = "train:"  # how the key of a training task begins; the run's name and the attempt follow


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
        self.processes: dict[str, subprocess.Popen] = {}  # by name
        self.began: float | None = None  # when they were started, by the monotonic clock
        self._channel: Channel | None = None
        self._cluster: Any = None
        self._training: list[Future] = []
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
            return self._slots(kind) > 0
        except OSError:  # the scheduler does not answer
            return False

    def lost(self, kind: str) -> str:
        """Return why no worker of this kind will come, as Markdown; "" while there is one, or may be soon."""
        try:
            if self._slots(kind):
                return ""
        except OSError:
            return ""
        found = [one for one in self.health() if kind in one.kinds]
        if any(one.coming for one in found):
            return ""
        named = self.scheduler is not None or len(found) > 1  # a machine, or one of several
        told = [(f"{one.name}: " if named else "") + f"{one.trouble} {one.why}".strip() for one in found]
        return " ".join(told)

    def look(self, function: Callable, *arguments, long: bool = False) -> "Future":
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
            resource = "long" if long and self._slots("long") else "look"
        except OSError:
            resource = None
        if resource is None or client.status != "running":
            raise RunError(_("The workers do not answer; try again in a few seconds."))
        needs = {resources.resource_name(resource, self.store.root): 1}
        return client.submit(function, *arguments, resources=needs, pure=False)

    def health(self) -> list[Health]:
        """Return how each worker is; while the scheduler does not answer, none is connected."""
        report, found = [], {}
        with contextlib.suppress(OSError):
            found, tasks = self._connected(), self._processing()
        for address, worker in found.items():
            name, kinds = str(worker["name"]), tuple(resources.kinds(worker["resources"]))
            doing = tuple(_name_of(key) for key in tasks.get(address, ()))
            trouble = resources.misfit(worker["resources"], self.store.root)
            report.append(Health(name, kinds, address, worker["metrics"]["memory"], doing, trouble))
        for name in self.processes.keys() - {worker.name for worker in report}:
            alive = self.processes[name].poll() is None
            trouble, why = worker_log.trouble(worker_log.path(self.store.root, name), alive)
            kinds = tuple(part.split("=")[0] for part in RESOURCES[_kind(name)].split())
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
                process.wait(5)
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
                self._keep_limits()
                self._dispatch()
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
            asyncio.run(_knock(self.scheduler))
            return Client(self.scheduler, set_as_default=False, timeout=5)
        if self._cluster is None:
            self._channel = self._channel or Channel()
            self._cluster = self._channel.scheduler()
        address = self._cluster.scheduler_address
        self._start_processes(address, self._channel.environment())
        return Client(address, security=self._channel.security, set_as_default=False)

    def _start_processes(self, address: str, key: dict[str, str]) -> None:
        """Start each worker process that there is none of yet: one try may fail, as for lack of memory."""
        names = ["train", *(f"train-{n}" for n in range(2, self.trainers + 1)), "look"]
        started, threads = dict(self.processes), threads_each(self.trainers)
        try:
            for name in names:
                if _kind(name) in RESOURCES and name not in started:
                    started[name] = _start_worker(address, key, name, self.store.root, threads)
        finally:
            self.processes, self.began = started, time.monotonic()

    def _keep_limits(self) -> None:
        """Stop training runs that have taken longer than the class allows."""
        stop_overdue(self.store, Classroom(self.store.root).in_force())

    def _dispatch(self) -> None:
        """Claim waiting runs, in turn, for as many *train* workers as are idle."""
        from distributed import Lock

        self._training = [future for future in self._training if not future.done()]
        idle = self._idle()
        if idle <= 0 and self._slots("train"):  # all are busy
            return
        # Also while workers start: to be taken for interrupted, a run must be listened to for some seconds.
        anything = waiting(self.store)
        if idle <= 0 or not anything or Classroom(self.store.root).in_force().queue_paused:
            return
        # Another page server may hand out runs on the same cluster: one looks and hands out at a time.
        with Lock("cnnlab hands out", scheduler_rpc=self.client.scheduler, loop=self.client.loop):
            idle, handed_out = self._idle(), self._handed_out()
            begun, trouble = 0, None
            for run, reason in waiting(self.store):
                if idle > begun and run.id not in handed_out:
                    try:
                        begun += self._hand_out(run, reason)
                    except RunError as error:  # its folder takes nothing, or the disk is full
                        trouble = error
            if trouble and not begun:
                raise trouble

    def _hand_out(self, run: "Run", reason: str) -> bool:
        """Claim a run and give it to a worker; False where another server was quicker."""
        from distributed import fire_and_forget

        number = run.claim(reason, after=last_taken_up(self.store))
        if number is None:
            return False
        key = f"{TRAINING}{run.id}:{number}"
        needs = {resources.resource_name("train", self.store.root): 1}
        future = self.client.submit(train_run, str(self.store.root), run.id, number, key=key, resources=needs)
        fire_and_forget(future)
        future.add_done_callback(lambda _future: self.wake())
        self._training.append(future)
        end = time.monotonic() + 5  # seconds until it has surely reached the scheduler, where others see it
        while not future.done() and not self._has(key) and time.monotonic() < end:
            time.sleep(0.01)
        return True

    def _has(self, key: str) -> bool:
        return any(key in tasks for tasks in self._processing().values())

    def _idle(self) -> int:
        """Count the *train* workers without a run, but for those that a run waiting at another will move to.

        Such a run lost its worker and was sent to a busy one; when there is an idle one, Dask sends it on.
        """
        resource, tasks = resources.resource_name("train", self.store.root), self._processing()
        idle = 0
        for address, worker in self._connected().items():
            training = sum(key.startswith(TRAINING) for key in tasks.get(address, ()))
            idle += int(worker["resources"].get(resource, 0)) - training
        return idle

    def _handed_out(self) -> set[str]:
        """Return the names of the runs that Dask has a task for, and will hand on when their worker dies.

        One of them may seem interrupted: its worker gets no time for a heartbeat, or the next one is busy.
        """
        keys = chain(*self._processing().values())
        return {_name_of(key) for key in keys if key.startswith(TRAINING)}

    def _slots(self, kind: str) -> int:
        resource = resources.resource_name(kind, self.store.root)
        return int(sum(worker["resources"].get(resource, 0) for worker in self._connected().values()))

    def _connected(self) -> dict[str, dict]:
        """Return what the scheduler knows of each worker, by address."""
        client = self.client
        if client is None or client.status != "running":
            return {}
        # While a connection is being lost, Dask knows of no scheduler and of no workers.
        return client.scheduler_info(n_workers=-1).get("workers", {})

    def _processing(self) -> dict[str, list[str]]:
        """Return the keys of the tasks that each worker works on, or has waiting, by its address."""
        client = self.client
        if client is None or client.status != "running":
            raise ConnectionError(_("The workers do not answer; try again in a few seconds."))
        return client.processing()


def train_run(root: str, id: str, number: int) -> None:
    """Train an attempt in this worker; handed out again after a worker's death, go on as a new attempt."""
    from distributed import get_worker
    from distributed.core import Status

    from cnnlab.training.run_attempt import train

    worker = get_worker()
    run = Store(root).get(id)
    attempt = run.reclaim(number)
    if attempt is not None:
        train(run, attempt, should_stop=lambda: worker.status != Status.running)


async def _knock(address: str) -> None:
    """Raise what keeps a scheduler from answering, before there is a client.

    A client that fails is closed when its garbage is collected, in whatever thread that happens to be; where
    that thread holds Dask's lock for starting clients, none can be started any more (Dask 2026.8).
    """
    from distributed.comm import connect
    from distributed.security import Security

    comm = await connect(address, timeout=5, **Security().get_connection_args("client"))
    await comm.close()


def _name_of(key: str) -> str:
    """Return the name of the run that a task trains, or of the function that it computes."""
    from dask.utils import key_split

    return key.removeprefix(TRAINING).split(":")[0] if key.startswith(TRAINING) else key_split(key)


def _kind(name: str) -> str:
    """Return the kind of a worker that was started here by its name: "train-2" trains."""
    return name.split("-")[0]


def threads_each(trainers: int) -> int:
    """Return with how many threads each of so many *train* workers computes; the pages keep a core."""
    from dask.system import CPU_COUNT

    return max(1, (CPU_COUNT - 1 if CPU_COUNT > 2 else CPU_COUNT) // trainers)


def _start_worker(address: str, key: dict[str, str], name: str, root: Path, threads: int) -> subprocess.Popen:
    """Start one worker process on the loopback interface alone; it logs into the folder of the runs.

    key: the part of its environment with which the scheduler lets it in.
    """
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--name", name]
    work = RESOURCES[_kind(name)]
    command += ["--nthreads", str(work.count("=")), "--memory-limit", "0", "--resources", work]
    command += ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    command += [
        "--preload",
        "cnnlab.workers.preload_worker",
        "--preload-nanny",
        "cnnlab.workers.preload_nanny",
    ]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "DASK_LOGGING__DISTRIBUTED": "error"}
    variables = {**access.without_pin(os.environ), **quiet, **key}
    variables |= {"PYTHONPATH": os.pathsep.join(paths), "CNNLAB_RUNS": str(root)}
    if _kind(name) == "train":
        variables |= {"TF_NUM_INTRAOP_THREADS": str(threads)} | malloc.environment()
    # Its standard input stays open as long as this process lives (see cnnlab.workers.preload_nanny). Its own
    # session, on Windows group, keeps Ctrl-C in the terminal from reaching it before the app has told it to
    # let go.
    apart = {"start_new_session": True, "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    with worker_log.path(root, name).open("wb") as log:
        return subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=log, stderr=log, **apart
        )


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
