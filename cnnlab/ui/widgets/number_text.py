"""How does a grid of numbers read as plain text? For a screen reader, for copying, for a small screen."""

import numpy as np
import streamlit as st

from cnnlab.i18n import number
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.terms import Table


def rows(values: np.ndarray, hidden: np.ndarray | None = None) -> str:
    """Write values (h, w) as aligned rows; cells that are `hidden`, (h, w) bool, read "?"."""
    digits = digits_for(values)
    texts = [[number(value, digits) for value in line] for line in values]
    for row, col in np.argwhere(hidden) if hidden is not None else ():
        texts[row][col] = "?"
    width = max(len(text) for line in texts for text in line)
    return "\n".join(" ".join(text.rjust(width) for text in line) for line in texts)


def grids(title: str, named: dict[str, np.ndarray], hidden: dict[str, np.ndarray] | None = None) -> None:
    """Draw named grids (h, w) below a title, in one block of text; `hidden` as for `rows`, by name."""
    hidden = hidden or {}
    blocks = [f"{name}\n{rows(values, hidden.get(name))}" for name, values in named.items()]
    st.markdown(f"**{title}**")
    st.code("\n\n".join(blocks), language=None)


def table(shown: Table) -> None:
    """Write a table that fills in step by step, filled, without its bars."""
    places = [place for place, column in enumerate(shown.columns) if column.kind != "bar"]
    lines = [[shown.columns[place].title for place in places]]
    lines += [[row.cells[place].text for place in places] for row in shown.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(places))]
    texts = [
        " ".join(
            [
                line[0].ljust(widths[0]),
                *(text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True)),
            ]
        )
        for line in lines
    ]
    st.markdown(f"**{shown.title}**")
    st.code("\n".join(text.rstrip() for text in texts), language=None)
