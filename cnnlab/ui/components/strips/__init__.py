"""Layers as strips of small maps, one under the other; any map can be chosen, by mouse, touch or arrow keys.

A strip's maps travel as one picture, a row of tiles, which the browser cuts up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri
from cnnlab.ui.components.told import told, whole

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.strips",
    js=(HERE / "strips.js").read_text("utf-8"),
    css=(HERE / "strips.css").read_text("utf-8"),
)


@dataclass(frozen=True, eq=False)
class Strip:
    """One layer: its name, what is written beside it, and its n maps as pictures (h, w, n, 3) uint8.

    captions: what each tile says when pointed at, and to a screen reader. lead: a picture before the tiles
    that cannot be chosen. side: of a tile on the screen, in pixels. labels: what is written
    under each tile, if anything.
    """

    name: str
    title: str
    note: str
    tiles: np.ndarray
    captions: Sequence[str]
    lead: np.ndarray | None = None
    side: int = 18
    labels: Sequence[str] = ()


def packed(strip: Strip) -> dict[str, object]:
    """Return what travels of a strip."""
    height, width, count, _rgb = strip.tiles.shape
    row = strip.tiles.swapaxes(1, 2).reshape(height, count * width, 3)  # (h, w, n, 3) -> side by side
    return {
        "name": strip.name,
        "title": strip.title,
        "note": strip.note,
        "picture": data_uri(row),
        "count": count,
        "captions": list(strip.captions),
        "lead": None if strip.lead is None else data_uri(strip.lead),
        "side": strip.side,
        "labels": list(strip.labels),
    }


def strips(
    label: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    chosen: tuple[str, int] | None = None,
    choose: Callable[[str, int], None] | None = None,
    numbered: bool = False,
) -> None:
    """Show packed strips. `chosen`: layer and tile (from 0) that are marked.

    choose: called with layer and tile when the student takes one; None where there is nothing to choose.
    numbered: write each tile's number, from 1, under it.
    """
    data = {
        "label": label,
        "rows": list(rows),
        "chosen": list(chosen) if chosen else None,
        "choose": choose is not None,
        "numbered": numbered,
    }

    def taken() -> None:
        pick = told(key, "pick")
        if choose is None or not isinstance(pick, dict):
            return
        for row in rows:
            if row["name"] == pick.get("name") and whole(pick.get("tile"), row["count"]) is not None:
                choose(row["name"], pick["tile"])

    _component(key=key, data=data, on_pick_change=taken)
