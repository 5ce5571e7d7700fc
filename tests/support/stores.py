"""Where a test's runs lie, and what is within reach of the app."""

from dataclasses import replace

import pytest

from cnnlab import access
from cnnlab.classroom import Classroom
from cnnlab.data import cifar10
from cnnlab.runs import Store, claims, records
from cnnlab.ui.session import teacher_pass
from tests.support.pages import owner

PIN = "2718-28"


class Clock:
    """A monotonic clock that moves only when told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    """An empty run folder, which is the app's."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    return Store()


@pytest.fixture
def nothing_shipped(tmp_path, monkeypatch) -> None:
    """No network comes with the app."""
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "none")


@pytest.fixture
def no_cifar10(tmp_path, monkeypatch) -> None:
    """CIFAR-10 is not on this computer, and nobody has it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CNNLAB_CIFAR10", raising=False)
    nowhere = replace(cifar10.ARCHIVE, url="http://127.0.0.1:9/cifar-10-binary.tar.gz")
    monkeypatch.setattr(cifar10, "ARCHIVE", nowhere)


@pytest.fixture
def classroom(store, monkeypatch) -> Classroom:
    """A class whose teacher is in already, with the browser "teacher"; nobody else has tried the door."""
    monkeypatch.setenv(access.PIN, PIN)
    monkeypatch.setattr(teacher_pass, "_door", access.Door())
    monkeypatch.setattr(teacher_pass, "_inside", {owner("teacher"): access.TeacherPass()})
    return Classroom(store.root)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """What the readers of run folders take for the time that passes: it moves only when told to."""
    clock = Clock()
    monkeypatch.setattr(claims.time, "monotonic", clock)
    return clock
