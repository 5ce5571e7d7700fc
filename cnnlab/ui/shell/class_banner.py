"""How does a student on any page learn that the class votes, goes to a lesson or watches a training run?

By a line at the lower edge of the window. It stands beside the page, so that nothing jumps when it comes.
"""

from pathlib import Path

import streamlit as st

from cnnlab.access import teaching
from cnnlab.config.class_rules import Rules, Vote
from cnnlab.i18n import _
from cnnlab.lessons.lesson_link import read, read_or_none
from cnnlab.lessons.page_list import PAGES
from cnnlab.lessons.votes import QUESTIONS
from cnnlab.runs import RunError, Store
from cnnlab.ui.session import browser, class_state, lesson_link_state, projector, teacher_pass

LOOK = 4.0  # seconds from one look at the class to the next
VOTE, LESSON, FOLLOW = "vote", "lesson", "follow"


def banner(page: str) -> None:
    """Draw the line on this page, named by its file, if there is something to say; and go on looking.

    To be called before the page itself, which may end the script.
    """
    if not teaching() or projector.on():
        return
    said = _news(page)
    if said:
        with st.bottom, st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
            _say(*said)
    _look(page, said)


@st.fragment(run_every=LOOK)
def _look(page: str, said: tuple[str, str] | None) -> None:
    """Draw the page anew when there is something else to say than what it says; draw nothing otherwise.

    Who has the page open is here, even without a click: noted every twenty seconds at most.
    """
    class_state.nickname()
    if _news(page) != said:
        st.rerun()


def _news(page: str) -> tuple[str, str] | None:
    """Return VOTE with its round, LESSON with a link's text, FOLLOW with a training run's name, or None."""
    rules = class_state.rules()
    if rules.vote and _to_vote(rules.vote, page):
        return VOTE, rules.vote.round
    if rules.offered and _to_lesson(rules, page):
        return LESSON, rules.offered
    return (FOLLOW, rules.following) if rules.following and _to_follow(rules.following, page) else None


def _to_vote(vote: Vote, page: str) -> bool:
    """Say whether this student is still to vote."""
    if not vote.is_open or page == "vote" or vote.question not in QUESTIONS or teacher_pass.teacher():
        return False
    return class_state.classroom().cast_by(browser.owner(), vote) is None


def _to_lesson(rules: Rules, page: str) -> bool:
    """Say whether a lesson is offered that this page is not; a vote goes first until its answer is shown."""
    link = read_or_none(rules.offered)
    if link is None or (rules.vote and not rules.vote.is_over) or teacher_pass.teacher():
        return False
    return page == "vote" or lesson_link_state.current() != link


def _to_follow(run: str, page: str) -> bool:
    """Say whether the training run to follow is there and this page does not show it already."""
    if page == "train" and st.query_params.get("run") == run:
        return False
    try:
        Store().get(run)
    except RunError:
        return False  # it was deleted
    return True


def _say(news: str, about: str) -> None:
    if news == VOTE:
        texts = {"first": _("**Your teacher asks a question.**"), "second": _("**The second vote is open.**")}
        st.markdown(texts[about], width="content")
        link = {"lesson": st.query_params["lesson"]} if lesson_link_state.current() else {}  # the way back
        icon = ":material/how_to_vote:"
        st.page_link(PAGES["vote"].file, label=_("Vote now"), icon=icon, query_params=link)
    elif news == LESSON:
        page = PAGES[read(about).page]
        text = _("Your teacher opens a lesson: **{title}**")
        st.markdown(text.format(title=_(page.title)), width="content")
        _go(page.file, _("Go there"), {"lesson": about})
    else:
        st.markdown(_("The class follows **{run}**.").format(run=about), width="content")
        _go(PAGES["train"].file, _("Watch it"), {"run": about})


def _go(file: Path, label: str, query: dict[str, str]) -> None:
    icon = ":material/arrow_forward:"
    st.page_link(file, label=label, icon=icon, icon_position="right", query_params=query)
