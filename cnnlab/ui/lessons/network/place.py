"""Which layer, which of its maps and which cell is the student looking at on *One photo, all layers*?"""

from typing import NamedTuple

import streamlit as st

from cnnlab import ops
from cnnlab.ui.lessons.network import cell_arithmetic
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets.layer_view import View

SPEAKING = (ops.Conv, ops.Activation)  # layers whose maps show most at first


class Place(NamedTuple):
    """Layer, map and cell (row, column), all counted from 0."""

    layer: int
    channel: int
    cell: tuple[int, int]


def chosen(see: View) -> Place:
    """Return what is on show; at first a cell in the middle of the last convolution's strongest map."""
    deepest = [o.name for o in see.outputs if isinstance(o.layer, SPEAKING) and o.values.ndim == 3]
    widget_state.default("network.layer", deepest[-1] if deepest else see.names[0], see.names)
    layer = see.place(st.session_state["network.layer"])
    maps = see.maps(layer)
    height, width, count = maps.shape
    # A silent map would show nothing.
    strongest = int(maps.max(axis=(0, 1)).argmax()) + 1
    widget_state.default("network.map", strongest, range(1, count + 1))
    row, col = cell_arithmetic.taken(height, width) or st.session_state.get("network.cell", (-1, -1))
    size = st.session_state.get("network.size")
    if size != (height, width) or not (0 <= row < height and 0 <= col < width):
        row, col = height // 2, width // 2  # the same cell in a layer of another size is another place
    st.session_state["network.size"] = (height, width)
    choose_cell(row, col)
    return Place(layer, st.session_state["network.map"] - 1, (row, col))


def choose_map(name: str, tile: int) -> None:
    """Look at another layer and one of its maps, from 0, and bring it into sight."""
    st.session_state["network.layer"] = name
    st.session_state["network.map"] = tile + 1
    st.session_state["_network.taps"] = taps() + 1


def choose_cell(row: int, col: int) -> None:
    st.session_state["network.cell"] = (row, col)


def taps() -> int:
    """Return how often a map was chosen in the overview: each time the page scrolls to the map."""
    count: int = st.session_state.get("_network.taps", 0)
    return count
