"""How does the class see who is ahead? A ranking and two charts; and the test sets, opened once for all.

The page looks for news every few seconds and is drawn anew only where there is some.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.access import TeacherPass
from cnnlab.classroom import Classroom, leaderboard
from cnnlab.classroom.leaderboard import Standing, Unfinished
from cnnlab.data import datasets
from cnnlab.figures.leaderboard import Cost, Dot, Kind, scatter
from cnnlab.i18n import _, fine, number, percent
from cnnlab.runs import Phase, RunError, Store
from cnnlab.ui.classroom import actions
from cnnlab.ui.components.standings import Row, standings
from cnnlab.ui.session import browser, class_state, context, projector, teacher_pass, widget_state
from cnnlab.ui.widgets import background_job, lesson
from cnnlab.ui.widgets.run_status import title_of

LOOK = 3.0  # seconds from one look at the class to the next
TOP = 10  # rows in large letters; one's own is always among them
NEAR = 0.1  # accuracy by which a network of the app may lead the class and still stand in the charts
LISTED = 8  # training runs that are named before the test sets open
PLAIN = {"displayModeBar": False}
OPENING = "_board.opening"  # session key: (when, standings) of the test sets that are being opened


def now() -> tuple[list[Standing], bool]:
    """Return all standings, and whether they are those of the opened test sets. RunError: a damaged file."""
    final = leaderboard.revealed(class_state.classroom())
    if final is not None:
        return list(final.standings), True
    return _live(str(Store().root), class_state.rules().began)[0], False


def not_done() -> list[Unfinished]:
    """Return which training runs of the class have not ended, those that a worker has or will have first."""
    return _live(str(Store().root), class_state.rules().began)[1]


@st.cache_data(ttl=2, max_entries=4, show_spinner=False)
def _live(root: str, _began: str) -> tuple[list[Standing], list[Unfinished]]:
    """Read the runs of the class once in two seconds, however many students look."""
    store, owners = Store(root), _owners(root)
    return leaderboard.standings(store.runs(), owners), leaderboard.unfinished(store.runs(), owners)


def _owners(root: str) -> set[str]:
    """Return the hashes of all students of the class; the teacher's own browser is none."""
    return {
        student.owner for student in Classroom(Path(root)).students() if not teacher_pass.holds(student.owner)
    }


@st.fragment(run_every=LOOK)
def follow(drawn: tuple[object, ...]) -> None:
    """Draw the page anew when there is something else to see than was drawn."""
    if seen() != drawn:
        st.rerun()


def seen() -> tuple[object, ...]:
    """Return all that the board depends on."""
    try:
        found, opened = now()
    except RunError as error:
        return (str(error),)
    waits = class_state.rules().test_sets_wait and not opened
    return (found, opened, _names(found), waits, not_done() if waits else None)


def _names(found: Sequence[Standing]) -> dict[str, str]:
    """Return owner -> the name to show; numbers that follow no ranking where the teacher hides names."""
    known = class_state.nicknames()
    if class_state.rules().names_hidden:
        known = {
            owner: _("Student {n}").format(n=place) for place, owner in enumerate(sorted(known), start=1)
        }
    return {one.owner: known.get(one.owner, _("a student")) for one in found}


def choose(found: Sequence[Standing]) -> str:
    """Draw the choice of the data; at first those that most students train on."""
    titles = datasets.titles()
    counts = {name: sum(one.dataset == name for one in found) for name in titles}
    widget_state.default("board.dataset", max(counts, key=counts.__getitem__), titles)
    st.segmented_control(
        _("Data"), list(titles), format_func=titles.__getitem__, key="board.dataset", required=True
    )
    chosen: str = st.session_state["board.dataset"]
    return chosen


def show(found: Sequence[Standing], opened: bool, dataset: str) -> None:
    """Draw the ranking of one dataset, the charts beside it, and what to think of them."""
    ranking = [one for one in found if one.dataset == dataset]
    if not ranking:
        st.info(_("No network of this class stands here yet. The board fills by itself."))
        lesson.next_lesson("train", _("Train one"))
        return
    names = _names(ranking)
    models = [one for one in leaderboard.shipped(Store(), opened) if one.dataset == dataset]
    if projector.on():  # one thing after the other, so that each is large
        _table(ranking, models, names, opened)
        places = st.columns(2, gap="large")
    else:
        left, right = st.columns([1.3, 1], gap="large")
        with left:
            _table(ranking, models, names, opened)
        places = (right, right)
    _charts(ranking, models, names, places)
    _remarks(ranking, opened)


def expect_opening() -> None:
    """Tell everybody that the test sets open soon, and what they wait for."""
    known = {} if class_state.rules().names_hidden else class_state.nicknames()
    still = [one for one in not_done() if one.comes]
    names = [f"{known.get(one.owner, '')} ({one.run})".strip() for one in still]
    text = _("The envelopes open when these training runs are done: {runs}.").format(runs=", ".join(names))
    if not still:
        text = _("All training runs are done: the envelopes open once your teacher looks at this page.")
    st.caption(f":material/hourglass_empty: {text} {_held_up(still)}")


def _held_up(still: Sequence[Unfinished]) -> str:
    """Return what keeps training runs from being done, where the teacher does."""
    if class_state.rules().queue_paused and any(one.phase is Phase.QUEUED for one in still):
        return _("The queue is paused, so what waits does not begin.")
    return ""


def _table(
    ranking: Sequence[Standing], models: Sequence[Standing], names: dict[str, str], opened: bool
) -> None:
    me = browser.owner()
    places = dict(zip((one.owner for one in ranking), leaderboard.places(ranking), strict=True))
    rows = []
    for one in [*ranking, *models]:
        student = one.owner in places
        name = names[one.owner] if student else _model(one)
        name = _("{name} (you)").format(name=name) if one.owner == me else name
        values = (percent(one.validation), *([_test(one)] if opened else []))
        values += (number(one.parameters), "–" if one.seconds is None else fine(one.seconds, 0))
        kind = "own" if one.owner == me else "student" if student else "shipped"
        rows.append(Row(number(places[one.owner]) if student else "◇", name, values, kind))
    heads = [_("network of"), _("validation"), *([_("test")] if opened else [])]
    heads += [_("parameters"), _("seconds")]
    main = 2 if opened else 1
    label = _("The best networks of the class")
    first = [row for place, row in enumerate(rows) if place < TOP or row.kind != "student"]
    standings(label, heads, first, main=main, key="_board.top")
    if len(first) < len(rows):
        with lesson.more(_("All {count} of the class").format(count=number(len(ranking)))):
            standings(label, heads, rows, main=main, key="_board.all")


def _test(one: Standing) -> str:
    return "–" if one.test is None else percent(one.test)


def _model(one: Standing) -> str:
    """Name a network that comes with the app."""
    return title_of(one.run)


def _remarks(ranking: Sequence[Standing], opened: bool) -> None:
    """Say what the ranking means, and once it is known how far the tests lie from it."""
    first = ranking[0]
    text = _(
        "Ranked by **validation**: photos that no weight has learned from. In the first row they are "
        "{count}, so one photo is {points} points. ◇ comes with the app. "
    )
    text = text.format(count=number(first.held_out), points=number(100 / first.held_out, 2))
    if not opened:
        text += _(
            "Equal settings differ too: every browser starts from random numbers of its own, and holds out "
            "photos of its own. "
        )
        st.caption(text + _("The test set stays sealed: who chooses by it has trained on it."))
        return
    text += _("In the charts ○ is the test. ")
    st.caption(text + _("The envelopes are open, so the board stands still until a new class begins."))
    pairs = [(one.validation, one.test) for one in ranking if one.test is not None]
    if not pairs:
        return
    gap = round(100 * sum(validation - test for validation, test in pairs) / len(pairs), 1)
    words = _("Here the tests are on average **{points} points lower**.")
    if gap == 0:
        words = _("Here the tests are on average **as good as validation**, to a tenth of a point.")
    elif gap < 0:
        words = _("Here the tests are on average **{points} points higher**: luck goes both ways.")
    why = _(
        "A validation that leads is usually a little better than its test. It is the highest of many "
        "networks, and it was chosen because it was high: part of that is luck, which does not come twice. "
        "Both look at the network as it was after its last epoch; the test looks once."
    )
    st.info(f"{words.format(points=number(abs(gap), 1))} {why}")


def _charts(
    ranking: Sequence[Standing],
    models: Sequence[Standing],
    names: dict[str, str],
    places: Sequence[DeltaGenerator],
) -> None:
    """Draw a chart for each cost into these places. Labels go to oneself, the models, and the first ones.

    A model far ahead of everybody would press the class into a corner: the table has it.
    """
    me = browser.owner()
    models = [one for one in models if one.validation <= ranking[0].validation + NEAR]
    mine, others = ([one for one in ranking if (one.owner == me) == own] for own in (True, False))
    alts: dict[Cost, str] = {
        "parameters": _("Validation accuracy over parameters; the numbers stand in the table"),
        "seconds": _("Validation accuracy over training time; the numbers stand in the table"),
    }
    for place, (what, alt) in zip(places, alts.items(), strict=True):

        def dot(one: Standing, name: str, kind: Kind, what: Cost = what) -> Dot:
            return Dot(name, getattr(one, what), one.validation, one.test, kind)

        known = [one for one in models if getattr(one, what) is not None]
        dots = [dot(one, _("you"), "own") for one in mine]
        dots += [dot(one, _model(one).partition(" (")[0], "shipped") for one in known]
        dots += [dot(one, names[one.owner], "student") for one in others]
        large = 1.7 if projector.on() else 1.0
        figure = scatter(dots, what, theme=context.theme(), scale=large)
        place.plotly_chart(figure, key=f"_board.{what}", config=PLAIN, alt=alt)


# ---- The test sets


def test_sets() -> None:
    """Let the teacher open all test sets, once, now or when training is over; draw how far that is."""
    if st.session_state.get(OPENING) is not None:
        return _under_way()
    if class_state.rules().test_sets_wait:
        return _wait()
    with st.popover(_("Open the envelopes"), icon=":material/drafts:"):
        still = not_done()
        coming = any(one.comes for one in still)
        count = len(_to_open())
        text = _(
            "The best network of each student whose training has ended, {count} in all, judges the sealed "
            "test photos. This happens **once**: afterwards the board stands still until a new class begins."
        )
        st.markdown(text.format(count=number(count)))
        _tell(still)
        if coming:
            label, key = _("Open when these are done"), "_board.wait"
            st.button(label, type="primary", key=key, on_click=_set_waiting, args=[True])
        st.button(
            _("Open now, without them") if still else _("Open them now"),
            type="secondary" if still else "primary",
            key="_board.open",
            on_click=_begin,
            disabled=not count,
        )
    teacher_pass.word("board")


def _tell(still: Sequence[Unfinished]) -> None:
    """Name the training runs that are not done, in a line each, and say what becomes of them."""
    if not still:
        return
    known = class_state.nicknames()
    phases = {
        Phase.QUEUED: _("waits"),
        Phase.STARTING: _("is about to begin"),
        Phase.RUNNING: _("epoch {now} of {all}"),
        Phase.PAUSED: _("paused"),
        Phase.INTERRUPTED: _("interrupted"),
    }
    lines = []
    for one in still[:LISTED]:
        phase = phases[one.phase].format(now=number(min(one.epoch + 1, one.epochs)), all=number(one.epochs))
        lines.append(f"- {known.get(one.owner, _('a student'))}, {one.run}: {phase}")
    if len(still) > LISTED:
        lines.append(_("- and {count} more").format(count=number(len(still) - LISTED)))
    first = _("**Not done yet.** Without them, their students stand here with an earlier network or none:")
    st.markdown("\n".join([first, "", *lines]))
    if held_up := _held_up(still):
        st.markdown(held_up)


@st.fragment(run_every=LOOK)
def _wait() -> None:
    """Begin when nothing of the class waits or is trained any more; meanwhile it can be called off."""
    still = not_done()
    coming = [one for one in still if one.comes]
    if not coming and teacher_pass.teacher() and class_state.rules().test_sets_wait:
        _set_waiting(False)
        _begin()
        st.rerun()
    words = _("The envelopes open by themselves when {count} training runs are done. Keep this page open.")
    if len(coming) == 1:
        words = _("The envelopes open by themselves when one training run is done. Keep this page open.")
    with st.container(width=420):
        st.info(words.format(count=number(len(coming))), icon=":material/hourglass_empty:")
        with st.container(horizontal=True):
            with st.popover(_("Which?")):
                _tell(still)
            st.button(
                _("Open now, without them"), key="_board.open", on_click=_begin, disabled=not _to_open()
            )
            st.button(_("Do not wait"), key="_board.stay", on_click=_set_waiting, args=[False])
    teacher_pass.word("board")


def _to_open() -> list[Standing]:
    """Return the best network of each student whose training has ended."""
    root = str(Store().root)
    return leaderboard.standings(Store(root).runs(), _owners(root), ended=True)


def _set_waiting(waits: bool) -> None:
    teacher_pass.carry_out("board", actions.change, {"test_sets_wait": waits})


def _under_way() -> None:
    """Wait for what the tests say, and show it to all; until then it can be called off."""
    when, kept = st.session_state[OPENING]
    root, ids = str(Store().root), [one.run for one in kept]
    doing = _("Opened: {done} of {all}")
    with st.container(width=320):
        tests = background_job.answer(
            "test_sets", when, leaderboard.open_test_sets, root, ids, doing=doing, long=True
        )
        if tests is None and not background_job.under_way("test_sets"):  # while it goes on, *Cancel* is there
            st.button(_("Leave them sealed"), type="tertiary", key="_board.leave", on_click=_leave)
    if tests is None:
        return
    _leave()
    teacher_pass.carry_out("board", _reveal, kept, tests)
    st.rerun()


def _begin() -> None:
    """Have the networks tested that have ended by now, but for those that have meanwhile gone on."""
    if teacher_pass.teacher() and (found := _to_open()):
        st.session_state[OPENING] = time.monotonic(), found
    else:  # the last of them has just been deleted, or goes on
        teacher_pass.carry_out(
            "board", lambda _teacher: _("No training run has ended, so there is no envelope to open.")
        )


def _leave() -> None:
    st.session_state.pop(OPENING, None)
    background_job.leave("test_sets")


def _reveal(_teacher: TeacherPass, found: Sequence[Standing], tests: dict[str, float]) -> str:
    leaderboard.reveal(class_state.classroom(), found, tests)
    missing = [one.run for one in found if one.run not in tests]
    return _("These could not be opened: {runs}.").format(runs=", ".join(missing)) if missing else ""
