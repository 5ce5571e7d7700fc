"""The class: nicknames, rules, first answers, votes and the end of it, in files that all servers share."""

import errno
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from cnnlab.classroom import ANSWERS, LONG_AWAY, Classroom
from cnnlab.config.class_rules import CLASS_RULES, HOME_RULES
from cnnlab.config.presets import PRESETS
from cnnlab.names import ANIMALS, MANNERS, nicknames
from cnnlab.runs import Phase, RunError, Store
from cnnlab.runs.attempt import Attempt
from tests.support.pages import owner

CONFIG = PRESETS["article"].config


ANNA, BEN = owner("anna"), owner("ben")


# ---- Students


def test_two_hundred_students_have_two_hundred_names_and_keep_them(classroom):
    owners = [owner(str(n)) for n in range(200)]
    names = [classroom.nickname(one) for one in owners]
    assert len(set(names)) == 200
    assert [Classroom(classroom.root).nickname(one) for one in owners] == names
    assert {student.owner: student.nickname for student in classroom.students()} == dict(
        zip(owners, names, strict=True)
    )
    for name in names:
        manner, animal = name.lower().split()
        assert manner in MANNERS.split()
        assert animal in ANIMALS.split()


def test_two_tabs_that_come_at_once_get_one_name(classroom):
    owners = [owner(str(n % 4)) for n in range(32)]
    together = threading.Barrier(len(owners))

    def come(one: str) -> str:
        together.wait()
        return Classroom(classroom.root).nickname(one)

    with ThreadPoolExecutor(len(owners)) as pool:
        names = list(pool.map(come, owners))
    assert len(set(zip(owners, names, strict=True))) == len(set(names)) == 4
    assert len(classroom.students()) == 4
    assert not list((classroom.folder / "names").glob(".*")), "nothing half written is left"


def test_who_is_here_is_who_was_seen_lately(classroom, monkeypatch):
    classroom.seen(ANNA)
    classroom.seen(BEN)
    assert {student.owner for student in classroom.here()} == {ANNA, BEN}
    later = max(student.seen for student in classroom.students()) + 300
    monkeypatch.setattr("cnnlab.classroom.students.time.time", lambda: later)
    assert classroom.here() == []
    assert len(classroom.students()) == 2, "who has gone keeps the name"


def test_names_of_which_nothing_is_kept_are_given_back_after_a_while(classroom, monkeypatch):
    idle, answered, voted, trained = (owner(name) for name in ("idle", "answered", "voted", "trained"))
    names = {one: classroom.nickname(one) for one in (idle, answered, voted, trained)}
    vote = classroom.ask("layer.weights").vote
    classroom.record(answered, "pooling.shift", "2, 2", "half", False)
    classroom.cast(voted, 1, vote)
    Store(classroom.root).create(CONFIG, ("cat",), preset="article", owner=trained)
    classroom.give_back()
    assert len(classroom.students()) == 4, "they were here a moment ago"
    later = time.time() + LONG_AWAY + 60
    monkeypatch.setattr("cnnlab.classroom.students.time.time", lambda: later)
    present = classroom.nickname(owner("present"))
    os.utime(classroom.folder / "names" / present.replace(" ", "-"), (later, later))
    classroom.give_back()
    assert {one.owner for one in classroom.students()} == {answered, voted, trained, owner("present")}
    assert classroom.nickname(idle) == names[idle], "who comes back gets the same again"


def test_a_name_stays_when_an_earlier_candidate_is_given_back(classroom):
    first, second = islice(nicknames(ANNA), 2)
    folder = classroom.folder / "names"
    folder.mkdir(parents=True)
    (folder / first.replace(" ", "-")).write_text(BEN)
    assert not classroom.has_name(ANNA)
    assert classroom.nickname(ANNA) == second
    (folder / first.replace(" ", "-")).unlink()
    assert classroom.has_name(ANNA)
    assert classroom.nickname(ANNA) == second
    assert len(classroom.students()) == 1


# ---- Rules


def test_there_are_rules_in_a_class_alone(classroom, monkeypatch):
    assert classroom.rules() == CLASS_RULES
    classroom.change(epochs=5)
    assert classroom.rules().epochs == 5
    monkeypatch.delenv("CNNLAB_TEACHER_PIN")
    assert classroom.rules() == HOME_RULES
    limits = (HOME_RULES.waiting, HOME_RULES.epochs, HOME_RULES.minutes, HOME_RULES.images)
    assert limits == (None,) * 4


@pytest.mark.parametrize(
    ("field", "value"),
    [("waiting", 0), ("epochs", 1.5), ("minutes", 0), ("minutes", float("nan")), ("images", 9), ("epoch", 1)],
)
def test_an_impossible_rule_is_refused_and_changes_nothing(classroom, field, value):
    classroom.change(waiting=7)
    with pytest.raises(RunError):
        classroom.change(**{field: value, "pair_mode": True})
    assert classroom.rules() == CLASS_RULES.model_copy(update={"waiting": 7})


def test_damaged_rules_are_said_and_mended_by_the_next_change(classroom):
    classroom.change(epochs=5)
    (classroom.folder / "rules.json").write_text('{"epochs": -1')
    with pytest.raises(RunError, match="cannot be read"):
        classroom.rules()
    assert classroom.change(minutes=3).minutes == 3
    assert classroom.rules() == CLASS_RULES.model_copy(update={"minutes": 3})


# ---- Answers


def test_only_first_answers_count_each_partner_s_own(classroom):
    classroom.nickname(ANNA)
    classroom.record(ANNA, "pooling.shift", "2, 2", "half", False)
    classroom.record(ANNA, "pooling.shift", "2, 2", "all", True)
    classroom.record(ANNA, "pooling.shift", "2, 2", "all", True, partner=2)
    classroom.record(ANNA, "pooling.shift", "3, 3", "all", True)
    classroom.record(BEN, "pooling.shift", "2, 2", "none", False)  # he has no name yet
    kept = [(name, a.settings, a.answer, a.right, a.partner) for name, a in classroom.answers()]
    anna = classroom.nickname(ANNA)
    assert kept == [
        (anna, "2, 2", "half", False, 1),
        (anna, "2, 2", "all", True, 2),
        (anna, "3, 3", "all", True, 1),
    ]
    classroom.nickname(BEN)
    assert len(classroom.answers()) == 4


def test_a_damaged_answer_is_passed_over_and_the_next_is_whole(classroom):
    classroom.record(ANNA, "a", "", "x", True)
    path = classroom.folder / "answers" / f"{ANNA}.jsonl"
    wrong = [b"{", b"\xff\x00", b"[]", json.dumps({"at": 1, "question": []}).encode()]
    path.write_bytes(path.read_bytes() + b"\n".join(wrong) + b'\n{"at": "2026-')  # the disk was full
    classroom.record(ANNA, "b", "", "y", False)
    assert [answer.question for answer in classroom.answers_of(ANNA)] == ["a", "b"]


def test_an_answer_written_by_two_tabs_at_once_counts_once(classroom):
    classroom.record(ANNA, "a", "", "x", True)
    path = classroom.folder / "answers" / f"{ANNA}.jsonl"
    path.write_bytes(2 * path.read_bytes())
    assert len(classroom.answers_of(ANNA)) == 1


def test_the_file_of_answers_has_an_end(classroom):
    path = classroom.folder / "answers" / f"{ANNA}.jsonl"
    classroom.record(ANNA, "pooling.shift", "0", "half", False)
    line = path.read_text()
    path.write_text("".join(line.replace('"0"', f'"{n}"') for n in range(ANSWERS)))
    classroom.record(ANNA, "pooling.shift", "one more", "half", False)
    assert len(path.read_text().splitlines()) == ANSWERS


# ---- Votes


def test_a_vote_has_two_rounds_and_is_open_until_it_is_shown(classroom):
    first = classroom.ask("pooling").vote
    classroom.cast(ANNA, 2, first)
    classroom.cast(ANNA, 1, first)
    classroom.cast(BEN, 2, first)
    assert classroom.ballots(first, "first") == {ANNA: 1, BEN: 2}
    assert classroom.cast_by(ANNA, first) == 1
    classroom.change(vote=first.model_dump() | {"stage": "first_shown"})
    with pytest.raises(RunError, match="closed"):
        classroom.cast(ANNA, 0, first)
    second = classroom.change(vote=first.model_dump() | {"stage": "second"}).vote
    classroom.cast(ANNA, 0, second)
    assert classroom.ballots(second, "first") == {ANNA: 1, BEN: 2}
    assert classroom.ballots(second, "second") == {ANNA: 0}
    assert classroom.cast_by(BEN, second) is None


def test_a_vote_on_another_question_begins_empty(classroom):
    old = classroom.ask("pooling").vote
    classroom.cast(ANNA, 1, old)
    new = classroom.ask("kernel").vote
    assert classroom.ballots(new, "first") == {}
    with pytest.raises(RunError, match="closed"):
        classroom.cast(ANNA, 1, old)


# ---- The end


def test_a_new_class_puts_everything_away_and_gives_new_names(classroom):
    store = Store(classroom.root)
    run = store.create(CONFIG, ("cat", "dog"), preset="article", owner=ANNA)
    before = [classroom.nickname(owner) for owner in (ANNA, BEN)]  # one of them may get the same again
    classroom.record(ANNA, "a", "", "x", True)
    classroom.cast(ANNA, 1, classroom.ask("pooling").vote)
    classroom.change(epochs=9, following=run.id, test_sets_opened="2026-01-01T10:00:00", queue_paused=True)
    archive = classroom.new_class()
    assert store.runs() == classroom.students() == classroom.answers() == []
    rules = classroom.rules()
    assert rules == CLASS_RULES.model_copy(update={"epochs": 9, "began": rules.began})
    assert [classroom.nickname(owner) for owner in (ANNA, BEN)] != before
    assert (archive / run.id / "config.json").exists()
    assert (archive / "class" / "answers" / f"{ANNA}.jsonl").exists()
    classroom.new_class()
    assert classroom.rules().began != rules.began


def test_a_new_class_waits_for_what_is_being_trained(classroom):
    run = Store(classroom.root).create(CONFIG, ("cat", "dog"), preset="article", owner=ANNA)
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(Phase.RUNNING)
    classroom.nickname(ANNA)
    with pytest.raises(RunError, match=run.id):
        classroom.new_class()
    assert len(classroom.students()) == 1
    attempt.enter(Phase.STOPPED)
    classroom.new_class()
    assert classroom.students() == []


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_where_the_disk_is_full_no_new_class_begins_and_the_old_one_stays_whole(
    classroom, monkeypatch, fails
):
    run = Store(classroom.root).create(CONFIG, ("cat", "dog"), preset="article", owner=ANNA)
    classroom.nickname(ANNA)
    steps = iter(range(1, 100))

    def full(do):
        def try_it(*arguments, **options):
            if next(steps) == fails:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return do(*arguments, **options)

        return try_it

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full(Path.mkdir))
        patch.setattr(Path, "write_bytes", full(Path.write_bytes))
        with pytest.raises(OSError):
            classroom.new_class()
    assert Store(classroom.root).runs() == [run] and len(classroom.students()) == 1
    assert not list(classroom.root.glob(".archive-*"))
    classroom.new_class()
    assert Store(classroom.root).runs() == classroom.students() == []
