"""Many small grids of numbers, one of them large and in numbers, at every recorded step of a training.

A tile is chosen by mouse, touch or arrow keys; its large grids lie beside the sheet, or under it on a phone.
What travels (see `payload`), all arrays row-major:

    labels    translated sentences with {placeholders}
    order     the number of each tile, counted from 0, in the order in which they are shown
    captions  what each tile says when pointed at, and to a screen reader, in that order
    marks     "" or a reason why the tile is crossed out, in that order
    levels    base64 of uint8 (steps, tiles, rows, columns, channels), tiles in that order; one channel is a
              row of `palette`, three are red, green and blue
    shape     the five lengths of that
    palette   256 fills and text colours of signed values, see `colours.palette`
    steps     what the steps are called; a single one needs no player
    chosen    the number of the chosen tile, counted from 0
    grids     of the chosen tile: title, values (steps, rows, columns) as `data.pack` writes them, levels
    facts     for each step what is written above the grids
    scale     what the ends of the colour scale stand for: two texts, or none
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from cnnlab.i18n import _
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.data import digits_for, pack, pack_levels
from cnnlab.ui.components.sources import player_labels, sources
from cnnlab.ui.components.told import told, whole

ROOMY = 3  # up to so many columns, a cell has room for a third decimal place

_component = st.components.v2.component("cnnlab.gallery", **sources("gallery"))


@dataclass(frozen=True, eq=False)
class Grid:
    """A large grid of the chosen tile: values (steps, rows, columns), `limit` at the end of the scale."""

    title: str
    values: np.ndarray
    limit: float


@dataclass(frozen=True, eq=False)
class Tiles:
    """All tiles, (steps, tiles, rows, columns, channels) uint8, and what is said of each, (tiles,)."""

    levels: np.ndarray
    captions: Sequence[str]
    marks: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Story:
    """What the steps are called, and what is written about the chosen tile at each of them."""

    facts: Sequence[Sequence[str]]
    steps: Sequence[str] = field(default=("",))


def gallery(
    label: str,
    tiles: Tiles,
    grids: Sequence[Grid],
    story: Story,
    *,
    key: str,
    chosen: str,
    picked: str | None = None,
    order: Sequence[int] | None = None,
    scale: tuple[str, str] | None = None,
) -> None:
    """Draw the view. chosen: the session key that holds the chosen tile, counted from 0; a tap changes it.

    picked: a session key that becomes True at each tap. order: the tiles in the order in which they are
    shown; None for their own.
    """
    count = tiles.levels.shape[1]
    data = payload(
        label, tiles, grids, story, chosen=st.session_state[chosen], order=order or range(count), scale=scale
    )
    _component(key=key, data=data, on_chosen_change=_keep(key, chosen, picked, count))


def payload(
    label: str,
    tiles: Tiles,
    grids: Sequence[Grid],
    story: Story,
    *,
    chosen: int,
    order: Sequence[int],
    scale: tuple[str, str] | None = None,
) -> dict[str, object]:
    """The data that `gallery` sends, as described at the top of this file."""
    marks = tiles.marks or [""] * len(tiles.captions)
    ordered = tiles.levels[:, list(order)]
    return {
        "labels": _labels(label),
        "order": [int(place) for place in order],
        "captions": [tiles.captions[place] for place in order],
        "marks": [marks[place] for place in order],
        "levels": pack_levels(ordered),
        "shape": list(ordered.shape),
        "palette": palette("signed"),
        "steps": list(story.steps),
        "chosen": int(chosen),
        "grids": [
            {
                "title": grid.title,
                "values": pack(grid.values, _digits(grid.values), tight=True),
                "levels": pack_levels(levels(grid.values, "signed", grid.limit or 1.0)),
            }
            for grid in grids
        ],
        "facts": [list(lines) for lines in story.facts],
        "scale": list(scale or ()),
    }


def _digits(values: np.ndarray) -> int:
    """Decimal places: at least 2, and no more where many columns share the room."""
    return 2 if values.shape[-1] > ROOMY else max(2, digits_for(values))


def _keep(key: str, chosen: str, picked: str | None, count: int) -> Callable[[], None]:
    def keep() -> None:
        if (tile := whole(told(key, "chosen"), count)) is not None:
            st.session_state[chosen] = tile
            if picked:
                st.session_state[picked] = True

    return keep


def _labels(label: str) -> dict[str, str]:
    return {
        **player_labels(),
        "view": label,
        "value": _("row {row}, column {column}: {value}"),
        "help": _("Point at a cell, or tap it, to read its value."),
    }
