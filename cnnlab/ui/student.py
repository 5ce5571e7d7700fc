"""Who is at this computer: which nickname has the browser, and are there one or two?"""

import streamlit as st

from cnnlab.text import _
from cnnlab.ui import class_state

TWO = "lesson.two"  # session key: whether two partners answer here


def badge(*, sidebar: bool = True) -> None:
    """Say the nickname, and let two say that they are two; the teacher's pair mode comes first, for all."""
    wanted = class_state.rules().pair_mode
    if st.session_state.get("lesson.pair_mode", False) != wanted:
        st.session_state["lesson.pair_mode"] = st.session_state[TWO] = wanted
    place = st.sidebar if sidebar else st.container(horizontal=True, gap="large", vertical_alignment="center")
    with place:
        if name := class_state.nickname():
            text = _(
                "The class sees this name beside your training runs. It was drawn by lot, so nobody has to "
                "give a real one; it stays with this browser."
            )
            st.markdown(_("You are **{name}** here").format(name=name), help=text, width="content")
        text = _("Both of you predict before the answer is revealed. Whoever works alone switches it off.")
        st.toggle(_("We are two at this computer"), key=TWO, help=text)


def two() -> bool:
    return bool(st.session_state.get(TWO))
