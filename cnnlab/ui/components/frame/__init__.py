"""A photo with a square on it that the student moves, by dragging, tapping or with the arrow keys.

The square may also be sized, at its corner or with the keys + and −, and it may cover what lies under it.
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.i18n import _
from cnnlab.ui.components.told import places, told

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.frame",
    js=(HERE / "frame.js").read_text("utf-8"),
    css=(HERE / "frame.css").read_text("utf-8"),
)


def frame(
    photo: bytes,
    shape: tuple[int, int],
    place: tuple[int, int],
    size: int,
    *,
    key: str,
    moved: Callable[..., None],
    sizes: tuple[int, int] | None = None,
    label: str | None = None,
    cover: str = "",
    live: bool = False,
) -> None:
    """Show a photo (a JPEG's or PNG's bytes) that counts as `shape` (rows, cols), with a square of `size`.

    place: row and column of the square's top left corner; all places count from 0. sizes: the smallest and
    the largest that the student may make it; without, it keeps its size. cover: a CSS colour that hides what
    lies under the square. live: report every quarter of a second while it is dragged, not only at the end.
    moved(row, col), with `sizes` moved(row, col, size), is called before the next run of the script, with a
    square that lies in the photo.
    """
    (rows, cols), (row, col) = shape, place
    smallest, largest = sizes or (size, size)
    kind = "png" if photo.startswith(b"\x89PNG") else "jpeg"
    data = {
        "photo": f"data:image/{kind};base64," + base64.b64encode(photo).decode(),
        "rows": rows,
        "cols": cols,
        "row": row,
        "col": col,
        "size": size,
        "smallest": smallest,
        "largest": min(largest, rows, cols),
        "cover": cover,
        "live": live,
        "label": label or _("The crop on the photo. Drag it, or move it with the arrow keys."),
        "place": _("The crop starts at row {row}, column {column}"),
        "sized": _("and is {size} pixels wide. Keys + and − change that."),
    }
    _component(key=key, data=data, on_place_change=_report(key, moved, data, sizes is not None))


def _report(key: str, moved: Callable[..., None], data: Mapping[str, Any], sized: bool) -> Callable[[], None]:
    def report() -> None:
        bounds = {"row": data["rows"], "col": data["cols"], "size": data["largest"] + 1}
        row, col, size = places(told(key, "place"), **bounds) or (0, 0, 0)
        fits = max(1, data["smallest"]) <= size
        if fits and row <= data["rows"] - size and col <= data["cols"] - size:
            moved(row, col, size) if sized else moved(row, col)

    return report
