"""How does a page show a chart? Without Plotly's row of buttons, and on a projector with large letters."""

import plotly.graph_objects as go
import streamlit as st

from cnnlab.figures.enlarge import enlarge
from cnnlab.ui.session import projector

LETTERS = 20  # pixels, on a projector


def chart(figure: go.Figure, *, key: str, alt: str | None = None) -> None:
    """Draw the chart; `alt` says what it shows to who cannot see it."""
    if projector.on():
        figure = enlarge(figure, LETTERS)
    st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=alt)
