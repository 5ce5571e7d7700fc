"""Which colour does a number get on a cell, and is the text on it black or white?

A palette is a table of 256 fills, each with the text colour that stands out more. Python turns every
value into a row of such a table, so the browser only looks colours up, and a test can go through all rows.
"""

import numpy as np

POSITIVE = (214, 95, 20)  # orange: positive, and nothing else
NEGATIVE = (31, 100, 173)  # blue: negative, and nothing else
NEUTRAL = (251, 249, 244)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
ZERO = 128  # the row of the signed palette that stands for zero
TINTS = {
    "pixel": (1.0, 1.0, 1.0),
    "red": (1.0, 0.25, 0.25),
    "green": (0.25, 1.0, 0.25),
    "blue": (0.3, 0.3, 1.0),
}
ROLES = (*TINTS, "signed")


def hexadecimal(colour: tuple[int, int, int]) -> str:
    """(214, 95, 20) -> '#d65f14'."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance of an sRGB colour, 0 (black) to 1 (white); WCAG 2.2, "relative luminance"."""
    channels = np.asarray(colour) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Contrast ratio of two colours, 1 (the same) to 21 (black on white); WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(fill: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white, whichever stands out more; it always reaches 4.5 : 1."""
    return max((BLACK, WHITE), key=lambda ink: contrast(fill, ink))


def _mix(one: tuple[int, int, int], other: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def fills(role: str) -> list[tuple[int, int, int]]:
    """The 256 fills of a role: black to full brightness for pixels, blue over paper to orange for signed."""
    if role == "signed":
        return [
            _mix(NEUTRAL, POSITIVE if row > ZERO else NEGATIVE, min(abs(row - ZERO) / 127, 1.0))
            for row in range(256)
        ]
    red, green, blue = TINTS[role]
    return [(round(row * red), round(row * green), round(row * blue)) for row in range(256)]


def palette(role: str) -> dict[str, list[str]]:
    """What the browser gets: `fill` and `text`, 256 hexadecimal colours each."""
    colours = fills(role)
    return {
        "fill": [hexadecimal(colour) for colour in colours],
        "text": [hexadecimal(text_on(colour)) for colour in colours],
    }


def levels(values: np.ndarray, role: str, limit: float) -> np.ndarray:
    """Rows of the role's palette for values, uint8, same shape.

    Pixels run from 0 to `limit`, signed values from -limit to limit; what lies beyond gets the end colour.
    """
    if not limit > 0:
        raise ValueError(f"The largest value of a colour scale must be positive, not {limit}.")
    share = np.asarray(values, dtype=float) / limit
    rows = ZERO + 127 * share if role == "signed" else 255 * share
    return np.clip(np.rint(rows), 0, 255).astype(np.uint8)
