"""More machines: a scheduler and worker processes, started by the commands of docs/cluster.md."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import dask.config
import pytest

from cnnlab.runs import Run, Store, records
from cnnlab.workers import resources
from cnnlab.workers.pool import Workers
from tests.conftest import PATIENCE, ROOT, elsewhere, wait_for
from tests.support.workers import LONG, SHORT, at_work_beyond, queue

DASK = str(Path(sys.executable).with_name("dask"))
QUIET = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]  # no HTTP for others to read along
WARM = 300  # seconds until a worker is surely ready, on a machine that is busy with other things


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Cluster:
    """What runs on the machines of a school, here all on one: each process in a session of its own."""

    def __init__(self, store: Store, protocol: str = "tcp", **environment: str):
        self.store, self.port = store, free_port()
        self.address = f"{protocol}://127.0.0.1:{self.port}"
        self.environment = {"CNNLAB_RUNS": str(store.root), "PYTHONPATH": str(ROOT), **environment}
        self.processes: dict[str, subprocess.Popen] = {}
        store.root.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *command: str, **environment: str) -> None:
        self.stop(name)
        with (self.store.root / f".{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [DASK, *command],
                env={**os.environ, **self.environment, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def scheduler(self, *options: str) -> None:
        command = ["scheduler", "--host", "127.0.0.1", "--port", str(self.port), *QUIET, *options]
        self.start("scheduler", *command)

    def worker(self, name: str, carries: str = "train=1", **environment: str) -> None:
        command = ["worker", self.address, "--name", name, "--nthreads", str(carries.count("="))]
        command += ["--memory-limit", "0", *QUIET, "--resources", carries]
        self.start(
            name, *command, "--preload", "cnnlab.workers.preload_worker", "--host", "127.0.0.1", **environment
        )

    def runs(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def stop(self, name: str) -> None:
        """End a process and what belongs to it at once, as when its machine loses power."""
        if self.runs(name):
            os.killpg(self.processes[name].pid, signal.SIGKILL)
            self.processes[name].wait()

    def close(self) -> None:
        for name in self.processes:
            self.stop(name)


def doing(server: Workers) -> dict[str, tuple[str, ...]]:
    """Return what each connected worker does, by its name."""
    return {worker.name: worker.doing for worker in server.health() if worker.address}


def finished(run: Run) -> bool:
    state = run.state()
    assert state.phase not in ("failed", "interrupted"), state.message
    return state.phase == "finished"


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A cluster and two page servers that use it."""
    cluster = Cluster(Store(tmp_path_factory.mktemp("cluster") / "runs"))
    servers = [Workers(cluster.store, scheduler=cluster.address) for _ in range(2)]
    cluster.scheduler()
    for server in servers:
        server.start()
    yield cluster, servers
    for server in servers:
        server.close()
    cluster.close()


@pytest.fixture
def ready(school):
    """The same with two idle *train* workers, whatever the test before has done."""
    cluster, servers = school
    for name in ("room-1", "room-2"):
        if not cluster.runs(name):
            cluster.worker(name)
    for server in servers:
        wait_for(lambda server=server: both_idle(server), "two workers are ready")
    return cluster, servers


def both_idle(server: Workers) -> bool:
    trainers = [worker for worker in server.health() if worker.address and "train" in worker.kinds]
    return [(worker.doing, worker.trouble) for worker in trainers] == [((), "")] * 2


def test_two_train_at_once_and_when_a_machine_dies_its_run_goes_on_on_the_other(ready):
    cluster, (one, other) = ready
    first, second = queue(cluster.store, LONG), queue(cluster.store, LONG)
    one.wake()
    wait_for(lambda: at_work_beyond(first, 1) and at_work_beyond(second, 1), "both are at work")
    where = {runs[0]: name for name, runs in doing(other).items() if runs}
    assert {where[first.id], where[second.id]} == {"room-1", "room-2"}
    innocent = queue(cluster.store, SHORT)
    kept = first.history()
    cluster.stop(where[first.id])
    wait_for(lambda: list(doing(one)) == [where[second.id]], "the loss is noticed")
    assert innocent.attempt() == 0, "a run waits for a worker that is idle"
    assert second.state().phase == "running"
    second.command("stop", "anna")
    wait_for(lambda: first.attempt() == 2 and first.state().phase == "running", "it goes on elsewhere")
    assert first.claimed(2).reason == "recovery"
    assert first.history()[: len(kept)] == kept
    wait_for(lambda: at_work_beyond(first, len(kept)), "it goes on from its checkpoint")
    assert (second.state().phase, second.attempt()) == ("stopped", 1)
    first.command("stop", "anna")
    wait_for(lambda: finished(innocent), "the run behind them is trained")
    assert innocent.attempt() == 1


def test_a_worker_of_another_version_gets_nothing_and_the_teacher_reads_why(ready, tmp_path):
    cluster, (server, _other) = ready
    theirs = tmp_path / "checkout"
    shutil.copytree(ROOT / "cnnlab", theirs / "cnnlab", ignore=shutil.ignore_patterns("pretrained", "ui"))
    source = theirs / "cnnlab" / "runs" / "records.py"
    text = source.read_text()
    assert f"\nSCHEMA = {records.SCHEMA}\n" in text
    source.write_text(text.replace(f"\nSCHEMA = {records.SCHEMA}\n", f"\nSCHEMA = {records.SCHEMA + 1}\n"))
    cluster.worker("old-pc", PYTHONPATH=str(theirs))
    try:
        wait_for(lambda: "old-pc" in doing(server), "it is connected")
        busy = [queue(cluster.store, LONG) for _ in range(2)]
        server.wake()
        wait_for(lambda: all(at_work_beyond(run, 0) for run in busy), "all others are at work")
        waits = queue(cluster.store, SHORT)
        before = busy[0].state().heartbeat
        server.wake()
        wait_for(lambda: busy[0].state().heartbeat > before + 3, "the dispatcher had time to hand it out")
        assert (waits.state().phase, waits.attempt()) == ("queued", 0)
        [worker] = [worker for worker in server.health() if worker.name == "old-pc"]
        assert f"schema {records.SCHEMA + 1}, here {records.SCHEMA}" in worker.trouble
        assert worker.doing == ()
        for run in busy:
            run.command("stop", "anna")
        wait_for(lambda: finished(waits), "a worker of this version trains it")
    finally:
        cluster.stop("old-pc")


def test_when_the_scheduler_is_restarted_queued_runs_are_trained_and_a_run_at_work_goes_on(ready):
    cluster, (one, other) = ready
    long = [queue(cluster.store, LONG) for _ in range(2)]
    one.wake()
    wait_for(lambda: all(at_work_beyond(run, 1) for run in long), "two are at work")
    queued = queue(cluster.store, SHORT)
    kept = [run.history() for run in long]
    cluster.stop("scheduler")
    wait_for(lambda: all(run.state().phase == "queued" for run in long), "their workers let go")
    wait_for(lambda: not cluster.runs("room-1") and not cluster.runs("room-2"), "the workers end")
    assert not one.ready("train")
    cluster.scheduler()
    cluster.worker("room-1")  # as the loop in docs/cluster.md does
    cluster.worker("room-2")
    wait_for(lambda: all(at_work_beyond(run, len(rows)) for run, rows in zip(long, kept, strict=True)), "")
    for run, rows in zip(long, kept, strict=True):
        assert run.history()[: len(rows)] == rows
        assert run.claimed(run.attempt()).reason == "resume"
        run.command("stop", "anna")
    wait_for(lambda: finished(queued), "the queued run is trained")
    assert other.ready("train")


def test_two_servers_hand_out_every_run_once_and_never_more_than_can_be_trained(ready):
    cluster, servers = ready
    cluster.worker("look-1", carries="look=1 long=1")
    queued = [queue(cluster.store, SHORT) for _ in range(6)]
    most = 0

    def all_finished() -> bool:
        nonlocal most
        for server in servers:
            server.wake()
        phases = [run.state().phase for run in queued]
        most = max(most, phases.count("starting") + phases.count("running"))
        assert "failed" not in phases
        return set(phases) == {"finished"}

    wait_for(all_finished, "all are trained")
    assert [run.attempt() for run in queued] == [1] * 6
    assert [len(run.history()) for run in queued] == [2] * 6
    assert 1 <= most <= 2, "no run is claimed before a worker is free for it"
    wait_for(lambda: all(server.ready("look") for server in servers), "somebody answers questions")
    answers = {server.look(os.getpid).result(PATIENCE) for server in servers}
    assert len(answers) == 1
    assert answers.isdisjoint({os.getpid()})


def test_over_tls_those_with_a_certificate_train_and_others_are_refused(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cnnlab"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    tls = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    tls["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = str(certificate)
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        tls[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(certificate)
        tls[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(key)
    cluster = Cluster(Store(tmp_path / "runs"), "tls", **tls)
    cluster.scheduler("--protocol", "tls")
    cluster.worker("room-1")
    servers = []
    try:
        # Dask reads these settings from the environment when a program starts; this one runs already.
        names = {name.removeprefix("DASK_").lower().replace("__", "."): name for name in tls}
        with dask.config.set({name.replace("_", "-"): tls[given] for name, given in names.items()}):
            servers.append(Workers(cluster.store, scheduler=cluster.address).start())
            run = queue(cluster.store, SHORT)
            wait_for(lambda: finished(run), "it is trained over TLS")
        assert len(run.history()) == 2
        [worker] = servers[0].health()
        assert worker.address.startswith("tls://")
        # Only now: the settings above hold for the whole process, and a server tries again every second.
        for address in (cluster.address, cluster.address.replace("tls", "tcp")):
            refused = Workers(cluster.store, scheduler=address).start()
            servers.append(refused)
            wait_for(lambda refused=refused: refused.trouble, "it is told why")
            assert refused.client is None
            assert not refused.ready("train")
    finally:
        for one in servers:
            one.close()
        cluster.close()


def test_where_no_scheduler_answers_no_client_is_made(tmp_path, monkeypatch):
    made: list[tuple] = []
    monkeypatch.setattr("distributed.Client", lambda *address, **how: made.append(address))
    stranger = Workers(Store(tmp_path / "runs"), scheduler="tls://127.0.0.1:9")  # it has no certificate
    with pytest.raises((TypeError, OSError)):
        elsewhere(stranger._connect)
    assert not made


def test_the_commands_of_the_page_are_those_that_are_tested_here(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "cluster.md").read_text().replace("\\\n", " ")
    written = [shlex.split(line) for line in text.splitlines() if line.strip().startswith("dask ")]
    tested: list[list[str]] = []
    cluster = Cluster(Store(tmp_path / "runs"))
    monkeypatch.setattr(cluster, "start", lambda name, *command, **environment: tested.append([*command]))
    cluster.scheduler()
    cluster.worker("$(hostname)-train")
    cluster.worker("$(hostname)-look", carries="look=1 long=1")
    assert len(written) == len(tested) == 3
    for theirs, mine in zip(written, tested, strict=True):
        at = mine.index("--host")  # all is on one machine here
        mine = ["dask", *mine[:at], *mine[at + 2 :]]
        places = {cluster.address: "tcp://10.0.0.5:8786", str(cluster.port): "8786"}
        assert sorted(places.get(word, word) for word in mine) == sorted(theirs)


def test_what_keeps_a_worker_from_work_is_a_sentence(tmp_path):
    root, elsewhere, unmounted = tmp_path / "runs", tmp_path / "others", tmp_path / "nowhere"
    root.mkdir(), elsewhere.mkdir()

    def offered(folder: Path) -> dict[str, float]:
        return {"train": 1, resources.resource_name("train", folder): 1}

    assert resources.misfit(offered(root), root) == ""
    assert offered(root) == offered(root), "the mark stays"
    assert "--preload" in resources.misfit({"train": 1}, root)
    assert str(elsewhere) in resources.misfit(offered(elsewhere), root)
    absent = offered(unmounted)
    unmounted.mkdir()
    assert "does not find the folder" in resources.misfit(absent, unmounted)
    local = offered(root)
    (root / resources.MARK).unlink()  # another disk at the same place
    assert "mount the same one" in resources.misfit(local, root)
