"""How do several runs go beside each other? Their curves in one chart; accuracy against time and size."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.comparison import Entry
from cnnlab.figures.colours import QUIET
from cnnlab.text import _, number, percent

# Runs are told apart by dash, symbol and name; the colours only help (Okabe and Ito's palette, readable for
# colour-blind eyes, without the orange and the blue that mean positive and negative).
COLOURS = ("#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7d7d7d", "#7b4ab5")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "cross": "✚", "x": "✖"}
HEIGHT, PLOT, LINE = 320, 230, 16  # pixels: a chart, what lies within its axes, and a line of letters


def overlaid(entries: Sequence[Entry], names: Sequence[str], what: str) -> go.Figure:
    """Draw "val_accuracy" (per cent) or "loss" of each run over the epochs, named at the curve's end."""
    figure = go.Figure()
    scale = 100 if what == "val_accuracy" else 1
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        points = [(row["epoch"], scale * row[what]) for row in entry.rows if math.isfinite(row[what])]
        if not points:
            continue
        colour = _style(COLOURS, place)
        figure.add_scatter(
            x=[epoch for epoch, _value in points],
            y=[value for _epoch, value in points],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": _style(DASHES, place), "width": 2.5},
            marker={"symbol": _style([*SYMBOLS], place), "size": 8},
        )
    _name(figure)
    titles = {"val_accuracy": _("Validation accuracy (%)"), "loss": _("Training loss (mean over the images)")}
    _layout(figure, _("epoch"), titles[what])
    return figure


def cost(entries: Sequence[Entry], names: Sequence[str], what: str) -> go.Figure:
    """Draw each run's best validation accuracy against its "seconds" or "parameters"."""
    figure = go.Figure()
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        if not math.isfinite(entry.best):
            continue
        figure.add_scatter(
            x=[getattr(entry, what)],
            y=[100 * entry.best],
            name=name,
            mode="markers",
            marker={"symbol": _style([*SYMBOLS], place), "size": 12, "color": _style(COLOURS, place)},
            hovertemplate=f"{name}: {percent(entry.best)}, {number(getattr(entry, what))}<extra></extra>",
        )
    titles = {"seconds": _("training time (seconds)"), "parameters": _("parameters")}
    _name(figure)
    _layout(figure, titles[what], _("Best validation accuracy (%)"))
    figure.update_xaxes(rangemode="tozero")
    return figure


def _name(figure: go.Figure) -> None:
    """Write each trace's name to the right of its last point; where names would overlap they move apart."""
    if not figure.data:
        return
    heights = [value for trace in figure.data for value in trace.y]
    scale = PLOT / ((max(heights) - min(heights)) or 1.0)  # pixels for one unit
    ends = sorted(figure.data, key=lambda trace: trace.y[-1])
    wanted = [scale * trace.y[-1] for trace in ends]
    for trace, was, is_now in zip(ends, wanted, apart(wanted, LINE), strict=True):
        place = {"x": trace.x[-1], "y": trace.y[-1], "xanchor": "left", "xshift": 10, "yshift": is_now - was}
        colour = trace.line.color or trace.marker.color
        sign = f'<span style="color:{colour}">{SYMBOLS[trace.marker.symbol]}</span>'
        figure.add_annotation(text=f"{sign} {trace.name}", showarrow=False, **place)


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Move rising places so far that each two are `gap` apart, those that touch around their own middle."""
    groups: list[list[float]] = []  # neighbours that touch: each with its wanted places
    for place in wanted:
        groups.append([place])
        while len(groups) > 1 and _first(groups[-1], gap) - _last(groups[-2], gap) < gap:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_first(group, gap) + gap * n for group in groups for n in range(len(group))]


def _first(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _last(group: Sequence[float], gap: float) -> float:
    return _first(group, gap) + gap * (len(group) - 1)


def _style(styles: Sequence[str], place: int) -> str:
    return styles[place % len(styles)]


def _layout(figure: go.Figure, x: str, y: str) -> None:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 10, "r": 90, "t": 25, "b": 10},
        showlegend=False,
        xaxis={"title": x, "zeroline": False, "linecolor": QUIET},
        yaxis={"title": y},
    )
