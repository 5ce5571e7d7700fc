"""Which piece of the photo reaches a cell of a deep layer? Asked first, then shown."""

from functools import lru_cache

import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, number
from cnnlab.lessons.questions.network import Reach, reach
from cnnlab.ui.components.field import Span
from cnnlab.ui.widgets import layer_words, lesson, network_choice
from cnnlab.ui.widgets.layer_view import View


def ask(see: View, place: int) -> bool:
    """Ask how wide a piece of the photo reaches a cell; return whether it may be shown."""
    asked = reach(see.net.layers, see.names[place], see.image.shape)
    if asked is None:
        return True
    text = _("How many pixels of the photo, side by side, can reach one cell of *{layer}*?")
    answered = lesson.predict(
        "network.reach",
        text.format(layer=layer_words.title(asked.steps[-1].layer)),
        [number(option) for option in asked.options],
        number(asked.width),
        explained(asked),
        about=(asked.steps[-1].layer.name, asked.width, asked.unclipped),
    )
    if answered and lesson.formulas():
        _formula(asked)
    return answered


def explained(asked: Reach) -> str:
    """Write the rule with this network's numbers."""
    lines, before = [], 1
    for step in asked.steps:
        text = _("{layer}: {before} + ({side} − 1) × {jump} = **{width}**")
        name = layer_words.title(step.layer)
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


def _formula(asked: Reach) -> None:
    """Write the rule in letters, and with the numbers of the last layer that has a window."""
    last = asked.steps[-1]
    before = last.width - (last.side - 1) * last.jump
    st.latex(rf"r \leftarrow r + (k - 1)\,j = {before} + ({last.side} - 1) \cdot {last.jump} = {last.width}")
    st.latex(rf"j \leftarrow s\,j = {last.stride} \cdot {last.jump} = {last.stride * last.jump}")
    st.caption(_("r: pixels that reach a cell, j: pixels from one cell to the next, k: window, s: stride."))


def spans(see: View, place: int) -> tuple[list[Span], list[Span]]:
    """Return first and last pixel for each row and each column of a layer's maps."""
    return _spans(see.net, see.names[place], see.image.shape, see.outputs[place].values.shape)


@lru_cache(maxsize=64)  # a network is the same object for every session, see `network.load`
def _spans(
    net: network_choice.Network, name: str, shape: tuple[int, ...], maps: tuple[int, ...]
) -> tuple[list[Span], list[Span]]:
    layers = net.layers
    if len(maps) == 1:
        whole = ops.receptive_field(layers, name, None, None, shape)
        return [whole.rows], [whole.cols]
    height, width, _count = maps
    rows = [ops.receptive_field(layers, name, row, 0, shape).rows for row in range(height)]
    return rows, [ops.receptive_field(layers, name, 0, col, shape).cols for col in range(width)]
