"""A pad to draw a digit on: 32 x 32 pixels, by mouse, finger or keyboard."""

from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab import drawing
from cnnlab.text import _

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.pad", js=(HERE / "pad.js").read_text("utf-8"), css=(HERE / "pad.css").read_text("utf-8")
)


def pad(key: str) -> np.ndarray | None:
    """Show the pad; return what is drawn, (32, 32) bool, or None where nothing is.

    The drawing comes back after each stroke and is the component's state, so it lives with the session.
    """
    labels = {
        "pad": _("Drawing pad. Arrow keys move the pen, space lowers and lifts it."),
        "clear": _("Clear"),
        "help": _("Draw with mouse or finger. Keyboard: arrow keys move the pen, space lowers and lifts it."),
    }
    kept = st.session_state.get(key) or {}
    data = {"labels": labels, "side": drawing.SIDE, "drawing": kept.get("drawing", "")}
    return drawing.read(_component(key=key, data=data, on_drawing_change=lambda: None).drawing)
