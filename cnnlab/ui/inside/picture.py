"""Which picture is a network asked about? The session's photo, a sample, or an image of the test set."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets, photos
from cnnlab.data.spec import DatasetError
from cnnlab.figures import tiles
from cnnlab.i18n import _, number
from cnnlab.ui.widgets import network_choice, photo_choice

TEST = "test"
CHOICE, NUMBER = "picture.choice", "picture.number"  # session keys: TEST or a photo; counted from 1
CHANGED = "_picture.changed"  # session key: a part of the page has just chosen another picture
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
        return photos.checksum(self.seen)


def choose(net: network_choice.Network, *, at: str = "why", upload: bool = False) -> Picture | None:
    """Draw the choice; return the picture, None where there is none that this network could judge.

    A photo that is chosen here is the whole session's, and every part of the page shows the same picture. A
    network that knows digits gets digits alone. at: a word for the part of the page, for each may offer the
    choice. upload: let new photos in, too.
    """
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # the other parts of the page show the picture too
    if net.spec.pictures == "digits":
        text = _("This network was trained on {title}: it judges no photos, so it gets a digit.")
        st.caption(text.format(title=net.spec.title))
        _choose_number(at)
        return current(net)
    names = _names(net, upload)
    chosen = _chosen(names)
    key = _own_key(CHOICE, at, chosen)
    label, named = _("Picture"), names.__getitem__
    st.selectbox(label, list(names), format_func=named, key=key, on_change=_take, args=(CHOICE, key))
    if chosen == TEST:
        _choose_number(at)
    elif chosen == photo_choice.OWN and upload:
        photo_choice.own()
    return current(net)


def current(net: network_choice.Network) -> Picture | None:
    """Return the picture as it was chosen; None, with a sentence, where there is none of that number."""
    if net.spec.pictures == "photos" and _chosen(_names(net, True)) != TEST:
        return _of_photo(*photo_choice.current())
    place = st.session_state.get(NUMBER, 1) - 1
    try:
        [image], [truth] = net.spec.test_pictures([place])
    except DatasetError as error:
        st.error(str(error))
        return None
    truth = datasets.class_name(net.classes[truth])
    name = _("Test image {n}: {truth}").format(n=number(place + 1), truth=truth)
    return Picture(name, image, image)


def outputs(net: network_choice.Network, shown: Picture) -> list[ops.LayerOutput]:
    """Return what every layer makes of the picture; kept a while, for the largest networks take seconds."""
    return _outputs(str(net.run.folder), net.stamp, shown.about, net, shown.seen)


@st.cache_data(scope="session", max_entries=3, show_spinner=False)
def _outputs(
    folder: str, stamp: int, about: int, _net: network_choice.Network, _seen: np.ndarray
) -> list[ops.LayerOutput]:
    return _net.forward(_seen)


def _names(net: network_choice.Network, upload: bool) -> dict[str, str]:
    names = dict(photos.samples())
    if upload or "photo.own" in st.session_state:
        names[photo_choice.OWN] = _("A photo of yours …") if upload else _("Your photo")
    if net.spec.present():
        names[TEST] = _("A test image of {dataset} …").format(dataset=net.spec.title)
    return names


def _chosen(names: dict[str, str]) -> str:
    """Return the choice: a test image, else the session's photo."""
    if st.session_state.get(CHOICE) == TEST and TEST in names:
        return TEST
    now = st.session_state.get("photo.choice")
    return now if now in names else next(iter(names))


def _choose_number(at: str) -> None:
    key = _own_key(NUMBER, at, st.session_state.get(NUMBER, 1))
    st.number_input(_("Test image, counted from 1"), 1, key=key, on_change=_take, args=(NUMBER, key))


def _own_key(shared: str, at: str, value: object) -> str:
    """Return the key of one part's widget for a shared choice, and give it the value on show."""
    key = f"{shared}.{at}"
    st.session_state[key] = value
    return key


def _take(shared: str, key: str) -> None:
    """Make what was chosen in one part the choice of all."""
    value = st.session_state[shared] = st.session_state[key]
    st.session_state[CHANGED] = True
    if shared == CHOICE and value != TEST:
        st.session_state["photo.choice"] = value


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _of_photo(name: str, image: np.ndarray) -> Picture:
    square = photos.square(image)
    return Picture(name, tiles.shrink(square, LARGEST), photos.resize(square))
