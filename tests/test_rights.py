"""The teacher's door: the PIN in constant time, five tries, a minute's wait, each client for itself."""

import hmac
import os

import pytest

from cnnlab import rights
from cnnlab.rights import TRIES, WAIT, Door, PinError, TeacherPass, teaching


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(monkeypatch, clock):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", " Kürbis-42 ")
    return Door(clock)


def fail(door: Door, client: str, times: int = 1) -> str:
    for _ in range(times):
        with pytest.raises(PinError) as refused:
            door.enter("wrong", client)
    return str(refused.value)


def test_the_right_pin_opens_also_with_spaces_around_it(door):
    assert isinstance(door.enter("Kürbis-42", "a"), TeacherPass)
    assert isinstance(door.enter(" Kürbis-42\n", "a"), TeacherPass)


@pytest.mark.parametrize("pin", ["", "kürbis-42", "Kürbis-4", "Kürbis-422", "\0", "9" * 10_000])
def test_a_wrong_pin_does_not(door, pin):
    with pytest.raises(PinError):
        door.enter(pin, "a")


@pytest.mark.parametrize("pin", [None, "", "  "])
def test_without_a_pin_there_is_no_teacher(monkeypatch, pin):
    if pin is None:
        monkeypatch.delenv("CNNLAB_TEACHER_PIN", raising=False)
    else:
        monkeypatch.setenv("CNNLAB_TEACHER_PIN", pin)
    assert not teaching()
    with pytest.raises(PinError, match="no PIN"):
        Door().enter(pin or "", "a")


def test_a_pin_that_was_taken_out_of_the_environment_opens_still(door, monkeypatch):
    monkeypatch.setattr(rights, "_taken", "")
    rights.take_pin()
    assert "CNNLAB_TEACHER_PIN" not in os.environ
    rights.take_pin()  # there is none any more
    assert teaching()
    assert isinstance(door.enter("Kürbis-42", "a"), TeacherPass)


def test_pins_are_compared_in_constant_time(door, monkeypatch):
    """Each try goes through hmac.compare_digest, as bytes, whatever its first characters are."""
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    fail(door, "a")
    door.enter("Kürbis-42", "a")
    assert compared == [(pin.encode(), "Kürbis-42".encode()) for pin in ("wrong", "Kürbis-42")]


def test_five_wrong_tries_cost_a_minute(door, clock):
    assert "4 more" in fail(door, "a")
    assert "wait a minute" in fail(door, "a", TRIES - 1)
    for passed, left in ((0, 60), (30, 30), (WAIT - 0.1, 1)):
        clock.now = 1000 + passed
        with pytest.raises(PinError, match=f"wait {left} s"):
            door.enter("Kürbis-42", "a")  # not even the right one
    clock.now = 1000 + WAIT
    assert isinstance(door.enter("Kürbis-42", "a"), TeacherPass)


def test_tries_during_the_wait_do_not_prolong_it_and_then_there_are_five_again(door, clock):
    fail(door, "a", TRIES)
    clock.now += WAIT / 2
    fail(door, "a")
    clock.now += WAIT / 2
    assert "4 more" in fail(door, "a")


def test_the_right_pin_and_a_quiet_minute_forget_wrong_tries(door, clock):
    fail(door, "a", TRIES - 1)
    door.enter("Kürbis-42", "a")
    assert "4 more" in fail(door, "a")
    fail(door, "a", TRIES - 2)
    clock.now += WAIT
    assert "4 more" in fail(door, "a")


def test_a_student_s_guessing_does_not_lock_the_teacher_out(door):
    fail(door, "student", TRIES)
    assert isinstance(door.enter("Kürbis-42", "teacher"), TeacherPass)
    with pytest.raises(PinError, match="Too many"):
        door.enter("Kürbis-42", "student")
