"""Who is at this computer: which nickname has the browser, and are there one or two?"""

import streamlit as st

from cnnlab.access import teaching
from cnnlab.i18n import _
from cnnlab.runs import RunError
from cnnlab.ui.session import class_state

TWO = "lesson.two"  # session key: whether two partners answer here
STAYING = 30  # seconds after which a page that only lies open says again that its student is here


def badge(*, sidebar: bool = True) -> None:
    """Say the nickname, and let two say that they are two; the teacher's pair mode comes first, for all."""
    wanted = class_state.rules().pair_mode
    if st.session_state.get("lesson.pair_mode", False) != wanted:
        st.session_state["lesson.pair_mode"] = st.session_state[TWO] = wanted
    place = st.sidebar if sidebar else st.container(horizontal=True, vertical_alignment="center")
    with place:
        if teaching():
            _name()
        text = _("Both of you predict before the answer is revealed. Whoever works alone switches it off.")
        st.toggle(_("We are two at this computer"), key=TWO, help=text)


@st.fragment(run_every=STAYING)
def _name() -> None:
    try:
        name = class_state.take_part()
    except RunError as error:
        st.caption(str(error))
        return
    except OSError:
        return
    if name is None:
        return
    seen = _("The class sees this name beside your training runs.")
    if class_state.rules().names_hidden:
        seen = _("Your teacher has hidden the names: in the lessons only you see this one.")
    text = _("It was drawn by lot, so nobody has to give a real one; it stays with this browser.")
    you = _("You are **{name}**").format(name=name)
    st.markdown(f":small[{you}]", help=f"{seen} {text}", width="content")


def two() -> bool:
    return bool(st.session_state.get(TWO))
