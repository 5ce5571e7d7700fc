"""Can a map of what mattered be trusted? Networks that have learned nothing are asked the same question."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.inspection.attribution import Sanity, sanity
from cnnlab.ui.widgets import background_job

TILE = 130  # pixels: four side by side
UNCHANGED = 0.7  # similarity from which on a map has stayed as it was
CHANGED = 0.3  # similarity up to which it has become another one


def trust(
    about: tuple[object, ...],
    asked: tuple[Any, ...],
    before: np.ndarray,
    draw: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Offer the check; show the maps of networks with random weights beside the real one.

    about, asked: as for `job.answer` and `sanity`. before: the real map; draw(map) gives its picture.
    """
    st.markdown(
        _(
            "**Can this map be trusted?** Replace all weights by random ones and ask again: a map that "
            "stays the same explains nothing."
        )
    )
    ask, doing = _("Ask networks that have learned nothing"), _("At work: {done} of {all}")
    checked: Sanity | None = background_job.answer(
        "inside.sanity", about, sanity, *asked, ask=ask, doing=doing, long=True
    )
    if checked is None:
        return
    with st.container(horizontal=True):
        st.image(draw(before), _("as trained"), width=TILE)
        for map, alike in zip(checked.maps, checked.similarities, strict=True):
            text = _("random weights: similarity {s}").format(s=number(alike, 2))
            nothing = _("random weights: no map at all")
            st.image(draw(map), nothing if np.isnan(alike) else text, width=TILE)
    st.markdown(conclusion(checked.similarities))
    st.caption(
        _(
            "Similarity is the rank correlation of the maps' magnitudes. 1: all places in the same order; "
            "0: nothing in common."
        )
    )


def conclusion(similarities: np.ndarray) -> str:
    """Say what the similarities (n,) of a map to those of random networks mean; nan: there was no map."""
    found = similarities[~np.isnan(similarities)]
    if not len(found):
        return _("Without learning there is **no map at all**: this one comes from what was learned.")
    if found.mean() >= UNCHANGED:
        text = _(
            "Similarity {mean} on average: the map **hardly changes**. It shows the picture, or how such a "
            "network is built, rather than what was learned."
        )
    elif found.mean() > CHANGED:
        text = _("Similarity {mean} on average: **part of the map** would be there without any learning.")
    else:
        text = _("Similarity {mean} on average: the map **becomes another one**. It depends on the learning.")
    return text.format(mean=number(found.mean(), 2))
