"""Which lesson link has the address brought, and what follows from it?

The address is the truth: while `?lesson=` stands in it, its page opens alone, without the way to the others,
and what it locks stays as it is. A reload opens the link anew; whoever leaves it keeps the settings.
"""

import streamlit as st

from cnnlab.i18n import _
from cnnlab.lessons.lesson_link import LessonLink, LessonLinkError, read
from cnnlab.lessons.page_list import PAGES
from cnnlab.ui.session import widget_state

TEXT, LINK = "_lesson.text", "_lesson.link"


def current() -> LessonLink | None:
    """Return the lesson link that is open in this session, None where there is none."""
    link: LessonLink | None = st.session_state.get(LINK)
    return link


def sets(*keys: str) -> bool:
    """Whether the open link sets one of these keys of the session."""
    link = current()
    return link is not None and not set(keys).isdisjoint(link.values())


def follow() -> str | None:
    """Open the link that the address brings; return why it was not followed, None where all is well.

    The first time its page begins anew with the link's settings; each time the locked ones are put back.
    """
    session, text = st.session_state, st.query_params.get("lesson")
    session[widget_state.HELD], before = {}, session.pop(TEXT, None)
    session[LINK] = None
    if text is None:
        return None
    try:
        link = read(text)
    except LessonLinkError as error:
        return str(error)
    if text != before:
        _open(link)
    session[TEXT], session[LINK] = text, link
    session[widget_state.HELD] = link.values(link.locked)
    widget_state.locked(*session[widget_state.HELD])
    return None


def _open(link: LessonLink) -> None:
    """Forget what was set on the link's page, and set what it sets; what the address itself has stays."""
    session = st.session_state
    for key in [key for key in session if str(key).startswith((f"{link.page}.", f"_{link.page}."))]:
        del session[key]
    values = link.values()
    for name, control in PAGES[link.page].controls.items():
        if control.parameter in st.query_params and name not in link.locked:
            values.pop(control.key, None)
    session.update(values)


def refused(why: str) -> None:
    """Say that the link in the address was not followed."""
    text = _("The lesson link was not followed: {why} The page opens with its usual settings.")
    st.warning(text.format(why=why), icon=":material/link_off:")


def leave() -> None:
    """Forget the link: the address no longer brings it."""
    st.query_params.pop("lesson", None)
