"""How did the class vote? One bar an option, as long as its share of the votes."""

from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.figures.colours import INK, QUIET
from cnnlab.i18n import _, number, percent


def histogram(
    counts: Sequence[int], *, theme: str = "light", right: int | None = None, letters: int = 20
) -> go.Figure:
    """Draw the votes for options that are numbered from 1; `right`, from 0, gets a check mark and ink.

    letters: their size in pixels.
    """
    total = sum(counts)
    shares = [count / total if total else 0.0 for count in counts]
    names = [f"{place + 1}" if place != right else f"<b>✓ {place + 1}</b>" for place in range(len(counts))]
    texts = [f"{number(n)} · {percent(share, 0)}" for n, share in zip(counts, shares, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=[100 * share for share in shares],
            y=names,
            orientation="h",
            text=texts,
            textposition="outside",
            cliponaxis=False,
            textfont={"size": letters, "color": INK[theme]},
            marker_color=[INK[theme] if place == right else QUIET for place in range(len(counts))],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    axis = {"fixedrange": True, "tickfont": {"size": letters, "color": INK[theme]}}
    figure.update_layout(
        height=60 + letters + round(2.6 * letters) * len(counts),
        margin={"l": 8, "r": round(4.5 * letters), "t": 8, "b": 8},
        bargap=0.35,
        xaxis={**axis, "range": [0, 100], "tickvals": [0, 50, 100], "ticksuffix": "\u00a0%"},
        yaxis={**axis, "autorange": "reversed", "type": "category"},
    )
    figure.update_xaxes(title={"text": _("share of the votes"), "font": {"size": max(14, letters - 4)}})
    return figure
