"""A pad to draw a digit on: 32 x 32 pixels, by mouse, finger or keyboard."""

from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.data import drawn_digit
from cnnlab.data.spec import SIDE
from cnnlab.i18n import _
from cnnlab.ui.components.told import told

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.pad", js=(HERE / "pad.js").read_text("utf-8"), css=(HERE / "pad.css").read_text("utf-8")
)


def pad(*, key: str, drawn: str) -> np.ndarray | None:
    """Show the pad; return what is drawn, (32, 32) bool, or None where nothing is.

    drawn: the session key that keeps the drawing; it changes after each stroke.
    """
    labels = {
        "pad": _("Drawing pad. Arrow keys move the pen, space lowers and lifts it."),
        "clear": _("Clear"),
        "help": _("Draw with mouse or finger. Keyboard: arrow keys move the pen, space lowers and lifts it."),
    }

    def keep() -> None:
        st.session_state[drawn] = told(key, "drawing")

    st.session_state.setdefault(drawn, "")
    data = {"labels": labels, "side": SIDE, "drawing": st.session_state[drawn]}
    _component(key=key, data=data, on_drawing_change=keep)
    return drawn_digit.read(st.session_state[drawn])
