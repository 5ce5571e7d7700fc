"""What does a trained network look at? The session's photo, or a digit where it knows digits only."""

import numpy as np
import streamlit as st

from cnnlab.data import photos
from cnnlab.data.spec import DatasetError
from cnnlab.i18n import _, number
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import photo_choice
from cnnlab.ui.widgets.network_choice import Network


def choose(net: Network) -> np.ndarray | None:
    """Draw the choice; return what the network gets, (32, 32, 3) uint8; None where the digits are missing."""
    if net.spec.pictures == "photos":
        _name, image = photo_choice.choose()
        return _shrunk(image)
    try:
        pictures = net.spec.load(None).train_images  # the test set stays sealed
    except DatasetError as error:
        st.error(str(error))
        return None
    count = len(pictures)
    widget_state.default("network.digit", 1, range(1, count + 1))
    label = _("Digit, 1 to {count}").format(count=number(count))
    place = st.number_input(label, 1, count, key="network.digit") - 1
    text = _("This network was trained on {title}: it judges no photos, so it gets a digit.")
    st.caption(text.format(title=net.spec.title))
    digit: np.ndarray = pictures[place]
    return digit


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _shrunk(image: np.ndarray) -> np.ndarray:
    return photos.resize(photos.square(image))
