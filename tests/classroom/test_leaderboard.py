"""The board: who stands on it and where, labels that do not collide, names, and test sets that open once."""

import json
import math
import shutil
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnnlab.access import TeacherPass
from cnnlab.classroom import Classroom, leaderboard
from cnnlab.classroom.leaderboard import Standing
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.figures.leaderboard import Dot, scatter
from cnnlab.runs import Phase, RunError, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.ui.classroom import board as view
from cnnlab.ui.session import teacher_pass
from tests.support.pages import again, open_page, owner, press, sent, words
from tests.support.runs import trained

ARTICLE = PRESETS["article"].config.model_copy(update={"dataset": "digits"})


def with_accuracies(store, whose: str, accuracies, **settings):
    """Put a run there as if it had been trained: an epoch of two seconds for each validation accuracy."""
    config = ARTICLE.model_copy(update=settings)
    rows = [{"val_accuracy": accuracy, "seconds": 2.0} for accuracy in accuracies]
    return trained(store, config, owner(whose), rows=rows, kernels=False)


# ---- The ranking


def test_each_students_best_network_stands_there_by_validation(tmp_path):
    store = Store(tmp_path)
    with_accuracies(store, "anna", [0.5, 0.9, 0.8])
    best = with_accuracies(store, "anna", [0.95])
    with_accuracies(store, "ben", [math.nan])  # without validation
    with_accuracies(store, "clara", [0.7])
    with_accuracies(store, "stranger", [0.99])
    with_accuracies(store, "clara", [1.0], limit=500, validation=0.1)  # 50 photos: a lucky guess
    few = with_accuracies(store, "clara", [0.8], limit=500, validation=0.2)  # 100 are enough
    other = with_accuracies(store, "ben", [0.6], dataset="cifar10")
    damaged = with_accuracies(store, "ben", [0.9])
    (damaged.folder / "history.csv").write_text("nothing")
    imported = with_accuracies(store, "ben", [0.99])
    config = json.loads((imported.folder / "config.json").read_text())
    (imported.folder / "config.json").write_text(json.dumps(config | {"note": "Imported"}))
    found = leaderboard.standings(store.runs(), {owner(name) for name in ("anna", "ben", "clara")})
    assert [(one.run, one.dataset) for one in found] == [
        (best.id, "digits"),
        (few.id, "digits"),
        (other.id, "cifar10"),
    ]
    assert (found[0].validation, found[0].parameters, found[0].seconds) == (0.95, 122_570, 2.0)
    assert [one.held_out for one in found] == [144, 100, 5000]
    assert all(one.test is None for one in found)


def test_a_longer_history_is_read_again(tmp_path):
    store = Store(tmp_path)
    run = with_accuracies(store, "anna", [0.5])
    assert leaderboard.standings([run], {owner("anna")})[0].validation == 0.5
    rows = [dict.fromkeys(COLUMNS, 2.0) | {"epoch": n, "val_accuracy": 0.4 + 0.1 * n} for n in (1, 2)]
    Attempt(run, run.attempt()).write_history(rows)
    assert leaderboard.standings([run], {owner("anna")})[0].validation == pytest.approx(0.6)


def standing(number: int, validation: float, parameters: int = 1, seconds: float = 1.0) -> Standing:
    return Standing(
        owner=f"{number:032x}",
        run=f"kite-{number}",
        dataset="digits",
        validation=validation,
        held_out=144,
        parameters=parameters,
        seconds=seconds,
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 0.75, 1.0]), st.integers(1, 3), st.floats(0, 9)), max_size=30
    )
)
def test_the_ranking_is_that_of_plain_counting(values):
    found = leaderboard.ranked(standing(number, *value) for number, value in enumerate(values, start=100))
    places = leaderboard.places(found)
    for place, one in zip(places, found, strict=True):
        assert place == 1 + sum(other.validation > one.validation for other in found)
    for before, after in pairwise(found):
        if before.validation == after.validation:
            assert (before.parameters, before.seconds) <= (after.parameters, after.seconds)
        else:
            assert before.validation > after.validation


# ---- The charts


def test_the_charts_hold_the_numbers_and_mark_ones_own():
    dots = [Dot("you", 5000, 0.6, 0.55, "own"), Dot("Baseline", 122_570, 0.7, None, "shipped")]
    dots += [Dot(f"Merry Otter {n}", 1000 * n, 0.5, None, "student") for n in range(30)]  # one cost nothing
    drawn = scatter(dots, "parameters")
    own = next(trace for trace in drawn.data if trace.marker.symbol == "star")
    assert (own.x[0], own.y[0]) == (5000, 60) and own.customdata[0] == "you: 60.0\u00a0%, 5,000"
    test = next(trace for trace in drawn.data if trace.mode == "lines+markers")
    assert test.y == pytest.approx((60, 55))
    assert {"<b>you</b>", "Baseline"} <= {note.text for note in drawn.layout.annotations}
    assert min(min(trace.x) for trace in drawn.data) == 1
    assert [text for text in drawn.layout.xaxis.ticktext if text == "10,000"]
    assert scatter(dots[:1], "seconds").layout.xaxis.ticktext, "an axis with one point has ticks too"


# ---- The test sets


def test_the_worker_opens_the_test_sets_that_can_be_opened(tmp_path, digits_run):
    _store, run = digits_run
    store = Store(tmp_path)
    shutil.copytree(run.folder, store.root / "kite-421")
    before = store.get("kite-421").evaluation().openings
    tests = leaderboard.open_test_sets(str(store.root), ["reef-100", "kite-421"])  # the first was deleted
    evaluation = store.get("kite-421").evaluation()
    assert tests == {"kite-421": evaluation.accuracy} and evaluation.openings == before + 1
    right = (evaluation.probabilities.argmax(1) == datasets.load("digits").test_labels).mean()
    assert tests["kite-421"] == pytest.approx(right)
    with pytest.raises(RunError, match="reef-100"):
        leaderboard.open_test_sets(str(store.root), ["reef-100"])


@pytest.fixture
def classroom(store, classroom) -> Classroom:
    """A class of two with a network each."""
    view._live.clear()
    for name, accuracy in (("anna", 0.9), ("ben", 0.8)):
        classroom.nickname(owner(name))
        with_accuracies(store, name, [accuracy])
    return classroom


def reveal(classroom, *tests: float) -> list[Standing]:
    """Let the test sets say these, in the order of the ranking."""
    found = leaderboard.standings(Store().runs(), {one.owner for one in classroom.students()})
    leaderboard.reveal(classroom, found, dict(zip((one.run for one in found), tests, strict=False)))
    return found


def test_the_test_sets_open_once_and_a_new_class_seals_them(classroom):
    assert leaderboard.revealed(classroom) is None
    found = reveal(classroom, 0.85)  # the second could not be judged
    final = leaderboard.revealed(classroom)
    assert [one.test for one in final.standings] == [0.85, None]
    assert [one.run for one in final.standings] == [one.run for one in found]
    with pytest.raises(RunError, match="once"):
        leaderboard.reveal(classroom, found, {})
    assert leaderboard.revealed(classroom) == final
    file = classroom.folder / leaderboard.FILE
    file.write_text(file.read_text().replace("0.85", "85"))
    with pytest.raises(RunError, match="damaged"):
        leaderboard.revealed(classroom)
    classroom.new_class()
    assert leaderboard.revealed(classroom) is None


# ---- The page


def table(at: AppTest) -> dict:
    return sent(at, "standings")[0]


def rows(at: AppTest) -> list[tuple]:
    return [(row["place"], row["name"], row["values"][0], row["kind"]) for row in table(at)["rows"]]


def test_everybody_sees_the_ranking_and_their_own_row(classroom):
    anna, ben = (classroom.nickname(owner(name)) for name in ("anna", "ben"))
    assert rows(open_page("board", "anna")) == [
        ("1", f"{anna} (you)", "90.0\u00a0%", "own"),
        ("2", ben, "80.0\u00a0%", "student"),
    ]
    at = open_page("board", "ben")
    assert [kind for *_rest, kind in rows(at)] == ["student", "own"]
    assert len(at.get("plotly_chart")) == 2 and "test" not in table(at)["heads"]
    assert not [button for button in at.button if "Open" in button.label]
    with_accuracies(Store(), "ben", [0.95])
    view._live.clear()  # two seconds later
    assert [kind for *_rest, kind in rows(again(at))] == ["own", "student"]


def test_hidden_names_do_not_reach_the_page_but_ones_own_row_is_marked(classroom):
    names = [classroom.nickname(owner(name)) for name in ("anna", "ben")]
    classroom.change(names_hidden=True)
    at = open_page("board", "anna")
    shown = [name for _place, name, *_rest in rows(at)]
    assert sorted(name.removesuffix(" (you)") for name in shown) == ["Student 1", "Student 2"]
    assert shown[0].endswith("(you)")
    charts = "".join(chart.proto.spec for chart in at.get("plotly_chart"))
    page = json.dumps(table(at)) + charts
    assert names[1] not in page and names[0] not in page and owner("ben") not in page


def test_the_teacher_opens_all_test_sets_with_one_press(classroom, monkeypatch):
    ids = [one.run for one in leaderboard.standings(Store().runs(), {owner("anna"), owner("ben")})]
    asked = []

    def answer(kind, about, function, root, runs, **options):
        asked.append((function, root, runs))
        return dict(zip(runs, (0.87, 0.83), strict=True))

    monkeypatch.setattr(view.background_job, "answer", answer)
    at = open_page("board", "teacher")
    press(at, "Open them now")
    assert asked == [(leaderboard.open_test_sets, str(Store().root), ids)]
    for page in (again(at), open_page("board", "anna")):
        assert [row["values"][1] for row in table(page)["rows"]] == ["87.0\u00a0%", "83.0\u00a0%"]
        assert "on average **as good as validation**" in words(page) and "stands still" in words(page)
        assert not [button for button in page.button if "Open" in button.label]
    with_accuracies(Store(), "ben", [0.99])  # who trains on has seen the test
    view._live.clear()
    assert [value for _place, _name, value, _kind in rows(open_page("board", "ben"))] == [
        "90.0\u00a0%",
        "80.0\u00a0%",
    ]


def in_phase(run, phase: str, **state):
    """Let the newest attempt of a run stand in this phase, beating now."""
    attempt = Attempt(run, run.claim("resume"))
    attempt.update(epoch=1, epochs=9, heartbeat=time.monotonic_ns(), **state)
    attempt.enter(Phase(phase))
    return attempt


def news() -> None:
    """Let two seconds pass for those who look at the class."""
    view._live.clear()


@pytest.fixture
def opened(monkeypatch) -> list[list[str]]:
    """The names of the runs whose test sets were opened, a list an opening; each said 0.5."""
    asked = []

    def answer(kind, about, function, root, runs, **options):
        asked.append(list(runs))
        return dict.fromkeys(runs, 0.5)

    monkeypatch.setattr(view.background_job, "answer", answer)
    return asked


def test_what_is_not_done_is_named_and_only_what_has_ended_is_opened(classroom, opened):
    store = Store()
    done = next(run for run in store.runs() if run.recipe().owner == owner("anna"))
    at_work, paused = with_accuracies(store, "anna", [0.99]), with_accuracies(store, "ben", [0.98])
    in_phase(at_work, "running")
    in_phase(paused, "paused")
    waits = store.create(ARTICLE, tuple("0123456789"), preset="article", owner=owner("ben"))
    news()
    at = open_page("board", "teacher")
    anna, ben = (classroom.nickname(owner(name)) for name in ("anna", "ben"))
    for line in (
        f"{anna}, {at_work.id}: epoch 2 of 9",
        f"{ben}, {waits.id}: waits",
        f"{ben}, {paused.id}: paused",
    ):
        assert line in words(at)
    assert "{count}" not in words(at) and "ended, 2 in all" in words(at)
    press(at, "Open now, without them")
    [ids] = opened
    assert done.id in ids and not {at_work.id, paused.id, waits.id} & set(ids)
    assert {one.run for one in leaderboard.revealed(classroom).standings} == set(ids)


def test_the_test_sets_wait_until_nothing_is_trained_and_open_by_themselves(classroom, opened):
    store = Store()
    late = with_accuracies(store, "ben", [0.97])
    attempt = in_phase(late, "running")
    news()
    at = press(open_page("board", "teacher"), "Open when these are done")
    assert "one training run is done" in words(at) and not opened
    assert late.id in words(open_page("board", "anna")), "students read what the class waits for"
    at = open_page("board", "teacher")  # a reload forgets nothing
    assert "one training run is done" in words(at) and not opened
    attempt.enter(Phase.FINISHED)
    news()
    again(at)
    assert opened and late.id in opened[0]
    assert classroom.rules().test_sets_opened and not classroom.rules().test_sets_wait


def test_waiting_for_the_test_sets_can_be_called_off(classroom, opened):
    in_phase(with_accuracies(Store(), "ben", [0.97]), "running")
    news()
    at = press(open_page("board", "teacher"), "Open when these are done")
    press(at, "Do not wait")
    assert not classroom.rules().test_sets_wait and not opened
    classroom.change(test_sets_wait=True)
    for one in Store().runs():
        Attempt(one, one.attempt()).enter(Phase.STOPPED)
    classroom.new_class()
    assert not classroom.rules().test_sets_wait, "the next class waits for nothing"


def test_whoever_waits_for_the_test_sets_reads_what_for(classroom, opened):
    store = Store()
    waits = store.create(ARTICLE, tuple("0123456789"), preset="article", owner=owner("ben"))
    classroom.change(test_sets_wait=True, queue_paused=True)
    news()
    text = words(open_page("board", "anna"))
    assert f"({waits.id})" in text and "The queue is paused" in text
    for one in store.runs():
        one.delete(TeacherPass())
    news()
    text = words(open_page("board", "anna"))
    assert "once your teacher looks at this page" in text and "when these training runs" not in text
    assert "there is no envelope to open" in words(open_page("board", "teacher"))
    assert not opened and not classroom.rules().test_sets_wait


def test_a_network_that_is_being_trained_is_not_tested(tmp_path, digits_run):
    _store, run = digits_run
    store = Store(tmp_path)
    shutil.copytree(run.folder, store.root / "kite-421")
    copy = store.get("kite-421")
    before = copy.evaluation().openings
    for phase in ("running", "paused"):
        in_phase(copy, phase)
        with pytest.raises(RunError, match="has not ended"):
            leaderboard.open_test_sets(str(store.root), [copy.id])
    assert copy.last_evaluation().openings == before


def test_a_phone_that_showed_a_run_of_the_class_before_reads_that_a_new_class_began(classroom):
    id = next(run.id for run in Store().runs() if run.recipe().owner == owner("anna"))
    watching = open_page("train", "anna", {"run": id})
    classroom.new_class()
    told = f"A new class has begun, and training run {id} was put away"
    assert told in words(again(watching))
    for page in ("train", "inside"):
        assert told in words(open_page(page, "anna", {"run": id}))
    assert "There is no run called kite-999" in words(open_page("train", "anna", {"run": "kite-999"}))


def test_a_student_who_holds_no_pass_opens_nothing(classroom, monkeypatch):
    monkeypatch.setattr(view.background_job, "answer", lambda *_given, **_options: {"kite-421": 0.5})
    at = open_page("board", "teacher")
    teacher_pass._inside.clear()
    press(at, "Open them now")
    assert classroom.rules().test_sets_opened is None


def test_a_network_far_ahead_of_the_class_stands_in_the_table_alone(classroom):
    with_accuracies(Store(), "anna", [0.62], dataset="cifar10")
    at = open_page("board", "anna")
    at.session_state["board.dataset"] = "cifar10"
    again(at)
    names = [row["name"] for row in table(at)["rows"] if row["kind"] == "shipped"]
    charts = "".join(chart.proto.spec for chart in at.get("plotly_chart"))
    assert names == ["Champion", "Baseline (the article's)"]
    assert "Baseline" in charts and "Champion" not in charts


def test_the_apps_own_networks_tell_their_tests_with_those_of_the_class():
    sealed, told = (leaderboard.shipped(Store(), opened) for opened in (False, True))
    assert sealed and all(one.test is None for one in sealed)
    assert {one.run: one.test for one in told} == {
        run.id: run.evaluation().accuracy for run in Store().shipped()
    }


def test_the_gap_is_computed_and_said_in_either_direction(classroom):
    reveal(classroom, 0.86, 0.81)  # 4 points lower, 1 point higher
    text = words(open_page("board", "anna"))
    assert "on average **1.5 points lower**" in text and "luck" in text


def test_without_a_class_the_page_says_what_it_is_for(store):
    assert "CNNLAB_TEACHER_PIN" in words(open_page("board", "anna"))
