"""What a window that steps over grids sends to the browser.

All arrays are row-major, as `data.pack` writes them:

    labels      translated sentences with {placeholders}
    palettes    role -> {"fill": 256 colours, "text": 256 times black or white}, see `colours.palette`
    rows, cols  for each output row (column) the input rows (columns) of its window; outside = border
    row_spans   the same in words for the learner, counted from 1: "5–7", "border, 1–2"; also col_spans
    border      how many border cells stand "top", "bottom", "left", "right", and the "text" they bear
    fed_rows    for each input row the output rows that read it; also fed_cols
    inputs      one dict a channel: label, note, role, values, levels (base64, rows of the palette)
    outputs     one dict a map: label, note, operation, channel, role, values, levels, hidden (indices of
                cells), rounded; where they apply kernel, kernel_levels, bias, products, channel_sums,
                channel_labels, sums, counts, winner, activation
    marks       named places: on ("input" or "output"), output (its number, null: all), row, col, text
    start, speed, choose, follow, brief, hide_fed

Hidden cells travel as zeros: what a student has not predicted yet is not in the page.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from cnnlab.i18n import _
from cnnlab.ops import ConvStep, PoolStep
from cnnlab.ui.components.colours import levels, palette
from cnnlab.ui.components.data import digits_for, exact, pack, pack_levels
from cnnlab.ui.components.sources import player_labels

MOST_BYTES = 500_000
MANY_PRODUCTS = 40_000  # beyond this, all maps together, products give up digits so that 16 bits are enough


class PayloadError(ValueError):
    """The trace is too large to send; the message quotes the size. A smaller crop helps."""


@dataclass(frozen=True)
class Plane:
    """One input channel.

    values (h, w); `role` a palette ("pixel", "red", "green", "blue", "signed"); `limit` the value at the end
    of the colour scale (None: the largest magnitude); `note` says size, unit and range.
    """

    values: np.ndarray
    label: str
    note: str = ""
    role: str = "pixel"
    limit: float | None = 255
    digits: int | None = None


@dataclass(frozen=True)
class Output:
    """One output map of (H, W) cells and the arithmetic behind each cell.

    values (H, W) is what the cells show. `operation` is "convolution", "max" or "average".
    convolution: kernel (kh, kw, c), products (H, W, kh, kw, c), bias, channel_sums (H, W, c or more),
        sums (H, W) with the bias and before `activation`, the name of the function that made `values` of it.
        `channel` None: the c channels are all inputs; else products are those of that input alone.
    max: winner (H, W, 2), row and column of the input.  average: sums (H, W) and counts (H, W).
        `channel` says which input the map pools.
    hidden (H, W) bool: cells that show "?" until the student has predicted.
    """

    values: np.ndarray
    label: str
    note: str = ""
    operation: str = "convolution"
    role: str = "signed"
    limit: float | None = None
    digits: int | None = None
    channel: int | None = None
    kernel: np.ndarray | None = None
    products: np.ndarray | None = None
    bias: float | None = None
    channel_sums: np.ndarray | None = None
    channel_labels: Sequence[str] = ()
    sums: np.ndarray | None = None
    activation: str | None = None
    counts: np.ndarray | None = None
    winner: np.ndarray | None = None
    hidden: np.ndarray | None = None


@dataclass(frozen=True)
class Mark:
    """A letter on a cell, such as the A of window A. On an "output" cell its window is outlined as well."""

    row: int
    col: int
    text: str
    on: str = "output"  # or "input"
    output: int | None = None  # the map that bears it; None: every map


def convolved(
    steps: Iterable[ConvStep],
    label: str,
    *,
    values: np.ndarray | None = None,
    activation: str | None = None,
    **settings: Any,
) -> Output:
    """The map that `ops.conv2d_steps` walks through; `values` (H, W) after `activation`, if there is one."""
    steps = list(steps)
    height, width = steps[-1].row + 1, steps[-1].col + 1
    sums = np.array([step.output for step in steps]).reshape(height, width)
    products = np.stack([step.products for step in steps])  # (H * W, kh, kw, c)
    return Output(
        values=sums if values is None else values,
        label=label,
        kernel=steps[0].kernel,
        products=products.reshape(height, width, *products.shape[1:]),
        bias=steps[0].bias,
        channel_sums=np.stack([step.channel_sums for step in steps]).reshape(height, width, -1),
        sums=sums,
        activation=activation,
        **settings,
    )


def pooled(steps: Iterable[PoolStep], label: str, *, mode: str, channel: int = 0, **settings: Any) -> Output:
    """The map that `ops.pool_steps` walks through with `mode` "max" or "average"."""
    steps = list(steps)
    height, width = steps[-1].row + 1, steps[-1].col + 1
    values = np.array([step.output for step in steps]).reshape(height, width)
    settings = {"role": "pixel", "limit": 255, **settings}
    if mode == "max":
        winner = np.array([step.winner for step in steps]).reshape(height, width, 2)
        return Output(values, label, operation="max", channel=channel, winner=winner, **settings)
    sums = np.array([step.total for step in steps]).reshape(height, width)
    counts = np.array([step.count for step in steps]).reshape(height, width)
    return Output(values, label, operation="average", channel=channel, sums=sums, counts=counts, **settings)


def payload(
    *,
    inputs: Sequence[Plane],
    outputs: Sequence[Output],
    index_rows: np.ndarray,
    index_cols: np.ndarray,
    start: tuple[int, int] = (0, 0),
    speed: float = 1,
    marks: Sequence[Mark] = (),
    choose: bool = False,
    follow: bool = False,
    brief: bool = False,
    hide_fed: bool = False,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The data that `windows` sends, as described at the top of this file."""
    index_rows, index_cols = np.asarray(index_rows), np.asarray(index_cols)
    height, width = np.shape(inputs[0].values)
    products = sum(output.products.size for output in outputs if output.products is not None)
    tight = products > MANY_PRODUCTS
    shape = (len(index_rows), len(index_cols))
    data: dict[str, Any] = {
        "labels": _labels() | dict(labels or {}),
        "rows": index_rows.tolist(),
        "cols": index_cols.tolist(),
        "row_spans": [_span(window, height) for window in index_rows],
        "col_spans": [_span(window, width) for window in index_cols],
        "border": {
            "top": max(0, -int(index_rows.min())),
            "bottom": max(0, int(index_rows.max()) - height + 1),
            "left": max(0, -int(index_cols.min())),
            "right": max(0, int(index_cols.max()) - width + 1),
            # Pooling leaves the border out; convolution multiplies its zeros.
            "text": "0" if any(output.operation == "convolution" for output in outputs) else "",
        },
        "fed_rows": _fed(index_rows, height),
        "fed_cols": _fed(index_cols, width),
        "inputs": [_plane(plane, (height, width)) for plane in inputs],
        "outputs": [_output(output, shape, len(inputs), tight) for output in outputs],
        "marks": [asdict(mark) for mark in marks],
        "start": [int(start[0]), int(start[1])],
        "speed": speed,
        "choose": choose,
        "follow": follow,
        "brief": brief,
        "hide_fed": hide_fed,
    }
    roles = {grid["role"] for grid in data["inputs"] + data["outputs"]}
    if any("kernel" in output for output in data["outputs"]):
        roles.add("signed")
    data["palettes"] = {role: palette(role) for role in sorted(roles)}
    size = len(json.dumps(data))
    if size > MOST_BYTES:
        raise PayloadError(
            f"The steps take {size:,} bytes; at most {MOST_BYTES:,} are sent. Choose a smaller crop."
        )
    return data


def _plane(plane: Plane, shape: tuple[int, int]) -> dict[str, object]:
    values = np.asarray(plane.values, dtype=float)
    _expect("an input channel", values, shape)
    digits = digits_for(values) if plane.digits is None else plane.digits
    limit = (np.abs(values).max() or 1.0) if plane.limit is None else plane.limit
    return {
        "label": plane.label,
        "note": plane.note,
        "role": plane.role,
        "values": pack(values, digits),
        "levels": pack_levels(levels(values, plane.role, limit)),
    }


def _output(output: Output, shape: tuple[int, int], channels: int, tight: bool) -> dict[str, object]:
    """One map; products, sums and values share their digits so that they can be compared by eye."""
    values = np.asarray(output.values, dtype=float)
    _expect("an output map", values, shape)
    hidden = np.zeros(shape, bool) if output.hidden is None else np.asarray(output.hidden, dtype=bool)
    _expect("the hidden cells", hidden, shape)
    limit = (np.abs(values).max() or 1.0) if output.limit is None else output.limit
    arrays = {
        "values": output.values,
        "products": output.products,
        "channel_sums": output.channel_sums,
        "sums": output.sums,
        "bias": None if output.bias is None else np.asarray(output.bias),
    }
    shown = {name: np.asarray(array, dtype=float) for name, array in arrays.items() if array is not None}
    alike = [array for name, array in shown.items() if output.operation != "average" or name != "sums"]
    digits = digits_for(*alike) if output.digits is None else output.digits
    data: dict[str, Any] = {
        "label": output.label,
        "note": output.note,
        "operation": output.operation,
        "channel": output.channel,
        "role": output.role,
        "levels": pack_levels(np.where(hidden, 0, levels(values, output.role, limit))),
        "hidden": np.flatnonzero(hidden).tolist(),
        "activation": output.activation,
        "channel_labels": list(output.channel_labels),
    }
    for name, array in shown.items():
        # Cells come first in every array but the bias.
        mask = hidden.reshape(shape + (1,) * (array.ndim - 2)) if array.ndim >= 2 else False
        # The sum of a window has the digits of its pixels, not those of the mean.
        own = output.operation == "average" and name == "sums"
        data[name] = pack(
            np.where(mask, 0, array),
            digits_for(array) if own else digits,
            tight=tight and name == "products",
        )
    if output.kernel is not None:
        kernel = np.asarray(output.kernel, dtype=float)
        read = channels if output.channel is None else 1
        _expect("a kernel", kernel, (*kernel.shape[:2], read))
        _expect("products", shown["products"], (*shape, *kernel.shape))
        data["kernel"] = pack(kernel, digits_for(kernel))
        data["kernel_levels"] = pack_levels(levels(kernel, "signed", np.abs(kernel).max() or 1.0))
    if output.counts is not None:
        data["counts"] = pack(output.counts)
    if output.winner is not None:
        _expect("the winners", np.asarray(output.winner), (*shape, 2))
        data["winner"] = np.where(hidden[..., None], -1, output.winner).reshape(-1, 2).tolist()
    sent = [(array, data[name]["digits"]) for name, array in shown.items()]
    if output.kernel is not None:
        sent.append((kernel, data["kernel"]["digits"]))
    data["rounded"] = not all(exact(array, places) for array, places in sent)
    return data


def _expect(what: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{what} should have shape {shape}, but has {array.shape}")


def _fed(index: np.ndarray, size: int) -> list[list[int]]:
    """For each input cell of one axis, the outputs whose windows hold it."""
    return [np.flatnonzero((index == cell).any(axis=1)).tolist() for cell in range(size)]


def _span(window: np.ndarray, size: int) -> str:
    """The cells of a window along one axis in words, counted from 1: "5–7", "1, 3, 5", "border, 1–2"."""
    inside = [int(cell) + 1 for cell in window if 0 <= cell < size]
    apart = any(after - before > 1 for before, after in pairwise(inside))
    if apart or len(inside) < 2:
        words = [", ".join(str(cell) for cell in inside)]
    else:
        words = [f"{inside[0]}–{inside[-1]}"]
    if window[0] < 0:
        words.insert(0, _("border"))
    if window[-1] >= size:
        words.append(_("border"))
    return ", ".join(word for word in words if word)


def _labels() -> dict[str, str]:
    """What the view says. Rows and columns in these sentences count from 1."""
    return player_labels() | {
        "view": _("Step through the windows"),
        "position": _("row {row} · column {column}"),
        "says": _("Output row {row}, column {column}: {value}"),
        "done": _("{done} of {count} cells done"),
        "pending": _("not computed yet"),
        "hidden": _("hidden until you have predicted"),
        "hidden_why": _("This cell is hidden until you have predicted: the question is below."),
        "help": _(
            "Point at an output cell to see its window, or at an input cell to see which outputs it feeds. "
            "Arrow keys step, space plays."
        ),
        "help_touch": _(
            "Tap an output cell to see its window, or an input cell to see which outputs it feeds."
        ),
        "fed": _("Input row {row}, column {column} ({value}) feeds {count} output cells."),
        "fed_one": _("Input row {row}, column {column} ({value}) feeds 1 output cell."),
        "fed_none": _("Input row {row}, column {column} ({value}) feeds no output cell."),
        "fed_hidden": _("Which outputs this pixel feeds is hidden until you have predicted."),
        "step": _("This step"),
        "pointed": _("Pointed at"),
        "where": _("window rows {rows}, columns {columns}"),
        "window": _("Window"),
        "kernel": _("Kernel"),
        "slice": _("Slice"),
        "channels": _("Input channels"),
        "maps": _("Output maps"),
        "adds": _("positive: adds"),
        "subtracts": _("negative: subtracts"),
        "products": _("sum of the products"),
        "bias": _("bias"),
        "largest": _("largest of the window"),
        "winner": _("the largest"),
        "mean": _("sum of the window"),
        "border": _("border"),
        "rounded": _("Numbers are shown rounded; the sum is that of the full values."),
    }
