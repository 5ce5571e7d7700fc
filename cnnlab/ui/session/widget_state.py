"""Which choices does a session keep when the student walks from page to page, and which does a link hold?

Streamlit forgets a widget's value when a run of the script does not draw it. Every key with a dot in it
(`convolution.stride`) is kept; keys of buttons, uploads and step-through views, which cannot be set, begin
with an underscore (`_train.start`).

Streamlit's `persist_state="session"` would keep one widget's value where that widget says so: in some eighty
places, and what one of them forgot to say would be lost unseen. Here one loop keeps all.
"""

from collections.abc import Container
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

HELD = "_lesson.held"  # key -> value of every setting that a lesson link has locked


def keep() -> None:
    """Keep the choices of the pages that are not on show; called once in every run of the script."""
    for key, value in st.session_state.items():
        if "." in str(key) and not str(key).startswith("_"):
            st.session_state[key] = value


def default(key: str, value: object, allowed: Container[Any] | None = None) -> str:
    """Give a widget's key its first value, also where the kept one is no longer allowed; return the key."""
    if locked(key):
        return key
    if key not in st.session_state or (allowed is not None and st.session_state[key] not in allowed):
        st.session_state[key] = value
    return key


def popover(label: str, *keys: str, **options: Any) -> DeltaGenerator:
    """Return `st.popover` for widgets with these keys, which then show what is set, whenever it is opened.

    The browser hears of a value that the session has set in the one run that sets it. What is in a popover is
    drawn when that is opened, after any number of runs, and would show its smallest value; so it is told in
    each.
    """
    for key in keys:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
    return st.popover(label, **options)


def locked(*keys: str) -> bool:
    """Whether a lesson link holds one of these settings; a held one that was changed is put back first.

    Asked where a widget is drawn, `disabled=state.locked("convolution.stride")`: whatever a button, another
    widget or a message that no browser of ours sent has done to the key, the widget gets the link's value.
    """
    held = {key: value for key, value in st.session_state.get(HELD, {}).items() if key in keys}
    for key, value in held.items():
        if key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value
    return bool(held)
