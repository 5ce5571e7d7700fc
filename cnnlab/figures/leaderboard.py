"""What did a good network cost? Every student's best one against its size or its time, with labels to read.

Labels are placed for the smallest plot that is drawn, on a phone; on a wider one the points move apart, and
what did not collide still does not. Who finds no room is named where one points, and in the table.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from cnnlab.figures.colours import INK, QUIET
from cnnlab.figures.curves import VALIDATION
from cnnlab.i18n import _, fine, number, percent

WIDTH, HEIGHT = 270, 300  # pixels of the smallest plot within its axes
FONT, LETTER, LINE, MARK = 14, 8, 18, 16  # pixels: a letter, its width, the height of a line, a marker's side
NAMED = 6  # students with a label, besides oneself
SIZES = {"student": 11, "own": 16, "shipped": 13}
SYMBOLS = {"student": "circle", "own": "star", "shipped": "diamond-open"}
Place = tuple[float, float]  # right, down
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Dot:
    """A network: its name, its cost, its accuracies (0-1; `test` None while sealed), and whose it is."""

    name: str
    cost: float
    validation: float
    test: float | None
    kind: Literal["student", "own", "shipped"]


def scatter(
    dots: Sequence[Dot],
    what: Literal["parameters", "seconds"],
    *,
    theme: str = "light",
    scale: float = 1.0,
) -> go.Figure:
    """Draw validation accuracy against a cost on a logarithmic axis; where tests are known, hollow dots too.

    dots: the most important one first, for labels; a cost of 0 counts as 1. scale: how much larger than on a
    page all of it is.
    """
    figure = go.Figure()
    xs, ys = _range([math.log10(max(dot.cost, 1)) for dot in dots]), _accuracies(dots)
    for dot in dots:
        if dot.test is not None:
            _test(figure, dot, scale)
    for kind in SIZES:
        _points(figure, [dot for dot in dots if dot.kind == kind], kind, theme, scale)
    font = {"size": FONT * scale, "color": INK[theme]}
    pixels = [_pixel(dot, dot.validation, xs, ys) for dot in dots]
    tests = [_pixel(dot, dot.test, xs, ys) for dot in dots if dot.test is not None]
    students = [dot for dot in dots if dot.kind == "student"][:NAMED]
    names = [dot.name if dot.kind != "student" or dot in students else "" for dot in dots]
    for dot, (x, y), box in zip(dots, pixels, labels(pixels, names, tests), strict=True):
        if box is not None:
            figure.add_annotation(
                x=math.log10(max(dot.cost, 1)),
                y=100 * dot.validation,
                text=f"<b>{dot.name}</b>" if dot.kind == "own" else dot.name,
                font=font,
                ax=scale * ((box[0] + box[2]) / 2 - x),
                ay=scale * ((box[1] + box[3]) / 2 - y),
                arrowhead=0,
                arrowwidth=1,
                arrowcolor=QUIET,
                standoff=5 * scale,
                borderpad=0,
            )
    titles = {"parameters": _("parameters"), "seconds": _("training time in seconds")}
    ticks = _ticks(*xs)
    axis = {"fixedrange": True, "tickfont": font}
    figure.update_layout(
        height=HEIGHT * scale + 90,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        showlegend=False,
        uirevision="stay",
        xaxis={
            **axis,
            "title": {"text": titles[what], "font": font},
            "type": "log",
            "range": xs,
            "tickvals": ticks,
            "ticktext": [number(tick) for tick in ticks],
        },
        yaxis={**axis, "title": {"text": _("validation (%)"), "font": font}, "range": ys},
    )
    return figure


def _ticks(low: float, high: float) -> list[int]:
    """Return powers of ten between these logarithms; where there are fewer than two, finer steps as well."""
    tens = [10**power for power in range(10) if low <= power <= high]
    finer = sorted(times * 10**power for power in range(10) for times in (1, 2, 5))
    return tens if len(tens) > 1 else [tick for tick in finer if low <= math.log10(tick) <= high]


def labels(points: Sequence[Place], texts: Sequence[str], others: Sequence[Place] = ()) -> list[Box | None]:
    """Return a box for each text beside its point (x right, y down), in pixels; None where there is no room.

    Boxes overlap neither each other nor any point's marker, also not those of `others`, which have no text;
    and they stay within the plot. Earlier texts choose first; an empty text has no box.
    """
    markers = [_marker(point) for point in points]
    placed: list[Box | None] = []
    for (x, y), own, text in zip(points, markers, texts, strict=True):
        labelled = [box for box in placed if box]
        taken = [*markers, *map(_marker, others), *labelled]
        # A line past another point would seem to lead to that one.
        crossed = [*(marker for marker in markers if marker != own), *labelled]
        free = (
            box
            for box in _spots(x, y, LETTER * len(text))
            if box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
            if not any(_overlap(box, other) for other in taken)
            if not any(_overlap(spot, other) for spot in _line(x, y, box) for other in crossed)
        )
        placed.append(next(free, None) if text else None)
    return placed


def _marker(point: Place) -> Box:
    """Return the square that a point's marker fills."""
    x, y = point
    return (x - MARK / 2, y - MARK / 2, x + MARK / 2, y + MARK / 2)


def _line(x: float, y: float, box: Box) -> list[Box]:
    """Return points, as boxes without extent, on the line from a point to the middle of its label."""
    end = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    shares = [step / 16 for step in range(17)]
    on = [(x + share * (end[0] - x), y + share * (end[1] - y)) for share in shares]
    return [(left, top, left, top) for left, top in on]


def _spots(x: float, y: float, width: float) -> Iterator[Box]:
    """Yield where a label may stand: right, left, above, below, then farther off with a line to its point."""
    side, above = MARK / 2 + 4 + width / 2, MARK / 2 + 3 + LINE / 2
    for far in (0, 16, 32):
        for dx, dy in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)):
            centre = x + dx * (side + (far if dy == 0 else 0)), y + dy * (above + far)
            yield centre[0] - width / 2, centre[1] - LINE / 2, centre[0] + width / 2, centre[1] + LINE / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _pixel(dot: Dot, accuracy: float, xs: Sequence[float], ys: Sequence[float]) -> Place:
    x = (math.log10(max(dot.cost, 1)) - xs[0]) / (xs[1] - xs[0])
    y = (100 * accuracy - ys[0]) / (ys[1] - ys[0])
    return WIDTH * x, HEIGHT * (1 - y)


def _range(values: Sequence[float]) -> list[float]:
    """Return the ends of the axis of the costs' logarithms, at least a factor of ten apart."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(0.25 * (high - low), (1 - (high - low)) / 2)
    return [low - room, high + room]


def _accuracies(dots: Sequence[Dot]) -> list[float]:
    """Return the ends of the axis of the accuracies, in per cent: all of them, with some room."""
    values = [100 * value for dot in dots for value in (dot.validation, dot.test) if value is not None]
    low, high = min(values, default=0), max(values, default=100)
    room = max(0.1 * (high - low), 2)
    return [max(0, low - room), min(100 + room / 2, high + room)]


def _points(figure: go.Figure, dots: Sequence[Dot], kind: str, theme: str, scale: float) -> None:
    if not dots:
        return
    colour = {"student": VALIDATION, "own": INK[theme], "shipped": QUIET}[kind]
    figure.add_scatter(
        x=[max(dot.cost, 1) for dot in dots],
        y=[100 * dot.validation for dot in dots],
        customdata=[f"{dot.name}: {percent(dot.validation)}, {fine(dot.cost, 0)}" for dot in dots],
        mode="markers",
        marker={
            "symbol": SYMBOLS[kind],
            "size": SIZES[kind] * scale,
            "color": colour,
            "line": {"width": 2 if kind == "shipped" else 1, "color": QUIET},
        },
        hovertemplate="%{customdata}<extra></extra>",
    )


def _test(figure: go.Figure, dot: Dot, scale: float) -> None:
    """Draw a line from the validation accuracy to the test accuracy, which is a hollow dot."""
    figure.add_scatter(
        x=[max(dot.cost, 1)] * 2,
        y=[100 * dot.validation, 100 * dot.test],
        mode="lines+markers",
        line={"color": QUIET, "width": 1.5},
        marker={"symbol": "circle-open", "size": [0, 9 * scale], "color": QUIET, "line": {"width": 2}},
        hovertemplate=_("{name}, test: {test}").format(name=dot.name, test=percent(dot.test))
        + "<extra></extra>",
    )
