"""How did training go, epoch by epoch? Accuracy and loss as Plotly charts."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from cnnlab.config import TrainConfig, losses
from cnnlab.figures.colours import QUIET
from cnnlab.i18n import _, percent
from cnnlab.runs.history import Row

TRAINING, VALIDATION = "#1f66b0", "#7b4ab5"
LINES = {
    "light": (TRAINING, VALIDATION),
    "dark": ("#5b9ee6", "#b08fe0"),
}  # both can be read on their background
CHANCE: dict[str, Any] = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y"}
CHANCE |= {"line": {"color": QUIET, "dash": "dot", "width": 1}}


def curve(
    rows: Sequence[Row],
    what: str,
    epochs: int,
    running: float | None,
    chance: float,
    theme: str = "light",
) -> go.Figure:
    """Draw "accuracy" (per cent), "loss" or "cross_entropy" over the epochs.

    `rows` is the history, one row a finished epoch; `running` the value within the epoch under way, drawn as
    a hollow point because it is an average over weights that still change. Validation is left out where
    there is none; `chance` is the accuracy of guessing, marked as a line.
    """
    scale, write = (100, percent) if what == "accuracy" else (1, losses.written)
    lines, (training, validation) = [], LINES[theme]
    names = {what: (_("training"), training, "solid"), f"val_{what}": (_("validation"), validation, "dash")}
    for column, (name, colour, dash) in names.items():
        points = [(row["epoch"], row[column]) for row in rows if math.isfinite(row[column])]
        if points:
            look = {"mode": "lines+markers", "line": {"color": colour, "dash": dash, "width": 3}}
            lines.append(_line(name, points, scale, write, marker={"size": 7}, **look))
    if running is not None:
        circle = {"size": 10, "color": training, "symbol": "circle-open", "line": {"width": 2.5}}
        point = [(len(rows) + 1, running)]
        lines.append(_line(_("so far in this epoch"), point, scale, write, mode="markers", marker=circle))
    marks = _ends(rows, what, write, theme)
    if what == "accuracy":
        marks.append(_guessing(chance))
    unit = "%" if what == "accuracy" else _("mean over the images")
    title = names_of_curves()[what]
    layout = {
        "height": 330,
        "margin": {"l": 10, "r": 10, "t": 30, "b": 10},  # above the plot the curves' names
        "showlegend": False,
        "hovermode": "x unified",
        "uirevision": "stay",
        "xaxis": {
            "title": {"text": _("epoch")},
            "range": [0.5, max(epochs, len(rows) + (running is not None)) + 0.5],
            "tickvals": epoch_ticks(max(epochs, len(rows))),
            "zeroline": False,
        },
        "yaxis": {
            "title": {"text": f"{title} ({unit})" if unit else title},
            "rangemode": "tozero",
            "range": [0, 100] if what == "accuracy" else None,  # the same from the first epoch to the last
        },
        "annotations": marks,
        "shapes": [CHANCE | {"y0": 100 * chance, "y1": 100 * chance}] if what == "accuracy" else [],
    }
    return go.Figure(lines, layout)  # at once: `add_...` checks everything anew each time


def names_of_curves() -> dict[str, str]:
    """Return the columns of the history that are drawn, with what each is called wherever it is shown."""
    return {"accuracy": _("Accuracy"), "loss": _("Loss"), "cross_entropy": _("Cross-entropy")}


def kept(rows: Sequence[Row], config: TrainConfig) -> dict[str, str]:
    """Return the curves that there are to see of a run; cross-entropy where it is not the loss itself."""
    names = names_of_curves()
    if losses.is_cross_entropy(config) or not any(math.isfinite(row["cross_entropy"]) for row in rows):
        del names["cross_entropy"]
    return names


def _line(
    name: str, points: Sequence[tuple[float, float]], scale: float, write: Callable[[float], str], **look: Any
) -> dict[str, Any]:
    """Return a line through (epoch, value) points."""
    return {
        "type": "scatter",
        "x": [epoch for epoch, _value in points],
        "y": [scale * value for _epoch, value in points],
        "customdata": [write(value) for _epoch, value in points],
        "name": name,
        "hovertemplate": "%{customdata}",
        **look,
    }


def _guessing(chance: float) -> dict[str, Any]:
    """Return the words at the line of guessing, below its right end."""
    text = _("guessing: {chance}").format(chance=percent(chance, 0))
    place = {"xref": "x domain", "x": 1, "xanchor": "right", "yref": "y", "y": 100 * chance, "yanchor": "top"}
    return {"text": text, "showarrow": False, **place}


def _ends(rows: Sequence[Row], what: str, write: Callable[[float], str], theme: str) -> list[dict[str, Any]]:
    """Return each curve's name and last value, to stand above the plot, in its colour and with its dash."""
    if not rows:
        return []
    training, validation = LINES[theme]
    ends = [
        (f"━ {_('training')}", rows[-1][what], training),
        (f"╌ {_('validation')}", rows[-1][f"val_{what}"], validation),
    ]
    above = {"xref": "paper", "yref": "paper", "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return [
        {
            "text": f"<b>{name} {write(value)}</b>",
            "font": {"color": colour, "size": 14},
            "showarrow": False,
            "x": 0.5 * place,
            **above,
        }
        for place, (name, value, colour) in enumerate(ends)
        if math.isfinite(value)
    ]


def epoch_ticks(epochs: int) -> list[int]:
    """Return whole epochs to label, at most about ten."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200) if epochs / step <= 10)
    return [1, *(tick for tick in range(step, epochs + 1, step) if tick > 1)]
