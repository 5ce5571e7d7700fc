"""What did a good network cost? Every student's best one against its size or its time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from cnnlab.figures.colours import INK, QUIET
from cnnlab.figures.curves import VALIDATION
from cnnlab.figures.labels import HEIGHT, WIDTH, Place, beside
from cnnlab.i18n import _, fine, number, percent

Kind = Literal["student", "own", "shipped"]
Cost = Literal["parameters", "seconds"]
FONT = 14  # pixels, of a letter
NAMED = 6  # students with a label, besides oneself
SIZES = {"student": 11, "own": 16, "shipped": 13}
SYMBOLS = {"student": "circle", "own": "star", "shipped": "diamond-open"}


@dataclass(frozen=True)
class Dot:
    """A network: its name, its cost, its accuracies (0-1; `test` None while sealed), and whose it is."""

    name: str
    cost: float
    validation: float
    test: float | None
    kind: Kind


def scatter(
    dots: Sequence[Dot],
    what: Cost,
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
            _test(figure, dot, dot.test, scale)
    for kind in SIZES:
        _points(figure, [dot for dot in dots if dot.kind == kind], kind, theme, scale)
    font = {"size": FONT * scale, "color": INK[theme]}
    pixels = [_pixel(dot, dot.validation, xs, ys) for dot in dots]
    tests = [_pixel(dot, dot.test, xs, ys) for dot in dots if dot.test is not None]
    students = [dot for dot in dots if dot.kind == "student"][:NAMED]
    names = [dot.name if dot.kind != "student" or dot in students else "" for dot in dots]
    for dot, (x, y), box in zip(dots, pixels, beside(pixels, names, tests), strict=True):
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


def _test(figure: go.Figure, dot: Dot, test: float, scale: float) -> None:
    """Draw a line from the validation accuracy to the test accuracy, which is a hollow dot."""
    figure.add_scatter(
        x=[max(dot.cost, 1)] * 2,
        y=[100 * dot.validation, 100 * test],
        mode="lines+markers",
        line={"color": QUIET, "width": 1.5},
        marker={"symbol": "circle-open", "size": [0, 9 * scale], "color": QUIET, "line": {"width": 2}},
        hovertemplate=_("{name}, test: {test}").format(name=dot.name, test=percent(test)) + "<extra></extra>",
    )
