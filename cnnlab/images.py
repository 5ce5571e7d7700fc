"""How does a photo from anywhere become an array that the app can trust?

Bytes go in, an array (height, width, 3) of uint8 comes out, or an `ImageError` that a student can read.
Nothing of a photo is written to disk or to a log. The sample photos come with scikit-image.
"""

import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from cnnlab.text import _, number

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
MAX_BYTES = 10 * 2**20
MAX_MEGAPIXELS = 16
MAX_JPEG_MEGAPIXELS = 50  # a JPEG can be decoded at half its size, so a larger one fits into the same memory

RESAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}

# How to turn a stored picture upright, by its EXIF orientation (Exif 2.32, tag 0x0112).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow would print and log facts about a student's photo on the server; what matters is refused below. What
# libtiff prints by itself on a damaged TIFF ("LZWDecode: not enough data ...") tells of no picture.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class ImageError(ValueError):
    """What is wrong with a photo or a crop, as a sentence that a student can be shown as it stands."""


def read(data: bytes) -> np.ndarray:
    """Decode a file's bytes into an upright picture.

    The type is judged by content. Transparency lies over white, 16-bit values are scaled to 8 bits, and of
    several frames the first is taken. A JPEG beyond 16 megapixels comes at half its height and width.

    Returns (height, width, 3) uint8, read-only. Raises ImageError for everything that cannot be read.
    """
    if not data:
        raise ImageError(_("The file is empty."))
    if len(data) > MAX_BYTES:
        text = _("The file has {size} MB; at most {limit} MB can be read here.")
        raise ImageError(text.format(size=number(len(data) / 2**20, 1), limit=number(MAX_BYTES / 2**20)))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _limit(image)  # the header is read, the pixels are not
            image.load()  # only now are the orientation of every PNG and TIFF known
            return np.asarray(_upright(_rgb(image), _orientation(image)))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        text = _("The photo has far more than the {limit} megapixels that can be read here.")
        raise ImageError(text.format(limit=number(MAX_MEGAPIXELS))) from error
    except UnidentifiedImageError as error:
        text = _(
            "This file is no photo that can be read here. Readable are JPEG, PNG, WebP, GIF, TIFF and BMP."
        )
        raise ImageError(text) from error
    except Exception as error:  # on damaged bytes Pillow raises more than a dozen kinds
        raise ImageError(_("The photo is damaged or cut off, so it cannot be read.")) from error


def _limit(image: Image.Image) -> None:
    """Refuse a picture with too many pixels before it is decoded; let a large JPEG come at half size."""
    width, height = image.size
    jpeg = image.format in ("JPEG", "MPO")  # MPO is the JPEG of phones that store a second picture behind it
    limit = MAX_JPEG_MEGAPIXELS if jpeg else MAX_MEGAPIXELS
    megapixels = round(width * height / 1e6)  # counted as on a camera's box: 8,160 x 6,144 is "50 megapixels"
    if megapixels > limit:
        text = _(
            "The photo has {width} × {height} pixels, which is {megapixels} megapixels; at most {limit} fit."
        )
        raise ImageError(
            text.format(
                width=number(width),
                height=number(height),
                megapixels=number(megapixels),
                limit=number(limit),
            )
        )
    if megapixels > MAX_MEGAPIXELS:
        image.draft(None, (width // 2, height // 2))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (as stored) where the EXIF block is absent or damaged."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # the pixels are sound, so the photo is shown as it was stored
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB, with transparency over white."""
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        paper = Image.new("RGB", image.size, "white")
        layer = image if image.mode == "RGBA" else image.convert("RGBA")  # convert copies, 64 MB at the most
        paper.paste(layer, mask=layer)
        return paper
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Scale a grey picture of 16 or more bits to 0-255: (height, width) uint8.

    16 bits reach white at 65,535. Wider integers and floats have no agreed white: the smallest of 1, 255 and
    65,535 that no value exceeds is taken, else the largest value.
    """
    values = np.asarray(image).astype(np.float32)
    np.nan_to_num(values, copy=False, nan=0, posinf=0, neginf=0)
    values -= min(values.min(), 0)
    largest = values.max()
    customary = [65_535] if image.mode.startswith("I;16") else [1, 255, 65_535]
    white = next((white for white in customary if largest <= white), largest)
    values *= 255 / white
    return np.rint(values, out=values).astype(np.uint8)


@dataclass(frozen=True)
class Sample:
    """A photo that comes with scikit-image, with the CIFAR-10 class that it shows (None: none of the ten)."""

    label: Callable[[], str]
    load: Callable[[Any], np.ndarray]  # takes the module skimage.data
    cifar10: str | None


# Only photos that lie in scikit-image's wheel: the others of skimage.data would be downloaded.
SAMPLES = {
    "cat": Sample(lambda: _("Cat"), lambda data: data.chelsea(), "cat"),
    "astronaut": Sample(lambda: _("Astronaut"), lambda data: data.astronaut(), None),
    "coffee": Sample(lambda: _("Cup of coffee"), lambda data: data.coffee(), None),
    "rocket": Sample(lambda: _("Rocket"), lambda data: data.rocket(), None),
    "motorcycle": Sample(lambda: _("Motorcycle"), lambda data: data.stereo_motorcycle()[0], None),
    "photographer": Sample(lambda: _("Photographer"), lambda data: data.camera(), None),
    "coins": Sample(lambda: _("Coins"), lambda data: data.coins(), None),
    "galaxies": Sample(lambda: _("Galaxies"), lambda data: data.hubble_deep_field(), None),
    "bricks": Sample(lambda: _("Brick wall"), lambda data: data.brick(), None),
    "grass": Sample(lambda: _("Grass"), lambda data: data.grass(), None),
    "gravel": Sample(lambda: _("Gravel"), lambda data: data.gravel(), None),
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


def grey(image: np.ndarray) -> np.ndarray:
    """Return brightness, (h, w, 3) -> (h, w) uint8: 0.299 R + 0.587 G + 0.114 B (luma of ITU-R BT.601)."""
    return np.asarray(Image.fromarray(image).convert("L"))
