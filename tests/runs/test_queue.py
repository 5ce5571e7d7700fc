"""Turns go round between students; a run that lost its worker goes on first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import moments
from cnnlab.config.presets import PRESETS
from cnnlab.runs import Phase, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.queue import places, waiting

CONFIG = PRESETS["article"].config


def queue(store, owner: str, monkeypatch, at: int):
    """Put a run into the queue `at` so many seconds after the start of time."""
    monkeypatch.setattr(moments, "now", lambda: f"2026-01-01T00:00:{at:02}.000+00:00")
    return store.create(CONFIG, ("cat", "dog"), preset="article", owner=owner)


def serve(store) -> str:
    """Train the next waiting run to its end; return whose it was."""
    run, reason = waiting(store)[0]
    Attempt(run, run.claim(reason)).enter(Phase.FINISHED)
    return run.recipe().owner


def test_ten_runs_of_one_student_hold_nobody_up(tmp_path, monkeypatch):
    store = Store(tmp_path)
    for at in range(10):
        queue(store, "anna", monkeypatch, at)
    bens = queue(store, "ben", monkeypatch, 20)
    claras = queue(store, "clara", monkeypatch, 21)
    assert (places(store)[bens.id], places(store)[claras.id]) == (1, 2)
    monkeypatch.undo()
    assert [serve(store) for _ in range(5)] == ["anna", "ben", "clara", "anna", "anna"]


def test_a_run_that_is_trained_now_comes_before_those_that_wait(tmp_path, monkeypatch):
    store = Store(tmp_path)
    trained, waits = (queue(store, owner, monkeypatch, at) for at, owner in enumerate(("anna", "ben")))
    assert places(store) == {trained.id: 0, waits.id: 1}
    Attempt(trained, trained.claim("queued")).enter(Phase.RUNNING)
    assert places(store) == {waits.id: 1}


def test_who_was_served_longest_ago_comes_first(tmp_path, monkeypatch):
    store = Store(tmp_path)
    queue(store, "anna", monkeypatch, 0)
    monkeypatch.setattr(moments, "now", lambda: "2026-01-01T00:00:30.000+00:00")
    assert serve(store) == "anna"
    queue(store, "anna", monkeypatch, 40)  # earlier than Ben's, but she has had a turn
    queue(store, "ben", monkeypatch, 41)
    assert [run.recipe().owner for run, _reason in waiting(store)] == ["ben", "anna"]


def test_a_run_that_lost_its_worker_goes_on_first_and_a_damaged_one_is_passed_over(tmp_path, monkeypatch):
    store = Store(tmp_path)
    lost = queue(store, "anna", monkeypatch, 0)
    damaged = queue(store, "ben", monkeypatch, 1)
    queue(store, "clara", monkeypatch, 2)
    Attempt(lost, lost.claim("queued")).enter(Phase.INTERRUPTED)
    (damaged.folder / "config.json").write_text("{")
    order = waiting(store)
    assert [reason for _run, reason in order] == ["recovery", "queued"]
    assert order[0][0].id == lost.id


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_nobody_is_served_twice_while_somebody_waits_for_a_first_turn(tmp_path_factory, owners):
    store = Store(tmp_path_factory.mktemp("turns"))
    for owner in owners:
        store.create(CONFIG, ("cat", "dog"), preset="article", owner=owner)
    served = [serve(store) for _ in owners]
    assert sorted(served) == sorted(owners)
    first_turns = [served.index(owner) for owner in set(owners)]
    assert max(first_turns) == len(set(owners)) - 1
