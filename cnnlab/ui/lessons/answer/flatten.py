"""How does Flatten lay the last maps out as one row of numbers?"""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, number
from cnnlab.ui.components.pick import Line, pick
from cnnlab.ui.lessons.answer.look import Look, cell_name
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import lesson

REACH = 4  # neighbours on either side that the strip of flattened numbers shows


def last_maps(seen: Look) -> np.ndarray:
    """Return the maps (h, w, c) that the network makes its row of numbers of."""
    return [out.values for out in seen.outputs if out.values.ndim == 3][-1]


def flatten(seen: Look) -> None:
    """Show how Flatten lays the last maps out, or say what stands in its place."""
    layers = [out.layer for out in seen.outputs]
    if not any(isinstance(layer, ops.Flatten) for layer in layers):
        st.markdown(
            _("This network has no Flatten: it takes **one number of each map**, whatever the map's size.")
        )
        return
    maps = last_maps(seen)
    reader = next(layer for layer in layers if isinstance(layer, ops.Dense))
    height, width, channels = maps.shape
    text = _(
        "The last {channels} maps have {height} × {width} cells. **Flatten** lays them out as one row of "
        "{size} numbers; nothing is computed. Each of the {units} units of the dense layer behind it has a "
        "weight for **every position**: {size} × {units} = {product} weights."
    )
    sizes = {"channels": channels, "height": height, "width": width, "units": reader.units}
    product = number(maps.size * reader.units)
    st.markdown(text.format(**sizes, size=number(maps.size), product=product))
    _positions(maps)


@st.fragment
def _positions(maps: np.ndarray) -> None:
    """Show where a chosen cell of maps (h, w, c) stands in the flattened row, and the other way round."""
    height, width, channels = maps.shape
    sides = {"row": height, "col": width, "map": channels}
    for name, side in sides.items():
        widget_state.default(f"answer.{name}", 1 if name == "map" else (side + 1) // 2, range(1, side + 1))

    def set_cell(*cell: int) -> None:
        for name, place in zip(sides, cell, strict=True):
            st.session_state[f"answer.{name}"] = int(place) + 1

    def from_position() -> None:
        set_cell(*ops.map_index(maps.shape, st.session_state["answer.position"] - 1))

    cell = row, col, channel = [st.session_state[f"answer.{name}"] - 1 for name in sides]
    place = ops.flat_index(maps.shape, *cell)
    st.session_state["answer.position"] = place + 1
    values = {"row": row + 1, "col": col + 1, "map": channel + 1, "position": number(place + 1)}
    values |= {"width": width, "channels": channels, "size": number(maps.size)}
    limit = float(np.abs(maps).max())
    left, right = st.columns(2, gap="medium")
    with left:
        if channels > 1:
            label = _("Map, 1 to {channels}: pick one of its cells").format(**values)
            st.number_input(label, 1, channels, key="answer.map")
        label = _("Map {map}; the cell in row {row}, column {column} is chosen")
        label = label.format(map=channel + 1, row=row + 1, column=col + 1)
        lines = [Line(number(n + 1), maps[n, :, channel]) for n in range(height)]
        heads = [number(n + 1) for n in range(width)]
        pick(
            label,
            lines,
            key="_answer.cell",
            limit=limit,
            chosen=(row, col),
            on_pick=lambda i, j: set_cell(i, j, channel),
            heads=heads,
        )
        st.caption(_("Values without unit; orange is positive, blue negative."))
    with right:
        label = _("The row of {size} numbers, around position").format(**values)
        st.number_input(label, 1, maps.size, key="answer.position", on_change=from_position)
        first = max(0, min(place - REACH, maps.size - 2 * REACH - 1))
        around = range(first, min(first + 2 * REACH + 1, maps.size))
        cells = [ops.map_index(maps.shape, n) for n in around]
        row_of_numbers = ops.flatten(maps)
        lines = [
            Line(number(n + 1), row_of_numbers[n : n + 1], cell_name(cell))
            for n, cell in zip(around, cells, strict=True)
        ]
        label = _("Position {position} is chosen, between its neighbours").format(**values)
        pick(
            label,
            lines,
            key="_answer.position",
            limit=limit,
            chosen=(place - first, 0),
            on_pick=lambda n, _place: set_cell(*cells[n]),
        )
    text = _(
        "**(({row} − 1) × {width} + {col} − 1) × {channels} + {map} = {position}**: whole rows above, "
        "columns before, {channels} maps a cell. Neighbours in the row are the *same place on other maps*."
    )
    st.markdown(text.format(**values))
    lesson.formula(
        rf"\begin{{aligned}} \text{{{_('position')}}} &= ((r - 1)\,W + c - 1)\,K + k \\"
        rf" &= (({row + 1} - 1) \cdot {width} + {col + 1} - 1) \cdot {channels} + {channel + 1} = {place + 1}"
        r"\end{aligned}"
    )
