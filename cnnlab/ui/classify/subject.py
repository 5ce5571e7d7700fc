"""What is the network looking at: which photo, which square of it, made small in which way?"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets, drawn_digit, photos
from cnnlab.figures import tiles
from cnnlab.i18n import _, number
from cnnlab.inspection import perturbations
from cnnlab.ui.components.frame import frame
from cnnlab.ui.components.pad import pad
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import network_choice, photo_choice

PREVIEW = 480  # pixels on the longer side of the photo on which the square is moved
SMALLEST = 16  # pixels of the photo: the smallest square
FILTER = "classify.filter"


@dataclass(frozen=True, eq=False)
class Look:
    """One network looking at one picture, and all that it computes on the way.

    seen: (32, 32, 3) uint8. photo: (h, w, 3) uint8 and the square on it (row, col, size; from 0), None for a
    digit. truth: the true class, from 0, where it is known. remark: what is known of the picture besides.
    """

    net: network_choice.Network
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
        return [datasets.class_name(name) for name in self.net.classes]

    @cached_property
    def about(self) -> int:
        """A number that names what the network sees."""
        return photos.checksum(self.seen)

    @cached_property
    def scene(self) -> perturbations.Scene:
        """The square with its surroundings; a digit stands alone."""
        if self.photo is None:
            return perturbations.scene(self.seen, 0, 0, len(self.seen), self.seen)
        return perturbations.scene(self.photo, *self.crop, self.seen)


def at_photo(net: network_choice.Network) -> Look:
    """Draw the choice of a photo and the square on it."""
    _name, image = photo_choice.choose(camera=True)
    crop = _square(image)
    chosen, known = st.session_state["photo.choice"], net.spec.samples
    truth, remark = None, ""
    if known is not None and known.get(chosen) in net.classes:
        truth = net.classes.index(known[chosen])
        name = datasets.class_name(net.classes[truth])
        remark = _("✓ In truth it is: {name}.").format(name=name)
    elif known is not None and chosen in photos.SAMPLES:
        remark = _("In truth it shows none of the ten. The network must choose among them, so it is wrong.")
    else:
        first, last = (datasets.class_name(net.classes[place]) for place in (0, -1))
        text = _("Whatever the photo shows, the network must choose among its {count}: {first} to {last}.")
        remark = text.format(count=len(net.classes), first=first, last=last)
    widget_state.default(FILTER, "area", photos.RESAMPLE)
    seen = photos.resize(photos.square(image, *crop), resample=st.session_state[FILTER])
    return Look(net, seen, image, crop, truth, remark)


def at_digit(net: network_choice.Network) -> Look | None:
    """Draw the choice of a digit; None before a stroke."""
    text = _("This network was trained on {title}. It does not judge photos: it would call a cat a digit.")
    st.info(text.format(title=net.spec.title), icon=":material/pin:")
    sources = {"draw": _("Draw a digit"), "test": _("From the dataset")}
    widget_state.default("classify.digit", "draw", sources)
    source = st.segmented_control(
        _("Digit"), list(sources), format_func=sources.__getitem__, key="classify.digit", required=True
    )
    if source == "draw":
        said = st.container()  # above the pad, where a phone still shows it
        ink = pad(key="_classify.pad", drawn="classify.drawing")
        remark = _(
            "Your drawing is made as coarse as the dataset's digits (4 × 4 pixels of ink become one of "
            "8 × 8) and shown to it at 32 × 32. It learned from other hands than yours, so it errs more "
            "often here than on digits of the dataset."
        )
        look = None if ink is None else Look(net, drawn_digit.network_input(ink), remark=remark)
        verdict = (
            network_choice.verdict(look.probabilities, net.classes) if look else _("The answer appears here.")
        )
        said.subheader(verdict, anchor=False)
        return look
    pictures, labels = held_out(net)
    widget_state.default("classify.test", 1, range(1, len(labels) + 1))
    text = _("A digit that it has not learned from, 1 to {count}")
    st.number_input(text.format(count=number(len(labels))), 1, len(labels), key="classify.test")
    place = st.session_state["classify.test"] - 1
    truth = int(labels[place])
    remark = _("✓ In truth it is: {name}.").format(name=net.classes[truth])
    return Look(net, pictures[place], truth=truth, remark=remark)


def held_out(net: network_choice.Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the network's validation images and labels; without any, the test set's.

    So the pictures of a sealed test set stay unseen as long as there are others.
    """
    data, config = datasets.load(net.dataset), net.recipe.config
    count = len(data.train_images)
    _training, held = datasets.split(count, config.validation, config.limit, config.seed)
    if len(held):
        return data.train_images[held], data.train_labels[held]
    return data.test_images, data.test_labels


def _square(image: np.ndarray) -> tuple[int, int, int]:
    """Draw the photo with the square on it; return the square's row, col, size."""
    rows, cols = image.shape[:2]
    largest = min(rows, cols)
    smallest = min(SMALLEST, largest)
    known = photos.checksum(image)
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
    return row, col, size


def by_numbers(look: Look) -> None:
    """Draw a button that opens the square's size and place as numbers."""
    if look.photo is None:  # a digit has no square
        return
    rows, cols = look.photo.shape[:2]
    size = look.crop[2]
    keys = ("classify.size", "classify.row", "classify.col")
    with widget_state.popover(_("The square by numbers"), *keys, icon=":material/crop:"):
        text = _("The photo has {rows} × {cols} pixels here; rows and columns count from 1.")
        st.caption(text.format(rows=number(rows), cols=number(cols)))
        largest = min(rows, cols)
        for name, words, low, high in (
            ("size", _("Size, in pixels"), min(SMALLEST, largest), largest),
            ("row", _("Its top row"), 1, rows - size + 1),
            ("col", _("Its left column"), 1, cols - size + 1),
        ):
            if high > low:
                st.slider(words, low, high, key=f"classify.{name}")


def _put(row: int, col: int, size: int) -> None:
    """Keep the square: row and column count from 1 in the session, as the sliders show them."""
    st.session_state["classify.row"], st.session_state["classify.col"] = row + 1, col + 1
    st.session_state["classify.size"] = size


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _preview(image: np.ndarray) -> bytes:
    return tiles.jpeg(tiles.enlarge(tiles.shrink(image, PREVIEW), PREVIEW // 2))
