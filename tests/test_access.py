"""The teacher's door: the PIN in constant time, five tries, a minute's wait, each client for itself."""

import hmac
import os

import pytest

from cnnlab import access
from cnnlab.access import ALL_TRIES, TRIES, WAIT, Door, PinError, TeacherPass, teaching
from tests.support.stores import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(monkeypatch, clock):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", " Kürbis-42 ")
    return Door(clock)


def fail(door: Door, client: str, times: int = 1, **who) -> str:
    for _ in range(times):
        with pytest.raises(PinError) as refused:
            door.enter("wrong", client, **who)
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
    monkeypatch.setattr(access, "_taken", "")
    access.take_pin()
    assert "CNNLAB_TEACHER_PIN" not in os.environ
    access.take_pin()  # there is none any more
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


@pytest.mark.parametrize(
    "addresses",
    [
        [f"2001:db8:0:1::{n:x}" for n in range(1, 7)],
        [f"2001:db8:0:1:{n:x}::5" for n in range(1, 7)],
        [f"fe80::{n:x}%eth0" for n in range(1, 7)],
        [f"2002:c0a8:114:{n:x}::1" for n in range(1, 7)],
        ["192.168.1.20", "::ffff:192.168.1.20", "::FFFF:c0a8:114"] * 2,
        ["127.0.0.1", "::1", "here", "::ffff:127.0.0.1", "127.0.0.2", "::1"],
    ],
)
def test_however_a_device_writes_its_address_it_has_five_tries(door, addresses):
    for address in addresses[:TRIES]:
        fail(door, address)
    assert "Too many" in fail(door, addresses[TRIES])


def test_other_devices_have_tries_of_their_own(door):
    fail(door, "::ffff:192.168.1.20", TRIES)
    fail(door, "2001:db8:0:1::5", TRIES)
    for address in ("::ffff:192.168.1.21", "2001:db8:0:2::5", "127.0.0.1"):
        assert isinstance(door.enter("Kürbis-42", address), TeacherPass)


def test_a_device_of_many_addresses_soon_waits_with_all_of_them(door, clock):
    for n in range(ALL_TRIES):
        assert "4 more" in fail(door, f"2001:db8:{n:x}::1")
    for n in range(ALL_TRIES, 10_000):
        assert "wait 60 s" in fail(door, f"2001:db8:{n:x}::1")
    assert len(door._wrong) == len(door._lately) == ALL_TRIES, "what is kept has a bound"
    assert isinstance(door.enter("Kürbis-42", "127.0.0.1"), TeacherPass), "not the computer's own browser"
    clock.now += WAIT
    assert isinstance(door.enter("Kürbis-42", "2001:db8::1"), TeacherPass)
    fail(door, "a")
    assert len(door._wrong) == 1


def test_nobody_s_guessing_keeps_out_a_browser_that_was_in_before(door):
    for n in range(ALL_TRIES // TRIES):
        fail(door, f"10.0.0.{n}", TRIES, browser=f"guesser {n}")
    teacher = {"browser": "teacher", "known": True}
    assert isinstance(door.enter("Kürbis-42", "10.0.0.1", **teacher), TeacherPass)
    assert "Too many" in fail(door, "10.0.0.1", browser="another")
    assert "Too many" in fail(door, "10.0.0.1", TRIES + 1, **teacher), "but it has five tries as well"


def test_the_teacher_learns_how_many_wrong_pins_there_were(door, clock):
    assert door.guesses is None
    fail(door, "10.0.0.1", 2, browser="slip")
    door.enter("Kürbis-42", "10.0.0.1", browser="slip")
    assert door.guesses is None, "a slip is no guess"
    fail(door, "10.0.0.1", 3, browser="guesser")
    clock.now += 10 * WAIT
    fail(door, "10.0.0.2", 4, browser="guesser")
    fail(door, "10.0.0.1", 1, browser="slip", known=True)
    fail(door, "10.0.0.1", 1, browser="teacher")
    door.enter("Kürbis-42", "10.0.0.1", browser="teacher")
    assert door.guesses.count == 7
    assert door.guesses.first <= door.guesses.last
