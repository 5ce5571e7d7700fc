"""How does a class vote? Everybody answers, talks to a neighbour, answers again; only then comes the answer.

The teacher moves a vote from stage to stage (`cnnlab.config.class_rules.Vote`); all pages follow within two
seconds.
"""

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.access import TeacherPass
from cnnlab.config.class_rules import Vote
from cnnlab.figures import number_grid, tiles
from cnnlab.figures.votes import histogram
from cnnlab.i18n import _, ngettext, number, percent
from cnnlab.lessons.votes import QUESTIONS, Question, Sight, tally
from cnnlab.runs import RunError
from cnnlab.ui.classroom import overview
from cnnlab.ui.session import browser, class_state, context, projector, teacher_pass, widget_state
from cnnlab.ui.widgets import lesson

FOLLOW = 2.0  # seconds until a page shows that the vote has gone on
PLAIN = {"displayModeBar": False}
NEXT = {"first": "first_shown", "first_shown": "second", "second": "second_shown"}


# ---- What the teacher does


def ask(_teacher: TeacherPass, name: str) -> None:
    """Open the first vote on a question of the register."""
    class_state.classroom().ask(name)


def go_on(_teacher: TeacherPass, vote: Vote) -> None:
    """Move the vote to its next stage; a second click on the same button does nothing more."""
    classroom = class_state.classroom()
    if classroom.in_force().vote == vote:
        classroom.change(vote=vote.model_dump() | {"stage": NEXT[vote.stage]})


def end(_teacher: TeacherPass) -> None:
    class_state.classroom().change(vote=None)


def choose() -> None:
    """Draw the choice of a question for the class, and the question."""
    titles = {name: question().title for name, question in QUESTIONS.items()}
    widget_state.default("vote.question", next(iter(titles)), titles)
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        name = left.selectbox(
            _("Question"), list(titles), format_func=titles.__getitem__, key="vote.question"
        )
        right.button(
            _("Open the vote"),
            icon=":material/how_to_vote:",
            type="primary",
            width="stretch",
            key="_vote.ask",
            on_click=teacher_pass.carry_out,
            args=["vote", ask, name],
        )
        teacher_pass.word("vote")
    question = QUESTIONS[name]()
    with st.container(border=True):
        picture, answers = _asked(question)
        with picture:
            _sights(question)
        with answers:
            _listed(question)


def controls(vote: Vote) -> None:
    """Draw the one button that leads on, and the way out."""
    labels = {
        "first": _("Show how the class voted"),
        "first_shown": _("Open the second vote"),
        "second": _("Show both votes and the answer"),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        if vote.stage in labels:
            st.button(
                labels[vote.stage],
                icon=":material/arrow_forward:",
                type="primary",
                key=f"_vote.{vote.stage}",
                on_click=teacher_pass.carry_out,
                args=["vote", go_on, vote],
            )
        last = vote.stage == "second_shown"
        label = _("Another question") if last else _("End without an answer")
        st.button(
            label,
            key="_vote.end",
            type="primary" if last else "tertiary",
            on_click=teacher_pass.carry_out,
            args=["vote", end],
        )
    teacher_pass.word("vote")


# ---- What everybody sees


def card(vote: Vote, *, teacher: bool) -> None:
    """Draw the question of a vote: to choose, or with what the class chose."""
    question = QUESTIONS[vote.question]()
    steps = {
        "first": _("First vote: decide for yourself"),
        "first_shown": _("Now talk to your neighbour, then vote again"),
        "second": _("Second vote: did somebody change your mind?"),
        "second_shown": _("The answer"),
    }
    # Under a key of its own each step is drawn anew: nothing of the last one stays in the browser.
    with st.container(border=True, key=f"_vote.card.{vote.id}.{vote.stage}"):
        st.markdown(f":primary[**{steps[vote.stage]}**]")
        if vote.stage == "second_shown":
            st.success(f"**{question.options[question.right]}** — {question.reveal}")
        if not vote.is_open:  # what the whole room waits for stands on top
            _result(vote, question)
        picture, answers = _asked(question)
        with picture:
            _sights(question)
        with answers:
            if vote.is_open and not teacher:
                _choices(vote, question)
            else:
                _listed(question, right=question.right if vote.stage == "second_shown" else None)
            follow(vote)
        if vote.stage == "second_shown":
            lesson.next_lesson(question.lesson, _("Try it yourself on the lesson's page"))


@st.fragment(run_every=FOLLOW)
def follow(vote: Vote | None) -> None:
    """Draw the page anew when the vote has gone on; say how many have voted, never how."""
    if class_state.rules().vote != vote:
        st.rerun()
    if vote is None or not vote.is_open or vote.question not in QUESTIONS:
        return
    voted = sum(
        tally(class_state.classroom().ballots(vote, vote.round), len(QUESTIONS[vote.question]().options))
    )
    here = max(voted, len(overview.here(overview.students())))
    text = _("{voted} of {here} have voted")
    st.markdown(f"### {text.format(voted=number(voted), here=number(here))}")


@st.fragment
def _choices(vote: Vote, question: Question) -> None:
    """Draw one button an option; the student's own vote stands out and can change."""
    mine = class_state.classroom().cast_by(browser.owner(), vote)
    for place, option in enumerate(question.options):
        st.button(
            f"{place + 1} · {option}",
            icon=":material/check:" if place == mine else None,
            type="primary" if place == mine else "secondary",
            width="stretch",
            wrap=True,
            key=f"_vote.option.{vote.id}.{vote.round}.{place}",
            on_click=_cast,
            args=[vote, place],
        )
    if trouble := st.session_state.pop("_vote.trouble", ""):
        st.warning(trouble)
    elif mine is None:
        st.caption(_("Tap what you think. Nobody sees who voted how."))
    else:
        st.caption(_("Your vote is in. You may change it until the result is shown."))


def _cast(vote: Vote, option: int) -> None:
    try:
        class_state.take_part()
        class_state.classroom().cast(browser.owner(), option, vote)
    except RunError as error:
        st.session_state["_vote.trouble"] = str(error)
    except OSError as error:
        text = _("Your vote could not be kept: {why}.")
        st.session_state["_vote.trouble"] = text.format(why=error.strerror or error)


def _result(vote: Vote, question: Question) -> None:
    """Draw the first votes, after the second vote beside the second ones, with the right answer."""
    last = vote.stage == "second_shown"
    titles = {"first": _("First vote"), "second": _("Second vote")}
    rounds = list(titles) if last else ["first"]
    for column, round in zip(st.columns(2), rounds, strict=False):
        counts = tally(class_state.classroom().ballots(vote, round), len(question.options))
        right = question.right if last else None
        with column:
            total = sum(counts)
            text = ngettext("**{title}**, {count} vote", "**{title}**, {count} votes", total)
            text = text.format(title=titles[round], count=number(total))
            if last and total:
                share = percent(counts[question.right] / total, 0)
                text += _(": {share} right").format(share=share)
            st.markdown(f"#### {text}")
            letters = 28 if projector.on() else 20
            chart = histogram(counts, theme=context.theme(), right=right, letters=letters)
            alt = "; ".join(f"{place}: {number(count)}" for place, count in enumerate(counts, start=1))
            st.plotly_chart(chart, key=f"_vote.{round}.count", config=PLAIN, alt=f"{titles[round]}: {alt}")


def _asked(question: Question) -> Sequence[DeltaGenerator]:
    """Draw the question; return the places of what is looked at and of the options."""
    st.markdown(f"### {question.text.replace('**', '*')}")  # bold would not stand out in a heading
    return st.columns([1.8, 1], gap="large") if question.sights else (st.container(), st.container())


def _listed(question: Question, right: int | None = None) -> None:
    for place, option in enumerate(question.options):
        mark = ":material/check_circle: " if place == right else ""
        st.markdown(f"#### {mark}{place + 1} · {option}")


def _sights(question: Question) -> None:
    photos = len(question.sights) == 4 and all(sight.role == "photo" for sight in question.sights)
    two_and_two = 2 * _side() + 40  # not three and one
    width: int | Literal["stretch"] = two_and_two if photos else "stretch"
    with st.container(horizontal=True, gap="small", vertical_alignment="top", width=width):
        for sight in question.sights:
            _sight(sight)


def _side() -> int:
    """Return the side of a photo, in pixels."""
    return 200 if projector.on() else 150


def _sight(sight: Sight) -> None:
    if sight.role == "photo":
        st.image(tiles.enlarge(sight.values, 2 * _side()), sight.title, width=_side(), alt=sight.title)
        return
    frames = [(mark.row, mark.col, mark.size, mark.letter) for mark in sight.marks]
    width = min((72 if projector.on() else 48) * (sight.values.shape[1] + 0.4), 520)
    alt = f"{sight.title}: {number_grid.as_text(sight.values)}"
    st.image(number_grid.grid(sight.values, sight.role, frames), sight.title, width=round(width), alt=alt)


# ---- Without a teacher


def alone() -> None:
    """Say what this page is for, and ask its questions one by one."""
    text = _(
        "Here a whole class votes on one question, talks about it, and votes again. A teacher opens the "
        "votes, on a server that has a PIN in `CNNLAB_TEACHER_PIN`. Meanwhile the questions are yours:"
    )
    st.info(text)
    titles = {name: question().title for name, question in QUESTIONS.items()}
    widget_state.default("vote.question", next(iter(titles)), titles)
    name = st.selectbox(
        _("Question"), list(titles), format_func=titles.__getitem__, key="vote.question", width=520
    )
    question = QUESTIONS[name]()
    _sights(question)
    right = question.options[question.right]
    if lesson.predict(f"vote.{name}", question.text, question.options, right, question.reveal):
        lesson.next_lesson(question.lesson, _("Try it yourself on the lesson's page"))
