"""What goes wrong in classrooms: full disks, clocks set back, laptops that sleep, processes that vanish.

Afterwards no finished epoch is missing, no half file counts as whole, and one trainer writes.
"""

import contextlib
import resource
import shutil
import socket
import struct
import subprocess
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from cnnlab import files, moments
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.runs import Checkpoint, Phase, Run, RunError, Store, claims
from cnnlab.runs.attempt import PART, Attempt, Superseded
from cnnlab.runs.history import COLUMNS
from cnnlab.runs.queue import last_taken_up, places, waiting
from tests.conftest import App, wait_for
from tests.support.pages import open_page
from tests.support.workers import LONG, SHORT, alive, at_work_beyond, computing, queue

CLASSES = tuple("0123456789")
TINY = TrainConfig(
    model=ModelConfig(blocks=(ConvBlock(filters=16, stride=3),)), dataset="digits", limit=60, epochs=3
)
MESSAGE = "There is no room left; the epochs before are kept."


class Disk:
    """A small disk for runs: a tmpfs of 4 MB. `room` is for the other kind."""

    def __init__(self, root: Path):
        self.root, self.ballast = root, root / "ballast"

    def fill(self, room: int = 0) -> None:
        """Leave not a byte."""
        with self.ballast.open("wb", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size):
                        pass

    def free(self) -> None:
        self.ballast.unlink()

    @contextlib.contextmanager
    def full(self, room: int = 0):
        self.fill(room)
        try:
            yield
        finally:
            self.free()


class Limited(Disk):
    """A disk where the system refuses files beyond `room` bytes; this needs no rights."""

    def fill(self, room: int = 0) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, self.before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request, tmp_path):
    if request.param == "limit":
        yield Limited(tmp_path)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not allowed here; the variant with a limit runs all the same")
    yield Disk(tmp_path)
    subprocess.run(["umount", str(tmp_path)], check=True)


def make(root: Path, owner: str = "anna", config: TrainConfig = TINY) -> Run:
    return Store(root / "runs").create(config, CLASSES, preset="article", owner=owner)


def rows(epochs: int) -> list[dict[str, float]]:
    return [{name: float(epoch) for name in COLUMNS} for epoch in range(1, epochs + 1)]


def content(run: Run) -> dict[str, bytes]:
    """Return every file of a run; there must be none that is half written."""
    files = {str(path.relative_to(run.folder)): path for path in run.folder.rglob("*") if path.is_file()}
    assert not [name for name in files if "part" in name or PART in name], "nothing half written stays"
    return {name: path.read_bytes() for name, path in files.items()}


# A full disk, file by file


def test_a_full_disk_takes_no_new_run_and_harms_no_other(disk):
    other = make(disk.root)
    before = content(other)
    with disk.full(), pytest.raises(OSError):
        make(disk.root)
    assert [run.id for run in Store(disk.root / "runs").runs()] == [other.id]
    assert content(other) == before
    assert {path.name for path in (disk.root / "runs").iterdir()} == {other.id}, "no half folder stays"
    assert make(disk.root).state().phase == "queued", "there is room again"


def test_a_command_is_stored_whole_or_not_at_all(disk):
    run = make(disk.root)
    run.command("epochs", "anna", 5)
    before = content(run)
    # Fill up the page that the file lies in, so that a line would fit in part only.
    with (
        disk.full(room=len(before["changes.jsonl"]) + 10),
        pytest.raises(RunError, match="nothing has changed"),
    ):
        for _line in range(100):
            before = content(run)
            run.command("epochs", "anna", 6)
    assert content(run) == before
    run.command("stop", "anna")
    assert [command.name for command in run.commands()][-1] == "stop"
    assert run.state().phase == "stopped"


def test_what_a_dying_app_wrote_of_a_command_does_not_harm_the_next(tmp_path):
    run = make(tmp_path)
    run.command("epochs", "anna", 5)
    with (run.folder / "changes.jsonl").open("a") as file:
        file.write('{"wish": "st')
    run.command("rate", "anna", 0.5)
    assert [(command.name, command.value) for command in run.commands()] == [("epochs", 5), ("rate", 0.5)]


def test_a_run_that_cannot_be_claimed_for_want_of_room_goes_on_waiting(disk):
    run = make(disk.root)
    with disk.full(), pytest.raises(RunError, match=f"{run.id} could not be taken up: "):
        run.claim("queued")
    content(run)
    assert (run.attempt(), run.needs_attempt()) == (0, "queued")
    assert run.claim("queued") == 1


WRITERS = {
    "history.csv": lambda attempt: attempt.write_history(rows(60)),
    "checkpoint/state.npz": lambda attempt: attempt.write_checkpoint(Checkpoint(2, ARRAYS, {})),
    "kernels/epoch-0001.npz": lambda attempt: attempt.write_kernels(1, ARRAYS),
    "probe.npz": lambda attempt: attempt.write_answer_panel(2, np.arange(100), np.ones((100, 10))),
    "weights.npz": lambda attempt: attempt.write_result(ARRAYS),
    "evaluation.npz": lambda attempt: attempt.run.save_evaluation(np.ones((300, 10)), np.zeros(300, int)),
}
ARRAYS = {"conv_1/kernel": np.ones((30, 30, 3, 3), np.float32)}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_finds_no_room_leaves_the_old_one_and_the_run_says_so(disk, name):
    run = make(disk.root)
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(Phase.RUNNING)
    attempt.write_history(rows(1))
    attempt.write_checkpoint(Checkpoint(1, {"conv_1/kernel": np.zeros(3)}, {}))
    attempt.write_answer_panel(1, np.arange(3), np.ones((3, 10)))
    run.save_evaluation(np.ones((2, 10)), np.zeros(2, int))
    before = content(run)
    with disk.full(room=1000):
        with pytest.raises((OSError, RunError)):
            WRITERS[name](attempt)
        attempt.fail(MESSAGE)
    assert (run.state().phase, run.state().message) == ("failed", MESSAGE)
    assert content(run) | {"state.json": b""} == before | {"state.json": b""}
    assert (len(run.history()), run.checkpoint().epoch, run.evaluation().openings) == (1, 1, 1)
    run.command("resume", "anna")
    assert run.needs_attempt() == "resume"


def test_no_room_for_heartbeats_is_silence_and_not_running_for_ever(disk, clock):
    run = make(disk.root)
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(Phase.RUNNING)
    assert run.state().phase == "running"
    with disk.full():
        attempt.update(heartbeat=1)
        with pytest.raises(OSError):
            attempt.enter(Phase.RUNNING)
        clock.move(claims.SILENCE + 1)
        assert run.state().phase == "interrupted"
    content(run)
    assert run.needs_attempt() == "recovery"


TRAINED = ["history.csv", "state.npz", "epoch-0002.npz", "probe.npz", "weights.npz", "model.keras"]


@pytest.mark.parametrize("name", [*TRAINED, "evaluation.npz"])
def test_training_ends_with_a_sentence_when_a_file_finds_no_room_and_goes_on_when_there_is(
    disk, name, monkeypatch
):
    """The disk is full from the moment in which this file of the second epoch, or of the end, is written."""
    from cnnlab.training.run_attempt import train

    if name == "history.csv" and isinstance(disk, Limited):
        pytest.skip("two rows are shorter than the sentence: a limit on sizes cannot refuse them alone")
    run = make(disk.root, config=TINY.model_copy(update={"epochs": 2, "open_test": True}))
    original, filled = files.whole, []

    def filling(path, *how, **more):
        if path.name == name and len(run.history()) + (name == "history.csv") == 2 and not filled:
            filled.append(path)
            disk.fill(room=1000)
        return original(path, *how, **more)

    monkeypatch.setattr(files, "whole", filling)
    try:
        train(run, run.claim("queued"), should_stop=lambda: False)
        assert filled
        state = run.state()
    finally:
        disk.free()
    assert state.phase == "failed"
    assert "epochs before are kept" in state.message or "could not be stored" in state.message
    of_before = name in ("history.csv", "state.npz", "probe.npz")
    assert any(file.endswith(name) for file in content(run)) == of_before
    kept = run.history()
    assert [row["epoch"] for row in kept] == ([1] if name == "history.csv" else [1, 2])
    assert run.checkpoint().epoch == (1 if name in ("history.csv", "state.npz") else 2)
    run.command("resume", "anna")
    train(run, run.claim("resume"), should_stop=lambda: False)
    assert run.state().phase == "finished"
    assert [row["epoch"] for row in run.history()] == [1, 2]
    assert run.history()[0] == kept[0]
    assert {"weights.npz", "model.keras", "evaluation.npz", "probe.npz"} <= content(run).keys()


# An attempt that was frozen, as by a laptop that sleeps


def take_over(run: Run) -> Attempt:
    """Another worker goes on with the run and finishes five epochs."""
    with Attempt(run, run.claim("recovery")) as attempt:
        attempt.write_history(rows(5))
        attempt.write_checkpoint(Checkpoint(5, {"conv_1/kernel": np.full(3, 5.0)}, {}))
    return attempt


FROZEN = {
    "state.json": lambda attempt: attempt.enter(Phase.FINISHED, "by the first"),
    "history.csv": lambda attempt: attempt.write_history(rows(2)),
    "state.npz": lambda attempt: attempt.write_checkpoint(Checkpoint(2, {"conv_1/kernel": np.zeros(3)}, {})),
}


@pytest.mark.parametrize("name", FROZEN)
@pytest.mark.parametrize("moment", ["before its last look", "after its last look"])
def test_an_attempt_frozen_while_it_writes_never_overwrites_the_one_that_went_on(
    tmp_path, monkeypatch, name, moment
):
    run = make(tmp_path)
    first = Attempt(run, run.claim("queued"))
    first.enter(Phase.RUNNING)
    original, after = Path.replace, []

    def frozen(part, target):
        if target.name == name and not after:
            after.append(None)  # the takeover replaces files of this name too
            take_over(run)
            after[0] = content_but(run, part)
        return original(part, target)

    if moment == "after its last look":
        monkeypatch.setattr(Path, "replace", frozen)
    else:
        require, looks = first._require_newest, []

        def late():
            looks.append(None)
            if len(looks) == 2:  # the first look is before writing
                take_over(run)
                after.append(content_but(run, None))
            require()

        monkeypatch.setattr(first, "_require_newest", late)
    with pytest.raises((Superseded, FileNotFoundError)):
        FROZEN[name](first)
    assert content(run) == after[0]
    assert (len(run.history()), run.checkpoint().epoch, run.attempt()) == (5, 5, 2)
    with pytest.raises(Superseded):
        first.write_history(rows(2))


def content_but(run: Run, part: Path | None) -> dict[str, bytes]:
    assert part is None or not part.exists(), "whoever goes on removes it first"
    return {
        str(path.relative_to(run.folder)): path.read_bytes()
        for path in run.folder.rglob("*")
        if path.is_file() and not path.name.startswith(PART)
    }


def test_a_reader_that_slept_ten_minutes_takes_no_run_from_a_trainer_that_lives(tmp_path, clock):
    run = make(tmp_path)
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(Phase.RUNNING)
    assert run.state().phase == "running"
    clock.move(600)
    assert (run.state().phase, run.needs_attempt()) == ("running", None), "nobody has listened meanwhile"
    attempt.update(heartbeat=1)
    attempt.enter(Phase.RUNNING)
    clock.move(claims.SILENCE - 1)
    assert (run.state().phase, run.needs_attempt()) == ("running", None)
    clock.move(600)
    assert run.needs_attempt() is None
    clock.move(claims.SILENCE + 1)
    assert run.needs_attempt() == "recovery", "a trainer that did not wake up is found out"


def test_a_trainer_that_wakes_up_late_lets_go_and_one_writes_to_the_end(tmp_path):
    """A real training run is frozen in the middle of an epoch while another attempt takes the run over."""
    from cnnlab.training.run_attempt import train

    run = make(tmp_path, config=TINY.model_copy(update={"epochs": 4}))
    asleep, awake = threading.Event(), threading.Event()

    def sleep_in_the_third_epoch() -> bool:
        if len(run.history()) == 2:
            asleep.set()
            assert awake.wait(300)
        return False

    first = threading.Thread(target=train, args=(run, run.claim("queued"), sleep_in_the_third_epoch))
    first.start()
    try:
        assert asleep.wait(300)
        kept = run.history()
        number = run.claim("recovery")
        awake.set()
        train(run, number, should_stop=lambda: False)
    finally:
        awake.set()
        first.join(300)
    assert (run.state().phase, run.state().attempt) == ("finished", 2)
    assert [row["epoch"] for row in run.history()] == [1, 2, 3, 4]
    assert run.history()[:2] == kept
    assert run.checkpoint().epoch == 4
    content(run)


# A clock set back


def test_a_clock_set_back_changes_neither_order_nor_turns_nor_heartbeats(tmp_path, monkeypatch, clock):
    def at(time: str) -> None:
        monkeypatch.setattr(moments, "now", lambda: f"2026-03-01T{time}.000000+00:00")

    store = Store(tmp_path / "runs")
    at("10:00:00")
    first = make(tmp_path, "anna")
    assert first.claim("queued", last_taken_up(store)) == 1
    Attempt(first, 1).enter(Phase.FINISHED)
    at("09:00:00")  # an hour back
    created = [make(tmp_path, owner) for owner in ("ben", "ben", "anna")]
    assert [run.id for run in store.runs()] == [run.id for run in reversed([first, *created])]
    assert [run.id for run, _reason in waiting(store)] == [created[0].id, created[2].id, created[1].id]
    assert places(store) == {created[0].id: 0, created[2].id: 1, created[1].id: 2}
    # Ben is served after Anna was, whatever the clock says: so next time she comes first.
    assert created[0].claim("queued", last_taken_up(store)) == 1
    assert created[0].claimed(1).at > first.claimed(1).at
    Attempt(created[0], 1).enter(Phase.FINISHED)
    assert [run.id for run, _reason in waiting(store)] == [created[2].id, created[1].id]
    attempt = Attempt(created[1], created[1].claim("queued"))
    attempt.enter(Phase.RUNNING)
    monkeypatch.setattr(claims.time, "time", lambda: 0.0)
    for heartbeat in range(1, 20):
        attempt.update(heartbeat=heartbeat)
        attempt.enter(Phase.RUNNING)
        assert created[1].state().phase == "running"
        clock.move(claims.SILENCE - 1)


@pytest.mark.parametrize("created", ["", "yesterday", "0001-01-01", "2026-03-01"])
def test_a_hand_edited_time_stops_nobody(tmp_path, created):
    path = make(tmp_path).folder / "config.json"
    path.write_text(path.read_text().replace('"created": "2', f'"created": "{created}", "was": "2'))
    assert make(tmp_path).state().phase == "queued"


# Processes that vanish


class Browser:
    """A browser that watches a training run, by Streamlit's websocket protocol."""

    def __init__(self, connection: ClientConnection, run: Run):
        self.connection = connection
        request = BackMsg()
        request.rerun_script.query_string, request.rerun_script.page_name = f"run={run.id}", "train"
        connection.send(request.SerializeToString())

    @classmethod
    @contextlib.contextmanager
    def opened(cls, app: App, run: Run):
        address = app.url.replace("http", "ws", 1) + "/_stcore/stream"
        # A message may have any size: the first one holds all of the page's own programs.
        with connect(address, subprotocols=["streamlit"], max_size=None, proxy=None) as connection:
            yield cls(connection, run)

    def page(self) -> str:
        """Return all that the server sends for the page, as text; it must be no error."""
        words = []
        while True:
            message = ForwardMsg.FromString(self.connection.recv(timeout=300))
            if message.WhichOneof("type") == "delta":
                assert message.delta.new_element.WhichOneof("type") != "exception", message
                words.append(str(message.delta))
            elif message.WhichOneof("type") == "script_finished":
                return "\n".join(words)

    def vanish(self) -> None:
        """Break the connection as a killed browser does: no word of farewell, what is under way is lost."""
        off = struct.pack("ii", 1, 0)
        self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
        # The thread that reads wakes up at this and closes the connection; close() would leave it asleep.
        self.connection.socket.shutdown(socket.SHUT_RDWR)


def below(app: App) -> list[psutil.Process]:
    return psutil.Process(app.process.pid).children(recursive=True)


def test_browser_app_and_everything_are_killed_in_turn_and_no_finished_epoch_is_lost(tmp_path):
    store, app = Store(tmp_path / "runs"), App(tmp_path / "runs").start()
    run, short = queue(store, LONG), queue(store, SHORT)
    wait_for(lambda: at_work_beyond(run, 1), "the run is at work")
    with Browser.opened(app, run) as watcher:
        assert run.id in watcher.page()
        watcher.vanish()
    seen = run.state().epoch
    wait_for(lambda: at_work_beyond(run, seen + 1), "the run goes on without the browser")
    assert run.attempt() == 1

    processes = below(app)
    nannies = [p.pid for p in processes if "distributed.cli.dask_worker" in p.cmdline()]
    assert sum(len(computing(nanny)) for nanny in nannies) == 2
    app.process.kill()
    app.process.wait()
    wait_for(lambda: not any(map(alive, processes)), "its processes end with it")
    kept = run.history()
    assert len(kept) > seen
    app = App(tmp_path / "runs").start()
    wait_for(lambda: at_work_beyond(run, len(kept)), "it goes on by itself after the restart")
    assert (run.attempt(), run.claimed(2).reason) == (2, "recovery")
    assert run.history()[: len(kept)] == kept
    run.command("stop", "anna")
    wait_for(lambda: run.state().phase == "stopped", "it is stopped")
    wait_for(lambda: short.state().phase == "finished", "the run that waited is trained, then or before")
    assert short.attempt() == 1

    run.command("resume", "anna")
    wait_for(lambda: at_work_beyond(run, len(kept)), "the first is at work again")
    processes = [psutil.Process(app.process.pid), *below(app)]
    for process in reversed(processes):
        process.kill()
    app.process.wait()
    wait_for(lambda: not any(map(alive, processes)), "nothing of it is left")
    kept = run.history()
    app = App(tmp_path / "runs").start()
    try:
        wait_for(lambda: at_work_beyond(run, len(kept)), "it goes on after this restart too")
        assert (run.attempt(), run.claimed(4).reason) == (4, "recovery")
        assert run.history()[: len(kept)] == kept
        with Browser.opened(app, run) as watcher:
            assert run.id in watcher.page()
    finally:
        processes = below(app)
        app.stop()
    wait_for(lambda: not any(map(alive, processes)), "an app that ends takes all with it")
    assert (run.state().phase, run.needs_attempt()) == ("queued", "resume")


# Many runs


def test_a_run_is_stopped_while_it_waits_for_its_next_worker(tmp_path):
    """Dask hands it to another worker when that is free; by then its owner may have changed their mind."""
    run = make(tmp_path)
    Attempt(run, run.claim("queued")).enter(Phase.RUNNING)
    run.command("stop", "anna")
    assert run.reclaim(1) is None
    assert run.attempt() == 1
    run.command("resume", "anna")
    assert run.reclaim(1) == 2


@pytest.fixture
def many(store, tmp_path, monkeypatch):
    """A store of two hundred runs that wait, of thirty students, and a count of how often files are read."""
    text = (make(tmp_path, "owner 0").folder / "config.json").read_text()
    stamp = text.index('"created": "') + len('"created": "')
    for n in range(1, 200):
        folder = store.root / f"kite-{100 + n}"
        folder.mkdir()
        time = f"2026-03-01T10:{n // 60:02}:{n % 60:02}.000000+00:00"
        changed = text[:stamp] + time + text[stamp + len(time) :]
        (folder / "config.json").write_text(changed.replace("owner 0", f"owner {n % 30}"))
    reads: Counter[str] = Counter()
    original = files.opened

    def counting(path):
        if path.parent.parent == store.root:
            reads[path.name] += 1
        return original(path)

    monkeypatch.setattr(files, "opened", counting)
    return store, reads


def test_two_hundred_runs_take_turns_and_cost_a_few_reads_each(many):
    store, reads = many
    order = [run.recipe().owner for run, _reason in waiting(store)]
    assert len(order) == 200
    for turn in range(6):
        assert len(set(order[30 * turn : 30 * (turn + 1)])) == 30, "everybody once before anybody twice"
    assert reads["config.json"] <= 200, "what is written once is read once"
    assert reads.total() <= 2 * 200


def test_the_page_train_opens_with_two_hundred_runs(many):
    store, reads = many
    at = open_page("train", query={"run": "kite-150"})
    links = {element.proto.query_string for element in at.main.get("page_link")}
    assert links >= {f"run={run.id}" for run in store.runs()}
    assert reads["config.json"] <= 200
