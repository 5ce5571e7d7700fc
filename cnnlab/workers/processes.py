"""The worker processes that the app starts on its own computer: *train* and *look*."""

import os
import subprocess
import sys
from pathlib import Path

from cnnlab import access, malloc
from cnnlab.workers import dask_internals, worker_log

ROOT = Path(__file__).parents[2]
RESOURCES = {"train": "train=1", "look": "look=1 long=1"}  # kind of worker -> what it does at the same time


def names(trainers: int) -> list[str]:
    """Return the names of the processes to start where so many train, each one run."""
    found = ["train", *(f"train-{n}" for n in range(2, trainers + 1)), "look"]
    return [name for name in found if kind_of(name) in RESOURCES]


def kind_of(name: str) -> str:
    """Return the kind of a worker that was started here by its name: "train-2" trains."""
    return name.split("-")[0]


def kinds_of(name: str) -> tuple[str, ...]:
    """Return the kinds of work that a worker of this name does."""
    return tuple(part.split("=")[0] for part in RESOURCES[kind_of(name)].split())


def threads_each(trainers: int) -> int:
    """Return with how many threads each of so many *train* workers computes; the pages keep a core."""
    cores = dask_internals.cores()
    return max(1, (cores - 1 if cores > 2 else cores) // trainers)


def start_worker(
    address: str, key: dict[str, str], name: str, root: Path, threads: int
) -> subprocess.Popen[bytes]:
    """Start one worker process on the loopback interface alone; it logs into the folder of the runs.

    key: the part of its environment with which the scheduler lets it in.
    """
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--name", name]
    work = RESOURCES[kind_of(name)]
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
    if kind_of(name) == "train":
        variables |= {"TF_NUM_INTRAOP_THREADS": str(threads)} | malloc.environment()
    # Its standard input stays open as long as this process lives (see cnnlab.workers.preload_nanny). Its own
    # session, on Windows group, keeps Ctrl-C in the terminal from reaching it before the app has told it to
    # let go.
    group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with worker_log.path(root, name).open("wb") as log:
        return subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=group,
        )
