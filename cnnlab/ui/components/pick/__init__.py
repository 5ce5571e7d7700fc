"""A small table of numbers from which the student picks one, by mouse, touch or arrow keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.i18n import number
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.sources import joined
from cnnlab.ui.components.told import places, told

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.pick",
    js=joined(HERE / "pick.js"),
    css=(HERE / "pick.css").read_text("utf-8"),
)


@dataclass(frozen=True, eq=False)
class Line:
    """One line of the table: what stands before the values (n,), the values, what stands behind them."""

    head: str
    values: np.ndarray
    note: str = ""


def pick(
    label: str,
    lines: Sequence[Line],
    *,
    key: str,
    limit: float,
    chosen: tuple[int, int],
    on_pick: Callable[[int, int], None],
    heads: Sequence[str] = (),
    digits: int = 2,
) -> None:
    """Show signed values, orange above 0 and blue below, with `limit` at the end of the colour scale.

    chosen: line and place in it, from 0. on_pick: called with those of the value that the student picks,
    before the page is drawn again. heads: what stands above each column. label: for a screen reader.
    """
    rows = [levels(np.asarray(line.values), "signed", limit or 1.0).tolist() for line in lines]
    colours = palette("signed")
    data = {
        "label": label,
        "heads": list(heads),
        "lines": [
            {
                "head": line.head,
                "note": line.note,
                "texts": [number(value, digits) for value in line.values],
                "fills": [colours["fill"][6 * level : 6 * level + 6] for level in row],
                "inks": [colours["text"][level] for level in row],
            }
            for line, row in zip(lines, rows, strict=True)
        ],
        "chosen": [int(place) for place in chosen],
    }

    def report() -> None:
        longest = max(len(line.values) for line in lines)
        picked = places(told(key, "picked"), line=len(lines), at=longest)
        if picked and picked[1] < len(lines[picked[0]].values):
            on_pick(*picked)

    _component(key=key, data=data, on_picked_change=report)
