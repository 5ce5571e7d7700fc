"""What does each layer of a trained network make of one photo?"""

from functools import partial

import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, fine, number
from cnnlab.ui.components.field import field
from cnnlab.ui.lessons.network import cell_arithmetic, place, receptive_field
from cnnlab.ui.lessons.network.keras_check import check
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import layer_view, layer_words, lesson, network_choice, network_input, number_text


def controls(see: layer_view.View, layer: int) -> None:
    """Draw the choice of layer and map."""
    st.subheader(layer_words.heading(see.outputs[layer].layer), anchor=False)
    titles = {output.name: layer_words.heading(output.layer) for output in see.outputs}
    left, right = st.columns([2, 1.1])
    left.selectbox(_("Layer"), see.names, format_func=titles.__getitem__, key="network.layer")
    count = see.maps(layer).shape[-1]
    if count > 1:
        single = see.outputs[layer].values.ndim == 1
        label = _("Number, 1 to {count}") if single else _("Map, 1 to {count}")
        right.number_input(label.format(count=number(count)), 1, count, key="network.map")


def colours() -> None:
    """Draw the choice of what the colour range spans."""
    names = layer_view.ranges()
    label = _("One colour range for")
    st.radio(label, list(names), format_func=names.__getitem__, key="network.range", horizontal=True)


lesson.opening(
    _("What does each layer make of one photo?"),
    _(
        "A trained network turns a photo into maps, the maps into smaller maps, and the last ones into a "
        "probability for each class. Every number on the way can be looked at."
    ),
)
first, second = st.columns([2, 1], gap="large")
with first:
    net = network_choice.choose()
if net is None:
    st.stop()
with second:
    seen = network_input.choose(net)
if seen is None:
    st.stop()
see = layer_view.view(net, seen)
layer, channel, cell = place.chosen(see)
across = st.session_state[widget_state.default("network.range", "map", layer_view.ranges())]
with st.container(border=True):
    st.markdown(_("**Choose any map.** Orange is above 0, blue below, white is 0."))
    layer_view.overview(see, across, (see.names[layer], channel), place.choose_map)

single = see.outputs[layer].values.ndim == 1
name = layer_view.map_name(see, layer, channel)
title = name[:1].upper() + name[1:]
with st.container(border=True):
    left, right = st.columns([1, 1.7], gap="large")
    with left:
        controls(see, layer)
        reached = receptive_field.ask(see, layer)
    rows, cols = receptive_field.spans(see, layer) if reached else (None, None)
    limit = float(layer_view.ends(see, layer, across)[channel])
    note = _("colours from −{limit} to {limit}").format(limit=fine(limit, 2))
    with right:
        field(
            key="_network.field",
            photo=seen,
            values=see.maps(layer)[..., channel],
            fills=layer_view.picture(see, layer, channel, limit),
            title=title,
            note="" if single else note,
            chosen=cell,
            choose=place.choose_cell,
            rows=rows,
            cols=cols,
            shown=place.taps(),
        )
    if single:
        st.markdown(_("**{name}**: how this number is computed").format(name=title))
    cell_arithmetic.arithmetic(see, layer, channel, cell)
conv = see.outputs[see.block(layer).start].layer
if isinstance(conv, ops.Conv):
    with st.container(border=True):
        st.subheader(_("How map {n} is made").format(n=channel + 1), anchor=False)
        layer_view.making_of(see, conv, channel, place.choose_map)
with lesson.more(_("More: one colour range for all maps")):
    colours()
heading = layer_words.heading(see.outputs[layer].layer)
lesson.unfold(
    {
        _("Does Keras get the same?"): partial(check, see),
        _("The same as text"): partial(number_text.grids, heading, {title: see.maps(layer)[..., channel]}),
    },
    key="network.more",
)
lesson.article(
    _("Interpretability is a task for the future."),
    _(
        "Each single number of a network can be looked at and computed again, as here. What remains hard is "
        "to say what all of them together mean: *What it learned* asks that."
    ),
)
lesson.code(ops.forward, ops.conv2d_step, ops.receptive_field)
link = {"run": net.run.id}
lesson.next_lesson("inside", _("What have these layers learned to look for?"), **link)
lesson.way_on("network")
