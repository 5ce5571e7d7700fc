"""A photo with a square on it that the student moves, by dragging, tapping or with the arrow keys."""

import base64
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from cnnlab.text import _

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.frame",
    js=(HERE / "frame.js").read_text("utf-8"),
    css=(HERE / "frame.css").read_text("utf-8"),
)


def frame(
    photo: bytes, shape: tuple[int, int], place: tuple[int, int], size: int, *, key: str, moved
) -> None:
    """Show a photo (a JPEG's bytes) that counts as `shape` (rows, cols), with a square of `size` at `place`.

    moved(row, col) is called before the next run of the script, with a place that lies in the photo; all
    places count from 0.
    """
    (rows, cols), (row, col) = shape, place
    data = {
        "photo": "data:image/jpeg;base64," + base64.b64encode(photo).decode(),
        "rows": rows,
        "cols": cols,
        "row": row,
        "col": col,
        "size": size,
        "label": _("The crop on the photo. Drag it, or move it with the arrow keys."),
        "place": _("The crop starts at row {row}, column {column}"),
    }
    _component(key=key, data=data, on_place_change=_report(key, moved, rows - size, cols - size))


def _report(key: str, moved: Callable[[int, int], None], last_row: int, last_col: int) -> Callable[[], None]:
    def report() -> None:
        row, col = st.session_state[key].place or (None, None)
        if isinstance(row, int) and isinstance(col, int) and 0 <= row <= last_row and 0 <= col <= last_col:
            moved(row, col)

    return report
