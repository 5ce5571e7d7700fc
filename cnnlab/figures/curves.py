"""How did training go, epoch by epoch? Accuracy and loss as Plotly charts."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.figures.colours import QUIET
from cnnlab.text import _, number, percent

TRAINING, VALIDATION = "#1f66b0", "#7b4ab5"


def curve(
    rows: Sequence[dict[str, float]], what: str, epochs: int, running: float | None, chance: float
) -> go.Figure:
    """Draw "accuracy" (per cent) or "loss" over the epochs.

    `rows` is the history, one row a finished epoch; `running` the value within the epoch under way, drawn as
    a hollow point because it is an average over weights that still change. Validation is left out where
    there is none; `chance` is the accuracy of guessing, marked as a line.
    """
    scale, write = (100, percent) if what == "accuracy" else (1, lambda value: number(value, 3))
    figure = go.Figure()
    names = {what: (_("training"), TRAINING, "solid"), f"val_{what}": (_("validation"), VALIDATION, "dash")}
    for column, (name, colour, dash) in names.items():
        points = [(row["epoch"], row[column]) for row in rows if math.isfinite(row[column])]
        if not points:
            continue
        figure.add_scatter(
            x=[epoch for epoch, _value in points],
            y=[scale * value for _epoch, value in points],
            customdata=[write(value) for _epoch, value in points],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 3},
            marker={"size": 7},
            hovertemplate="%{customdata}",
        )
    if running is not None:
        figure.add_scatter(
            x=[len(rows) + 1],
            y=[scale * running],
            customdata=[write(running)],
            name=_("so far in this epoch"),
            mode="markers",
            marker={"size": 10, "color": TRAINING, "symbol": "circle-open", "line": {"width": 2.5}},
            hovertemplate="%{customdata}",
        )
    if what == "accuracy":
        text = _("guessing: {chance}").format(chance=percent(chance, 0))
        figure.add_hline(
            100 * chance,
            line_dash="dot",
            line_width=1,
            line_color=QUIET,
            annotation_text=text,
            annotation_position="bottom right",
        )
    _name_ends(figure, rows, what, write)
    unit = "%" if what == "accuracy" else _("mean over the images")
    title = {"accuracy": _("Accuracy"), "loss": _("Loss")}[what]
    figure.update_layout(
        height=330,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},  # above the plot the curves' names
        showlegend=False,
        hovermode="x unified",
        uirevision="stay",
        xaxis={
            "title": _("epoch"),
            "range": [0.5, max(epochs, len(rows) + (running is not None)) + 0.5],
            "tickvals": _ticks(max(epochs, len(rows))),
            "zeroline": False,
        },
        yaxis={
            "title": f"{title} ({unit})" if unit else title,
            "rangemode": "tozero",
            "range": [0, 100] if what == "accuracy" else None,  # the same from the first epoch to the last
        },
    )
    return figure


def _name_ends(figure: go.Figure, rows: Sequence[dict[str, float]], what: str, write) -> None:
    """Write each curve's name and last value above the plot, in its colour and with its dash."""
    if not rows:
        return
    ends = [
        (f"━ {_('training')}", rows[-1][what], TRAINING),
        (f"╌ {_('validation')}", rows[-1][f"val_{what}"], VALIDATION),
    ]
    for place, (name, value, colour) in enumerate(ends):
        if math.isfinite(value):
            figure.add_annotation(
                text=f"<b>{name} {write(value)}</b>",
                font={"color": colour, "size": 14},
                showarrow=False,
                xref="paper",
                yref="paper",
                x=0.5 * place,
                y=1,
                xanchor="left",
                yanchor="bottom",
            )


def _ticks(epochs: int) -> list[int]:
    """Return whole epochs to label, at most about ten."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200) if epochs / step <= 10)
    return [1, *(tick for tick in range(step, epochs + 1, step) if tick > 1)]
