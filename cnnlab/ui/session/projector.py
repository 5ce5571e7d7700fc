"""How is the app shown to a whole room? Large numbers, a small crop, no sidebar; page keys step.

`?projector=1` in an address switches it on, `?projector=0` off; it stays over page changes.
"""

from pathlib import Path

import streamlit as st

from cnnlab.i18n import _
from cnnlab.lessons.page_list import PAGES

KEY = "lesson.projector"
CROP = 6  # rows and columns of every crop: the most whose numbers can be read from the back row
HERE = Path(__file__).parents[1] / "components" / "projector"
_component = st.components.v2.component("cnnlab.projector", js=(HERE / "projector.js").read_text("utf-8"))


def on() -> bool:
    """Whether this session is shown on a projector."""
    return bool(st.session_state.get(KEY))


def follow() -> None:
    """Switch on or off as the address asks, and keep the address up to date; called once in every run."""
    address = st.query_params
    if address.get("projector") in ("0", "1"):
        st.session_state[KEY] = address["projector"] == "1"
    _write()


def mount() -> None:
    """Enlarge the page, and let Page Up and Page Down step; what is drawn afterwards is not changed."""
    _component(key="_lesson.projecting")


def link() -> None:
    """Draw the link that switches it on, for a teacher's page."""
    st.page_link(
        PAGES["home"].file,
        label=_("Projector mode"),
        icon=":material/present_to_all:",
        help=_("Large numbers, a 6 × 6 crop, no sidebar; Page Up and Page Down step."),
        query_params={"projector": "1"},
    )


def way_out() -> None:
    """Draw the button that ends projector mode."""
    icon = ":material/close_fullscreen:"
    st.button(_("End projector mode"), icon=icon, type="tertiary", key="_lesson.unproject", on_click=_leave)


def _leave() -> None:
    st.session_state[KEY] = False
    _write()


def _write() -> None:
    if on():
        st.query_params["projector"] = "1"
    else:
        st.query_params.pop("projector", None)
