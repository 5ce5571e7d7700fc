"""Does memory stay with a process that trains, so that no step of training pays for it again?

Counted, not timed: a page that comes from the system is a page fault.
"""

import mmap
import os
import subprocess
import sys

import pytest

from cnnlab import malloc
from cnnlab.workers import processes

pytestmark = pytest.mark.skipif(malloc._glibc() is None, reason="the C library is not glibc")

MEGABYTE = 2**20
# What a step does: it takes four blocks, fills them, and lets all of them go. In a thread, as in a worker.
COUNT = """
import ctypes, resource, sys, threading
library = ctypes.CDLL(None)
library.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: a fault brings one page, not many
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]

def step(size):
    blocks = [library.malloc(size) for _ in range(4)]
    for block in blocks:
        library.memset(block, 1, size)
    for block in blocks:
        library.free(block)

def steps(size):
    step(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        step(size)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

faults = []
for size in map(int, sys.argv[1:]):
    thread = threading.Thread(target=steps, args=[size])
    thread.start()
    thread.join()
print(*faults)
"""
COMMAND_LINE = """
import contextlib, io
from cnnlab import train
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    train.main(["--help"])
"""
THREAD_BEFORE = """
import threading
started = threading.Thread(target=lambda: bytearray(10))
started.start()
started.join()
"""
DASK = {"MALLOC_TRIM_THRESHOLD_": "65536"}  # what Dask gives its workers; no threshold rises any more
SIZES = 7 * MEGABYTE, 40 * MEGABYTE  # Baseline's first maps; more than glibc's largest threshold
PAGES = 3 * 4 * SIZES[0] // mmap.PAGESIZE  # that three steps with the smaller ones touch


def faults(before: str = "", **environment: str) -> list[int]:
    """Return the page faults of three such steps with each size, in a process of its own."""
    command = [sys.executable, "-c", before + COUNT, *map(str, SIZES)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [int(count) for count in done.stdout.split()]


def test_without_it_each_step_takes_its_memory_from_the_system_anew():
    """Otherwise the tests below would prove nothing here."""
    assert min(faults(**DASK)) > PAGES / 2


@pytest.mark.parametrize(
    ("before", "environment"),
    [
        ("", malloc.environment()),
        (COMMAND_LINE, {}),
        (f"{THREAD_BEFORE}from cnnlab import malloc\nmalloc.keep()\n", {}),
    ],
    ids=["environment", "command line", "worker of a cluster"],
)
def test_a_process_that_trains_keeps_its_memory(before, environment):
    assert max(faults(before, **(DASK | environment))) < PAGES / 50


def test_what_is_kept_goes_back_when_it_is_asked_for():
    """Also from the middle of the pool: what was taken last stays."""
    code = """
import psutil
from cnnlab import malloc
malloc.keep()
import ctypes
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
block = library.malloc(100 * 2**20)
library.memset(block, 1, 100 * 2**20)
stays = library.malloc(2**20)
library.free(block)
kept = psutil.Process().memory_info().rss
malloc.give_back()
print(kept - psutil.Process().memory_info().rss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 90 * MEGABYTE


def test_where_there_is_no_glibc_nothing_happens(monkeypatch):
    for platform in ("darwin", "win32"):
        monkeypatch.setattr(malloc.sys, "platform", platform)
        malloc._glibc.cache_clear()
        malloc.keep(), malloc.share(), malloc.give_back()
        assert malloc._glibc() is None
    malloc._glibc.cache_clear()


def test_workers_that_train_are_started_with_it(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(processes.subprocess, "Popen", lambda command, env, **how: started.append(env))
    for name in ("train", "train-2", "look"):
        processes.start_worker("tcp://127.0.0.1:1", {}, name, tmp_path, 1)
    train, second, _look = started
    assert malloc.environment().items() <= train.items() & second.items()
