"""Who does the long work, and who hands it out?

Training and everything that needs Keras happens in worker processes of Dask: the page server never imports
TensorFlow. By default two are started here, *train* and *look*; CNNLAB_SCHEDULER names a cluster to use
instead. A dispatcher thread hands the next waiting run to an idle *train* worker.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab.runs import RunError, Store
from cnnlab.text import _
from cnnlab.turns import waiting

if TYPE_CHECKING:
    from distributed import Client, Future

ROOT = Path(__file__).parents[1]
LANES = {"train": "train=1", "look": "look=1 long=1"}  # kind of worker -> what it does at the same time
LOOK_AGAIN = 1.0  # seconds until the dispatcher looks at the run folder again without being woken


class Workers:
    """The worker processes (or a cluster) and the dispatcher, for one page server."""

    def __init__(self, store: Store, scheduler: str | None = None):
        self.store, self.scheduler = store, scheduler
        self.client: Client | None = None
        self.trouble = ""  # what keeps the dispatcher from working, for the pages to show
        self.processes: list[subprocess.Popen] = []
        self._cluster: Any = None
        self._training: dict[str, Future] = {}
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

    def look(self, function: Callable, *arguments, long: bool = False) -> "Future":
        """Have a *look* worker call an importable function; RunError while there is no connection.

        Such a worker has two lanes: one for what is answered in a second or two, one for what takes longer,
        so that nobody's long question holds up the quick ones of others. See `cnnlab.jobs`.
        """
        client = self.client  # the dispatcher may put another in its place
        if client is None:
            raise RunError(_("The workers are still starting; try again in a few seconds."))
        try:
            lane = "long" if long and self._slots("long") else "look"
        except OSError:
            lane = None
        if lane is None or client.status != "running":
            raise RunError(_("The workers do not answer; try again in a few seconds."))
        return client.submit(function, *arguments, resources={lane: 1}, pure=False)

    def close(self) -> None:
        """Let go of everything: a training run is queued again by its worker and goes on after a restart."""
        self._closing.set()
        self._awake.set()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
        self._thread.join(10)
        for thing in (self.client, self._cluster):
            if thing is not None:
                with contextlib.suppress(Exception):
                    thing.close(timeout=2)

    def _work(self) -> None:
        """Connect and hand out runs until closed; the loop outlives any single failure, and pages tell it."""
        while not self._closing.is_set():
            try:
                if self.client is None or self.client.status == "closed":  # as after a lost connection
                    self.client = None
                    self.client = self._connect()
                self._dispatch()
                self.trouble = ""
            except Exception as error:  # whatever it is, the next round may succeed
                self.trouble = f"{type(error).__name__}: {error}"
            self._awake.wait(LOOK_AGAIN)
            self._awake.clear()

    def _connect(self) -> "Client":
        """Connect to the cluster; without one, start a scheduler here and a worker process of each kind."""
        from distributed import Client, LocalCluster

        if self.scheduler is not None:
            return Client(self.scheduler, set_as_default=False, timeout=5)
        if self._cluster is None:
            self.store.root.mkdir(parents=True, exist_ok=True)
            self._cluster = LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1")
            address = self._cluster.scheduler_address
            self.processes = [_start_worker(address, kind, self.store.root) for kind in LANES]
        return Client(self._cluster.scheduler_address, set_as_default=False)

    def _dispatch(self) -> None:
        """Claim waiting runs, in turn, for as many *train* workers as are idle."""
        from distributed import fire_and_forget

        self._training = {key: future for key, future in self._training.items() if not future.done()}
        idle = self._slots("train") - len(self._training)
        for run, reason in waiting(self.store) if idle > 0 else ():
            number = run.claim(reason)
            if number is None:
                continue  # another server was quicker
            task = (train_run, str(self.store.root), run.id, number)
            key = f"{run.id}-{number}"
            future = self.client.submit(*task, key=key, resources={"train": 1})
            fire_and_forget(future)
            future.add_done_callback(lambda _future: self.wake())
            self._training[key] = future
            idle -= 1
            if idle <= 0:
                return

    def _slots(self, kind: str) -> int:
        client = self.client
        if client is None:
            return 0
        # While a connection is being lost, Dask knows of no scheduler and of no workers.
        workers = client.scheduler_info(n_workers=-1).get("workers", {}).values()
        return int(sum(worker["resources"].get(kind, 0) for worker in workers))


def train_run(root: str, id: str, number: int) -> None:
    """Train an attempt in this worker; handed out again after a worker's death, go on as a new attempt."""
    from distributed import get_worker
    from distributed.core import Status

    from cnnlab.train import train

    worker = get_worker()
    run = Store(root).get(id)
    attempt = run.reclaim(number)
    if attempt is not None:
        train(run, attempt, should_stop=lambda: worker.status != Status.running)


def _start_worker(address: str, kind: str, root: Path) -> subprocess.Popen:
    """Start one worker process on the loopback interface alone; it logs into the folder of the runs."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--name", kind]
    lanes = LANES[kind]
    command += ["--nthreads", str(lanes.count("=")), "--memory-limit", "0", "--resources", lanes]
    command += ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    command += ["--preload", "cnnlab.worker", "--preload-nanny", "cnnlab.nanny"]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "DASK_LOGGING__DISTRIBUTED": "error"}
    environment = {**os.environ, **quiet, "PYTHONPATH": os.pathsep.join(paths)}
    # Its standard input stays open as long as this process lives (see cnnlab.nanny); its own session keeps
    # Ctrl-C in the terminal from reaching it before the app has told it to let go.
    with (root / f".{kind}-worker.log").open("w") as log:
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )


_current: Workers | None = None


def start() -> Workers:
    """Start this process's workers (once); CNNLAB_SCHEDULER names a cluster to use instead of local ones."""
    global _current
    if _current is None:
        _current = Workers(Store(), os.environ.get("CNNLAB_SCHEDULER")).start()
    return _current


def current() -> Workers | None:
    """Return this process's workers, None where none were started (in tests of single pages)."""
    return _current


def stop() -> None:
    global _current
    if _current is not None:
        _current.close()
        _current = None
