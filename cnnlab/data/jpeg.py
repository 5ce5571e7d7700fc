"""How is a JPEG put together, and where does it end? Its markers are walked, no pixel is decoded.

Segments are stepped over by their length, so what lies in one (a thumbnail, a colour profile) plays no part,
nor does what follows the end of the picture: a second one, or the film of a "motion photo". Source: ITU-T
T.81, annex B.
"""

import re
from dataclasses import dataclass

from cnnlab.i18n import _

# Within compressed data a stuffed zero, a restart marker or another 0xFF follows 0xFF; else a marker begins.
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
START, END, SCAN, ALONE = 0xD8, 0xD9, 0xDA, 0x01  # ALONE, as the first two, has no length behind it
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
SEQUENTIAL, PROGRESSIVE = {0xC0, 0xC1, 0xC9}, {0xC2, 0xCA}  # the other frames are for X-rays and the like
MAX_SEGMENTS = 5_000  # a photo has a few dozen, with the largest profile 255 more, with Photoshop's 400
MAX_BETWEEN = 10_000  # bytes outside segments before the first scan: decoders go through them one by one
MAX_SCANS = 40  # a progressive JPEG has about ten; thousands would keep the decoder busy for minutes


class TooManyPieces(ValueError):
    """Walking or decoding this file would take far longer than its size tells."""


@dataclass(frozen=True)
class Layout:
    """What the markers of a JPEG tell.

    frame: the marker that says how it is coded, None without one. bits: of a sample. scans: its passes over
    the picture. last: where the values of the last one begin. ended: whether its end is there. all_sent:
    whether the passes for all its values have begun.
    """

    frame: int | None
    bits: int
    scans: int
    last: int
    ended: bool
    all_sent: bool

    @property
    def common(self) -> bool:
        """Whether it is coded as photos are."""
        return self.bits == 8 and self.frame in SEQUENTIAL | PROGRESSIVE

    @property
    def held_whole(self) -> bool:
        """Whether all its values are in memory at once while it is decoded."""
        return self.scans > 1 or self.frame in PROGRESSIVE


def walk(data: bytes) -> Layout:
    """Find out how a JPEG is put together, up to the end of its first picture. Raises TooManyPieces."""
    place, frame, bits, components, scans, last, ended = 2, None, 8, 0, 0, 0, False
    sent: set[tuple[int, int]] = set()  # (component, coefficient), to the last bit
    between = 0
    for _segment in range(MAX_SEGMENTS):
        found = MARKER.search(data, place)
        if found is None:
            break
        between += 0 if scans else found.start() - place
        if between > MAX_BETWEEN:
            raise TooManyPieces(_("This JPEG has very much in it that is no picture."))
        code, place = found[1][0], found.end()
        if code == END:
            ended = True
            break
        if code in (START, ALONE):
            continue
        length = max(2, int.from_bytes(data[place : place + 2], "big"))
        if code in FRAMES and frame is None:
            frame, bits, components = code, *_frame(data[place + 2 : place + length])
        elif code == SCAN:
            scans += 1
            if scans > MAX_SCANS:
                raise TooManyPieces(
                    _("This JPEG is stored in more than {limit} passes.").format(limit=MAX_SCANS)
                )
            sent |= _scan(data[place + 2 : place + length], frame)
            last = place + length
        place += length
    else:
        raise TooManyPieces(_("This JPEG is stored in very many pieces."))
    return Layout(frame, bits, scans, last, ended, components > 0 and len(sent) >= 64 * components)


def _frame(header: bytes) -> tuple[int, int]:
    """Return a frame header's bits of a sample and number of components (B.2.2)."""
    return (header[0], header[5]) if len(header) > 5 else (0, 0)


def _scan(header: bytes, frame: int | None) -> set[tuple[int, int]]:
    """Return which coefficients a scan brings to their last bit (B.2.3)."""
    count = header[0] if header else 0
    if len(header) < 2 * count + 4:
        return set()
    first, last, approximation = header[2 * count + 1 : 2 * count + 4]
    if frame not in PROGRESSIVE:
        first, last, approximation = 0, 63, 0  # always all, whatever stands there
    if approximation & 15:
        return set()
    return {
        (component, place)
        for component in header[1 : 2 * count + 1 : 2]
        for place in range(first, min(last, 63) + 1)
    }
