"""The component: the page hands over grids and maps, and hears which cell the student chose or rests at."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from cnnlab.ui.components.sources import sources
from cnnlab.ui.components.told import places
from cnnlab.ui.components.windows.payload import Mark, Output, Plane, payload

_component = st.components.v2.component("cnnlab.windows", **sources("windows"))


class Cell(NamedTuple):
    """A cell that the student chose, counted from 0."""

    output: int
    row: int
    col: int


def windows(
    *,
    key: str,
    inputs: Sequence[Plane],
    outputs: Sequence[Output],
    index_rows: np.ndarray,
    index_cols: np.ndarray,
    start: tuple[int, int] = (0, 0),
    speed: float = 1,
    marks: Sequence[Mark] = (),
    choose: bool = False,
    follow: bool = False,
    brief: bool = False,
    hide_fed: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Cell | None:
    """Show the view; return the output cell that the student has just chosen, if `choose` lets them.

    With `follow` the page is drawn again whenever the student rests at a step, and the cell of that step is
    returned, at first the one at `start`. `brief` shows one input channel at a time on a phone.

    index_rows (H, kh) and index_cols (W, kw) come from `ops.window_index`. A changed `start` moves the view
    there; otherwise it keeps the student's place when data changes. With `hide_fed` it does not tell which
    outputs a pixel feeds. Raises PayloadError where the trace exceeds 0.5 MB, ValueError where shapes
    disagree.
    """
    data = payload(
        inputs=inputs,
        outputs=outputs,
        index_rows=index_rows,
        index_cols=index_cols,
        start=start,
        speed=speed,
        marks=marks,
        choose=choose,
        follow=follow,
        brief=brief,
        hide_fed=hide_fed,
        labels=labels,
    )
    view = _component(key=key, data=data, on_cell_change=_ignore, on_at_change=_ignore)
    if follow:
        return _at(view.at, data)
    return _cell(view.cell, data) if choose else None


def _at(report: object, data: Mapping[str, Any]) -> Cell:
    """The cell where the view stands: where the student rested, unless the data has changed since."""
    same = isinstance(report, Mapping) and report.get("start") == data["start"]
    return (same and _cell(report, data)) or Cell(0, *data["start"])


def _cell(report: object, data: Mapping[str, Any]) -> Cell | None:
    """The cell that the view has told, where its data has such a cell."""
    counts = {"output": len(data["outputs"]), "row": len(data["rows"]), "col": len(data["cols"])}
    found = places(report, **counts)
    return Cell(*found) if found else None


def _ignore() -> None:
    """Streamlit reports only where a callback is named; the page reads the return value instead."""
