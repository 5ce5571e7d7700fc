"""Does a network that says 90 % get it right nine times in ten? The reliability diagram."""

import plotly.graph_objects as go

from cnnlab.evaluation.metrics import Reliability
from cnnlab.figures.colours import INK, QUIET
from cnnlab.i18n import _, number, percent


def reliability_diagram(found: Reliability) -> go.Figure:
    """Draw for each bin of confidence the share of right answers; on the diagonal the two would be equal.

    A line from the diagonal to each point is the gap that the expected calibration error averages; the area
    of a point grows with the number of its answers.
    """
    bins = [place for place, count in enumerate(found.counts) if count]
    sure, right = 100 * found.confidence[bins], 100 * found.accuracy[bins]
    most = max(found.counts)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": QUIET, "dash": "dot"}, hoverinfo="skip"
    )
    gaps = [(x, y) for s, r in zip(sure, right, strict=True) for x, y in ((s, s), (s, r), (None, None))]
    figure.add_scatter(
        x=[x for x, _y in gaps],
        y=[y for _x, y in gaps],
        mode="lines",
        line={"color": QUIET, "width": 2},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=sure,
        y=right,
        mode="markers",
        marker={
            "size": [6 + 18 * (found.counts[place] / most) ** 0.5 for place in bins],
            "color": QUIET,
            "line": {"color": INK["light"], "width": 1},
        },
        customdata=[
            (number(found.counts[place]), percent(found.confidence[place]), percent(found.accuracy[place]))
            for place in bins
        ],
        hovertemplate=_("%{customdata[0]} answers: sure %{customdata[1]}, right %{customdata[2]}")
        + "<extra></extra>",
    )
    axis = {"range": [0, 102], "fixedrange": True, "dtick": 20}
    figure.update_layout(
        height=380,
        showlegend=False,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={**axis, "title": _("how sure the answers were, %")},
        yaxis={**axis, "title": _("how many were right, %")},
    )
    return figure
