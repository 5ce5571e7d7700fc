"""How is the way from a picture's last maps to its answer put on a page?"""

import zlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab import datasets, images, ops
from cnnlab.questions.answer import telling_unit
from cnnlab.text import _, number
from cnnlab.ui import lesson, network, photo, state
from cnnlab.ui.components.pick import Line, pick

REACH = 4  # neighbours on either side that the strip of flattened numbers shows


@dataclass(frozen=True, eq=False)
class Look:
    """One picture through a network: what the last dense layer read, and the scores that it gave."""

    about: tuple  # names picture and network: questions are asked anew when it changes
    picture: np.ndarray  # (32, 32, 3) uint8
    outputs: list[ops.LayerOutput]
    inputs: np.ndarray  # (n,)
    weights: np.ndarray  # (n, classes)
    bias: np.ndarray  # (classes,)
    scores: np.ndarray  # (classes,)


def look(net: network.Network) -> Look | None:
    """Draw the choice of a picture and send it through the network; None where there is no picture."""
    picture = _digit() if net.dataset == "digits" else _photo()
    if picture is None:
        return None
    outputs = net.forward(picture)
    place = [out.name for out in outputs].index("scores")
    weights, bias = (net.weights[f"scores/{part}"] for part in ("kernel", "bias"))
    # In float64 the terms add up to the last digit that is shown.
    inputs, weights, bias = (a.astype(float) for a in (outputs[place - 1].values, weights, bias))
    about = (net.run.id, net.stamp, zlib.crc32(picture.tobytes()))
    return Look(about, picture, outputs, inputs, weights, bias, ops.dense(inputs, weights, bias))


def _photo() -> np.ndarray:
    _name, image = photo.choose()
    return _as_input(image)


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _as_input(image: np.ndarray) -> np.ndarray:
    return images.resize(images.square(image))


def _digit() -> np.ndarray | None:
    st.info(_("This network was trained on Digits: it judges no photos, so it gets a digit."))
    try:
        pictures = datasets.load("digits").test_images
    except datasets.DatasetError as error:
        st.error(str(error))
        return None
    state.default("answer.digit", 1)
    label = _("Test image, 1 to {count}").format(count=number(len(pictures)))
    return pictures[st.number_input(label, 1, len(pictures), key="answer.digit") - 1]


def choose_class(seen: Look, names: list[str]) -> int:
    """Draw the choice of the class whose score is taken apart; a new picture starts at a telling one."""
    if st.session_state.get("answer.about") != seen.about:
        st.session_state["answer.about"] = seen.about
        st.session_state["answer.class"] = telling_unit(seen.inputs, seen.weights, seen.bias)
    places = range(len(names))
    label = _("Take apart the score of")
    return st.selectbox(label, places, format_func=names.__getitem__, key="answer.class", width=320)


def input_names(seen: Look) -> tuple[list[str], str]:
    """Name each input of the last dense layer, and say in one sentence what they are."""
    place = [out.name for out in seen.outputs].index("scores")
    for i in range(place - 1, 0, -1):
        layer, shape = seen.outputs[i], seen.outputs[i - 1].values.shape
        count = range(1, len(seen.inputs) + 1)
        match layer.kind:
            case "dense":
                title = network.layer_title(seen.outputs[place - 1].spec)
                return [_("unit {n}").format(n=n) for n in count], title
            case "global_average" | "global_max":
                return [_("map {n}").format(n=n) for n in count], _("one number of each map")
            case "flatten":
                cells = [ops.map_index(shape, n - 1) for n in count]
                return [_cell(cell) for cell in cells], _("the flattened maps")
    raise ValueError("the scores stand behind no layer that makes a row of numbers")


def _cell(cell: tuple[int, int, int]) -> str:
    row, col, channel = (n + 1 for n in cell)
    return _("map {n}, row {row}, column {col}").format(n=channel, row=row, col=col)


def flatten(seen: Look) -> None:
    """Show how Flatten lays the last maps out, or say what stands in its place."""
    kinds = [out.kind for out in seen.outputs]
    if "flatten" not in kinds:
        return st.markdown(
            _("This network has no Flatten: it takes **one number of each map**, whatever the map's size.")
        )
    place = kinds.index("flatten")
    maps, reader = seen.outputs[place - 1].values, next(o for o in seen.outputs[place:] if o.kind == "dense")
    height, width, channels = maps.shape
    text = _(
        "The last {channels} maps have {height} × {width} cells. **Flatten** lays them out as one row of "
        "{size} numbers; nothing is computed. The dense layer behind it has {units} units, and each has a "
        "weight for **every position**: {size} × {units} = {product} weights."
    )
    sizes = {"channels": channels, "height": height, "width": width, "units": reader.spec["units"]}
    product = number(maps.size * reader.spec["units"])
    st.markdown(text.format(**sizes, size=number(maps.size), product=product))
    _positions(maps)


@st.fragment
def _positions(maps: np.ndarray) -> None:
    """Show where a chosen cell of maps (h, w, c) stands in the flattened row, and the other way round."""
    height, width, channels = maps.shape
    sides = {"row": height, "col": width, "map": channels}
    for name, side in sides.items():
        state.default(f"answer.{name}", 1 if name == "map" else (side + 1) // 2, range(1, side + 1))

    def set_cell(*cell: int) -> None:
        for name, place in zip(sides, cell, strict=True):
            st.session_state[f"answer.{name}"] = int(place) + 1

    def from_position() -> None:
        set_cell(*ops.map_index(maps.shape, st.session_state["answer.position"] - 1))

    cell = row, col, channel = [st.session_state[f"answer.{name}"] - 1 for name in sides]
    place = ops.flat_index(maps.shape, *cell)
    st.session_state["answer.position"] = place + 1
    left, middle, right = st.columns([1, 1.7, 2], gap="medium")
    with left:
        labels = {"map": _("Map, 1 to {n}"), "row": _("Row, 1 to {n}"), "col": _("Column, 1 to {n}")}
        for name, label in labels.items():
            if sides[name] > 1:
                st.number_input(label.format(n=sides[name]), 1, sides[name], key=f"answer.{name}")
        label = _("… or the position, 1 to {n}").format(n=number(maps.size))
        st.number_input(label, 1, maps.size, key="answer.position", on_change=from_position)
    values = {"row": row + 1, "col": col + 1, "map": channel + 1, "position": number(place + 1)}
    values |= {"width": width, "channels": channels, "size": number(maps.size)}
    limit = float(np.abs(maps).max())
    with middle:
        st.markdown(_("**Map {map}** of {channels}: pick a cell").format(**values))
        label = _("Map {map}; the cell in row {row}, column {col} is chosen").format(**values)
        lines = [Line(number(n + 1), maps[n, :, channel]) for n in range(height)]
        heads = [number(n + 1) for n in range(width)]
        chosen = {"key": "_answer.cell", "chosen": (row, col), "heads": heads}
        pick(label, lines, limit=limit, on_pick=lambda i, j: set_cell(i, j, channel), **chosen)
        st.caption(_("Values without unit; orange is positive, blue negative."))
    with right:
        st.markdown(_("**The row of {size} numbers**, around position {position}").format(**values))
        first = max(0, min(place - REACH, maps.size - 2 * REACH - 1))
        around = range(first, min(first + 2 * REACH + 1, maps.size))
        cells = [ops.map_index(maps.shape, n) for n in around]
        row_of_numbers = ops.flatten(maps)
        lines = [
            Line(number(n + 1), row_of_numbers[n : n + 1], _cell(cell))
            for n, cell in zip(around, cells, strict=True)
        ]
        label = _("Position {position} is chosen, between its neighbours").format(**values)
        chosen = {"key": "_answer.position", "chosen": (place - first, 0)}
        pick(label, lines, limit=limit, on_pick=lambda n, _place: set_cell(*cells[n]), **chosen)
    text = _(
        "**(({row} − 1) × {width} + {col} − 1) × {channels} + {map} = {position}**: whole rows above, "
        "columns before, {channels} maps a cell. Neighbours in the row are the *same place on other maps*."
    )
    st.markdown(text.format(**values))
    lesson.formula(r"\text{position} = ((r - 1)\,W + c - 1)\,K + k")
    lesson.formula(
        rf"(({row + 1} - 1) \cdot {width} + {col + 1} - 1) \cdot {channels} + {channel + 1} = {place + 1}"
    )
