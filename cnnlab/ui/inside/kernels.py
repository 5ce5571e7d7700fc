"""Which patterns does a network look for? The kernels of its convolutions."""

import numpy as np
import streamlit as st

from cnnlab.figures import tiles
from cnnlab.figures.heatmap import heatmap
from cnnlab.text import _
from cnnlab.ui import as_text, lesson, network, state
from cnnlab.ui.components.sheet import sheet
from cnnlab.ui.inside import words

STATIC = {"displayModeBar": False}


@st.fragment
def kernels(net: network.Network) -> None:
    """Show the kernels of a convolution as tiles, and the chosen one in numbers."""
    convolutions = {spec["name"]: network.layer_title(spec) for spec in net.layers if spec["kind"] == "conv"}
    if not convolutions:
        return st.info(_("This network has no convolution, so it has no kernels."))
    left, right = st.columns([1, 3], gap="large")
    with left:
        state.default("inside.layer", next(iter(convolutions)), convolutions)
        name = st.radio(_("Layer"), list(convolutions), format_func=convolutions.get, key="inside.layer")
        weights = net.weights[f"{name}/kernel"]
        side, _side, channels, count = weights.shape
        in_colour = channels == 3  # such kernels read red, green and blue
        if not in_colour:
            state.default("inside.slice", 1, range(1, channels + 1))
            label = _("Slice, 1 to {channels}: one for each input channel")
            st.number_input(label.format(channels=channels), 1, channels, key="inside.slice")
        text = _(
            "{count} kernels of {side} × {side} × {channels}. Weights have no unit; they go from {range}."
        )
        st.caption(text.format(count=count, side=side, channels=channels, range=words.span(weights)))
    limit = float(np.abs(weights).max())
    state.default("inside.kernel", 0, range(count))
    with right:
        if in_colour:
            names, slices = (_("on red"), _("on green"), _("on blue")), weights
            pictures = tiles.colour_tiles(weights)
            st.caption(
                _("Mid grey is 0. The redder a tile, the larger its weight on red; green and blue likewise.")
            )
        else:
            place = st.session_state["inside.slice"] - 1
            names, slices = (_("on input channel {n}").format(n=place + 1),), weights[:, :, place : place + 1]
            pictures = tiles.signed_tiles(slices[:, :, 0], np.full(count, limit))
            st.caption(_("Orange weights are positive, blue ones negative, pale ones near 0."))
        captions = words.captions(_("Kernel {n}: {range}"), slices)
        sheet(_("Kernels"), pictures, captions, key="_inside.kernels", chosen="inside.kernel", side=44)
        chosen = st.session_state["inside.kernel"]
        st.markdown(_("**Kernel {n}** in numbers; it makes map {n}").format(n=chosen + 1))
        for place, (column, title) in enumerate(zip(st.columns(3), names, strict=False)):
            with column:
                st.caption(title)
                grid = heatmap(slices[:, :, place, chosen], limit, height=200)
                st.plotly_chart(grid, config=STATIC, key=f"_inside.slice.{place}", alt=captions[chosen])
        with lesson.more(_("The same as text")):
            named = {title: slices[:, :, place, chosen] for place, title in enumerate(names)}
            as_text.grids(captions[chosen], named)
