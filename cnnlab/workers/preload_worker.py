"""What does a worker process do at its start? (Loaded by Dask through --preload.)

It gives way to the pages, imports Keras, and trains on a handful of digits once: the first training in a
process takes seconds longer than the next, and no student should wait for that. Then, while nobody trains, it
finds out how fast this computer is (`cnnlab.training.timing`), if that is not known yet.
"""

import gc
import os
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import psutil

from cnnlab import malloc, progress, system
from cnnlab.runs import Store
from cnnlab.workers import dask_internals, worker_log
from cnnlab.workers.job import tell
from cnnlab.workers.resources import kinds, resource_name

NICENESS = 10
QUIET = 5  # tenths of a second without work before a piece of timing begins
BUSY = 50.0  # per cent of the computer's processors since the last look, by whatever programs
AUTOGROUP = Path("/proc/self/autogroup")


def dask_setup(worker: Any) -> None:
    """Make the worker ready; one that cannot do its work ends here, with the reason in its log."""
    worker_log.begin()
    try:
        _set_up(worker)
    except Exception as error:
        traceback.print_exc()
        worker_log.note(f"{worker_log.ENDS} {type(error).__name__}: {error}")
        os._exit(1)
    worker_log.note(worker_log.READY)


def _set_up(worker: Any) -> None:
    dask_internals.close_http(worker)  # nobody asks it, and it would tell everybody what is computed
    progress.told_to(tell)
    resources, root = dask_internals.resources_of(worker), Store().root
    started_for = kinds(resources)
    system.allow_open_files()
    if "train" in started_for:
        system.give_way(NICENESS)  # so do the threads that TensorFlow starts from now on
        malloc.keep()  # one that the app started does so already; in a cluster people start them
    import keras

    keras.utils.disable_interactive_logging()
    if "train" in started_for:
        _warm_up()
        lower_session()
    for kind in started_for:  # now it is ready; Dask tells the scheduler of these after this
        dask_internals.offer(worker, {resource_name(kind, root): resources[kind]})
    if "train" in started_for and _shall_time(str(worker.name), root):
        threading.Thread(target=_time, args=[worker, root], daemon=True, name="timing").start()


def _shall_time(name: str, root: Path) -> bool:
    """Say whether this worker is to find out how fast it is: once a computer, and the first of its workers.

    CNNLAB_TIMING=0 keeps it from that, as in tests, where nobody asks for it.
    """
    from cnnlab.training import speed, timing

    known = speed.load(speed.path(root))
    as_now = known and (known.threads, known.bfloat16) == (timing.threads(), system.bfloat16_is_native())
    others = name.startswith("train-") and name != "train-1"  # "train" is the first
    return os.environ.get("CNNLAB_TIMING") != "0" and not as_now and not others


def _time(worker: Any, root: Path) -> None:
    """Time layer by layer, each when for a moment nobody has trained and little else went on; keep it."""
    from cnnlab.training import speed, timing

    def wait() -> None:
        quiet = 0
        while quiet < QUIET:
            time.sleep(0.1)
            if not dask_internals.is_running(worker):
                sys.exit()  # this thread alone
            busy = dask_internals.is_busy(worker) or psutil.cpu_percent() > BUSY  # other work is no speed
            quiet = 0 if busy else quiet + 1

    try:
        speed.save(timing.measure(wait), root)
        gc.collect()
        malloc.give_back()
    except Exception:  # without it, estimates are a guess: no reason to end
        traceback.print_exc()


def lower_session() -> None:
    """Let the processes of every other session of this machine go first.

    Linux with autogroup scheduling weighs sessions against each other, and niceness counts within a session
    alone: so this process gets a session of its own, and that a niceness.
    """
    if not AUTOGROUP.exists() or not hasattr(os, "setsid"):  # macOS, kernels without it; Windows
        return
    if os.getsid(0) != os.getpid():
        try:
            os.setsid()
        except PermissionError:  # it leads a group of processes (as with --no-nanny), others belong to it
            return
    for _try in range(20):
        try:
            AUTOGROUP.write_text(str(NICENESS), "utf-8")
            return
        except BlockingIOError:  # the kernel allows one such change in a tenth of a second
            time.sleep(0.1)
        except OSError:  # not allowed here (as in some containers): then niceness alone must do
            return


def _warm_up() -> None:
    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.training.run_attempt import train

    config = PRESETS["article"].config.model_copy(update={"dataset": "digits", "epochs": 1, "limit": 200})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run = Store(folder).create(config, datasets.load("digits").classes, preset="article", owner="warm-up")
        if (number := run.claim("warm-up")) is not None:  # nobody else knows of it
            train(run, number, should_stop=lambda: False)
