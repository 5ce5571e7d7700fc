"""Long answers: they report, they end when nobody waits for them, and what goes wrong becomes a sentence."""

import os
import socket
import subprocess
import sys
import threading

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import progress
from cnnlab.progress import report
from cnnlab.runs import RunError, Store
from cnnlab.workers.job import Job, JobError, tell
from cnnlab.workers.pool import Workers
from cnnlab.workers.processes import RESOURCES
from cnnlab.workers.resources import resource_name
from tests.conftest import wait_for

REACHED: list[str] = []  # what tasks in this process's own worker have come to
GATES: dict[str, threading.Event] = {}  # the task of that name goes on to its last step when this is set


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A *look* worker as threads of this process, with the resources of a real one and without TensorFlow."""
    from distributed import Client, LocalCluster

    store = Store(tmp_path_factory.mktemp("jobs"))
    resources = {
        resource_name(name, store.root): int(n)
        for name, n in (one.split("=") for one in RESOURCES["look"].split())
    }
    options = {
        "processes": False,
        "protocol": "tcp",
        "n_workers": 1,
        "threads_per_worker": len(resources),
        "resources": resources,
    }
    with (
        LocalCluster(host="127.0.0.1", **options) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        workers = Workers(store)
        workers.client = client
        progress.told_to(tell)  # as each worker does at its start
        yield workers
        progress.told_to(None)


@pytest.fixture(autouse=True)
def forget():
    REACHED.clear()
    GATES.clear()


def gate(name: str) -> threading.Event:
    return GATES.setdefault(name, threading.Event())


def counting(name: str, steps: int = 4) -> str:
    """Report step after step; wait at the gate before the last."""
    try:
        for step in range(steps):
            report(step, steps)
            REACHED.append(f"{name} {step}")
            while step == steps - 2 and not gate(name).wait(0.01):
                report(step, steps)
        return name
    except Exception as error:
        REACHED.append(f"{name} {type(error).__name__}")
        raise


def raising(error: Exception) -> None:
    raise error


def test_a_job_reports_and_answers(workers):
    job = Job(workers, counting, "a")
    wait_for(lambda: job.progress == (2, 4), "progress has come to the page")
    assert not job.done()
    gate("a").set()
    assert job.wait(300)
    assert job.result() == "a"


def test_letting_go_of_a_job_ends_its_work_and_frees_its_resource(workers):
    job = Job(workers, counting, "unwanted")
    wait_for(lambda: "unwanted 2" in REACHED, "it is at work")
    del job
    wait_for(lambda: "unwanted Cancelled" in REACHED, "it has noticed")
    following = Job(workers, counting, "following")
    gate("following").set()
    assert following.wait(300)
    assert following.result() == "following"


def test_a_job_that_is_let_go_while_it_waits_holds_up_nobody(workers):
    first, second, third = (Job(workers, counting, name, long=True) for name in ("first", "second", "third"))
    wait_for(lambda: "first 2" in REACHED, "the first is at work")
    assert (first.before(), second.before(), third.before()) == (0, 1, 2)
    del second
    gate("first").set(), gate("third").set()
    assert third.wait(300)
    assert third.result() == "third"


def test_a_long_job_does_not_hold_up_a_quick_one(workers):
    slow = Job(workers, counting, "slow", long=True)
    wait_for(lambda: "slow 2" in REACHED, "the long one is at work")
    quick = Job(workers, counting, "quick", 1)
    assert quick.before() == 0
    assert quick.wait(300)
    assert not slow.done()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RunError("The run is gone."), "^The run is gone.$"),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("by zero"), "The worker could not do this: ZeroDivisionError: by zero."),
    ],
)
def test_what_goes_wrong_becomes_a_sentence(workers, error, sentence):
    job = Job(workers, raising, error)
    assert job.wait(300)
    with pytest.raises(JobError, match=sentence):
        job.result()


def page(about: str, shared: bool, by_itself: bool) -> None:
    """A page with a setting, as AppTest runs it: on its own, so it imports what it needs."""
    import streamlit as st

    from cnnlab.ui.widgets.background_job import answer
    from tests.workers.test_job import counting

    question = st.session_state.get("question", about)
    words = {"ask": None if by_itself else "Compute", "doing": "{done} / {all}"}
    found = answer("test", question, counting, question, shared=shared, **words)
    st.markdown(f"found {found}")


def opened(about: str, shared: bool = False, by_itself: bool = False) -> AppTest:
    return AppTest.from_function(page, args=(about, shared, by_itself), default_timeout=300).run()


def drawn(at: AppTest, text: str) -> bool:
    """Draw the page again, as its fragment does each second, and say whether the text is on it."""
    at.run()
    assert not at.exception
    return text in [element.value for element in (*at.markdown, *at.warning, *at.caption)]


@pytest.fixture
def served(workers, monkeypatch):
    """Pages that are served by this module's worker."""
    monkeypatch.setattr("cnnlab.workers.pool._current", workers)


def test_a_page_asks_waits_and_shows_the_answer(served):
    at = opened("p")
    assert at.markdown[0].value == "found None"
    at.button(key="_job.test.ask").click().run()
    assert [button.label for button in at.button] == ["Cancel"]
    gate("p").set()
    wait_for(lambda: drawn(at, "found p"), "the page shows the answer")
    assert not at.button
    before = list(REACHED)
    assert drawn(at, "found p")
    assert before == REACHED, "nothing is computed twice"


def test_a_page_cancels(served):
    at = opened("q")
    at.button(key="_job.test.ask").click().run()
    wait_for(lambda: "q 2" in REACHED, "the job is at work")
    at.button(key="_job.test.cancel").click().run()
    wait_for(lambda: "q Cancelled" in REACHED, "the job has ended")
    assert [button.label for button in at.button] == ["Compute"]


def test_what_started_by_itself_stays_cancelled_until_it_is_wanted_again(served):
    at = opened("u", by_itself=True)
    wait_for(lambda: "u 2" in REACHED, "the job is at work")
    at.button(key="_job.test.cancel").click().run()
    wait_for(lambda: "u Cancelled" in REACHED, "the job has ended")
    assert drawn(at, "Cancelled.")
    gate("u").set()
    at.button(key="_job.test.again").click().run()
    wait_for(lambda: drawn(at, "found u"), "the answer is there")


def test_new_settings_cancel_the_old_question(served):
    at = opened("old")
    at.button(key="_job.test.ask").click().run()
    wait_for(lambda: "old 2" in REACHED, "the job is at work")
    at.session_state["question"] = "new"
    at.run()
    wait_for(lambda: "old Cancelled" in REACHED, "the old job has ended")
    at.button(key="_job.test.ask").click().run()
    gate("new").set()
    wait_for(lambda: drawn(at, "found new"), "the new answer is there")


def test_who_asks_the_same_waits_for_the_same_work_and_one_may_leave(served):
    first, second = opened("class", shared=True), opened("class", shared=True)
    for at in (first, second):
        at.button(key="_job.test.ask").click().run()
    wait_for(lambda: "class 2" in REACHED, "the job is at work")
    first.button(key="_job.test.cancel").click().run()
    gate("class").set()
    wait_for(lambda: drawn(second, "found class"), "the other has its answer")
    assert [f"class {step}" for step in range(4)] == REACHED


def test_a_failure_is_said_and_can_be_tried_again(served, monkeypatch):
    monkeypatch.setitem(GATES, "r", None)  # has no `wait`: the task fails at its last step but one
    at = opened("r")
    at.button(key="_job.test.ask").click().run()
    wait_for(lambda: drawn(at, "found None") and at.warning, "the page says what went wrong")
    assert at.warning[0].value.startswith("The worker could not do this: AttributeError")
    GATES["r"] = threading.Event()
    gate("r").set()
    at.button(key="_job.test.again").click().run()
    wait_for(lambda: drawn(at, "found r"), "the page shows the answer")


def test_a_page_without_workers_says_so_and_one_without_a_connection_goes_on_trying(monkeypatch, tmp_path):
    assert drawn(opened("s"), "This needs the worker processes, and they are not running.")
    monkeypatch.setattr("cnnlab.workers.pool._current", Workers(Store(tmp_path), "tcp://127.0.0.1:9"))
    at = opened("t")
    at.button(key="_job.test.ask").click().run()
    assert not at.exception
    assert [button.label for button in at.button] == ["Cancel"]


def test_without_workers_there_is_no_job(tmp_path):
    unconnected = Workers(Store(tmp_path), "tcp://127.0.0.1:9")
    with pytest.raises(RunError, match="still starting"):
        Job(unconnected, counting, "a")


def test_reports_outside_a_worker_do_nothing():
    report(1, 2)


def test_a_worker_that_dies_over_a_job_ends_it_with_a_sentence(tmp_path):
    """The job kills a worker process of its own; Dask tries again three times unless told otherwise."""
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
        look = f"{resource_name('look', tmp_path)}=1"
        command += ["--no-nanny", "--nthreads", "1", "--resources", look, "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, "--dashboard-address", "127.0.0.1:0"], stderr=subprocess.DEVNULL
        )
        workers = Workers(Store(tmp_path))
        workers.client = client
        # This worker has no resource for long jobs, as a cluster may: they go where the quick ones go.
        job = Job(workers, os._exit, 1, long=True)
        assert job.wait(300)
        with pytest.raises(JobError, match="ended over this more than once"):
            job.result()
        assert process.wait(300) == 1


def test_a_lost_scheduler_is_said_and_its_successor_is_found(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--no-dashboard",
        "--host",
        "127.0.0.1",
    ]
    scheduler = subprocess.Popen([*command, "--port", port], stderr=subprocess.DEVNULL)
    workers = Workers(Store(tmp_path), f"tcp://127.0.0.1:{port}").start()
    wait_for(lambda: workers.client, "the app has found the scheduler")
    first = workers.client
    job = Job(workers, counting, "waits for a worker")
    scheduler.kill()
    try:
        wait_for(lambda: first.status == "closed", "the connection is lost")
        assert job.wait(300)
        with pytest.raises(JobError, match="connection to the worker was lost"):
            job.result()
        with pytest.raises(RunError):
            Job(workers, counting, "nobody there", long=True)
        assert not workers.ready("look")
        scheduler = subprocess.Popen([*command, "--port", port], stderr=subprocess.DEVNULL)
        wait_for(lambda: workers.client not in (None, first), "the next scheduler is found")
        assert not Job(workers, counting, "waits again").done()
    finally:
        workers.close()
        scheduler.kill()
