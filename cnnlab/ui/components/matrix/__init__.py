"""A confusion matrix whose cells open: each is a radio button, for mouse, touch and arrow keys."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.figures.colours import text_on
from cnnlab.figures.confusion import fills
from cnnlab.i18n import _, number
from cnnlab.ui.components.sources import joined
from cnnlab.ui.components.told import places, told

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.matrix",
    js=joined(HERE / "matrix.js"),
    css=(HERE / "matrix.css").read_text("utf-8"),
)


def matrix(
    counts: np.ndarray,
    classes: Sequence[str],
    *,
    key: str,
    chosen: tuple[int, int],
    on_pick: Callable[[int, int], None],
) -> None:
    """Show counts (classes, classes), a row a true class, a column an answer, each as per cent of its row.

    chosen: row and column, from 0. on_pick: called with those of the cell that the student picks.
    """
    size = len(classes)

    def report() -> None:
        if picked := places(told(key, "picked"), row=size, col=size):
            on_pick(*picked)

    _component(key=key, data=payload(counts, classes, chosen), on_picked_change=report)


def payload(counts: np.ndarray, classes: Sequence[str], chosen: tuple[int, int]) -> dict[str, object]:
    """Return what travels: the classes, and row by row what each cell shows, says and is coloured."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = fills(shares)
    said = _("{true}, called {answer}: {count} of {all}")
    return {
        "label": _("Confusion matrix: rows are true classes, columns are answers"),
        "corner": _("true ↓ answer →"),
        "classes": list(classes),
        "rows": [
            [
                {
                    "text": number(100 * shares[i, j]) if counts[i, j] else "",
                    "says": said.format(
                        true=classes[i],
                        answer=classes[j],
                        count=number(counts[i, j]),
                        all=number(counts[i].sum()),
                    ),
                    "fill": "#" + bytes(np.rint(colours[i, j]).astype(np.uint8)).hex(),
                    "ink": text_on(colours[i, j]),
                }
                for j in range(len(classes))
            ]
            for i in range(len(classes))
        ],
        "chosen": [int(place) for place in chosen],
    }
