"""How does a student on any page learn that the class votes, or that everybody watches one training run?

By a line at the lower edge of the window. It stands beside the page, so that nothing jumps when it comes.
"""

import streamlit as st

from cnnlab.questions.bank import QUESTIONS
from cnnlab.rights import teaching
from cnnlab.rules import Rules, Vote
from cnnlab.runs import RunError, Store
from cnnlab.text import _
from cnnlab.ui import class_state, identity, lesson, lesson_link, projector
from cnnlab.ui.teacher import door

LOOK = 4.0  # seconds from one look at the class to the next
VOTE, FOLLOW = "vote", "follow"


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
    """Return VOTE with the vote's round, or FOLLOW with the name of a training run, or None."""
    rules = class_state.rules()
    if rules.vote and _to_vote(rules.vote, page):
        return VOTE, rules.vote.round
    return (FOLLOW, rules.following) if rules.following and _to_follow(rules, page) else None


def _to_vote(vote: Vote, page: str) -> bool:
    """Say whether this student is still to vote."""
    if not vote.is_open or page == "vote" or vote.question not in QUESTIONS or door.teacher():
        return False
    return class_state.classroom().cast_by(identity.owner(), vote) is None


def _to_follow(rules: Rules, page: str) -> bool:
    """Say whether there is a training run to follow that this page does not show already."""
    if lesson_link.current() or (page == "train" and st.query_params.get("run") == rules.following):
        return False
    try:
        Store().get(rules.following)
    except RunError:
        return False  # it was deleted
    return True


def _say(news: str, about: str) -> None:
    if news == VOTE:
        texts = {"first": _("**Your teacher asks a question.**"), "second": _("**The second vote is open.**")}
        st.markdown(texts[about], width="content")
        link = {"lesson": st.query_params["lesson"]} if lesson_link.current() else {}  # the way back
        options = {"icon": ":material/how_to_vote:", "query_params": link}
        st.page_link(lesson.PAGES / "vote.py", label=_("Vote now"), **options)
    else:
        st.markdown(_("The class follows **{run}**.").format(run=about), width="content")
        lesson.next_lesson("train", _("Watch it"), run=about)
