"""How does a photo from anywhere become an array that the app can trust?

Bytes go in, an array (height, width, 3) of uint8 comes out, or an `ImageError` that a student can read.
Nothing of a photo is written to disk or to a log. Limits are checked on the header, before pixels are
decoded; of a large photo only about a megapixel is kept, far more than a network of 32 x 32 pixels needs.
"""

import io
import logging
import math
import warnings

import numpy as np
import pillow_heif
from PIL import Image, ImageFile, JpegImagePlugin, UnidentifiedImageError

from cnnlab.data import jpeg
from cnnlab.data.memory_budget import MemoryBudget
from cnnlab.data.normalise_photo import kept_size, normalised
from cnnlab.data.picture_kinds import (
    MEGAPIXELS,
    MEMORY_OF_A_PIXEL,
    READABLE,
    Kind,
    announced,
    in_too_many_chunks,
    kind_of,
    names,
)
from cnnlab.i18n import Sentence, _, number

MAX_BYTES = 25_000_000  # a 48-megapixel JPEG of a phone has 12 to 20 MB
MAX_JPEG_VALUES = 80e6  # of a JPEG in several scans all values are held at once, two bytes each
MAX_JPEG_VISITS = 1e9  # and each scan may visit all of them
MEMORY, MEMORY_OF_ONE = 500e6, 400e6  # bytes that all pictures being decoded at one time may need, and one
NEARLY_ALL = 0.95  # of a picture's rows: with that many, one that is cut off is shown as browsers show it
PAPERS = {"white": 255, "black": 0}  # what shows through where a picture is transparent

SAMPLES = {0: 3.0, 1: 2.0, 2: 1.5}  # a pixel, by a JPEG's sampling of colours as Pillow counts it
JPEG_END = b"\xff\xd9"
LAST_BYTES, BLOCK = 64, 16  # enough bytes to colour a few blocks; the rows of one
UNSUPPORTED = ("unsupported", "not supported", "not been built in")  # in Pillow's and libheif's words

pillow_heif.register_heif_opener(decode_threads=2, thumbnails=False, depth_images=False, aux_images=False)

# Pillow would print and log facts about a student's photo on the server; what matters is refused below. What
# libtiff prints by itself on a damaged TIFF ("LZWDecode: not enough data ...") tells of no picture.
warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
logging.getLogger("PIL").setLevel(logging.CRITICAL)
logging.getLogger("pillow_heif").setLevel(logging.CRITICAL)


budget = MemoryBudget(MEMORY)  # thirty photos at once wait for each other


class ImageError(Sentence, ValueError):
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
    data = bytes(data)
    if not data:
        raise ImageError(_("The file is empty."))
    if len(data) > MAX_BYTES:
        text = _("The file has {size} MB; at most {limit} MB can be read here.")
        raise ImageError(
            text.format(size=number(math.ceil(len(data) / 1e5) / 10, 1), limit=number(MAX_BYTES / 1e6))
        )
    kind = kind_of(data)
    if kind not in READABLE:
        raise ImageError(_unreadable(kind))
    try:
        data, layout = _whole(data, kind)
        with Image.open(io.BytesIO(data), formats=[kind.format]) as image:
            memory = _limit(image, layout)  # the header is read, the pixels are not
            with budget.held(memory):
                _load(image)  # only now are the orientation of every PNG and TIFF known
                return normalised(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        text = _("The photo has far more than the {limit} megapixels that can be read here.")
        raise ImageError(text.format(limit=number(MEGAPIXELS))) from error
    except UnidentifiedImageError as error:  # behind its first bytes it does not go on as its kind does
        raise ImageError(_unreadable(kind)) from error
    except Exception as error:  # on damaged bytes Pillow raises more than a dozen kinds
        if any(word in str(error).lower() for word in UNSUPPORTED):
            raise ImageError(_unreadable(kind)) from error
        raise ImageError(
            _("The photo is damaged or cut off, so it cannot be read. Copy it here once more.")
        ) from error


def _unreadable(kind: Kind | None) -> str:
    """Say which kind of file cannot be read, and what to do."""
    if kind is None:
        text = _("This file is no photo that can be read here. Readable are {readable}.")
    elif kind in READABLE:
        text = _(
            "This {kind} file is damaged, or of a rare kind that cannot be read here. Open it in a program "
            "for pictures and save it as JPEG or PNG."
        )
    else:
        text = _(
            "This file is {kind}, which cannot be read here. Save it as a picture: readable are {readable}."
        )
    return text.format(kind=kind and kind.name(), readable=names())


def _whole(data: bytes, kind: Kind) -> tuple[bytes, jpeg.Layout | None]:
    """Give a file that lacks the last of its bytes an end, as browsers do. Return the layout of a JPEG too.

    Raises ImageError where a JPEG lacks more, and for what is stored so that it costs decoders too much.
    """
    if kind.format == "PNG" and in_too_many_chunks(data):
        raise ImageError(
            _("This PNG is stored in very many pieces. Save it anew with a program for pictures.")
        )
    if kind.format != "JPEG":
        lacking = announced(data) - len(data)
        return (data + bytes(lacking) if 0 < lacking <= (1 - NEARLY_ALL) * len(data) else data), None
    try:
        layout = jpeg.walk(data)
    except jpeg.TooManyPieces as error:
        raise ImageError(f"{error} {_('Save it anew with a program for pictures.')}") from error
    if layout.frame is not None and not layout.common:
        raise ImageError(_unreadable(kind))
    if layout.ended:
        return data, layout
    if not layout.all_sent or _reach(data, layout) < NEARLY_ALL:
        raise EOFError("the JPEG is cut off")
    return data + JPEG_END, layout


def _reach(data: bytes, layout: jpeg.Layout) -> float:
    """Return how far down a JPEG without its end goes, 0 to 1: there the last bytes change something."""
    last = max(0, min(LAST_BYTES, len(data) - layout.last))
    before, after = (_small(data[: len(data) - less] + JPEG_END) for less in (last, 0))
    changed = (before != after).reshape(*after.shape[:2], -1).any(axis=2)  # (h, w, c) -> (h, w)
    if not changed.any():
        return float(last == LAST_BYTES)  # the values at the end are too fine to be seen, or there are none
    height, width = changed.shape
    row = changed.any(axis=1).nonzero()[0][-1] + 1
    col = changed[row - 1].nonzero()[0][-1] + 1
    return float((row - BLOCK * (1 - col / width)) / height)


def _small(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image, budget.held(_limit(image, jpeg.walk(data))):
        return np.asarray(image)


def _load(image: ImageFile.ImageFile) -> None:
    """Decode the pixels; of a PNG that is cut off, what there is, if that is nearly all."""
    image.info.pop("xmp", None)  # by its orientation Pillow would turn a TIFF
    try:
        image.load()
    except OSError:
        if image.format != "PNG":
            raise
        image.tile = []  # what is decoded already stays, and is all that there is
        if not np.asarray(image)[int(NEARLY_ALL * image.height) :].any():
            raise


def _limit(image: ImageFile.ImageFile, layout: jpeg.Layout | None) -> float:
    """Refuse a picture that is too large before it is decoded; have a large JPEG decoded smaller.

    Returns how many bytes of memory decoding it takes.
    """
    width, height = image.size
    kind = next(kind for kind in READABLE if kind.format == (image.format or "").replace("MPO", "JPEG"))
    deep = image.format == "HEIF" and image.info.get("bit_depth") != 8
    memory = MEMORY_OF_A_PIXEL if deep else kind.memory
    limit = kind.megapixels
    if layout is None:  # decoded whole
        limit = min(limit, int(MEMORY_OF_ONE / memory / 1e6))
    megapixels = round(width * height / 1e6)  # counted as on a camera's box: 8,160 x 6,144 is "50 megapixels"
    if megapixels > limit:
        text = _(
            "The photo has {width} × {height} pixels, which is {megapixels} megapixels; at most {limit} fit. "
            "Save it smaller."
        )
        raise ImageError(
            text.format(
                width=number(width),
                height=number(height),
                megapixels=number(megapixels),
                limit=number(limit),
            )
        )
    if layout is None:
        return width * height * memory
    values = width * height * SAMPLES.get(JpegImagePlugin.get_sampling(image), len(image.getbands()))
    if layout.held_whole and (values > MAX_JPEG_VALUES or values * layout.scans > MAX_JPEG_VISITS):
        text = _(
            "This JPEG is stored in several passes, which takes too much time or memory at its size. Save it "
            "anew as an ordinary JPEG (not “progressive”), or smaller."
        )
        raise ImageError(text)
    image.draft(None, kept_size(width, height))  # at least this large: by 1, 1/2, 1/4 or 1/8
    return MEMORY_OF_A_PIXEL * image.width * image.height + 2 * values * layout.held_whole
