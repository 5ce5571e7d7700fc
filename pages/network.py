"""What does each layer of a trained network make of one photo?"""

import numpy as np
import streamlit as st

from cnnlab import datasets, images, ops
from cnnlab.questions.network import Reach, reach
from cnnlab.runs import RunError
from cnnlab.text import _, number
from cnnlab.ui import as_text, cell_view, layer_view, lesson, network, photo, state
from cnnlab.ui.components.field import field
from cnnlab.ui.keras_check import check
from cnnlab.ui.layer_view import View


def choose_map(name: str, tile: int) -> None:
    """Look at another layer and one of its maps, from 0."""
    st.session_state["network.layer"] = name
    st.session_state["network.map"] = tile + 1


def choose_cell(row: int, col: int) -> None:
    st.session_state["network.cell"] = (row, col)


def picture(net: network.Network) -> np.ndarray:
    """Draw the choice of what the network looks at; return (32, 32, 3) uint8."""
    if net.dataset != "digits":
        _name, image = photo.choose()
        return images.resize(images.square(image))
    data = datasets.load("digits")
    count = len(data.test_labels)
    state.default("network.digit", 1, range(1, count + 1))
    label = _("Digit of the test set, 1 to {count}").format(count=number(count))
    st.number_input(label, 1, count, key="network.digit", help=_("This network knows digits, not photos."))
    return data.test_images[st.session_state["network.digit"] - 1]


def defaults(see: View) -> tuple[int, int, tuple[int, int]]:
    """Return place of the layer, map (from 0) and cell on show; at first the last convolution's."""
    deepest = [o.name for o in see.outputs if o.kind in ("conv", "activation") and o.values.ndim == 3]
    state.default("network.layer", deepest[-1] if deepest else see.names[0], see.names)
    place = see.place(st.session_state["network.layer"])
    maps = see.maps(place)
    height, width, count = maps.shape
    # At first the map with the strongest answer: a silent one would show nothing.
    strongest = int(maps.max(axis=(0, 1)).argmax()) + 1
    state.default("network.map", strongest, range(1, count + 1))
    row, col = cell_view.taken() or st.session_state.get("network.cell", (-1, -1))
    size = st.session_state.get("network.size")
    if size != (height, width) or not (0 <= row < height and 0 <= col < width):
        row, col = height // 2, width // 2  # the same cell in a layer of another size is another place
    st.session_state["network.size"] = (height, width)
    choose_cell(row, col)
    return place, st.session_state["network.map"] - 1, (row, col)


def question(see: View, place: int) -> bool:
    """Ask how wide a piece of the photo reaches a cell; return whether it may be shown."""
    asked = reach(see.net.layers, see.names[place], see.image.shape)
    if asked is None:
        return True
    layer = network.layer_title(asked.steps[-1].layer)
    text = _("How many pixels of the photo, side by side, can reach one cell of *{layer}*?").format(
        layer=layer
    )
    return lesson.predict(
        "network.reach",
        text,
        [number(option) for option in asked.options],
        number(asked.width),
        explained(asked),
        about=(asked.steps[-1].layer["name"], asked.width, asked.unclipped),
    )


def explained(asked: Reach) -> str:
    """Write the rule with this network's numbers."""
    lines, before = [], 1
    for step in asked.steps:
        text = _("{layer}: {before} + ({side} − 1) × {jump} = **{width}**")
        name = network.layer_title(step.layer)
        lines.append(text.format(layer=name, before=before, side=step.side, jump=step.jump, width=step.width))
        before = step.width
    rule = _(
        "Start with 1 pixel. Each layer adds its window’s width less 1, times the pixels from one of its "
        "inputs to the next; a stride multiplies these."
    )
    parts = [rule, *(f"\n- {line}" for line in lines)]
    if asked.width < asked.unclipped:
        text = _(
            "\n\nThe middle cell’s piece ends at the photo’s edge: {width} of {unclipped} pixels are left."
        )
        parts.append(text.format(width=asked.width, unclipped=asked.unclipped))
    return "".join(parts)


def fields(see: View, place: int) -> tuple[list, list]:
    """Return first and last pixel for each row and each column of a layer's maps."""
    layers, name, shape = see.net.layers, see.names[place], see.image.shape
    if see.outputs[place].values.ndim == 1:
        whole = ops.receptive_field(layers, name, None, None, shape)
        return [whole.rows], [whole.cols]
    height, width, _count = see.outputs[place].values.shape
    rows = [ops.receptive_field(layers, name, row, 0, shape).rows for row in range(height)]
    return rows, [ops.receptive_field(layers, name, 0, col, shape).cols for col in range(width)]


def capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def page(net: network.Network, seen: np.ndarray) -> None:
    see = layer_view.view(net, seen)
    place, channel, cell = defaults(see)
    across = st.session_state[state.default("network.range", "map", ("map", "layer", "network"))]
    with st.container(border=True):
        st.markdown(_("**All layers, from the photo to the answer.** Choose any map."))
        layer_view.overview(see, across, (see.names[place], channel), choose_map)

    title = layer_view.title(see.outputs[place].spec)
    name, count = layer_view.map_name(see, place, channel), see.maps(place).shape[-1]
    with st.container(border=True):
        left, right = st.columns([1, 3], gap="large")
        with left:
            st.subheader(title, anchor=False)
            titles = {output.name: layer_view.title(output.spec) for output in see.outputs}
            st.selectbox(_("Layer"), see.names, format_func=titles.get, key="network.layer")
            if count > 1:
                single = see.outputs[place].values.ndim == 1
                label = _("Number, 1 to {count}") if single else _("Map, 1 to {count}")
                st.number_input(label.format(count=number(count)), 1, count, key="network.map")
            with lesson.more(_("Colours")):
                ranges = {
                    "map": _("each map"),
                    "layer": _("the whole layer"),
                    "network": _("the whole network"),
                }
                label = _("One colour range for")
                st.radio(label, list(ranges), format_func=ranges.get, key="network.range")
        above = right.container()
        with right:
            reached = question(see, place)
        rows, cols = fields(see, place) if reached else (None, None)
        limit = float(layer_view.ends(see, place, across)[channel])
        with above:
            field(
                key="_network.field",
                photo=seen,
                values=see.maps(place)[..., channel],
                fills=layer_view.picture(see, place, channel, limit),
                title=capital(name),
                note=_("colours from −{limit} to {limit}").format(limit=number(limit, 2)),
                chosen=cell,
                choose=choose_cell,
                rows=rows,
                cols=cols,
            )
    with st.container(border=True):
        text = _("Row {row}, column {column}: how this number is computed")
        if see.outputs[place].values.ndim == 1:
            text = _("{name}: how this number is computed")
        text = text.format(row=cell[0] + 1, column=cell[1] + 1, name=capital(name))
        st.subheader(text, anchor=False)
        cell_view.arithmetic(see, place, channel, cell)
    first = see.block(place).start
    if see.outputs[first].kind == "conv":
        with st.container(border=True):
            st.subheader(_("How map {n} is made").format(n=channel + 1), anchor=False)
            layer_view.making_of(see, first, channel, choose_map)
    with lesson.more(_("More: does Keras get the same?")):
        check(see)
    with lesson.more(_("The same as text")):
        as_text.grids(title, {capital(name): see.maps(place)[..., channel]})


lesson.opening(
    _("What does each layer make of one photo?"),
    _(
        "A trained network turns a photo into maps, the maps into smaller maps, and the last ones into a "
        "probability for each class. Every number on the way can be looked at."
    ),
)
first, second = st.columns([2, 1], gap="large")
with first:
    net = network.choose()
if net is None:
    st.stop()
try:
    with second:
        seen = picture(net)
    page(net, seen)
except (RunError, datasets.DatasetError) as error:
    st.warning(str(error), icon=":material/broken_image:")
lesson.formula(
    r"r \leftarrow r + (k - 1)\,j, \qquad j \leftarrow s\,j, \qquad r = j = 1 \text{ at the photo}"
)
lesson.code(ops.forward, ops.conv2d_step, ops.receptive_field)
lesson.next_lesson("learning", _("How weights change"))
