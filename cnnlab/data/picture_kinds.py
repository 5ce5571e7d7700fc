"""Which kinds of file can be read as a photo, and which others do people try? One table for all that asks.

The field for uploads takes its endings from here, the sentences their names, the decoder its formats.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from cnnlab.i18n import _

MEGAPIXELS = 16
PHONE_MEGAPIXELS = 50  # of the kinds that phones make themselves
MAX_CHUNKS = 50_000  # the largest file has so many where its chunks are of 500 bytes; thousands are common
MEMORY_OF_A_PIXEL = 16  # bytes, of the dearest kinds (benchmarks/intake.py)


@dataclass(frozen=True)
class Kind:
    """starts: how its bytes begin. format: Pillow's name, "" where it cannot be read here. megapixels: the
    most that are let in. memory: bytes a pixel that decoding it and making it smaller takes at the most."""

    name: Callable[[], str]
    starts: bytes
    endings: tuple[str, ...] = ()
    format: str = ""
    megapixels: int = MEGAPIXELS
    memory: int = MEMORY_OF_A_PIXEL


def _box(*brands: bytes) -> bytes:
    """Return the beginning of a file in ISO's base media format that is of one of these brands."""
    return rb"....ftyp(?:" + b"|".join(brands) + b")"


# Its brand, or one among those that it says it is compatible with (ISO 23000-22, 10.2).
AVIF = _box(rb"avi[fs]", rb"(?:mif1|msf1).{4}(?:.{4}){,20}?avi[fs]")
READABLE = (
    Kind(lambda: "JPEG", rb"\xff\xd8\xff", ("jpg", "jpeg", "jpe", "jfif", "mpo"), "JPEG", PHONE_MEGAPIXELS),
    Kind(lambda: "PNG", rb"\x89PNG\r\n\x1a\n", ("png", "apng"), "PNG"),
    Kind(lambda: "WebP", rb"RIFF....WEBP", ("webp",), "WEBP"),
    Kind(lambda: "GIF", rb"GIF8[79]a", ("gif",), "GIF"),
    Kind(lambda: "TIFF", rb"II[*+]\0|MM\0[*+]", ("tif", "tiff"), "TIFF"),
    Kind(lambda: "BMP", rb"BM", ("bmp",), "BMP"),
    Kind(lambda: "AVIF", AVIF, ("avif", "avifs"), "AVIF"),
    Kind(
        lambda: "HEIC",
        _box(rb"hei[cxms]", rb"hev[cxms]", rb"mif1", rb"msf1"),
        ("heic", "heif", "hif", "heics", "heifs"),
        "HEIF",
        PHONE_MEGAPIXELS,
        8,  # with 8 bits; 10 and 12 take more
    ),
)
FILM = (
    _box(rb"iso.", rb"mp4.", rb"M4V.", rb"avc1", rb"qt..", rb"3g..")
    + rb"|\x1aE\xdf\xa3|RIFF....AVI |....moov"
)
OTHERS = (
    Kind(lambda: _("a PDF document"), rb"%PDF"),
    Kind(lambda: _("an SVG drawing"), rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!DOCTYPE svg)?.{,900}?<svg"),
    Kind(lambda: _("a camera's raw file"), rb"FUJIFILMCCD-RAW|IIU\0|IIR[OS]|MMOR|....ftypcrx "),
    Kind(lambda: _("a film"), FILM),
    Kind(lambda: _("a JPEG XL picture"), rb"\xff\x0a|\0\0\0\x0cJXL "),
    Kind(lambda: _("a JPEG 2000 picture"), rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    Kind(lambda: _("a Photoshop file"), rb"8BPS"),
    Kind(lambda: _("an icon"), rb"\0\0[\x01\x02]\0"),
    Kind(lambda: _("a PostScript document"), rb"%!PS"),
    Kind(lambda: _("a ZIP archive or an office document"), rb"PK\x03\x04"),
)
ENDINGS = tuple(f".{ending}" for kind in READABLE for ending in kind.endings)


def kind_of(data: bytes) -> Kind | None:
    """Return what a file's first bytes say that it is; None where they say nothing known."""
    start = data[:1024]
    return next((kind for kind in READABLE + OTHERS if re.match(kind.starts, start, re.DOTALL)), None)


def names() -> str:
    """Return the names of all kinds that can be read, as a sentence lists them."""
    *first, last = (kind.name() for kind in READABLE)
    return _("{names} and {last}").format(names=", ".join(first), last=last)


def announced(data: bytes) -> int:
    """Return how many bytes the file itself says it has; 0 where its kind does not say."""
    if data.startswith(b"BM"):
        return int.from_bytes(data[2:6], "little")
    if data.startswith(b"RIFF"):
        return 8 + int.from_bytes(data[4:8], "little")
    place = 0
    for _turn in range(1_000 if data[4:8] == b"ftyp" else 0):  # one behind the other; a photo has a few
        if place >= len(data):
            break
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size < 8:  # 0: to the end of the file
            return 0
        place += size
    return place


def in_too_many_chunks(png: bytes) -> bool:
    """Say whether a PNG has far more chunks than any picture: its decoder goes through them one by one."""
    place = 8
    for _turn in range(MAX_CHUNKS):
        if place >= len(png):
            return False
        place += 12 + int.from_bytes(
            png[place : place + 4], "big"
        )  # its length, kind and checksum (RFC 2083)
    return True
