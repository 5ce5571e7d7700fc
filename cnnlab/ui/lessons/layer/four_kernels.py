"""Which kernels does the page *A layer* show: four made by hand, or four that a network has learned?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, number
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import network_choice

MOST = 4
CROSS = np.array([[0, 1, 0], [1, 2, 1], [0, 1, 0]])  # a pixel and its neighbours, to compare colours by


class Layer(NamedTuple):
    """Kernels (kh, kw, 3, n) with their names, and a bias each (n,).

    `scale` brings pixels of 0-255 to what the kernels expect. `activation` is a name in `ops.ACTIVATIONS`,
    or None for none. Not `biased`: there are no biases, and these are zeros in their place.
    """

    names: Sequence[str]
    kernels: np.ndarray
    bias: np.ndarray
    scale: float
    activation: str | None
    biased: bool = True


def by_hand(bias: float, activation: str | None) -> Layer:
    """Return four kernels that read colour in different ways; their slices may differ."""
    slices = {
        _("Vertical edges"): [ops.KERNELS["sobel_x"](3)] * 3,
        _("Horizontal edges"): [ops.KERNELS["sobel_y"](3)] * 3,
        _("Red against green"): [CROSS, -CROSS, 0 * CROSS],
        _("Bright spots"): [-ops.KERNELS["laplacian"](3)] * 3,
    }
    kernels = np.stack([np.stack(three, axis=-1) for three in slices.values()], axis=-1)  # (3, 3, 3, 4)
    return Layer(list(slices), kernels.astype(float), np.full(MOST, bias), 1.0, activation)


def trained() -> Layer | None:
    """Draw the choice of a network and of its kernels; None (with a sentence) where there are none."""
    net = network_choice.choose()
    if net is None:
        return None
    places = [place for place, one in enumerate(net.layers) if isinstance(one, ops.Conv)]
    if not places:
        st.info(_("This network has no convolution, so it has no kernels to show."))
        return None
    first, after = net.layers[places[0]], net.layers[places[0] + 1]
    kernels = net.weights[f"{first.name}/kernel"].astype(float)
    count = kernels.shape[-1]
    norms = np.sqrt((kernels**2).sum(axis=(0, 1, 2)))
    largest = sorted(np.argsort(-norms, kind="stable")[:MOST].tolist())
    key = "layer.kernels"
    if not set(st.session_state.get(key, largest)) <= set(range(count)):
        st.session_state[key] = largest  # another network, with fewer kernels
    widget_state.default(key, largest)
    chosen = st.multiselect(
        _("Kernels of its first convolution, at most {most} of {count}").format(most=MOST, count=count),
        range(count),
        format_func=lambda place: number(place + 1),
        max_selections=MOST,
        key=key,
    )
    biased = f"{first.name}/bias" in net.weights
    learned = _(
        "They learned on pixels divided by 255, so you see them on inputs from 0 to 1, with their bias."
    )
    if not biased:
        learned = _("They learned on pixels divided by 255, so you see them on inputs from 0 to 1.")
    st.caption(learned)
    if not chosen:
        st.info(_("Choose at least one kernel. Until then you see those with the largest weights."))
        chosen = largest
    bias = net.weights.get(f"{first.name}/bias", np.zeros(count)).astype(float)
    scale = next((one.scale for one in net.layers if isinstance(one, ops.Rescale)), 1.0)
    names = [_("Kernel {n}").format(n=place + 1) for place in chosen]
    activation = after.function if isinstance(after, ops.Activation) else None
    if isinstance(after, ops.BatchNorm):
        st.caption(_("In this network batch normalisation follows; you see the sums before it."))
    elif activation is None:
        st.caption(_("In this network no activation follows: the sums are passed on as they are."))
    return Layer(names, kernels[..., chosen], bias[chosen], scale, activation, biased)
