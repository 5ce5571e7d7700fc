"""Is Dask still as `dask_internals` takes it to be? Asked of the real classes; and of something else."""

import logging
import socket
import threading
from types import SimpleNamespace

import pytest
from distributed import Client, LocalCluster, get_worker

from cnnlab.workers import dask_internals
from tests.conftest import elsewhere, wait_for

STARTED, GO_ON = threading.Event(), threading.Event()
FITS_NOTHING = SimpleNamespace()


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and one worker, as threads of this process."""
    options = {"processes": False, "protocol": "tcp", "n_workers": 1, "threads_per_worker": 1}
    with LocalCluster(
        host="127.0.0.1", dashboard_address="127.0.0.1:0", resources={"train": 1}, **options
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def worker(cluster):
    [worker] = cluster.workers.values()
    return worker


def answers(port: int) -> bool:
    with socket.socket() as there:
        there.settimeout(5)
        return there.connect_ex(("127.0.0.1", port)) == 0


def test_the_http_ports_of_scheduler_and_worker_are_closed(cluster, worker):
    async def close(server) -> None:
        dask_internals.close_http(server)

    for server in (cluster.scheduler, worker):
        port = server.http_server.port
        assert answers(port)
        cluster.sync(close, server)
        assert not answers(port)


def test_what_a_worker_was_started_with_is_read_and_what_it_offers_is_taken(cluster, worker):
    assert dask_internals.resources_of(worker) == {"train": 1}
    dask_internals.offer(worker, {"look": 2})
    assert worker.state.available_resources == worker.state.total_resources == {"train": 1, "look": 2}


def _wait() -> bool:
    """Wait in the worker until the test lets it go on; return whether somebody waits for the answer."""
    STARTED.set()
    GO_ON.wait(300)
    worker = get_worker()
    WANTED.append(dask_internals.is_wanted(worker, worker.get_current_task()))
    return WANTED[-1]


WANTED: list[bool] = []


def test_a_worker_says_whether_it_is_busy_and_whether_its_task_is_wanted(cluster, worker):
    with Client(cluster, set_as_default=False) as client:
        assert dask_internals.is_running(worker) and not dask_internals.is_busy(worker)
        future = client.submit(_wait, pure=False)
        assert STARTED.wait(300)
        assert dask_internals.is_busy(worker)
        GO_ON.set()
        assert future.result(300) is True
        STARTED.clear(), GO_ON.clear()
        dropped = client.submit(_wait, pure=False)
        assert STARTED.wait(300)
        key = dropped.key
        dropped.release()
        wait_for(lambda: not dask_internals.is_wanted(worker, key), "the worker has heard of it")
        GO_ON.set()
        wait_for(lambda: WANTED == [True, False], "the task has heard of it")


def test_a_worker_that_closes_is_not_running():
    options = {"processes": False, "protocol": "tcp", "n_workers": 1, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(host="127.0.0.1", **options) as cluster:
        [worker] = cluster.workers.values()
        assert dask_internals.is_running(worker)
    assert not dask_internals.is_running(worker)


def test_where_no_scheduler_answers_the_knock_says_so(cluster):
    elsewhere(dask_internals.knock, cluster.scheduler_address)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match=str(port)):
        elsewhere(dask_internals.knock, f"tcp://127.0.0.1:{port}")


def test_cores_are_counted_and_keys_name_their_functions(cluster):
    assert dask_internals.cores() >= 1
    with Client(cluster, set_as_default=False) as client:
        assert dask_internals.function_of(client.submit(answers, 9, pure=False).key) == "answers"


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda: dask_internals.close_http(FITS_NOTHING), None),
        (lambda: dask_internals.resources_of(FITS_NOTHING), {}),
        (lambda: dask_internals.offer(FITS_NOTHING, {"train": 1}), None),
        (lambda: dask_internals.is_running(FITS_NOTHING), True),
        (lambda: dask_internals.is_busy(FITS_NOTHING), False),
        (lambda: dask_internals.is_wanted(FITS_NOTHING, "key"), True),
    ],
)
def test_another_dask_costs_what_it_was_for_and_is_told_once(call, instead, caplog):
    dask_internals._say_once.cache_clear()
    with caplog.at_level(logging.WARNING, "cnnlab"):
        assert call() == call() == instead
    [told] = [record for record in caplog.records if record.name.startswith("cnnlab")]
    assert "another than the app knows" in told.message


NOBODY = "tcp://127.0.0.1:9"


@pytest.mark.parametrize(
    ("module", "name", "call", "instead"),
    [
        (
            "distributed.comm.core",
            "connect",
            lambda: elsewhere(dask_internals.knock, "tcp://127.0.0.1:9"),
            None,
        ),
        ("dask.system", "CPU_COUNT", dask_internals.cores, dask_internals.os.cpu_count()),
        ("dask.utils", "key_split", lambda: dask_internals.function_of("double-1"), ""),
    ],
)
def test_so_does_a_name_that_is_gone(module, name, call, instead, monkeypatch, caplog):
    dask_internals._say_once.cache_clear()
    monkeypatch.delattr(f"{module}.{name}")
    with caplog.at_level(logging.WARNING, "cnnlab"):
        assert call() == call() == instead
    assert len([record for record in caplog.records if record.name.startswith("cnnlab")]) == 1
