"""Where in a photo does a network find its patterns? The feature maps of a layer."""

import numpy as np
import streamlit as st

from cnnlab import images
from cnnlab.figures import tiles
from cnnlab.figures.heatmap import heatmap
from cnnlab.text import _
from cnnlab.ui import as_text, lesson, network, photo, state
from cnnlab.ui.components.sheet import sheet
from cnnlab.ui.inside import words

STATIC = {"displayModeBar": False}
MAPS = ("conv", "norm", "activation", "pool", "add")  # the layers whose maps are worth a look


@st.fragment
def maps(net: network.Network) -> None:
    """Show the feature maps of a layer for a photo, and the chosen one large."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        name, image = photo.choose()
        seen = images.resize(images.square(image))
        st.image(tiles.enlarge(seen, 160), _("What the network sees of it: 32 × 32 pixels"), width=160)
    outputs = {out.name: out for out in net.forward(seen) if out.kind in MAPS and out.values.ndim == 3}
    if not outputs:
        return st.info(_("This network has no feature maps."))
    with left:
        state.default("inside.maps", next(iter(outputs)), outputs)
        layer = st.selectbox(
            _("Feature maps after"),
            list(outputs),
            format_func=lambda name: network.layer_title(outputs[name].spec),
            key="inside.maps",
        )
        ranges = {"map": _("each map"), "layer": _("the whole layer"), "network": _("the whole network")}
        state.default("inside.range", "map", ranges)
        across = st.radio(_("One colour range for"), list(ranges), format_func=ranges.get, key="inside.range")
    values = outputs[layer].values
    height, width, count = values.shape
    largest = max(float(np.abs(out.values).max()) for out in outputs.values())
    ends = tiles.limits(values, across, largest)
    state.default("inside.map", 0, range(count))
    with right:
        text = _(
            "{count} maps of {height} × {width} cells for “{photo}”. Values, without unit, from {range}."
        )
        st.caption(text.format(count=count, height=height, width=width, photo=name, range=words.span(values)))
        captions = words.captions(_("Map {n}: {range}"), values)
        overview, large = st.columns([1.2, 1])
        with overview:
            pictures = tiles.signed_tiles(values, ends)
            sheet(_("Feature maps"), pictures, captions, key="_inside.sheet", chosen="inside.map", side=46)
        with large:
            chosen = st.session_state["inside.map"]
            st.markdown(f"**{captions[chosen]}**")
            grid = heatmap(values[..., chosen], float(ends[chosen]), height=340)
            st.plotly_chart(grid, config=STATIC, key="_inside.large", alt=captions[chosen])
        with lesson.more(_("The same as text")):
            as_text.grids(network.layer_title(outputs[layer].spec), {captions[chosen]: values[..., chosen]})
