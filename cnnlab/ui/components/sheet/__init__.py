"""A contact sheet of small pictures of which the student chooses one, by mouse, touch or arrow keys."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri
from cnnlab.ui.components.told import told, whole

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.sheet",
    js=(HERE / "sheet.js").read_text("utf-8"),
    css=(HERE / "sheet.css").read_text("utf-8"),
)


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def _addresses(tiles: Sequence[np.ndarray]) -> list[str]:
    return [data_uri(tile) for tile in tiles]


def sheet(
    label: str, tiles: Sequence[np.ndarray], captions: Sequence[str], *, key: str, chosen: str, side: int = 56
) -> None:
    """Show pictures (h, w, 3) uint8, each `side` pixels wide or a little more, and numbered from 1.

    captions: what each tile says when pointed at, and to a screen reader. chosen: the session key that holds
    the chosen tile, counted from 0; a click changes it.
    """
    data = {
        "label": label,
        "tiles": _addresses(tiles),
        "captions": list(captions),
        "chosen": st.session_state[chosen],
        "side": side,
    }
    _component(key=key, data=data, on_chosen_change=_keep(key, chosen, len(tiles)))


def _keep(key: str, chosen: str, count: int) -> Callable[[], None]:
    def keep() -> None:
        if (tile := whole(told(key, "chosen"), count)) is not None:
            st.session_state[chosen] = tile

    return keep
