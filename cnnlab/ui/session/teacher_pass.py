"""Who may use the teacher's page? A browser that has entered the PIN, until it leaves or the server ends.

The pass is kept in the server's memory by the hash of the browser, so it outlives a reload; it is asked for
again at every action, not only where a button is drawn.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from cnnlab import access
from cnnlab.classroom import Classroom
from cnnlab.i18n import _
from cnnlab.runs import RunError, Store
from cnnlab.ui.session import browser

SHOWN = 20.0  # seconds for which the outcome of an action stays on the page

_door = access.Door()  # one for the whole server: it counts the wrong tries
_inside: dict[str, access.TeacherPass] = {}  # hash of a browser -> its pass


def teacher() -> access.TeacherPass | None:
    """Return this browser's pass, None where it has not entered."""
    return _inside.get(browser.owner()) if access.teaching() else None


def holds(owner: str) -> bool:
    """Say whether a browser, known by its hash, is the teacher's."""
    return access.teaching() and owner in _inside


def ask() -> None:
    """Draw the door: a field for the PIN, and what was wrong with the last one."""
    with st.form("_teacher.door", width=420):
        st.text_input(_("The teacher's PIN"), type="password", key="_teacher.pin", autocomplete="off")
        st.form_submit_button(_("Enter"), type="primary", key="_teacher.enter", on_click=_enter)
    word("door")


def _enter() -> None:
    pin = st.session_state["_teacher.pin"] or ""
    st.session_state["_teacher.pin"] = ""  # it is kept nowhere
    me, classroom = browser.owner(), Classroom(Store().root)
    try:
        _inside[me] = _door.enter(pin, browser.client(), me, classroom.has_been_teacher(me))
    except access.PinError as error:
        return _say("door", str(error), wrong=True)
    with suppress(OSError):  # a full disk keeps no teacher out
        classroom.was_teacher(me)


def guesses() -> access.Guesses | None:
    """Return how many wrong PINs were tried since when, None where none were."""
    return _door.guesses


def leave() -> None:
    """Close the door behind this browser."""
    _inside.pop(browser.owner(), None)


def carry_out(place: str, action: Callable[..., str | None], *arguments: object) -> None:
    """Do what a click asks for, if the browser still holds a pass; what came of it is said in its place.

    action: called with the pass and the arguments; returns a sentence, or raises one as RunError.
    """
    holder = teacher()
    if holder is None:
        return _say("door", _("Nothing was done: this needs the teacher's PIN. Enter it again."), wrong=True)
    try:
        _say(place, action(holder, *arguments) or "")
    except RunError as error:
        _say(place, str(error), wrong=True)
    except OSError as error:
        text = _("That could not be done: {why}.").format(why=error.strerror or type(error).__name__)
        _say(place, text, wrong=True)


def _say(place: str, text: str, wrong: bool = False) -> None:
    st.session_state["_teacher.word"] = (place, text, wrong, time.monotonic())


def word(place: str) -> None:
    """Draw what came of the last action of a place, for a while."""
    where, text, wrong, when = st.session_state.get("_teacher.word", ("", "", False, 0.0))
    if where == place and text and (wrong or time.monotonic() - when < SHOWN):
        (st.error if wrong else st.success)(text, icon=":material/error:" if wrong else ":material/check:")
