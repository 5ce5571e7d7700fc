"""Pictures as points in a plane: the small pictures themselves are drawn, so no colour has to be learned.

Two arrangements of the same pictures, between which the student switches in the browser; a class can be
brought forward; pointing at a picture, tapping it or the arrow keys show it large. What travels:

    labels    translated sentences with {placeholders}
    sprite    all pictures as one, `columns` a row, each `side` pixels wide (a data: address)
    classes   their names
    truth     the class of each picture
    maps      title, and the places (n, 2) from 0 to 10,000, the second downwards as far as `tall`;
              own: the place of the student's photo, or none
    near      pictures to be ringed
    own       the student's photo as a data: address, or none
"""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import _
from cnnlab.ui.components.data import pack
from cnnlab.ui.components.sources import sources

EXTENT = 10_000
_component = st.components.v2.component("cnnlab.space", **sources("space"))


def space(
    maps: Mapping[str, np.ndarray],
    sprite: Mapping[str, object],
    truth: np.ndarray,
    classes: Sequence[str],
    *,
    key: str,
    own: tuple[np.ndarray, Mapping[str, np.ndarray]] | None = None,
    near: Sequence[int] = (),
) -> None:
    """Draw n pictures at their places.

    maps: title -> places (n, 2). sprite: address, side, columns. truth: (n,) places in classes. own: a
    picture (h, w, 3) uint8 and its place in each map.
    """
    _component(key=key, data=payload(maps, sprite, truth, classes, own=own, near=near))


def payload(
    maps: Mapping[str, np.ndarray],
    sprite: Mapping[str, object],
    truth: np.ndarray,
    classes: Sequence[str],
    *,
    own: tuple[np.ndarray, Mapping[str, np.ndarray]] | None = None,
    near: Sequence[int] = (),
) -> dict[str, object]:
    """The data that `space` sends, as described at the top of this file."""
    return {
        "labels": _labels(),
        "sprite": dict(sprite),
        "classes": list(classes),
        "truth": pack(truth),
        "maps": [_map(title, places, own and own[1][title]) for title, places in maps.items()],
        "near": [int(place) for place in near],
        "own": data_uri(own[0]) if own else None,
    }


def _map(title: str, places: np.ndarray, own: np.ndarray | None) -> dict[str, object]:
    """Scale places to the extent, the same along both axes; the photo may lie beyond the others."""
    all = places if own is None else np.vstack([places, own])
    low, high = all.min(axis=0), all.max(axis=0)
    scale = EXTENT / max(float(high[0] - low[0]), 1e-9)
    scaled = np.rint(scale * (all - low))
    tall = int(scaled[:, 1].max())
    scaled[:, 1] = tall - scaled[:, 1]  # pixels count downwards
    count = len(places)
    return {
        "title": title,
        "tall": tall,
        "places": pack(scaled[:count]),
        "own": scaled[count].astype(int).tolist() if len(scaled) > count else None,
    }


def _labels() -> dict[str, str]:
    return {
        "view": _("Test images, arranged by the network's features"),
        "arrangement": _("Arrangement"),
        "all": _("all classes"),
        "class": _("Bring forward"),
        "picture": _("Test image {n}: {class}"),
        "help": _("Point at a picture, or tap it. Arrow keys walk from left to right."),
        "own": _("The framed picture is your photo; its nearest test images are ringed."),
    }
