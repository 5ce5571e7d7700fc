"""The limits of a class: each is kept where a run gets into the queue, grows, goes on, or lasts."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from cnnlab.access import TeacherPass
from cnnlab.classroom.limits import LimitError, seconds_trained, stop_overdue
from cnnlab.classroom.limits import within as keep_to
from cnnlab.config.presets import PRESETS
from cnnlab.runs import Phase, RunError
from cnnlab.runs.attempt import Attempt
from cnnlab.ui.widgets import run_status
from cnnlab.ui.widgets.run_status import phase_text
from cnnlab.workers.dispatcher import Dispatcher
from tests.support.pages import owner
from tests.support.runs import leave

CONFIG = PRESETS["article"].config.model_copy(update={"dataset": "digits", "epochs": 5})
CLASSES = tuple("0123456789")
ANNA, BEN = owner("anna"), owner("ben")
NONE = {"waiting": None, "epochs": None, "minutes": None, "images": None}


@pytest.fixture
def classroom(classroom):
    """A class without limits; each test sets the one that it is about."""
    classroom.change(**NONE)
    return classroom


def submit(classroom, store, owner=ANNA, seconds=None, **changes):
    config = CONFIG.model_copy(update=changes)
    return classroom.submit(store, config, CLASSES, preset="article", owner=owner, seconds=seconds)


def trained(classroom, store, phase="stopped", seconds=(10.0, 20.0), **state):
    """Return Anna's run after some epochs that took so many seconds each."""
    return leave(submit(classroom, store), phase, [{"seconds": s} for s in seconds], **state)


# ---- Into the queue


@pytest.mark.parametrize(
    ("limit", "within", "beyond", "numbers"),
    [
        ({"epochs": 30}, {"epochs": 30}, {"epochs": 31}, ("30", "31")),
        ({"images": 1000}, {"limit": 1000}, {"limit": 1001}, ("1,000", "1,001")),
        ({"images": 1437}, {"limit": None}, None, ()),  # Digits has no more
        ({"images": 1436}, {"limit": 100}, {"limit": None}, ("1,436", "1,437")),
        ({"images": 1436}, {"limit": 100}, {"limit": 50_000}, ("1,436", "1,437")),
        ({"minutes": 2.5}, {"seconds": 150.0}, {"seconds": 240.0}, ("2.5 min", "4 min")),
        ({"minutes": 2.5}, {"seconds": None}, None, ()),  # nobody has measured it yet
        ({"students_open": False}, {"open_test": False}, {"open_test": True}, ("test set at the end",)),
        ({"students_open": True}, {"open_test": True}, None, ()),
    ],
)
def test_a_run_beyond_a_limit_is_refused_with_the_numbers(classroom, store, limit, within, beyond, numbers):
    classroom.change(**limit)
    submit(classroom, store, **within)
    if beyond:
        config = CONFIG.model_copy(
            update={name: value for name, value in beyond.items() if name != "seconds"}
        )
        assert set(keep_to(classroom.rules(), config)) == beyond.keys() - {"seconds"}
        config = config.model_copy(update=keep_to(classroom.rules(), config))
        assert keep_to(classroom.rules(), config) == {}
        classroom.allow(store, config, ANNA)
        with pytest.raises(LimitError) as refused:
            submit(classroom, store, **beyond)
        for text in numbers:
            assert text in str(refused.value)
    assert len(store.runs()) == 1


def test_so_many_runs_of_a_student_wait_or_are_at_work(classroom, store):
    classroom.change(waiting=2)
    first, _second = submit(classroom, store), submit(classroom, store)
    with pytest.raises(LimitError, match=r"at most 2 .* You have 2\. Wait"):
        submit(classroom, store)
    submit(classroom, store, owner=BEN)
    attempt = Attempt(first, first.claim("queued"))
    attempt.enter(Phase.RUNNING)
    with pytest.raises(LimitError):
        submit(classroom, store)
    attempt.enter(Phase.FINISHED)
    submit(classroom, store)


def test_a_race_is_queued_whole_or_not_at_all(classroom, store):
    classroom.change(waiting=4)
    submit(classroom, store)
    with pytest.raises(LimitError, match="You have 1, and this would add 4"):
        classroom.submit_all(store, [CONFIG] * 4, CLASSES, preset="article", owner=ANNA)
    assert len(store.runs()) == 1
    assert len(classroom.submit_all(store, [CONFIG] * 3, CLASSES, preset="article", owner=ANNA)) == 3


def test_tabs_that_press_train_at_once_do_not_both_take_the_last_place(classroom, store):
    classroom.change(waiting=3)

    def press(_tab) -> bool:
        try:
            return bool(submit(classroom, store))
        except LimitError:
            return False

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(press, range(12))) == 3
    assert len(store.runs()) == 3


def test_without_a_teacher_nothing_is_limited(classroom, store, monkeypatch):
    classroom.change(waiting=1, epochs=1, minutes=1, images=10)
    monkeypatch.delenv("CNNLAB_TEACHER_PIN")
    for _ in range(3):
        submit(classroom, store, epochs=900, seconds=1e6, open_test=True)
    assert len(store.runs()) == 3


# ---- Longer, and on


def test_one_more_epoch_is_a_command_within_the_limit(classroom, store):
    run = trained(classroom, store, "finished")
    classroom.change(epochs=3)
    classroom.command(store, run, ANNA, {"epochs": 3, "resume": None})
    assert run.needs_attempt() == "resume"
    with pytest.raises(LimitError, match="at most 3 epochs; this one would have 4"):
        classroom.command(store, run, ANNA, {"epochs": 4, "resume": None})
    assert run.commanded("epochs", 0) == 3
    classroom.command(store, run, TeacherPass(), {"epochs": 4})
    assert run.commanded("epochs", 0) == 4


def test_a_run_that_goes_on_needs_a_place_in_the_queue(classroom, store):
    classroom.change(waiting=1)
    run = trained(classroom, store)
    waits = submit(classroom, store)
    for commands in ({"resume": None}, {"epochs": 6, "resume": None}):
        with pytest.raises(LimitError, match="one training run waiting"):
            classroom.command(store, run, ANNA, commands)
    assert run.new_commands() == []
    classroom.command(store, waits, ANNA, {"pause": None})
    classroom.command(store, run, ANNA, {"resume": None})
    classroom.command(store, run, ANNA, {"resume": None})  # a second tab: its own place is not a second run
    assert run.state().phase == "queued"


def test_a_run_that_has_had_its_time_does_not_go_on(classroom, store):
    run = trained(classroom, store, seconds=(10.0, 20.0))
    classroom.change(minutes=0.5)
    with pytest.raises(LimitError, match=r"at most 0\.5 min; this one has trained for 0\.5"):
        classroom.command(store, run, ANNA, {"resume": None})
    classroom.change(minutes=0.6)
    classroom.command(store, run, ANNA, {"resume": None})


def test_nobody_steers_or_opens_another_s_run(classroom, store):
    run = trained(classroom, store)
    classroom.change(students_open=True)
    for command in ("pause", "resume", "stop", "rate", "epochs"):
        with pytest.raises(RunError, match="somebody else"):
            classroom.command(store, run, BEN, {command: 1})
    with pytest.raises(RunError, match="somebody else"):
        classroom.may_open(run, BEN)
    with pytest.raises(RunError, match="somebody else"):
        run.delete(BEN)
    assert run.commands() == []
    classroom.may_open(run, ANNA)
    classroom.change(students_open=False)
    with pytest.raises(LimitError, match="teacher opens"):
        classroom.may_open(run, ANNA)
    classroom.may_open(run, TeacherPass())


# ---- While it is trained


def test_the_time_of_a_run_is_its_epochs_and_what_is_done_of_the_next(classroom, store):
    # 50 batches of 64 at 320 images a second: 10 seconds on top of 10 and 20.
    run = trained(classroom, store, "running", step=50, steps=100, images_per_second=320.0)
    assert seconds_trained(run, run.state()) == 10 + 20 + 10


@pytest.mark.parametrize(("minutes", "stopped"), [(40 / 60, True), (41 / 60, False), (None, False)])
def test_a_run_that_takes_longer_than_allowed_is_stopped_once(classroom, store, minutes, stopped):
    run = trained(classroom, store, "running", step=50, steps=100, images_per_second=320.0)
    rules = classroom.change(minutes=minutes)
    for _second in range(3):
        stop_overdue(store, rules)
    assert run.new_commands() == ["stop"] * stopped


def test_whoever_hands_out_runs_keeps_the_limit(classroom, store):
    run = trained(classroom, store, "running", seconds=(100.0,))
    classroom.change(minutes=1)
    nobody = SimpleNamespace(status="running", scheduler_info=lambda **_: {}, processing=dict)
    Dispatcher(store, wake=lambda: None).dispatch(nobody)
    assert run.new_commands() == ["stop"]


def test_the_page_says_that_the_limit_has_ended_it(classroom, store):
    late, own = (trained(classroom, store, "running", seconds=(100.0,)) for _ in range(2))
    own.command("stop", ANNA)
    stop_overdue(store, classroom.change(minutes=1.5))
    for run in (late, own):
        attempt = Attempt(run, run.attempt())
        attempt.update(epoch=1, epochs=5)
        attempt.enter(Phase.STOPPED)
    text = phase_text(late, late.state())
    assert "at most 1.5 min" in text and "1 finished epoch is kept" in text
    text = phase_text(own, own.state())
    assert "min" not in text and "1 finished epoch is kept" in text


def test_the_run_that_the_class_follows_may_go_on(classroom, store):
    run = trained(classroom, store, "running", seconds=(100.0,))
    stop_overdue(store, classroom.change(minutes=1, following=run.id))
    assert run.new_commands() == []


# ---- The wait


def test_the_place_in_the_queue_and_the_wait(classroom, store):
    """Three of five epochs are to come, each like the last three's median: 3 x 60 s."""
    trained(classroom, store, "running", seconds=(60.0, 60.0))
    second = submit(classroom, store, owner=BEN)
    assert phase_text(second, second.state()) == "Waiting for its turn: 1 before it, about 3 min."
    classroom.change(queue_paused=True)
    assert "paused the queue" in phase_text(second, second.state())


def test_a_wait_that_rests_on_a_guess_says_so(classroom, store):
    """Nothing was timed or trained here: how long the first takes is a typical computer's time."""
    run_status.known.clear()
    submit(classroom, store)
    second = submit(classroom, store, owner=BEN)
    assert "1 before it, at a guess" in phase_text(second, second.state())
