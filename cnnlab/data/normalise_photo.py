"""A decoded picture becomes one like all others: upright, 8 bits, sRGB, and no larger than need be."""

import io

import numpy as np
from PIL import Image, ImageCms

KEPT_PIXELS = 1_000_000

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
ORIENTATION, BITS_PER_SAMPLE = 274, 258  # Exif 2.32, TIFF 6.0


def normalised(image: Image.Image) -> np.ndarray:
    """Return a picture of any mode as (height, width, 3) uint8; where it is transparent, as (h, w, 4)."""
    return np.asarray(_upright(_eight_bit_colours(image), _orientation(image)))


def kept_size(width: int, height: int) -> tuple[int, int]:
    """Return the size at which a picture is kept: its own, or that with KEPT_PIXELS; in pixels."""
    scale = min(1.0, (KEPT_PIXELS / (width * height)) ** 0.5)
    return max(1, round(scale * width)), max(1, round(scale * height))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (as stored) where the EXIF block is absent or damaged.

    As in browsers, nothing else counts: Pillow itself would take it from XMP or a text too. (It turns a TIFF
    while it loads it.)
    """
    try:
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
        return int(exif.get(ORIENTATION, 1))
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
    size = kept_size(*image.size)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BOX)
    image = _in_srgb(image, profile)
    if image.mode == "RGBA" and np.asarray(image)[..., 3].min() < 255:
        return image
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert colours from the profile that a picture brings along to sRGB; keep them without a sound one."""
    if not profile:
        return image
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        ours = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, theirs, ours, outputMode=mode) or image
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
