"""What is the network looking at: which photo, which square of it, made small in which way?"""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from cnnlab import datasets, drawing, images, ops, probes
from cnnlab.figures import tiles
from cnnlab.text import _, number
from cnnlab.ui import network, photo, state
from cnnlab.ui.components.frame import frame
from cnnlab.ui.components.pad import pad

PREVIEW = 480  # pixels on the longer side of the photo on which the square is moved
SMALLEST = 16  # pixels of the photo: the smallest square
FILTER = "classify.filter"


@dataclass(frozen=True, eq=False)
class Look:
    """One network looking at one picture, and all that it computes on the way.

    seen: (32, 32, 3) uint8. photo: (h, w, 3) uint8 and the square on it (row, col, size; from 0), None for a
    digit. truth: the true class, from 0, where it is known. remark: what is known of the picture besides.
    """

    net: network.Network
    seen: np.ndarray
    photo: np.ndarray | None = None
    crop: tuple[int, int, int] = (0, 0, 0)
    truth: int | None = None
    remark: str = ""

    @cached_property
    def outputs(self) -> list[ops.LayerOutput]:
        return self.net.forward(self.seen)

    @property
    def probabilities(self) -> np.ndarray:
        return self.outputs[-1].values

    @property
    def scores(self) -> np.ndarray:
        return self.outputs[-2].values

    @property
    def answer(self) -> int:
        return int(self.probabilities.argmax())

    @property
    def classes(self) -> list[str]:
        return [network.class_name(name) for name in self.net.classes]

    @cached_property
    def about(self) -> int:
        """A number that names what the network sees."""
        return zlib.crc32(self.seen.tobytes())

    @cached_property
    def scene(self) -> probes.Scene:
        """The square with its surroundings; a digit stands alone."""
        if self.photo is None:
            return probes.scene(self.seen, 0, 0, len(self.seen), self.seen)
        return probes.scene(self.photo, *self.crop, self.seen)


def at_photo(net: network.Network) -> Look:
    """Draw the choice of a photo and the square on it."""
    _name, image = photo.choose(camera=True)
    crop = _square(image)
    sample = images.SAMPLES.get(st.session_state["photo.choice"])
    truth, remark = None, ""
    if sample is not None and sample.cifar10 in net.classes:
        truth = net.classes.index(sample.cifar10)
    elif sample is not None:
        remark = _("In truth it shows none of the ten, so every bar is wrong, however long.")
    state.default(FILTER, "area", images.RESAMPLE)
    seen = images.resize(images.square(image, *crop), resample=st.session_state[FILTER])
    return Look(net, seen, image, crop, truth, remark)


def at_digit(net: network.Network) -> Look | None:
    """Draw the choice of a digit; None before a stroke."""
    text = _("This network was trained on Digits. It does not judge photos: it would call a cat a digit.")
    st.info(text, icon=":material/pin:")
    sources = {"draw": _("Draw a digit"), "test": _("From the test set")}
    state.default("classify.digit", "draw", sources)
    source = st.segmented_control(
        _("Digit"), list(sources), format_func=sources.get, key="classify.digit", required=True
    )
    if source == "draw":
        ink = pad(key="_classify.pad", drawn="classify.drawing")
        remark = _("As in the dataset, the digit fills the frame; 4 × 4 pixels of ink become one of 8 × 8.")
        return None if ink is None else Look(net, drawing.network_input(ink), remark=remark)
    data = datasets.load("digits")
    state.default("classify.test", 1)
    count = len(data.test_labels)
    st.number_input(_("Test image, 1 to {count}").format(count=number(count)), 1, count, key="classify.test")
    place = st.session_state["classify.test"] - 1
    return Look(net, data.test_images[place], truth=int(data.test_labels[place]))


def _square(image: np.ndarray) -> tuple[int, int, int]:
    """Draw the photo with the square on it, and a popover with the same by numbers; return row, col, size."""
    rows, cols = image.shape[:2]
    largest = min(rows, cols)
    smallest = min(SMALLEST, largest)
    known = zlib.crc32(np.ascontiguousarray(image))
    if st.session_state.get("classify.of") != known or "classify.size" not in st.session_state:
        st.session_state["classify.of"] = known
        _put((rows - largest) // 2, (cols - largest) // 2, largest)
    size = min(max(smallest, st.session_state["classify.size"]), largest)
    row = min(max(1, st.session_state["classify.row"]), rows - size + 1) - 1
    col = min(max(1, st.session_state["classify.col"]), cols - size + 1) - 1
    _put(row, col, size)
    label = _("The network gets the square. Drag it, or its corner; arrow keys move it.")
    frame(
        _preview(image), (rows, cols), (row, col), size,
        key="_classify.frame", moved=_put, sizes=(smallest, largest), label=label, live=True,
    )  # fmt: skip
    with st.popover(_("The square by numbers"), icon=":material/crop:"):
        text = _("The photo has {rows} × {cols} pixels here; rows and columns count from 1.")
        st.caption(text.format(rows=number(rows), cols=number(cols)))
        for name, words, low, high in (
            ("size", _("Size, in pixels"), smallest, largest),
            ("row", _("Its top row"), 1, rows - size + 1),
            ("col", _("Its left column"), 1, cols - size + 1),
        ):
            if high > low:
                st.slider(words, low, high, key=f"classify.{name}")
    return row, col, size


def _put(row: int, col: int, size: int) -> None:
    """Keep the square: row and column count from 1 in the session, as the sliders show them."""
    st.session_state["classify.row"], st.session_state["classify.col"] = row + 1, col + 1
    st.session_state["classify.size"] = size


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _preview(image: np.ndarray) -> bytes:
    return tiles.jpeg(tiles.enlarge(tiles.shrink(image, PREVIEW), PREVIEW // 2))
