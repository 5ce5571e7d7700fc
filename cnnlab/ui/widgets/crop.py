"""Which small square of the photo is under the magnifying glass?

For the lessons a photo is shrunk, so that a dozen pixels are a piece one can recognise, such as an eye.
"""

from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.i18n import _
from cnnlab.lessons.page_list import CONTROLS
from cnnlab.ui.components.frame import frame
from cnnlab.ui.session import projector, widget_state
from cnnlab.ui.widgets import page_control

SIDE = 96  # pixels of a lesson photo's longer side
SHOWN = 360  # pixels of the picture on which the crop is moved
WHOLE = 512  # pixels of the longer side of a photo that is shown whole


class Crop(NamedTuple):
    """A square of the shrunk photo (h, w, 3): its top left corner, from 0, and its pixels (size, size, 3)."""

    row: int
    col: int
    size: int
    values: np.ndarray
    photo: np.ndarray


def whole(photo: np.ndarray) -> np.ndarray:
    """Return a photo (h, w, 3) as lessons show it whole; a large one is shrunk only once."""
    large, small = st.session_state.get("_crop.whole", (None, photo))
    shrunk: np.ndarray = small if large is photo else tiles.shrink(photo, WHOLE)
    st.session_state["_crop.whole"] = (photo, shrunk)
    return shrunk


def choose(photo: np.ndarray, key: str, picture: DeltaGenerator | None = None) -> Crop:
    """Show a photo (h, w, 3) uint8 with the crop on it, to be moved, and a button that opens its settings.

    Size and place stand in the session under `{key}.size` (a control of the page), `{key}.row` and
    `{key}.col` (counted from 1). Where the photo is too small the crop is as large as it allows, and a
    sentence says so. The crop of a new photo starts where most edges meet. `picture`: the container to draw
    the photo in, else it stands above the button. On a projector the crop is the size of `projector.CROP`.
    """
    photo = whole(photo)
    longer, shorter = max(photo.shape[:2]), min(photo.shape[:2])
    largest = max(int(size) for size in CONTROLS[f"{key}.size"].options())
    image = tiles.shrink(photo, max(SIDE, largest * longer // shorter))  # every size fits if it did before
    height, width, _channels = image.shape
    chosen = page_control.value(f"{key}.size")
    wanted = projector.CROP if projector.on() else chosen
    size = min(wanted, height, width)
    _start(image, size, key)
    row = _fit(f"{key}.row", height - size + 1)
    col = _fit(f"{key}.col", width - size + 1)

    def moved(top: int, left: int) -> None:
        st.session_state[f"{key}.row"], st.session_state[f"{key}.col"] = top + 1, left + 1

    with picture or st.container():
        frame(_small_picture(photo), (height, width), (row, col), size, key=f"_{key}.frame", moved=moved)
        st.caption(_("Tap the photo to move the crop."))
    if size < wanted:
        text = _("The photo has only {height} × {width} pixels, so the crop is {size} × {size}.")
        st.warning(text.format(height=height, width=width, size=size))
    keys = (f"{key}.size", f"{key}.row", f"{key}.col")
    with widget_state.popover(_("Crop: size, place"), *keys, icon=":material/crop:", width="stretch"):
        text = _("The photo is shrunk to {height} × {width} pixels; rows and columns count from 1.")
        st.caption(text.format(height=height, width=width))
        if projector.on():
            st.caption(_("On a projector the crop is {size} × {size} pixels.").format(size=wanted))
        else:
            page_control.draw(f"{key}.size")
        if height > size:
            st.slider(_("Its top row"), 1, height - size + 1, key=f"{key}.row")
        if width > size:
            st.slider(_("Its left column"), 1, width - size + 1, key=f"{key}.col")
    return Crop(row, col, size, photos.crop(image, row, col, size, size), image)


def busiest(image: np.ndarray, size: int) -> tuple[int, int]:
    """Return the top left corner of the square where most edges of different directions meet.

    Of the 2x2 matrix of the gradient's squares and products, added up over the square, the smaller eigenvalue
    is large only where edges of every direction meet (Shi and Tomasi, *Good Features to Track*, 1994).
    """
    grey = photos.grey(image).astype(float)
    down, right = (np.pad(np.diff(grey, axis=axis), _end(axis)) for axis in (0, 1))
    a, b, both = (_sums(product, size) for product in (down**2, right**2, down * right))
    smaller = (a + b) / 2 - np.sqrt(((a - b) / 2) ** 2 + both**2)
    row, col = np.unravel_index(np.argmax(smaller), smaller.shape)
    return int(row), int(col)


def _end(axis: int) -> list[tuple[int, int]]:
    """One more cell at the end of an axis."""
    return [(0, int(axis == 0)), (0, int(axis == 1))]


def _sums(values: np.ndarray, size: int) -> np.ndarray:
    """Add up each square of values (h, w): (h - size + 1, w - size + 1), by differences of running sums."""
    total = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums: np.ndarray = (
        total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    )
    return sums


def _start(image: np.ndarray, size: int, key: str) -> None:
    """Put the crop of a new photo onto the place with most edges."""
    photo = photos.checksum(image), image.shape
    if st.session_state.get(f"{key}.photo") != photo or f"{key}.row" not in st.session_state:
        row, col = busiest(image, size)
        st.session_state[f"{key}.photo"] = photo
        st.session_state[f"{key}.row"], st.session_state[f"{key}.col"] = row + 1, col + 1


def _fit(key: str, last: int) -> int:
    """Bring a kept position, from 1, back into the photo; return it counted from 0."""
    place: int = min(max(1, st.session_state[key]), last)
    st.session_state[key] = place
    return place - 1


@st.cache_data(scope="session", max_entries=10, show_spinner=False)
def _small_picture(photo: np.ndarray) -> bytes:
    """Return the photo as a JPEG of a few kilobytes, as it travels in every run of the script."""
    return tiles.jpeg(tiles.enlarge(tiles.shrink(photo, SHOWN), SHOWN // 2))
