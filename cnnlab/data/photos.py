"""Which photos come with the app, and how is a piece of a photo cut out and made 32 x 32?

The sample photos come with scikit-image. Photos from elsewhere are read by `cnnlab.data.decode_photo`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from cnnlab.data.decode_photo import MAX_BYTES, ImageError, read
from cnnlab.i18n import _, number

__all__ = [
    "MAX_BYTES",
    "RESAMPLE",
    "SAMPLES",
    "ImageError",
    "Sample",
    "checksum",
    "crop",
    "grey",
    "read",
    "resize",
    "sample",
    "samples",
    "square",
]

RESAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}


@dataclass(frozen=True)
class Sample:
    """A photo that comes with scikit-image. Which class it shows, if any, the record of a data set knows."""

    label: Callable[[], str]
    load: Callable[[Any], np.ndarray]  # takes the module skimage.data


# Only photos that lie in scikit-image's wheel: the others of skimage.data would be downloaded.
SAMPLES = {
    "cat": Sample(lambda: _("Cat"), lambda data: data.chelsea()),
    "astronaut": Sample(lambda: _("Astronaut"), lambda data: data.astronaut()),
    "coffee": Sample(lambda: _("Cup of coffee"), lambda data: data.coffee()),
    "rocket": Sample(lambda: _("Rocket"), lambda data: data.rocket()),
    "motorcycle": Sample(lambda: _("Motorcycle"), lambda data: data.stereo_motorcycle()[0]),
    "photographer": Sample(lambda: _("Photographer"), lambda data: data.camera()),
    "coins": Sample(lambda: _("Coins"), lambda data: data.coins()),
    "galaxies": Sample(lambda: _("Galaxies"), lambda data: data.hubble_deep_field()),
    "bricks": Sample(lambda: _("Brick wall"), lambda data: data.brick()),
    "grass": Sample(lambda: _("Grass"), lambda data: data.grass()),
    "gravel": Sample(lambda: _("Gravel"), lambda data: data.gravel()),
}


def samples() -> dict[str, str]:
    """Return the sample photos: name in links and code -> name for learners."""
    return {name: spec.label() for name, spec in SAMPLES.items()}


@cache
def sample(name: str) -> np.ndarray:
    """Return a sample photo, (height, width, 3) uint8, read-only. Raises ImageError for an unknown name."""
    if name not in SAMPLES:
        raise ImageError(_("There is no sample photo called “{name}”.").format(name=name))
    import skimage.data

    image = SAMPLES[name].load(skimage.data)
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=-1)  # (h, w) -> (h, w, 3)
    image.flags.writeable = False  # one array serves every session
    return image


def crop(image: np.ndarray, row: int, col: int, height: int, width: int) -> np.ndarray:
    """Cut out rows row..row+height-1 and columns col..col+width-1, counted from 0: a view.

    Raises ImageError when the crop is empty or does not lie in the image.
    """
    rows, cols = image.shape[:2]
    if height < 1 or width < 1:
        text = _("A crop needs at least one pixel; {height} × {width} is none.")
        raise ImageError(text.format(height=number(height), width=number(width)))
    if row < 0 or col < 0 or row + height > rows or col + width > cols:
        text = _(
            "The crop of {height} × {width} pixels from row {row}, column {col} "
            "reaches beyond the photo of {rows} × {cols} pixels."
        )
        raise ImageError(
            text.format(
                height=number(height),
                width=number(width),
                row=number(row + 1),
                col=number(col + 1),
                rows=number(rows),
                cols=number(cols),
            )
        )
    return image[row : row + height, col : col + width]


def square(
    image: np.ndarray, row: int | None = None, col: int | None = None, size: int | None = None
) -> np.ndarray:
    """Cut out a square: the largest and the central one, but for what is given (top left corner from 0)."""
    rows, cols = image.shape[:2]
    size = min(rows, cols) if size is None else size
    row = max((rows - size) // 2, 0) if row is None else row
    col = max((cols - size) // 2, 0) if col is None else col
    return crop(image, row, col, size, size)


def resize(image: np.ndarray, size: int = 32, resample: str = "area") -> np.ndarray:
    """Shrink or enlarge (h, w, 3) uint8 to (size, size, 3) uint8; crop to a square first to keep proportions.

    `resample` is a name in RESAMPLE. Shrinking, each but "nearest" takes in every pixel that an output pixel
    covers ("area" their plain mean); enlarging, "area" repeats pixels as "nearest" does.
    """
    return np.asarray(Image.fromarray(image).resize((size, size), RESAMPLE[resample]))


def checksum(image: np.ndarray) -> int:
    """Return a number that names a picture (h, w, c): the same for the same pixels."""
    return zlib.crc32(np.ascontiguousarray(image).data)


def grey(image: np.ndarray) -> np.ndarray:
    """Return brightness, (h, w, 3) -> (h, w) uint8: 0.299 R + 0.587 G + 0.114 B (luma of ITU-R BT.601)."""
    return np.asarray(Image.fromarray(image).convert("L"))
