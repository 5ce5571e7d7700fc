"""A crop in colour beside its red, green and blue plane: pointing at a pixel shows its three numbers.

What travels (see `payload`), all arrays row-major as `data.pack` writes them:

    labels    translated sentences with {placeholders}
    rows, cols
    colours   a CSS colour for each pixel
    palettes  role -> {"fill": 256 colours, "text": 256 times black or white}, see `colours.palette`
    planes    three times label, note, role; cells (what is written on them), values (0-255), shares (0-1),
              widths (of the bars, in percent), levels (base64, rows of the palette)
    start     [row, col] of the pixel at first, from 0; also divided, follow
"""

import numpy as np
import streamlit as st

from cnnlab.i18n import _
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.data import pack, pack_levels
from cnnlab.ui.components.sources import sources
from cnnlab.ui.components.told import places

_component = st.components.v2.component("cnnlab.planes", **sources("planes"))


def planes(
    image: np.ndarray, *, key: str, start: tuple[int, int], divided: bool = False, follow: bool = False
) -> tuple[int, int]:
    """Show a crop (h, w, 3) uint8 and its planes; with `divided` the cells bear the values divided by 255.

    A changed crop puts the pointer to `start`; otherwise it stays where the student has put it. With `follow`
    the page is drawn again whenever the student rests at a pixel. Returns that pixel, row and column from 0.
    """
    data = payload(image, start=start, divided=divided) | {"follow": follow}
    at = _component(key=key, data=data, on_at_change=lambda: None).at
    height, width, _channels = image.shape
    row, col = places(at, row=height, col=width) or start
    return row, col


def payload(image: np.ndarray, *, start: tuple[int, int], divided: bool = False) -> dict[str, object]:
    """The data that `planes` sends, as described at the top of this file."""
    height, width, _channels = image.shape
    names = {"red": _("Red"), "green": _("Green"), "blue": _("Blue")}
    note = _("0–1") if divided else _("0–255")
    shown = []
    for place, (role, label) in enumerate(names.items()):
        values = image[..., place].astype(float)
        shares = values / 255
        shown.append(
            {
                "label": label,
                "note": note,
                "role": role,
                "cells": pack(shares, 2) if divided else pack(values),
                "values": pack(values),
                "shares": pack(shares, 3),
                "widths": pack(100 * shares, 1),
                "levels": pack_levels(levels(values, role, 255)),
            }
        )
    return {
        "labels": _labels(),
        "rows": height,
        "cols": width,
        "colours": ["#" + bytes(pixel).hex() for pixel in image.reshape(-1, 3)],  # (h, w, 3) -> (h * w, 3)
        "palettes": {role: palette(role) for role in names},
        "planes": shown,
        "start": [int(start[0]), int(start[1])],
        "divided": divided,
    }


def _labels() -> dict[str, str]:
    return {
        "view": _("The crop and its three colour planes"),
        "crop": _("In colour"),
        "pixel": _("This pixel"),
        "position": _("row {row} · column {column}"),
        "says": _("Row {row}, column {column}: red {red}, green {green}, blue {blue}"),
        "divided": _("÷ 255"),
        "help": _("Point at a pixel, or tap it. Arrow keys move too."),
    }
