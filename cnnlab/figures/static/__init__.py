"""Figures that leave the browser: Matplotlib, for a page or a slide, of the arrays that Plotly also takes."""

from cnnlab.figures.static.compare import cost, overlaid
from cnnlab.figures.static.confusion import MATRIX, confusion_matrix
from cnnlab.figures.static.curves import curve
from cnnlab.figures.static.kernel_sheets import kernel_sheets, strip
from cnnlab.figures.static.reliability import reliability_diagram
from cnnlab.figures.static.robustness import panels
from cnnlab.figures.static.sheet import PAGE, SLIDE, Sheet, inline, png, svg
from cnnlab.figures.static.space import space

__all__ = [
    "MATRIX",
    "PAGE",
    "SLIDE",
    "Sheet",
    "confusion_matrix",
    "cost",
    "curve",
    "inline",
    "kernel_sheets",
    "overlaid",
    "panels",
    "png",
    "reliability_diagram",
    "space",
    "strip",
    "svg",
]
