"""How one number of a network is computed: its arithmetic, for every kind of layer, in numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data.datasets import class_name
from cnnlab.i18n import _, fine, number
from cnnlab.ui.components.terms import contributions_table, softmax_table, terms
from cnnlab.ui.components.told import places, told
from cnnlab.ui.components.windows import Cell, Output, Plane, convolved, pooled, windows
from cnnlab.ui.widgets import formulas, lesson
from cnnlab.ui.widgets.layer_view import FOLLOWING, RGB, View, in_colours, map_name

WINDOWS = "_network.windows"
MOST_PRODUCTS = 60_000  # of one map; beyond that only the chosen cell is sent
TERMS = 12  # of a unit that get a line of their own
AROUND = 3  # cells around the window that are sent with a single cell


def taken(height: int, width: int) -> tuple[int, int] | None:
    """Return the cell that the student has just chosen in the step-through view, row and column from 0."""
    cell = places(told(WINDOWS, "cell"), row=height, col=width)
    return (cell[0], cell[1]) if cell else None


@dataclass(frozen=True)
class Asked:
    """Which number is asked about, and which layer of its block is to say what it does to it."""

    see: View
    block: range
    shown: int  # place of the layer on show
    place: int  # of the layer that speaks
    channel: int
    cell: tuple[int, int]

    def read(self, values: np.ndarray) -> float:
        """Return the number among a layer's values, maps (h, w, c) or a row (n,)."""
        return float(values[(*self.cell, self.channel)] if values.ndim == 3 else values[self.channel])

    @property
    def before(self) -> str:
        return fine(self.read(self.see.before(self.place)), 3)

    @property
    def after(self) -> str:
        return fine(self.read(self.see.outputs[self.place].values), 3)


def arithmetic(see: View, place: int, channel: int, cell: tuple[int, int]) -> None:
    """Draw the arithmetic of a cell, and of what its block of layers makes of it."""
    block = see.block(place)
    for each in block:
        layer = see.outputs[each].layer
        DRAWN[type(layer)](Asked(see, block, place, each, channel, cell), layer)


def _conv(asked: Asked, conv: ops.Conv) -> None:
    see, channel, cell = asked.see, asked.channel, asked.cell
    x, kernels = see.before(asked.place), see.net.weights[f"{conv.name}/kernel"]
    bias = see.net.weights.get(f"{conv.name}/bias")
    settings: dict[str, Any] = {"stride": conv.stride, "padding": conv.padding}
    height, width, count = x.shape
    rows, cols = (ops.window_index(side, *conv.sliding) for side in (height, width))
    names = [map_name(see, asked.place - 1, n) for n in range(count)]
    name = map_name(see, asked.place, channel)
    after = _told_by_the_convolution(asked)
    function = ops.ACTIVATIONS[after.function].title if after else None
    shown = see.outputs[asked.place + 1 if after else asked.place].values[..., channel]
    labels, start = {}, cell
    if kernels[..., channel].size * shown.size <= MOST_PRODUCTS:
        steps = list(ops.conv2d_steps(x, kernels, bias, output_channel=channel, **settings))
    else:
        step = ops.conv2d_step(x, kernels, bias, row=cell[0], col=cell[1], output_channel=channel, **settings)
        steps, start = [replace(step, row=0, col=0)], (0, 0)
        shown = shown[cell[0] : cell[0] + 1, cell[1] : cell[1] + 1]
        labels = _single_labels(cell, step, shown)
        rows, top, bottom = _around(rows[cell[0]], height)
        cols, left, right = _around(cols[cell[1]], width)
        x = x[top:bottom, left:right]
        st.caption(
            _("This layer has too many products to send them all, so you see those of the chosen cell.")
        )
    if in_colours(see, asked.place - 1):
        inputs = [Plane(x[..., i], names[i], _("0 to 1"), role, 1.0) for i, role in enumerate(RGB)]
    else:
        limit = float(np.abs(x).max()) or 1.0
        inputs = [Plane(x[..., i], names[i], role="signed", limit=limit) for i in range(count)]
    output = convolved(
        steps, name, values=shown if function else None, activation=function, channel_labels=names
    )
    at = _windows(inputs, output, rows, cols, start, labels)
    if at:
        number_, value = at.row * output.values.shape[1] + at.col, float(output.values[at.row, at.col])
        row, col = cell if labels else (at.row, at.col)
        written = (row + 1, col + 1, channel + 1)
        lesson.formula(formulas.convolved(steps[number_], written, (function, value) if function else None))


def _told_by_the_convolution(asked: Asked) -> ops.Activation | None:
    """Return the activation right behind the block's convolution, where the steps of that end with it."""
    layers, start = [output.layer for output in asked.see.outputs], asked.block.start
    if isinstance(layers[start], ops.Conv) and start < asked.shown:
        after = layers[start + 1]
        return after if isinstance(after, ops.Activation) else None
    return None


def _pool(asked: Asked, pool: ops.Pool) -> None:
    see, channel = asked.see, asked.channel
    x = see.before(asked.place)[..., channel : channel + 1]
    height, width, _one = x.shape
    settings: dict[str, Any] = {"stride": pool.stride, "padding": pool.padding}
    steps = ops.pool_steps(x, pool.window, mode=pool.mode, **settings)
    limit = float(np.abs(x).max()) or 1.0
    name = map_name(see, asked.place, channel)
    inputs = [Plane(x[..., 0], _("{map} before pooling").format(map=name), role="signed", limit=limit)]
    output = pooled(steps, name, mode=pool.mode, role="signed", limit=limit)
    rows, cols = (ops.window_index(side, *pool.sliding) for side in (height, width))
    at = _windows(inputs, output, rows, cols, asked.cell, {})
    if at:
        modes = ("max", "average")
        found = [ops.pool_step(x, pool.window, row=at.row, col=at.col, mode=m, **settings) for m in modes]
        geometry: dict[str, Any] = {"stride": pool.stride, "border": (-int(rows[0, 0]), -int(cols[0, 0]))}
        lesson.formula(formulas.pooled(*found, **geometry)[modes.index(pool.mode)])


def _windows(
    inputs: Sequence[Plane],
    output: Output,
    rows: np.ndarray,
    cols: np.ndarray,
    start: tuple[int, int],
    labels: dict[str, str],
) -> Cell | None:
    return windows(
        key=WINDOWS,
        inputs=inputs,
        outputs=[output],
        index_rows=rows,
        index_cols=cols,
        start=start,
        choose=not labels,  # a single cell leaves no choice
        follow=lesson.formulas(),
        brief=True,
        hide_fed=bool(labels),
        labels=labels,
    )


def _single_labels(cell: tuple[int, int], step: ops.ConvStep, shown: np.ndarray) -> dict[str, str]:
    """Name places in the whole map where the view itself only knows a piece of it."""
    row, col = cell[0] + 1, cell[1] + 1
    place = _("row {row} · column {column}").format(row=row, column=col)
    first, last = step.rows[[0, -1]] + 1, step.cols[[0, -1]] + 1
    where = _("window rows {rows}, columns {columns}")
    where = where.format(rows=f"{first[0]}–{first[1]}", columns=f"{last[0]}–{last[1]}")
    says = _("Output row {row}, column {column}: {value}")
    says = says.format(row=row, column=col, value=number(float(shown[0, 0]), 3))
    return {
        "position": place,
        "says": says,
        "where": where,
        "done": "",
        "fed_hidden": "",
        "help": "",
        "help_touch": "",
    }


def _around(window: np.ndarray, size: int) -> tuple[np.ndarray, int, int]:
    """Return a window's places counted from a piece of the axis around it, and where that piece lies."""
    first, last = max(int(window[0]) - AROUND, 0), min(int(window[-1]) + 1 + AROUND, size)
    return (window - first)[np.newaxis], first, last


def _dense(asked: Asked, dense: ops.Dense) -> None:
    see, name = asked.see, dense.name
    if isinstance(see.outputs[asked.shown].layer, ops.Softmax):
        return  # it starts from all scores
    weights, bias = see.net.weights[f"{name}/kernel"], see.net.weights[f"{name}/bias"]
    step = ops.contributions(see.before(asked.place), weights, bias, asked.channel)
    what = map_name(see, asked.place, asked.channel)
    result = _("score of {name}").format(name=what) if name == "scores" else what
    table = contributions_table(step, _input_names(see, asked.place), result=result, show=TERMS)
    at = terms(table, key="_network.terms", follow=lesson.formulas())
    lesson.formula(formulas.contribution(step, at, TERMS))
    lesson.formula(formulas.score(step))


def _softmax(asked: Asked, _layer: ops.Softmax) -> None:
    if asked.place != asked.shown:
        return
    names = [class_name(name) for name in asked.see.net.classes]
    steps, start = ops.softmax_steps(asked.see.before(asked.place)), len(names) + asked.channel
    table = softmax_table(steps, names)
    at = terms(table, key="_network.softmax", start=start, follow=lesson.formulas())
    lesson.formula(formulas.softmax(steps, names, at))


def _input_names(see: View, place: int) -> list[str]:
    """Say where each number that a dense layer reads comes from."""
    source = place - 1
    while source > 0 and isinstance(see.outputs[source].layer, FOLLOWING):
        source -= 1
    count = len(see.before(place))
    match see.outputs[source].layer:
        case ops.Flatten():
            shape = see.before(source).shape
            cells = [ops.map_index(shape, n) for n in range(count)]
            text = _("map {map}, row {row}, column {column}")
            return [text.format(map=c + 1, row=row + 1, column=col + 1) for row, col, c in cells]
        case ops.GlobalAverage() | ops.GlobalMax():
            return [_("map {n}").format(n=n + 1) for n in range(count)]
    return [_("number {n}").format(n=n + 1) for n in range(count)]


def _flatten(asked: Asked, _layer: ops.Flatten) -> None:
    maps = asked.see.before(asked.place)
    row, col, channel = ops.map_index(maps.shape, asked.channel)
    text = _(
        "Number {n} of {all} is row {row}, column {column} of map {map}: **{value}**. Nothing is computed; "
        "the maps are read row by row, all maps of a cell side by side."
    )
    value = fine(float(maps[row, col, channel]), 3)
    places = {"row": row + 1, "column": col + 1, "map": channel + 1}
    st.markdown(text.format(n=number(asked.channel + 1), all=number(maps.size), value=value, **places))


def _global_average(asked: Asked, _layer: ops.GlobalAverage) -> None:
    plane = asked.see.before(asked.place)[..., asked.channel]
    text = _("The mean of all {n} cells of map {map}: {total} ÷ {n} ≈ **{value}**")
    total = fine(float(plane.sum()), 3)
    st.markdown(text.format(n=plane.size, map=asked.channel + 1, total=total, value=asked.after))


def _global_max(asked: Asked, _layer: ops.GlobalMax) -> None:
    plane = asked.see.before(asked.place)[..., asked.channel]
    row, col = np.unravel_index(int(plane.argmax()), plane.shape)
    text = _("The largest of all {n} cells of map {map} stands in row {row}, column {column}: **{value}**")
    places = {"map": asked.channel + 1, "row": row + 1, "column": col + 1}
    st.markdown(text.format(n=plane.size, value=asked.after, **places))


def _rescale(asked: Asked, rescale: ops.Rescale) -> None:
    pixel, value = _("pixel"), number(asked.read(asked.see.before(asked.place)))
    st.latex(rf"\text{{{pixel}}}\; {value} \div {1 / rescale.scale:.0f} \approx {asked.after}")


def _activation(asked: Asked, activation: ops.Activation) -> None:
    if asked.place == asked.block.start + 1 and _told_by_the_convolution(asked):
        return
    title = ops.ACTIVATIONS[activation.function].title
    st.latex(rf"\text{{{title}}}({asked.before}) \approx {asked.after}")


def _dropout(asked: Asked, _layer: ops.Dropout) -> None:
    text = _("Dropout switches numbers off during training only: {x} stays **{after}**.")
    st.markdown(text.format(x=asked.before, after=asked.after))


def _norm(asked: Asked, norm: ops.BatchNorm) -> None:
    gamma, beta, mean, variance = (
        float(asked.see.net.weights[f"{norm.name}/{part}"][asked.channel])
        for part in ("gamma", "beta", "mean", "variance")
    )
    top = rf"{asked.before} {_plus(-mean)}"
    bottom = rf"\sqrt{{{fine(variance, 3)} + {norm.epsilon:g}}}"
    st.latex(rf"{fine(gamma, 3)} \cdot \frac{{{top}}}{{{bottom}}} {_plus(beta)} \approx {asked.after}")


def _add(asked: Asked, add: ops.Add) -> None:
    other = asked.see.outputs[asked.see.place(add.other)].values
    st.latex(rf"{asked.before} {_plus(asked.read(other))} \approx {asked.after}")


def _plus(value: float) -> str:
    """Write "+ 3" or "− 3"."""
    text = fine(value, 3)
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"


DRAWN: dict[type[ops.Layer], Callable[[Asked, Any], None]] = {
    ops.Rescale: _rescale,
    ops.Conv: _conv,
    ops.BatchNorm: _norm,
    ops.Activation: _activation,
    ops.Softmax: _softmax,
    ops.Pool: _pool,
    ops.Dropout: _dropout,
    ops.Flatten: _flatten,
    ops.GlobalAverage: _global_average,
    ops.GlobalMax: _global_max,
    ops.Dense: _dense,
    ops.Add: _add,
}
