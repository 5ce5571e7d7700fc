"""A grid of numbers that the student can type into: the weights of a kernel, or a small picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.i18n import Sentence, _, number
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.told import places, told

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.cells",
    js=(HERE / "cells.js").read_text("utf-8"),
    css=(HERE / "cells.css").read_text("utf-8"),
)
Edits = dict[tuple[int, int], float]  # (row, col) -> what is valid
Wrong = dict[tuple[int, int], tuple[str, str]]  # (row, col) -> the text as typed, and what is wrong with it


class CellError(Sentence, ValueError):
    """What is wrong with the text of a cell, as a sentence to show."""


def parse(text: str, low: float, high: float) -> float:
    """Read a number as a student types it: 1.5, 1,5, −2 or 1/9. Raises CellError."""
    plain = text.strip().replace("−", "-").replace(",", ".")
    if not plain:
        raise CellError(_("The cell is empty: type a number, such as 0."))
    top, slash, bottom = plain.partition("/")
    try:
        value = float(top) / float(bottom) if slash else float(top)
    except (ValueError, ZeroDivisionError) as error:
        raise CellError(_("“{text}” is not a number.").format(text=text.strip()[:20])) from error
    if not low <= value <= high:  # also where it is not a number
        message = _("“{text}” is not between {low} and {high}.")
        raise CellError(message.format(text=text.strip()[:20], low=number(low), high=number(high)))
    return value


def cells(
    label: str,
    values: np.ndarray,
    *,
    key: str,
    store: str,
    role: str,
    low: float,
    high: float,
    disabled: bool = False,
) -> None:
    """Show values (rows, cols) as editable cells, and a sentence for each that holds no valid number.

    A valid entry goes into the session under `store`, as {(row, col): value}; a wrong text stays in its cell,
    outlined, until it is put right, and changes nothing. role: a palette of `colours`. disabled: to look at.
    """
    edits: Edits = st.session_state.setdefault(store, {})
    wrong: Wrong = st.session_state.setdefault(f"{store}.wrong", {})
    shown = np.array(values, dtype=float)
    limit = 255 if role == "pixel" else np.abs(shown).max() or 1.0
    digits = digits_for(shown)
    colours, rows = palette(role), levels(shown, role, limit).astype(int)
    data = {
        "label": label,
        "cell": _("row {row}, column {column}"),
        "disabled": disabled,
        "texts": [[number(value, digits) for value in line] for line in shown],
        "wrong": [[row, col, text] for (row, col), (text, _why) in wrong.items()],
        "fills": [[f"#{colours['fill'][6 * level : 6 * level + 6]}" for level in line] for line in rows],
        "inks": [[{"k": "#000", "w": "#fff"}[colours["text"][level]] for level in line] for line in rows],
    }
    take = (lambda: None) if disabled else _keep(key, edits, wrong, shown.shape, low, high)
    _component(key=key, data=data, on_typed_change=take)
    for (row, col), (_text, why) in wrong.items():
        place = _("Row {row}, column {column}:").format(row=row + 1, column=col + 1)
        st.error(f"{place} {why} " + _("The picture stays as it was."))


def enter(edits: Edits, wrong: Wrong, cell: tuple[int, int], text: str, low: float, high: float) -> None:
    """Put a typed text among the edits, or among what is wrong with its sentence."""
    try:
        edits[cell] = parse(text, low, high)
        wrong.pop(cell, None)
    except CellError as error:
        wrong[cell] = (text, str(error))


def _keep(
    key: str, edits: Edits, wrong: Wrong, shape: tuple[int, ...], low: float, high: float
) -> Callable[[], None]:
    def keep() -> None:
        typed = told(key, "typed")
        cell = places(typed, row=shape[0], col=shape[1])
        if cell and isinstance(text := typed.get("text"), str):
            row, col = cell
            enter(edits, wrong, (row, col), text, low, high)

    return keep
