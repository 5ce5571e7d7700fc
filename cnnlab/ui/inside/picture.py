"""Which picture is a network asked about? The session's photo, a sample, or an image of the test set."""

import zlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab import datasets, images
from cnnlab.figures import tiles
from cnnlab.text import _, number
from cnnlab.ui import network, photo, state

TEST = "test"
LARGEST = 480  # pixels of the square that is shown


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with what the network sees of it: square (h, h, 3) and seen (32, 32, 3), both uint8."""

    name: str
    square: np.ndarray
    seen: np.ndarray

    @property
    def about(self) -> int:
        """A number that names what the network sees."""
        return zlib.crc32(self.seen.tobytes())


def choose(net: network.Network) -> Picture | None:
    """Draw the choice; None where there is no picture that this network could judge.

    A photo that is chosen here is the whole session's. A network trained on Digits gets digits alone.
    """
    own = {photo.OWN: _("Your photo")} if "photo.own" in st.session_state else {}
    names = {**images.samples(), **own}
    if datasets.DATASETS[net.dataset].present():
        names[TEST] = _("A test image of {dataset} …").format(dataset=datasets.DATASETS[net.dataset].title)
    if net.dataset == "digits":
        st.caption(_("This network was trained on Digits: it judges no photos, so it gets a digit."))
        return _test_image(net)
    now = st.session_state.get("photo.choice")
    if st.session_state.get("picture.choice") != TEST and now in names:
        st.session_state["picture.choice"] = now
    state.default("picture.choice", next(iter(names)), names)
    choice = st.selectbox(_("Picture"), list(names), format_func=names.get, key="picture.choice")
    if choice == TEST:
        return _test_image(net)
    if choice != now:
        st.session_state["photo.choice"] = choice
        if now is not None:
            st.rerun()  # the rest of the page shows the same photo
    return _of_photo(*photo.current())


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _of_photo(name: str, image: np.ndarray) -> Picture:
    square = images.square(image)
    return Picture(name, tiles.shrink(square, LARGEST), images.resize(square))


def _test_image(net: network.Network) -> Picture | None:
    state.default("picture.number", 1)
    place = st.number_input(_("Test image, counted from 1"), 1, key="picture.number") - 1
    try:
        [image], [truth] = datasets.test_pictures(net.dataset, [place])
    except datasets.DatasetError as error:
        st.error(str(error))
        return None
    name = _("Test image {n}: {truth}")
    truth = network.class_name(net.classes[truth])
    return Picture(name.format(n=number(place + 1), truth=truth), image, image)
