"""Which network answers on the first page, before anybody has chosen one, and about which photos?"""

import numpy as np
import streamlit as st

from cnnlab.data import datasets, photos
from cnnlab.runs import RunError, Store
from cnnlab.ui.widgets.network_choice import Network, load, trained

DRAWN = range(20)  # the test images of which the first ones of three classes are shown


def network_on_show() -> Network | None:
    """Return the network that answers before anybody has chosen one: a shipped one, else the newest.

    One that judges photos comes before one that reads digits.
    """
    networks = []
    for run in [*Store().shipped(), *trained()]:
        try:
            networks.append(load(run))
        except RunError:
            continue  # the pages where it can be chosen say what is wrong with it
        if networks[-1].spec.pictures == "photos":
            return networks[-1]
    return networks[0] if networks else None


@st.cache_data(max_entries=4, show_spinner=False)
def four_photos(dataset: str, classes: tuple[str, ...], present: bool) -> list[tuple[np.ndarray, int | None]]:
    """Return four pictures (32, 32, 3) with their class, None for one foreign to the network.

    Three test images and one foreign photo; where the dataset is not `present`, sample photos, of which more
    are foreign.
    """
    spec = datasets.find(dataset)
    if present:
        pictures, labels = spec.test_pictures(DRAWN)
        first = np.sort(np.unique(labels, return_index=True)[1])[:3]  # the first ones of three classes
        chosen = [(pictures[place], int(labels[place])) for place in first]
        return [*chosen[:2], (sample(spec.foreign), None), *chosen[2:]]
    names = ("rocket", "cat", "motorcycle", spec.foreign)
    truths = [(spec.samples or {}).get(name) for name in names]
    return [
        (sample(name), classes.index(truth) if truth in classes else None)
        for name, truth in zip(names, truths, strict=True)
    ]


def sample(name: str) -> np.ndarray:
    return photos.resize(photos.square(photos.sample(name)))
