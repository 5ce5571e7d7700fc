"""How does a teacher make a lesson link? A page, its settings, what is locked: there is the link."""

from urllib.parse import quote

import streamlit as st

from cnnlab.classroom import qr
from cnnlab.i18n import _
from cnnlab.lessons.lesson_link import LessonLink, write
from cnnlab.lessons.page_list import LESSONS, PAGES, Control, Value
from cnnlab.ui.classroom import offer
from cnnlab.ui.session import widget_state

SIDE = 300  # pixels of the QR code


def link_maker(address: str) -> None:
    """Draw the choices, and the link that they make at `address`, such as "http://192.168.1.5:8501"."""
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        widget_state.default("links.page", "convolution", LESSONS)
        page = st.selectbox(_("Page"), list(LESSONS), format_func=_title, key="links.page")
        st.caption(
            _(
                "Students see this page alone. A locked setting is shown and cannot be changed; what you "
                "leave *as usual* they may change."
            )
        )
        settings, locked = {}, set()
        for name, control in LESSONS[page].controls.items():
            value, lock = _choose(f"links.{page}.{name}", control)
            if value is not None:
                settings[name] = value
            if lock:
                locked.add(name)
        projected = st.toggle(_("In projector mode, for your own screen"), key="links.projector")
    link = LessonLink(page, settings, frozenset(locked))
    url = address_of(address, link, projected=projected)
    with right:
        st.image(qr.svg(url), width=SIDE, alt=_("QR code of the link"))
        st.code(url, language=None, wrap_lines=True)
        with st.container(horizontal=True):
            offer.button(write(link), type="primary")
            st.link_button(_("Try it"), url, icon=":material/open_in_new:")
        offer.standing(write(link))


def address_of(address: str, link: LessonLink, *, projected: bool = False) -> str:
    """Return the whole address that opens a lesson link on the app at `address`."""
    text = quote(write(link), safe="~:!")
    return f"{address.rstrip('/')}/{PAGES[link.page].url}?lesson={text}" + "&projector=1" * projected


def _title(page: str) -> str:
    return _(PAGES[page].title)


def _choose(key: str, control: Control) -> tuple[Value | None, bool]:
    """Draw one setting; return its value (None: as usual) and whether it is locked."""
    words = control.options()
    left, right = st.columns([2.2, 1], vertical_alignment="bottom")
    value = left.selectbox(
        _(control.title),
        list(words),
        index=None,
        placeholder=_("as usual"),
        format_func=words.__getitem__,
        key=key,
    )
    lock = right.toggle(_("locked"), key=f"{key}.lock", disabled=value is None)
    return value, lock and value is not None
