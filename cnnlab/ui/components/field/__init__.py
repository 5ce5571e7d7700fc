"""A map beside the photo it was computed from: point at a cell and see which piece of the photo can reach it.

Pointing needs no server: for each row and column of the map, its pixels were computed by
`cnnlab.ops.receptive_field` and travel with the data, as text and as places.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.figures.colours import text_on
from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import _, number
from cnnlab.ui.components.sources import joined
from cnnlab.ui.components.told import places, told

HERE = Path(__file__).parent
WRITTEN = 14  # up to so many columns there can be room for a number on each cell
_component = st.components.v2.component(
    "cnnlab.field",
    js=joined(HERE / "field.js"),
    css=(HERE / "field.css").read_text("utf-8"),
)
Span = tuple[int, int]  # first and last pixel, counted from 0


def field(
    *,
    key: str,
    photo: np.ndarray,
    values: np.ndarray,
    fills: np.ndarray,
    title: str,
    note: str,
    chosen: tuple[int, int],
    choose: Callable[[int, int], None],
    rows: Sequence[Span] | None,
    cols: Sequence[Span] | None,
    shown: int = 0,
) -> None:
    """Show a map of `values` (h, w) in the colours `fills` (h, w, 3) uint8 beside the photo (n, n, 3).

    rows, cols: for each row and column of the map, the pixels that can reach it; None while the student has
    not predicted, or where there is nothing to show. chosen: row and column from 0. choose: called with the
    cell that the student takes. shown: when it grows, the view scrolls into sight.
    """
    digits = 2 if np.abs(values).max(initial=0) >= 1 else 3
    height, width = values.shape
    data = {
        "photo": data_uri(photo),
        "side": [photo.shape[0], photo.shape[1]],
        "map": data_uri(fills),
        "size": [height, width],
        "title": title,
        "note": note,
        "texts": [number(value, digits) for value in values.ravel()],
        "inks": [text_on(fill) for fill in fills.reshape(-1, 3)] if width <= WRITTEN else [],
        "rows": _spans(rows),
        "cols": _spans(cols),
        "chosen": [int(chosen[0]), int(chosen[1])],
        "shown": shown,
        "labels": {
            "photo": _("What it sees: {size} × {size}").format(size=len(photo)),
            "cell": _("Row {row}, column {column}: {value}") if values.size > 1 else "{value}",
            "field": _("{width} pixels wide, {height} high: rows {rows}, columns {columns} of the photo"),
            "hidden": _("Predict above, then the photo shows which piece of it reaches this cell."),
            "help": _("Point at a cell, tap it, or move with the arrow keys.") if values.size > 1 else "",
        },
    }

    def taken() -> None:
        if cell := places(told(key, "cell"), row=height, col=width):
            choose(*cell)

    _component(key=key, data=data, on_cell_change=taken)


def _spans(spans: Sequence[Span] | None) -> list[dict[str, object]] | None:
    """Each span as places (from 0), as the text a learner reads (from 1), and with its size."""
    if spans is None:
        return None
    texts = [f"{first + 1}–{last + 1}" if last > first else f"{first + 1}" for first, last in spans]
    return [
        {"first": first, "size": last - first + 1, "text": text}
        for (first, last), text in zip(spans, texts, strict=True)
    ]
