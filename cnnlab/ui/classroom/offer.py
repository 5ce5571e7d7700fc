"""How does a teacher lead the whole class to a lesson link? One button offers it, and takes it back.

Nobody is moved: every student's page shows the way there (`cnnlab.ui.shell.class_banner`).
"""

from typing import Literal

import streamlit as st

from cnnlab.i18n import _
from cnnlab.lessons.lesson_link import read_or_none
from cnnlab.lessons.page_list import PAGES
from cnnlab.ui.classroom import actions
from cnnlab.ui.session import class_state, teacher_pass

PLACE = "offer"


def button(text: str, type: Literal["primary", "tertiary"]) -> None:
    """Draw, for the teacher, the button that offers the lesson link with this text, or takes it back."""
    if teacher_pass.teacher() is None:
        return
    if class_state.rules().offered == text:
        take_back()
    else:
        st.button(
            _("Offer this to the class"),
            icon=":material/campaign:",
            type=type,
            key="_lesson.offer",
            on_click=teacher_pass.carry_out,
            args=[PLACE, actions.change, {"offered": text, "following": None}],
        )
    teacher_pass.word(PLACE)


def take_back() -> None:
    """Draw the button that ends what is offered."""
    st.button(
        _("Take the offer back"),
        icon=":material/undo:",
        key="_lesson.take_back",
        on_click=teacher_pass.carry_out,
        args=[PLACE, actions.change, {"offered": None}],
    )


def standing(text: str) -> None:
    """Say what the class is offered now; where it is another link than this one, let the teacher end it."""
    rules = class_state.rules()
    link = read_or_none(rules.offered)
    if link is None or teacher_pass.teacher() is None:
        return
    said = _(":material/campaign: The class is offered **{title}**: every student's page points to it.")
    if rules.vote and not rules.vote.is_over:
        said = _(":material/campaign: The class is offered **{title}** as soon as the vote is over.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(said.format(title=_(PAGES[link.page].title)))
        if rules.offered != text:
            take_back()
