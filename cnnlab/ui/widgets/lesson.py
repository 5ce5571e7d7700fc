"""What has every lesson in common: its opening question, predictions, formulas, code, the way on."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.lessons.page_list import PAGES, after
from cnnlab.ui.session import lesson_link_state, projector
from cnnlab.ui.widgets import page_control
from cnnlab.ui.widgets.prediction import predict as predict


def level_switch(*, sidebar: bool = True) -> None:
    """Draw the one switch of the session, in the sidebar or here, and keep it in the address."""
    if sidebar:
        page_control.draw("lesson.level", place=st.sidebar, kind="radio")
    else:
        page_control.draw("lesson.level", label_visibility="collapsed")


def opening(question: str, lead: str) -> None:
    """Open a page with its question and one or two sentences; on a projector the teacher says those."""
    st.title(question, anchor=False)
    if not projector.on():
        st.markdown(lead, width=760)


def formulas() -> bool:
    """Whether the student wants formulas: at the levels *+ Formulas* and *+ Code*."""
    return bool(st.session_state["lesson.level"] != "numbers")


def formula(text: str) -> None:
    """Show a LaTeX formula where the student wants formulas."""
    if formulas():
        st.latex(text)


def tex(value: float, digits: int = 0, write: Callable[[float, int], str] = number) -> str:
    """Write a number for a formula: as `number` (or another function) does, with the signs of LaTeX."""
    return write(value, digits).replace("−", "-").replace(",", "{,}")


def code(*functions: Callable[..., Any]) -> None:
    """Show the source of the functions that computed this page, at the level *+ Code*."""
    if st.session_state["lesson.level"] == "code":
        with st.expander(_("The code that computed this page"), icon=":material/code:"):
            st.caption(
                _("The page counts rows, columns and maps from 1; the code counts from 0, as Python does.")
            )
            for function in functions:
                st.code(inspect.getsource(function), language="python", wrap_lines=True)


@contextmanager
def more(label: str | None = None, key: str | None = None, *, holds: Sequence[str] = ()) -> Iterator[None]:
    """Draw what goes beyond first sight, folded away; under another key it is folded anew.

    holds: keys of settings in it; where a lesson link sets one of them it begins open.
    """
    with st.expander(label or _("More"), lesson_link_state.sets(*holds), key=key):
        yield


@st.fragment
def unfold(parts: dict[str, Callable[[], None]], *, key: str, holds: Sequence[str] = ()) -> None:
    """Draw what goes beyond first sight as tabs of one folded box; a part is computed while it is open.

    holds: as for `more`.
    """
    box = st.expander(_("More"), lesson_link_state.sets(*holds), key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        tabs = st.tabs(list(parts), key=f"{key}.tab", on_change="rerun")
        for tab, draw in zip(tabs, parts.values(), strict=True):
            if tab.open:
                with tab:
                    draw()


def article(*statements: str) -> None:
    """Set what the article says beside the right statement; several pairs follow each other."""
    with st.expander(_("What the article says, and what is right"), icon=":material/menu_book:"):
        st.caption(
            _(
                "This app grew from an article (in Chinese) that explains image classification with "
                "convolutional networks. Where it is wrong or silent, the page concerned says so."
            )
        )
        for says, right in zip(statements[::2], statements[1::2], strict=True):
            st.markdown(f"**{_('The article')}:** {says}")
            st.markdown(f"**{_('Right is')}:** {right}")


def way_on(page: str, **query: str) -> None:
    """Link from a lesson, named by its file, to the one that follows; `query` as for `next_lesson`."""
    following = after(page)
    if following:
        next_lesson(following.name, _(following.invitation), **query)


def next_lesson(page: str, label: str, **query: str) -> None:
    """Link to a page to go on to, named by its file; `query` goes into the address: run="kite-421"."""
    page_link(page, label, ":material/arrow_forward:", icon_position="right", query_params=query)


def page_link(
    page: str, label: str, icon: str, *, query_params: dict[str, str] | None = None, **options: Any
) -> None:
    """Draw a link to a page, named by its file. Behind a lesson link only its own page can be reached."""
    query, link = dict(query_params or {}), lesson_link_state.current()
    if link and page != link.page:
        return
    if link:
        query["lesson"] = st.query_params["lesson"]
    st.page_link(PAGES[page].file, label=label, icon=icon, query_params=query, **options)
