"""Real worker processes: they train, they die, they never outlive the app, they hear only this machine."""

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import dask.system
import numpy as np
import psutil
import pytest

from cnnlab import malloc
from cnnlab.classroom import Classroom
from cnnlab.inspection.activation_maximisation import made_for
from cnnlab.inspection.attribution import attribute
from cnnlab.inspection.grad_cam import GradCam
from cnnlab.runs import Phase, Store, claims
from cnnlab.runs.attempt import Attempt
from cnnlab.workers import preload_worker as worker_start
from cnnlab.workers import processes
from cnnlab.workers.dispatcher import Dispatcher
from cnnlab.workers.job import Job
from cnnlab.workers.pool import Workers
from cnnlab.workers.processes import threads_each
from cnnlab.workers.resources import resource_name
from tests.conftest import PATIENCE, wait_for
from tests.support.workers import LONG, SHORT, at_work_beyond, computing, queue


@pytest.fixture(scope="module")
def crew(tmp_path_factory):
    """Local workers and the store that they serve."""
    store = Store(tmp_path_factory.mktemp("crew") / "runs")
    workers = Workers(store).start()
    wait_for(lambda: workers.ready("train") and workers.ready("look"), "both workers are warm")
    yield store, workers
    workers.close()


def test_runs_are_trained_in_the_order_of_their_coming(crew):
    store, workers = crew
    runs = [queue(store, SHORT) for _ in range(2)]
    workers.wake()
    for run in runs:
        wait_for(lambda run=run: run.state().phase == "finished", f"{run.id} is finished")
        assert len(run.history()) == 2
    first, second = (run.claimed(1).at for run in runs)
    assert first < second


def test_a_command_stops_a_run_and_resume_goes_on(crew):
    store, workers = crew
    run = queue(store, LONG)
    workers.wake()
    wait_for(lambda: at_work_beyond(run, 1), "two epochs are finished")
    run.command("stop", "anna")
    wait_for(lambda: run.state().phase == "stopped", "the run has stopped")
    kept = run.history()
    run.command("resume", "anna")
    workers.wake()
    wait_for(lambda: at_work_beyond(run, len(kept)), "the run goes on beyond what was kept")
    assert run.attempt() == 2
    assert run.history()[: len(kept)] == kept
    run.command("stop", "anna")
    wait_for(lambda: run.state().phase == "stopped", "the run has stopped again")


def test_the_look_worker_answers_while_training(crew):
    store, workers = crew
    run = queue(store, LONG)
    workers.wake()
    wait_for(lambda: at_work_beyond(run, 0), "the run is at work")
    assert [workers.look(os.getpid).result(PATIENCE)] == computing(workers.processes["look"].pid)
    run.command("stop", "anna")
    wait_for(lambda: run.state().phase == "stopped", "the run has stopped")


def test_the_look_worker_explains_an_answer_while_it_is_at_a_long_question(crew, digits_run):
    """What travels there and back, progress, two resources, and letting go, all with a real worker."""
    store, run = digits_run
    where = str(store.root), run.id
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    _store, workers = crew
    held = [Job(workers, made_for, *where, "conv_1", 0, 1_000_000, 0, long=True)]
    wait_for(lambda: (held[0].progress or [0])[0] > 100, "the long question is being worked on")
    question = *where, photo, 3, GradCam("conv_3_relu")
    quick = Job(workers, attribute, *question)
    assert quick.wait(300)
    np.testing.assert_allclose(quick.result().map, attribute(*question).map, rtol=1e-3, atol=1e-6)
    assert not held.pop().done()
    following = Job(workers, made_for, *where, "conv_1", 0, 8, 0, long=True)
    assert following.wait(300), "nobody waits for a question that was let go"
    assert following.result().pictures.shape == (3, 32, 32, 3)


def niceness(process: int) -> tuple[int, int]:
    """Return the niceness of a process, and that of its session's group where it is in one."""
    group = Path(f"/proc/{process}/autogroup")  # "/autogroup-7 nice 10"; nothing outside such groups
    alone = os.getpriority(os.PRIO_PROCESS, process)
    said = group.read_text().split() if group.exists() else []
    return alone, int(said[-1]) if said else alone


def test_training_gives_way_to_the_pages_and_looking_does_not(crew):
    _store, workers = crew
    [trains] = computing(workers.processes["train"].pid)
    [looks] = computing(workers.processes["look"].pid)
    nice = worker_start.NICENESS
    assert niceness(trains) == (nice, nice)
    assert niceness(looks) == niceness(os.getpid())
    environment = psutil.Process(trains).environ()
    assert environment["TF_NUM_INTRAOP_THREADS"] == str(threads_each(1))
    assert malloc.environment().items() <= environment.items()  # Dask sets such variables too
    assert psutil.Process(looks).environ().get("TF_NUM_INTRAOP_THREADS") == os.environ.get(
        "TF_NUM_INTRAOP_THREADS"
    )


@pytest.mark.parametrize("there", ["nowhere", "", "kept/from/writing"])
def test_without_autogroups_niceness_alone_must_do(tmp_path, there):
    """No such file (macOS); one that cannot be written (here a folder, as even root is refused that)."""
    (tmp_path / "kept/from/writing").mkdir(parents=True)
    script = f"""
from cnnlab.workers import preload_worker as worker
worker.AUTOGROUP = worker.Path({str(tmp_path / there)!r})
worker.lower_session()
print("goes on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("goes on\n", "")


@pytest.mark.parametrize(
    ("cores", "trainers", "threads"),
    [(1, 1, 1), (2, 1, 2), (2, 2, 1), (4, 1, 3), (8, 1, 7), (8, 2, 3), (8, 3, 2), (4, 16, 1)],
)
def test_threads_are_divided_and_leave_the_pages_room(monkeypatch, cores, trainers, threads):
    monkeypatch.setattr(dask.system, "CPU_COUNT", cores)
    assert threads_each(trainers) == threads


def test_two_train_at_once_a_paused_queue_hands_out_nothing_and_the_teacher_sees_it(tmp_path, monkeypatch):
    monkeypatch.delitem(processes.RESOURCES, "look")
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "271828")
    store = Store(tmp_path / "runs")
    room = Classroom(store.root)
    workers = Workers(store, trainers=2).start()
    try:
        wait_for(lambda: workers.processes, "the processes are started")
        starting = workers.health()
        assert [worker.name for worker in starting] == ["train", "train-2"]
        assert {worker.trouble for worker in starting} == {"It is still starting."}
        wait_for(lambda: workers.ready("train"), "a worker is warm")
        first, second = queue(store, LONG), queue(store, LONG)
        workers.wake()
        wait_for(lambda: at_work_beyond(first, 0) and at_work_beyond(second, 0), "both are at work")
        health = workers.health()
        assert {worker.doing for worker in health} == {(first.id,), (second.id,)}
        assert all(worker.memory > 2**26 and not worker.trouble for worker in health)
        assert all(worker.address.startswith("tls://127.0.0.1") for worker in health)
        family = [psutil.Process(), *psutil.Process().children(recursive=True)]
        knowing = [one.pid for one in family if "271828" in str(one.environ())]
        assert set(knowing) <= {os.getpid()}, "the PIN is the page server's alone"
        room.change(queue_paused=True)
        held = queue(store, SHORT)
        second.command("stop", "anna")
        wait_for(lambda: second.state().phase == "stopped", "a run at work can be stopped all the same")
        wait_for(lambda: [one.doing for one in workers.health()].count(()) == 1, "a worker is idle")
        before = first.state().heartbeat
        workers.wake()
        wait_for(lambda: first.state().heartbeat > before + 3, "a run at work goes on")
        assert (held.state().phase, held.attempt()) == ("queued", 0)
        room.change(queue_paused=False)
        wait_for(lambda: held.state().phase == "finished", "the queue goes on")
        workers.processes["train-2"].kill()
        ended = lambda: [one.trouble[:22] for one in workers.health()]  # noqa: E731
        wait_for(lambda: ended() == ["", "Its process has ended."], "the teacher sees that one has ended")
    finally:
        workers.close()


def client_of(workers: dict[str, dict], tasks: dict[str, list[str]]) -> SimpleNamespace:
    """Return what stands in for Dask's client, whose scheduler knows these workers and their tasks."""
    return SimpleNamespace(
        status="running",
        scheduler_info=lambda **_: {"workers": workers},
        processing=lambda: tasks,
        as_current=nullcontext,
    )


def test_a_run_that_seems_interrupted_is_left_to_dask_while_dask_has_a_task_for_it(tmp_path, monkeypatch):
    """Its worker may have got no time for a heartbeat, or the worker that it moved to is still busy."""
    store = Store(tmp_path / "runs")
    lost, waits = queue(store, LONG), queue(store, LONG)
    Attempt(lost, lost.claim("queued")).enter(Phase.INTERRUPTED)
    assert lost.needs_attempt() == "recovery"
    dispatcher = Dispatcher(store, wake=lambda: None)
    resource = resource_name("train", store.root)
    trainers = {name: {"resources": {"train": 1, resource: 1}} for name in ("one", "two")}
    handed: list[str] = []
    tasks = {"one": [f"train:{lost.id}:1"]}
    client = client_of(trainers, tasks)
    monkeypatch.setattr(dispatcher, "_hand_out", lambda _to, run, why: not handed.append((run.id, why)))
    monkeypatch.setattr("distributed.Lock", lambda name: nullcontext())
    dispatcher.dispatch(client)
    assert handed == [(waits.id, "queued")]
    tasks.clear()
    dispatcher.dispatch(client)
    assert handed[1:] == [(lost.id, "recovery"), (waits.id, "queued")], "Dask has lost it"
    tasks |= {"one": [f"train:{lost.id}:2"], "two": ["train:kite-123:1", "train:lark-321:1"]}
    dispatcher.dispatch(client)
    assert len(handed) == 3, "one is busy, and for the other there is more than enough to do"
    tasks.pop("one")
    dispatcher.dispatch(client)
    assert len(handed) == 3, "one has come back: what waits behind the other is moved to it"


def test_a_run_whose_app_was_killed_is_found_out_while_the_workers_still_start(tmp_path, monkeypatch):
    store, now = Store(tmp_path / "runs"), [1000.0]
    lost = queue(store, LONG)
    Attempt(lost, lost.claim("queued")).enter(Phase.RUNNING)
    dispatcher, handed = Dispatcher(store, wake=lambda: None), []
    connected: dict[str, dict] = {}
    monkeypatch.setattr(claims.time, "monotonic", lambda: now[0])
    client = client_of(connected, {})
    monkeypatch.setattr(dispatcher, "_hand_out", lambda _to, run, why: not handed.append((run.id, why)))
    monkeypatch.setattr("distributed.Lock", lambda name: nullcontext())
    dispatcher.dispatch(client)
    now[0] += claims.SILENCE + 1
    dispatcher.dispatch(client)
    assert not handed, "there is nobody to train it"
    connected["one"] = {"resources": {"train": 1, resource_name("train", store.root): 1}}
    dispatcher.dispatch(client)
    assert handed == [(lost.id, "recovery")]


def listening(workers: Workers) -> list[tuple[str, int]]:
    """Return where this process and those of the workers listen."""
    processes = [psutil.Process()]
    for worker in workers.processes.values():
        nanny = psutil.Process(worker.pid)
        processes += [nanny, *nanny.children(recursive=True)]
    return [
        tuple(connection.laddr)
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]


def test_nothing_listens_beyond_this_machine(crew):
    _store, workers = crew
    heard = listening(workers)
    assert len(heard) >= 5, "the scheduler, two workers and their nannies"
    assert {ip for ip, _port in heard} <= {"127.0.0.1", "::1"}


STRANGER = """
import asyncio, json, sys, urllib.request
from distributed.comm import connect
from distributed.security import Security

async def answer(address, security):
    comm = await connect(address, timeout=60, **security.get_connection_args("client"))
    await comm.write({"op": "identity", "reply": True})
    return repr(await comm.read())

def by_http(address):
    return urllib.request.urlopen(address, timeout=10).status

answers = []
for ip, port in json.loads(sys.argv[1]):
    place = f"{ip}:{port}"
    for ask in (
        lambda: asyncio.run(answer(f"tcp://{place}", Security())),
        lambda: asyncio.run(answer(f"tls://{place}", Security.temporary())),
        lambda: by_http(f"http://{place}/health"),
    ):
        try:
            answers.append(f"{place} {ask()}")
        except (OSError, TypeError, asyncio.TimeoutError) as error:
            answers.append(f"{place} refused")
print(json.dumps(answers))
"""


def test_who_has_no_certificate_of_this_start_is_refused_by_everything_that_listens(crew):
    """As another account of this computer would try it: in plain, with a certificate of its own, by HTTP."""
    _store, workers = crew
    heard = listening(workers)
    script = [sys.executable, "-c", STRANGER, json.dumps(heard)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout) == [f"{ip}:{port} refused" for ip, port in heard for _way in range(3)]


def test_dask_looks_for_modules_in_no_folder_that_others_can_make_first(crew):
    """It puts its own folder before the other places of modules; by default that is one for everybody."""
    _store, workers = crew
    places = [*sys.path]
    for kind in ("train", "look"):
        places += workers.client.submit(_places, resources={kind: 1}, pure=False).result(PATIENCE)
    found = [Path(path) for path in places if "dask-scratch-space" in path]
    assert len(found) >= 3, "the scheduler's and each worker's"
    for folder in found:
        closed = [one for one in (folder, *folder.parents) if one.exists() and not one.stat().st_mode & 0o077]
        assert closed, f"{folder} is open to others"
        assert any(one.parent.name != "dask-scratch-space" for one in closed), "its name can be guessed"


def _places() -> list[str]:
    return [*sys.path]


def test_a_killed_worker_costs_no_finished_epoch_and_the_second_death_ends_it(crew):
    store, workers = crew
    run, innocent = queue(store, LONG), queue(store, SHORT)
    workers.wake()
    wait_for(lambda: at_work_beyond(run, 1), "two epochs are finished")
    kept = run.history()
    [worker] = computing(workers.processes["train"].pid)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: at_work_beyond(run, len(kept)), "the run goes on by itself")
    assert run.attempt() == 2
    assert run.claimed(2).reason == "recovery"
    assert run.history()[: len(kept)] == kept
    [worker] = computing(workers.processes["train"].pid)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: run.state().phase == "interrupted", "it rests after the second death")
    wait_for(lambda: innocent.state().phase == "finished", "the run behind it is trained")
    assert run.attempt() == 2
    run.command("resume", "anna")
    workers.wake()
    wait_for(lambda: at_work_beyond(run, len(kept)), "it goes on when its owner asks")
    assert run.attempt() == 3
    run.delete("anna")
    other = queue(store, SHORT)
    workers.wake()
    wait_for(lambda: other.state().phase == "finished", "deleting a run frees its worker")
