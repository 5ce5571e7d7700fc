"""What stands in the sidebar's place on a projector and behind a lesson link: the level, and the ways out."""

import streamlit as st

from cnnlab.i18n import _
from cnnlab.ui.classroom import offer
from cnnlab.ui.session import lesson_link_state, projector
from cnnlab.ui.widgets import lesson


def top_line() -> None:
    """Draw what stands in the sidebar's place on a projector and behind a lesson link: level, ways out."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        lesson.level_switch(sidebar=False)
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            if lesson_link_state.current():
                _out_of_the_link()
            if projector.on():
                projector.mount()
                projector.way_out()


def _out_of_the_link() -> None:
    """Draw the small button that leads from the one page to the whole app; a teacher may offer the page."""
    offer.button(st.session_state[lesson_link_state.TEXT], type="tertiary")
    st.button(
        _("The whole app"),
        icon=":material/apps:",
        type="tertiary",
        key="_lesson.leave",
        on_click=lesson_link_state.leave,
    )
