"""A worker that dies at its start: every page that waits for it says so, why, and where its log is."""

import errno
import os
import time
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.config.presets import PRESETS
from cnnlab.runs import RunError, Store
from cnnlab.ui.widgets import run_status
from cnnlab.workers import pool, processes, worker_log
from cnnlab.workers.job import Job
from cnnlab.workers.pool import Workers
from cnnlab.workers.worker_log import BEGINS, ENDS, READY
from tests.conftest import PATIENCE, wait_for

# What `import keras` does in each worker: each dies in a way of its own; *look* is well once, and then never.
KERAS = """
import os, pathlib, signal, types
import psutil
command = psutil.Process(os.getppid()).cmdline()
name = command[command.index("--name") + 1]
once = pathlib.Path(os.environ["CNNLAB_RUNS"]) / "was well once"
if name == "train": raise ImportError("libtensorflow_cc.so.2: cannot open shared object file")
if name == "train-2": os.kill(os.getpid(), signal.SIGILL)
if name == "train-3": os.kill(os.getpid(), signal.SIGKILL)
if once.exists(): os.kill(os.getpid(), signal.SIGSEGV)
once.touch()
utils = types.SimpleNamespace(disable_interactive_logging=lambda: None)
"""


@pytest.mark.skipif(os.name == "nt", reason="the signals are POSIX")
def test_workers_that_die_at_their_start_say_why(tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text(KERAS, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    store = Store(tmp_path / "runs")
    crew = Workers(store, trainers=3).start()

    def trouble(name: str) -> str:
        return {one.name: f"{one.trouble} {one.why}" for one in crew.health()}.get(name, "")

    try:
        wait_for(lambda: crew.ready("look"), "the look worker is well")
        process = crew.look(os.getpid).result(PATIENCE)
        wait_for(lambda: crew.trouble, "it is known that no worker can train")
        lost = {name: trouble(name) for name in ("train", "train-2", "train-3")}
        assert all("Its process has ended." in text for text in lost.values())
        assert "ImportError: libtensorflow_cc.so.2: cannot open" in lost["train"]
        assert "instructions" in lost["train-2"] and "TensorFlow needs" in lost["train-2"]
        assert "most likely because the memory was full" in lost["train-3"]
        for name, text in lost.items():
            assert str(store.root / f".{name}-worker.log") in text and text in crew.lost("train")

        os.kill(process, 9)
        wait_for(lambda: crew.lost("look"), "the look worker does not come back")
        assert "It ends at its start, again and again." in crew.lost("look")
        assert "Segmentation fault" in crew.lost("look")
        with pytest.raises(RunError, match="again and again"):
            Job(crew, os.getpid)
    finally:
        crew.close()


# What a log tells

AVX = (
    "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine."
)
NANNY = "RuntimeError: Nanny failed to start worker process"
ILL = "Fatal Python error: Illegal instruction"


@pytest.mark.parametrize(
    ("lines", "alive", "told"),
    [
        ([], True, ""),
        ([BEGINS, "warnings"], True, ""),
        ([BEGINS, READY, BEGINS], True, ""),
        ([BEGINS, BEGINS, READY], True, ""),
        ([BEGINS, READY, BEGINS, ILL, BEGINS], True, "again and again. TensorFlow needs instructions"),
        ([BEGINS, BEGINS], True, "again and again. Something ended it from outside"),
        ([], False, "Its process has ended. Its log is"),
        ([BEGINS, ILL, NANNY], False, "TensorFlow needs instructions that the processor"),
        ([BEGINS, "Windows fatal exception: code 0xc000001d"], False, "TensorFlow needs instructions"),
        ([BEGINS, AVX, "Fatal Python error: Aborted", NANNY], False, "TensorFlow needs instructions"),
        ([BEGINS, f"{ENDS} MemoryError: ", NANNY], False, "There was not enough memory."),
        (
            [BEGINS, "lib.so: failed to map segment: Cannot allocate memory", NANNY],
            False,
            "not enough memory.",
        ),
        ([BEGINS, f"{ENDS} ImportError: `x`", NANNY], False, "The last that it said was `ImportError: 'x'`"),
        ([BEGINS, NANNY], False, "Something ended it from outside, most likely because the memory"),
        (["ModuleNotFoundError: No module named 'dask'"], False, "The last that it said was `ModuleNotFound"),
        ([BEGINS, ILL, BEGINS, READY, "Fatal Python error: _enter_buffered_busy"], False, "ended. The last"),
    ],
)
def test_the_reason_stands_in_the_log(tmp_path, monkeypatch, lines, alive, told):
    monkeypatch.setattr(worker_log, "_lacks_avx", lambda: False)
    log = tmp_path / ".train-worker.log"
    log.write_text("\n".join(lines), "utf-8")
    said = " ".join(worker_log.trouble(log, alive)).strip()
    assert told in said and bool(said) == bool(told)
    assert not said or f"`{log}`" in said


@pytest.mark.parametrize(
    ("flags", "named"), [("fpu sse2", True), ("fpu sse2 avx avx2", False), (None, False)]
)
def test_avx_is_named_where_the_processor_is_known_to_lack_it(tmp_path, monkeypatch, flags, named):
    monkeypatch.setattr(worker_log, "CPU", tmp_path / "cpuinfo")
    if flags:
        (tmp_path / "cpuinfo").write_text(f"model name\t: Atom\nflags\t\t: {flags}\n", "utf-8")
    (tmp_path / "log").write_text(f"{BEGINS}\n{ILL}\n", "utf-8")
    assert ("lacks AVX instructions" in worker_log.trouble(tmp_path / "log", False)[1]) == named


# What the pages say

TOLD = "Its process has ended. The last that it said was `ImportError: keras`"


@pytest.fixture
def lost(tmp_path, monkeypatch):
    """Workers whose processes have ended, as the pages meet them."""
    crew = Workers(Store(tmp_path / "runs"))
    crew.client = SimpleNamespace(status="running", scheduler_info=lambda **_: {}, processing=dict)
    crew.processes = {name: SimpleNamespace(poll=lambda: 1) for name in ("train", "look")}
    crew.store.root.mkdir()
    for name in crew.processes:
        worker_log.path(crew.store.root, name).write_text(f"{BEGINS}\n{ENDS} ImportError: keras\n", "utf-8")
    monkeypatch.setattr(pool, "_current", crew)
    monkeypatch.setenv("CNNLAB_RUNS", str(crew.store.root))
    return crew


def test_train_says_that_no_worker_will_come(lost):
    run = lost.store.create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    later = lost.store.create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    lost.trouble = lost.lost("train")  # as the dispatcher sets it
    said = run_status.phase_text(run, run.state())
    assert run_status.phase_text(later, later.state()) == said, "its turn will not come either"
    assert "starting" not in said and "Its process has ended." in said and "`ImportError: keras`" in said
    assert str(worker_log.path(lost.store.root, "train")) in said


def test_a_worker_that_starts_for_minutes_is_told_with_its_log(lost, monkeypatch):
    run = lost.store.create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    lost.began = time.monotonic()
    assert run_status.phase_text(run, run.state()) == "The worker is still starting; that takes some seconds."
    lost.began -= 300
    said = run_status.phase_text(run, run.state())
    assert "has been starting for 5 min" in said and str(worker_log.path(lost.store.root, "train")) in said


def test_a_process_that_could_not_be_started_is_started_later(tmp_path, monkeypatch):
    refusals, started = [True], []

    def start(_address, _key, name, *_more):
        if name == "train-2" and refusals:
            refusals.pop()
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        started.append(name)
        return SimpleNamespace(poll=lambda: None)

    monkeypatch.setattr(processes, "start_worker", start)
    crew = Workers(Store(tmp_path / "runs"), trainers=2)
    with pytest.raises(OSError, match="Cannot allocate memory"):
        crew._start_processes("tls://127.0.0.1:1", {})
    crew._start_processes("tls://127.0.0.1:1", {})
    assert started == ["train", "train-2", "look"] == list(crew.processes)


def waits():
    from cnnlab.ui.widgets import background_job

    background_job.answer("test", "about", len, "a")


def test_a_long_answer_is_given_up_and_tells_why(lost):
    at = AppTest.from_function(waits).run()
    assert not at.exception and TOLD in at.warning[0].value
    assert [button.label for button in at.button] == ["Try again"]


def compared():
    from pathlib import Path
    from types import SimpleNamespace as Made

    import numpy as np

    from cnnlab.ui.lessons.network import keras_check

    run = Made(folder=Path("/runs/kite-421"), id="kite-421")
    keras_check.check(Made(net=Made(run=run, stamp=1), image=np.zeros((2, 2, 3))))


def test_who_asks_keras_reads_that_it_will_not_answer(lost):
    at = AppTest.from_function(compared).run()
    assert not at.exception and TOLD in at.warning[0].value
    assert not [caption for caption in at.caption if "Keras is computing" in caption.value]


def of_the_teacher():
    from cnnlab.ui.classroom import now, workers

    now.trouble()
    workers.machines()


def test_the_teacher_reads_it_at_first_sight_and_of_each_worker(lost):
    lost.trouble = lost.lost("train")
    at = AppTest.from_function(of_the_teacher).run()
    assert not at.exception and TOLD in at.error[0].value
    assert ["**train**" in at.warning[0].value, "**look**" in at.warning[1].value] == [True, True]
    assert all(TOLD in warning.value for warning in at.warning)


def test_a_cluster_without_workers_is_not_said_to_be_starting(tmp_path, monkeypatch):
    crew = Workers(Store(tmp_path / "runs"), "tcp://127.0.0.1:9")
    monkeypatch.setattr(pool, "_current", crew)
    monkeypatch.setenv("CNNLAB_RUNS", str(crew.store.root))
    run = crew.store.create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    assert "no worker that trains is connected" in run_status.phase_text(run, run.state())
