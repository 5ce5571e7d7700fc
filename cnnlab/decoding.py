"""How does a photo from anywhere become an array that the app can trust?

Bytes go in, an array (height, width, 3) of uint8 comes out, or an `ImageError` that a student can read.
Nothing of a photo is written to disk or to a log. Limits are checked on the header, before pixels are
decoded; of a large photo only about a megapixel is kept, far more than a network of 32 x 32 pixels needs.
"""

import io
import logging
import threading
import warnings

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, JpegImagePlugin, UnidentifiedImageError

from cnnlab.text import _, number

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF")
MAX_BYTES = 10 * 2**20
MAX_MEGAPIXELS = 16
MAX_JPEG_MEGAPIXELS = 50  # a JPEG is decoded at a fraction of its size, so a larger one fits into the memory
MAX_SCANS = 40  # a progressive JPEG has about ten; thousands would keep the decoder busy for minutes
MAX_JPEG_VALUES = 80e6  # of a JPEG in several scans all values are held at once, two bytes each
KEPT_PIXELS = 1_000_000
PAPERS = {"white": 255, "black": 0}  # what shows through where a picture is transparent

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
BITS_PER_SAMPLE = 258  # TIFF 6.0, tag 0x0102

pillow_heif.register_heif_opener(decode_threads=2, thumbnails=False, depth_images=False, aux_images=False)

# Pillow would print and log facts about a student's photo on the server; what matters is refused below. What
# libtiff prints by itself on a damaged TIFF ("LZWDecode: not enough data ...") tells of no picture.
warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
logging.getLogger("PIL").setLevel(logging.CRITICAL)
logging.getLogger("pillow_heif").setLevel(logging.CRITICAL)

_turns = threading.Semaphore(2)  # thirty uploads at once wait for each other instead of filling the memory


class ImageError(ValueError):
    """What is wrong with a photo or a crop, as a sentence that a student can be shown as it stands."""


def read(data: bytes, paper: str = "white") -> np.ndarray:
    """Decode a file's bytes into an upright picture (height, width, 3) uint8, transparency over `paper`.

    Raises ImageError for everything that cannot be read.
    """
    return over(decode(data), paper)


def over(picture: np.ndarray, paper: str) -> np.ndarray:
    """Lay a picture (h, w, 3 or 4) uint8 over a paper of PAPERS: (h, w, 3) uint8."""
    if picture.shape[2] == 3:
        return picture
    colour, alpha = picture[..., :3].astype(np.float32), picture[..., 3:].astype(np.float32) / 255
    return np.rint(alpha * colour + (1 - alpha) * PAPERS[paper]).astype(np.uint8)


def decode(data: bytes) -> np.ndarray:
    """Decode a file's bytes: (height, width, 3) uint8, or (height, width, 4) where anything is transparent.

    The type is judged by content, 16-bit values are scaled to 8 bits, an ICC profile is honoured, of several
    frames the first is taken, and a large picture is shrunk to KEPT_PIXELS. Raises ImageError.
    """
    if not data:
        raise ImageError(_("The file is empty."))
    if len(data) > MAX_BYTES:
        text = _("The file has {size} MB; at most {limit} MB can be read here.")
        raise ImageError(text.format(size=number(len(data) / 2**20, 1), limit=number(MAX_BYTES / 2**20)))
    try:
        with _turns, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _limit(image, bytes(data))  # the header is read, the pixels are not
            image.load()  # only now are the orientation of every PNG and TIFF known
            return np.asarray(_upright(_eight_bit_colours(image), _orientation(image)))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        text = _("The photo has far more than the {limit} megapixels that can be read here.")
        raise ImageError(text.format(limit=number(MAX_MEGAPIXELS))) from error
    except UnidentifiedImageError as error:
        text = _(
            "This file is no photo that can be read here. "
            "Readable are JPEG, PNG, WebP, GIF, TIFF, BMP and HEIC."
        )
        raise ImageError(text) from error
    except Exception as error:  # on damaged bytes Pillow raises more than a dozen kinds
        raise ImageError(_("The photo is damaged or cut off, so it cannot be read.")) from error


def _limit(image: Image.Image, data: bytes) -> None:
    """Refuse a picture with too many pixels before it is decoded; have a large JPEG decoded smaller."""
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
    if jpeg:
        _limit_scans(image, data)
        image.draft(None, _kept_size(width, height))  # at least this large: by 1, 1/2, 1/4 or 1/8


def _limit_scans(image: Image.Image, data: bytes) -> None:
    """Refuse a JPEG whose way of being stored costs far more time or memory than its size tells."""
    scans = data.count(b"\xff\xda")  # within compressed data this pair cannot occur (ITU-T T.81, B.1.1.5)
    width, height = image.size
    samples = {0: 3.0, 1: 2.0, 2: 1.5}.get(JpegImagePlugin.get_sampling(image), len(image.getbands()))
    if scans > MAX_SCANS or (scans > 1 and width * height * samples > MAX_JPEG_VALUES):
        text = _("This JPEG is stored in {scans} passes, which takes too long at its size. Save it anew.")
        raise ImageError(text.format(scans=number(scans)))


def _kept_size(width: int, height: int) -> tuple[int, int]:
    """Return the size at which a picture is kept: its own, or that with KEPT_PIXELS."""
    scale = min(1.0, (KEPT_PIXELS / (width * height)) ** 0.5)
    return max(1, round(scale * width)), max(1, round(scale * height))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (as stored) where the EXIF block is absent or damaged."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # the pixels are sound, so the photo is shown as it was stored
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _eight_bit_colours(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB, or to RGBA where anything is transparent, at the size at which it is kept."""
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_eight_bits(image))
    elif image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    size = _kept_size(*image.size)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BOX)
    image = _in_srgb(image, profile)
    if image.mode == "RGBA" and image.getextrema()[3][0] < 255:
        return image
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert colours from the profile that a picture brings along to sRGB; keep them without a sound one."""
    if not profile:
        return image
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):  # damaged, or meant for another kind of colours
        return image


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Scale a grey picture of more than 8 bits to 0-255: (height, width) uint8.

    A TIFF tells its bits: 12 reach white at 4,095. Else 16 bits reach white at 65,535. Wider integers and
    floats have no agreed white: the smallest of 1, 255 and 65,535 that no value exceeds is taken, else the
    largest value.
    """
    values = np.asarray(image).astype(np.float32)
    np.nan_to_num(values, copy=False, nan=0, posinf=0, neginf=0)
    values -= min(values.min(), 0)
    largest = values.max()
    bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0]
    sixteen = image.mode.startswith("I;16")
    customary = [2**bits - 1 if 8 < bits < 16 else 65_535] if sixteen else [1, 255, 65_535]
    white = next((white for white in customary if largest <= white), largest)
    values *= 255 / white
    return np.rint(values, out=values).astype(np.uint8)
