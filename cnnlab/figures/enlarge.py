"""How does a chart become readable from the back row? Letters of at least a given size, and room for them."""

import plotly.graph_objects as go

USUAL = 12  # pixels: Plotly's own letters, which the charts' heights and margins are made for


def enlarge(figure: go.Figure, least: int) -> go.Figure:
    """Return a copy of the chart with no letter below `least` pixels, and higher by as much."""
    large = go.Figure(figure)
    layout, by = large.layout, least / USUAL
    large.update_layout(font_size=least, legend_font_size=least, hoverlabel_font_size=least)
    large.update_layout(title_font_size=least, height=round(by * (layout.height or 300)))
    for side in ("t", "r"):  # at the left and below, Plotly makes room for an axis by itself
        if layout.margin[side]:
            layout.margin[side] = round(by * layout.margin[side])
    axis = {"tickfont_size": least, "title_font_size": least}
    large.update_xaxes(automargin=True, **axis)
    large.update_yaxes(automargin=True, **axis)
    for note in layout.annotations:
        note.font.size = max(least, note.font.size or 0)
        note.yshift = by * (note.yshift or 0)
    for trace in large.data:
        if "textfont" in trace:
            trace.textfont.size = least
    return large
