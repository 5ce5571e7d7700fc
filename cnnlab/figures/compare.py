"""How do several runs go beside each other? Their curves in one chart; accuracy against time and size."""

import math
from collections.abc import Sequence
from typing import TypeVar

import plotly.graph_objects as go

from cnnlab.evaluation.comparison import Entry
from cnnlab.figures.colours import QUIET
from cnnlab.figures.labels import apart, short, within
from cnnlab.i18n import _, fine, percent

# Runs are told apart by dash, symbol and name; the colours only help (Okabe and Ito's palette, readable for
# colour-blind eyes, without the orange and the blue that mean positive and negative).
COLOURS = ("#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7d7d7d", "#7b4ab5")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "cross": "✚", "x": "✖"}
HEIGHT, PLOT, LINE, LETTER = 320, 240, 16, 7  # pixels: a chart, within its axes, a line, a letter
FEW = 20  # points of a curve with markers in full size
Style = TypeVar("Style")


def overlaid(entries: Sequence[Entry], names: Sequence[str], what: str, axis: str) -> go.Figure:
    """Draw one column of the histories over the epochs, named at the right edge; accuracies in per cent.

    axis: the title of the values' axis.
    """
    figure = go.Figure()
    scale = 100 if what.endswith("accuracy") else 1
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        points = [(row["epoch"], scale * row[what]) for row in entry.rows if math.isfinite(row[what])]
        if not points:
            continue
        colour = style(COLOURS, place)
        figure.add_scatter(
            x=[epoch for epoch, _value in points],
            y=[value for _epoch, value in points],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": style(DASHES, place), "width": 2.5},
            marker={"symbol": style([*SYMBOLS], place), "size": 8 if len(points) <= FEW else 4},
        )
    _layout(figure, _("epoch"), axis)
    return figure


def cost(entries: Sequence[Entry], names: Sequence[str], what: str) -> go.Figure:
    """Draw each run's validation accuracy against its "seconds" or "parameters", if both are known."""
    figure = go.Figure()
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        spent = getattr(entry, what)
        if not math.isfinite(entry.validation) or not math.isfinite(spent):
            continue
        figure.add_scatter(
            x=[spent],
            y=[100 * entry.validation],
            name=name,
            mode="markers",
            marker={"symbol": style([*SYMBOLS], place), "size": 12, "color": style(COLOURS, place)},
            hovertemplate=f"{name}: {percent(entry.validation)}, {fine(spent, 0)}<extra></extra>",
        )
    _layout(figure, cost_titles()[what], _("validation accuracy (%)"))
    figure.update_xaxes(rangemode="tozero")
    return figure


def cost_titles() -> dict[str, str]:
    """Return the columns of an `Entry` that say what a run cost, with the titles of their axes."""
    return {"seconds": _("training time (seconds)"), "parameters": _("parameters")}


def _name(figure: go.Figure, low: float, high: float) -> None:
    """Write each trace's name right of the axes, at the height of its last point or as near as there is room.

    There no curve and no marker ever runs through it. low, high: the ends of the values' axis.
    """
    scale = PLOT / (high - low)  # pixels for one unit
    ends = sorted(figure.data, key=lambda trace: trace.y[-1])
    wanted = [scale * (trace.y[-1] - low) for trace in ends]
    for trace, was, is_now in zip(ends, wanted, within(apart(wanted, LINE), LINE, PLOT), strict=True):
        place = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6}
        place |= {"y": trace.y[-1], "yanchor": "middle", "yshift": is_now - was}
        colour = trace.line.color or trace.marker.color
        sign = f'<span style="color:{colour}">{SYMBOLS[trace.marker.symbol]}</span>'
        figure.add_annotation(text=f"{sign} {short(trace.name)}", showarrow=False, **place)


def style(styles: Sequence[Style], place: int) -> Style:
    """Return the style of the run at this place; after the last the first comes again."""
    return styles[place % len(styles)]


def _layout(figure: go.Figure, x: str, y: str) -> None:
    values = [value for trace in figure.data for value in trace.y]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    low, high = low - room, high + room
    if figure.data:
        _name(figure, low, high)
    longest = max((len(short(trace.name)) for trace in figure.data), default=0)
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 10, "r": 24 + LETTER * longest, "t": 15, "b": 10},
        showlegend=False,
        xaxis={"title": x, "zeroline": False, "linecolor": QUIET},
        yaxis={"title": y, "range": [low, high]},
    )
