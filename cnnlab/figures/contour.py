"""How high does a surface lie? A map in greys with a line at each height, the lower the darker."""

import numpy as np
from numpy.typing import NDArray

# Light enough for dark lines to stand out by 3 : 1 everywhere.
LOW, HIGH, LINE = np.array([198, 195, 186]), np.array([252, 250, 245]), np.array([150, 147, 139])


def contour(values: NDArray[np.floating], bands: int = 14) -> NDArray[np.uint8]:
    """Draw values (h, w) as bands of equal area: (h, w, 3) uint8.

    Bands of equal area, not of equal height, show the flat middle of a surface with steep walls.
    """
    edges = np.quantile(values, np.linspace(0, 1, bands + 1)[1:-1])
    band = np.digitize(values, edges)  # (h, w), 0 is the lowest
    picture = LOW + (HIGH - LOW) * (band / (bands - 1))[..., np.newaxis]
    for axis in (0, 1):
        ends = np.diff(band, axis=axis, append=band[-1:] if axis == 0 else band[:, -1:]) != 0
        picture[ends] = LINE
    drawn: NDArray[np.uint8] = np.rint(picture).astype(np.uint8)
    return drawn
