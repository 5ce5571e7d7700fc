"""A picture that changes step by step, or over which a cover moves while a grid of answers develops.

Everything is computed before and sent once; the browser only shows as much as has been played. What travels
(see `payload`):

    labels    translated sentences
    title     what is on show; another title begins anew at `start`
    note      a line under the picture
    picture   a data: address. With `frames` it is that many pictures of equal size, one under the other
    frames    their number, or 1
    smooth    whether the picture is smoothed when it is enlarged
    boxes     for each step the cover's [top, left, height, width] in percent of the picture; [] without one
    colour    the cover's, "#rrggbb"
    cells     null, or: cols, title, note, palette ("fill", "text"), levels (base64, rows of it), texts
    facts     for each step the sentence below, which a screen reader hears as well
    places    for each step "step 3 of 81"
    start, speed
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import _, number
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.data import pack_levels
from cnnlab.ui.components.sources import player_labels, sources

_component = st.components.v2.component("cnnlab.film", **sources("film"))


@dataclass(frozen=True, eq=False)
class Cover:
    """A rectangle that moves over a still picture: boxes (n, 4), top, left, height, width as shares of it."""

    boxes: np.ndarray
    colour: Sequence[int]


@dataclass(frozen=True, eq=False)
class Cells:
    """What each step found, as a grid (rows, cols) that develops row by row; `limit` ends the colour scale.

    texts: what is written on the cells, in that order; empty where they are too small.
    """

    title: str
    note: str
    values: np.ndarray
    limit: float
    texts: Sequence[str] = ()


def film(
    label: str,
    pictures: np.ndarray,
    facts: Sequence[str],
    *,
    key: str,
    title: str,
    note: str = "",
    cover: Cover | None = None,
    cells: Cells | None = None,
    start: int = 0,
    speed: float = 4,
) -> None:
    """Show pictures (n, h, w, 3) uint8, one for each of n facts; or one (1, h, w, 3) and a cover."""
    data = payload(
        label, pictures, facts, title=title, note=note, cover=cover, cells=cells, start=start, speed=speed
    )
    _component(key=key, data=data)


def payload(
    label: str,
    pictures: np.ndarray,
    facts: Sequence[str],
    *,
    title: str,
    note: str = "",
    cover: Cover | None = None,
    cells: Cells | None = None,
    start: int = 0,
    speed: float = 4,
) -> dict[str, object]:
    """The data that `film` sends, as described at the top of this file."""
    count, height, width, _rgb = pictures.shape
    last = number(len(facts))
    return {
        "labels": player_labels() | {"view": label},
        "title": title,
        "note": note,
        "picture": data_uri(pictures.reshape(count * height, width, 3)),
        "frames": count,
        "smooth": height > 100,  # a small picture shows its pixels
        "boxes": [] if cover is None else np.round(100 * cover.boxes, 3).tolist(),
        "colour": "" if cover is None else "#" + bytes(map(int, cover.colour)).hex(),
        "cells": None if cells is None else _cells(cells),
        "facts": list(facts),
        "places": [_("{n} of {last}").format(n=number(n), last=last) for n in range(1, len(facts) + 1)],
        "start": start,
        "speed": speed,
    }


def _cells(cells: Cells) -> dict[str, object]:
    return {
        "cols": cells.values.shape[1],
        "title": cells.title,
        "note": cells.note,
        "palette": palette("signed"),
        "levels": pack_levels(levels(cells.values, "signed", cells.limit or 1.0)),
        "texts": list(cells.texts),
    }
