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
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


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
            marker={"symbol": _style(SYMBOLS, place), "size": 8},
        )
        figure.add_annotation(
            x=points[-1][0], y=points[-1][1], text=name, xanchor="left", xshift=8, showarrow=False
        )
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
            text=[name],
            mode="markers+text",
            textposition="top center",
            marker={"symbol": _style(SYMBOLS, place), "size": 12, "color": _style(COLOURS, place)},
            hovertemplate=f"{name}: {percent(entry.best)}, {number(getattr(entry, what))}<extra></extra>",
        )
    titles = {"seconds": _("training time (seconds)"), "parameters": _("parameters")}
    _layout(figure, titles[what], _("Best validation accuracy (%)"))
    return figure


def _style(styles: Sequence[str], place: int) -> str:
    return styles[place % len(styles)]


def _layout(figure: go.Figure, x: str, y: str) -> None:
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 90, "t": 25, "b": 10},
        showlegend=False,
        xaxis={"title": x, "zeroline": False, "linecolor": QUIET},
        yaxis={"title": y},
    )
