"""What does the network answer for one picture? A small panel: the picture and a bar for each class."""

from collections.abc import Sequence
from html import escape

import numpy as np

from cnnlab.figures.colours import INK, QUIET
from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import percent

WIDTH, SIDE, LINE = 168, 80, 16  # pixels: the panel, the picture, one class
NAMES, VALUES = 76, 46  # pixels for the class names and for the numbers beside the bars


def panel(
    image: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], true: int, theme: str = "light"
) -> str:
    """Return the panel as SVG; the true class has a check mark and the strong colour. Bars: 0 to 100 %.

    image (h, w, 3) uint8, probabilities (classes,).
    """
    ink = INK[theme]
    length = WIDTH - NAMES - VALUES
    parts = [
        f'<image href="{data_uri(image)}" x="{NAMES}" y="0" width="{SIDE}" height="{SIDE}" '
        'style="image-rendering:pixelated"/>'
    ]
    for place, (name, p) in enumerate(zip(classes, probabilities, strict=True)):
        y = SIDE + 8 + place * LINE
        colour, weight = (ink, 700) if place == true else (QUIET, 400)
        label = f"✓ {name}" if place == true else name
        text = f'y="{y + 10}" font-size="12.5" font-weight="{weight}" fill="{ink}"'
        bar = f'width="{max(0.5, length * float(p)):.1f}" height="9" fill="{colour}"'
        parts += [
            f'<text x="{NAMES - 5}" text-anchor="end" {text}>{escape(label)}</text>',
            f'<rect x="{NAMES}" y="{y + 2}" {bar}/>',
        ]
        if p >= 0.005:  # a column of zeros would hide what there is
            parts.append(f'<text x="{WIDTH}" text-anchor="end" {text}>{percent(float(p), 0)}</text>')
    height = SIDE + 12 + len(classes) * LINE
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{"".join(parts)}</svg>'
