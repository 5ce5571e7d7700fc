"""How does a map of what mattered lie over a photo? Arrays in, pixels out."""

import numpy as np
from PIL import Image

from cnnlab.figures.colours import signed

STRONGEST = 0.85  # how opaque the map's largest magnitude is


def overlay(photo: np.ndarray, values: np.ndarray, limit: float, *, smooth: bool) -> np.ndarray:
    """Colour values (h, w) over a photo (H, W, 3) uint8: the same shape, uint8.

    Orange is above 0 and blue below; the nearer to `limit`, the denser. The photo itself is grey and pale, so
    that colour stands for values alone. smooth: let neighbouring values go over into each other.
    """
    height, width = photo.shape[:2]
    resample = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    large = np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), resample))
    grey = 70 + 0.7 * photo.mean(-1, keepdims=True)  # 70 to 248
    density = STRONGEST * np.clip(np.abs(large) / (limit or 1.0), 0, 1)[..., np.newaxis]
    full = signed(np.sign(large), 1.0)  # orange, blue, or paper where the density is 0
    mixed: np.ndarray = np.rint((1 - density) * grey + density * full).astype(np.uint8)
    return mixed
