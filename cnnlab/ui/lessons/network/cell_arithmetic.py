"""How is one number of a network computed? Its arithmetic, for every kind of layer, in numbers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, fine, number
from cnnlab.ui.components.terms import contributions_table, softmax_table, terms
from cnnlab.ui.components.told import places, told
from cnnlab.ui.components.windows import Cell, Output, Plane, convolved, pooled, windows
from cnnlab.ui.widgets import formulas, lesson, network_choice
from cnnlab.ui.widgets.layer_view import RGB, View, map_name

WINDOWS = "_network.windows"
MOST_PRODUCTS = 60_000  # of one map; beyond that only the chosen cell is sent
ELEMENTWISE = ("rescale", "norm", "activation", "dropout", "add")
TERMS = 12  # of a unit that get a line of their own
AROUND = 3  # cells around the window that are sent with a single cell


def taken(height: int, width: int) -> tuple[int, int] | None:
    """Return the cell that the student has just chosen in the step-through view, row and column from 0."""
    return places(told(WINDOWS, "cell"), row=height, col=width)


def arithmetic(see: View, place: int, channel: int, cell: tuple[int, int]) -> None:
    """Draw the arithmetic of a cell, and of what its block of layers makes of it."""
    block = see.block(place)
    first = see.outputs[block.start]
    match first.kind:
        case "conv":
            _conv(see, block, place, channel, cell)
        case "pool":
            _pool(see, block.start, channel, cell)
        case "dense" if place < len(see.outputs) - 1:
            _dense(see, block.start, channel)
        case "dense":
            scores = see.before(place)
            names = [network_choice.class_name(name) for name in see.net.classes]
            steps, start = ops.softmax_steps(scores), len(names) + channel
            table = softmax_table(steps, names)
            at = terms(table, key="_network.softmax", start=start, follow=lesson.formulas())
            lesson.formula(formulas.softmax(steps, names, at))
        case "flatten":
            _flatten(see, block.start, channel)
        case "global_average" | "global_max":
            _global(see, block.start, channel)
    for each in block:
        kind = see.outputs[each].kind
        if kind == "activation" and first.kind == "conv" and each == block.start + 1 <= place:
            continue  # the step-through view has said it
        if kind in ELEMENTWISE:
            _elementwise(see, each, channel, cell)


def _conv(see: View, block: range, place: int, channel: int, cell: tuple[int, int]) -> None:
    conv = see.outputs[block.start]
    x, spec = see.before(block.start), conv.spec
    kernels = see.net.weights[f"{spec['name']}/kernel"]
    bias = see.net.weights.get(f"{spec['name']}/bias")
    settings = {"stride": spec["stride"], "padding": spec["padding"]}
    height, width, count = x.shape
    rows = ops.window_index(height, spec["kernel"], **settings)
    cols = ops.window_index(width, spec["kernel"], **settings)
    following = see.outputs[block.start + 1] if len(block) > 1 else None
    after = (
        following
        if following is not None and following.kind == "activation" and place > block.start
        else None
    )
    names = [map_name(see, block.start - 1, n) for n in range(count)]
    name = map_name(see, block.start, channel)
    function = network_choice.function_name(after.spec["function"]) if after else None
    shown = (after or conv).values[..., channel]
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
    if see.outputs[block.start - 1].kind == "rescale":
        inputs = [Plane(x[..., i], names[i], _("0 to 1"), role, 1.0) for i, role in enumerate(RGB)]
    else:
        limit = float(np.abs(x).max()) or 1.0
        inputs = [Plane(x[..., i], names[i], role="signed", limit=limit) for i in range(count)]
    output = convolved(
        steps, name, values=shown if after else None, activation=function, channel_labels=names
    )
    at = _windows(inputs, output, rows, cols, start, labels)
    if at:
        number_, value = at.row * output.values.shape[1] + at.col, float(output.values[at.row, at.col])
        row, col = cell if labels else (at.row, at.col)
        written = (row + 1, col + 1, channel + 1)
        lesson.formula(formulas.convolved(steps[number_], written, (function, value) if function else None))


def _pool(see: View, place: int, channel: int, cell: tuple[int, int]) -> None:
    spec, x = see.outputs[place].spec, see.before(place)[..., channel : channel + 1]
    height, width, _one = x.shape
    settings = {"stride": spec["stride"], "padding": spec["padding"]}
    steps = ops.pool_steps(x, spec["window"], mode=spec["mode"], **settings)
    limit = float(np.abs(x).max()) or 1.0
    name = map_name(see, place, channel)
    inputs = [Plane(x[..., 0], _("{map} before pooling").format(map=name), role="signed", limit=limit)]
    output = pooled(steps, name, mode=spec["mode"], role="signed", limit=limit)
    rows, cols = (ops.window_index(side, spec["window"], **settings) for side in (height, width))
    at = _windows(inputs, output, rows, cols, cell, {})
    if at:
        modes = ("max", "average")
        found = [ops.pool_step(x, spec["window"], row=at.row, col=at.col, mode=m, **settings) for m in modes]
        geometry = {"stride": spec["stride"], "border": (-int(rows[0, 0]), -int(cols[0, 0]))}
        lesson.formula(formulas.pooled(*found, **geometry)[modes.index(spec["mode"])])


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


def _dense(see: View, place: int, unit: int) -> None:
    name = see.outputs[place].name
    weights, bias = see.net.weights[f"{name}/kernel"], see.net.weights[f"{name}/bias"]
    step = ops.contributions(see.before(place), weights, bias, unit)
    what = map_name(see, place, unit)
    result = _("score of {name}").format(name=what) if name == "scores" else what
    table = contributions_table(step, _input_names(see, place), result=result, show=TERMS)
    at = terms(table, key="_network.terms", follow=lesson.formulas())
    lesson.formula(formulas.contribution(step, at, TERMS))
    lesson.formula(formulas.score(step))


def _input_names(see: View, place: int) -> list[str]:
    """Say where each number that a dense layer reads comes from."""
    source = place - 1
    while source > 0 and see.outputs[source].kind in ("dropout", "activation", "norm"):
        source -= 1
    count = len(see.before(place))
    match see.outputs[source].kind:
        case "flatten":
            shape = see.before(source).shape
            cells = [ops.map_index(shape, n) for n in range(count)]
            text = _("map {map}, row {row}, column {column}")
            return [text.format(map=c + 1, row=row + 1, column=col + 1) for row, col, c in cells]
        case "global_average" | "global_max":
            return [_("map {n}").format(n=n + 1) for n in range(count)]
    return [_("number {n}").format(n=n + 1) for n in range(count)]


def _flatten(see: View, place: int, index: int) -> None:
    maps = see.before(place)
    row, col, channel = ops.map_index(maps.shape, index)
    text = _(
        "Number {n} of {all} is row {row}, column {column} of map {map}: **{value}**. Nothing is computed; "
        "the maps are read row by row, all maps of a cell side by side."
    )
    value = fine(float(maps[row, col, channel]), 3)
    places = {"row": row + 1, "column": col + 1, "map": channel + 1}
    st.markdown(text.format(n=number(index + 1), all=number(maps.size), value=value, **places))


def _global(see: View, place: int, channel: int) -> None:
    plane = see.before(place)[..., channel]
    value = fine(float(see.outputs[place].values[channel]), 3)
    if see.outputs[place].kind == "global_average":
        text = _("The mean of all {n} cells of map {map}: {total} ÷ {n} ≈ **{value}**")
        total = fine(float(plane.sum()), 3)
        return st.markdown(text.format(n=plane.size, map=channel + 1, total=total, value=value))
    row, col = np.unravel_index(int(plane.argmax()), plane.shape)
    text = _("The largest of all {n} cells of map {map} stands in row {row}, column {column}: **{value}**")
    return st.markdown(text.format(n=plane.size, map=channel + 1, row=row + 1, column=col + 1, value=value))


def _elementwise(see: View, place: int, channel: int, cell: tuple[int, int]) -> None:
    """Write what happens to one number by itself."""
    output, at = see.outputs[place], (*cell, channel)

    def read(values: np.ndarray) -> float:
        return float(values[at] if values.ndim == 3 else values[channel])

    before, after = read(see.before(place)), fine(read(output.values), 3)
    x = fine(before, 3)
    match output.kind:
        case "rescale":
            pixel = _("pixel")
            st.latex(
                rf"\text{{{pixel}}}\; {number(before)} \div {1 / output.spec['scale']:.0f} \approx {after}"
            )
        case "activation" if output.spec["function"] != "softmax":
            st.latex(
                rf"\text{{{network_choice.function_name(output.spec['function'])}}}({x}) \approx {after}"
            )
        case "dropout":
            text = _("Dropout switches numbers off during training only: {x} stays **{after}**.")
            st.markdown(text.format(x=x, after=after))
        case "norm":
            gamma, beta, mean, variance = (
                float(see.net.weights[f"{output.name}/{part}"][channel])
                for part in ("gamma", "beta", "mean", "variance")
            )
            top = rf"{x} {_plus(-mean)}"
            bottom = rf"\sqrt{{{fine(variance, 3)} + {output.spec['epsilon']:g}}}"
            st.latex(rf"{fine(gamma, 3)} \cdot \frac{{{top}}}{{{bottom}}} {_plus(beta)} \approx {after}")
        case "add":
            other = read(see.outputs[see.place(output.spec["with"])].values)
            st.latex(rf"{x} {_plus(other)} \approx {after}")


def _plus(value: float) -> str:
    """Write "+ 3" or "− 3"."""
    text = fine(value, 3)
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"
