"""What do all static figures share? Their sizes and looks, the names beside curves, and SVG and PNG of them.

Matplotlib's global state (`pyplot`) is never touched, as many students may draw at once: each figure is an
object of its own. The library is imported when the first one is drawn, so that a page does not wait for it.
"""

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from cnnlab.figures.colours import INK
from cnnlab.figures.labels import apart, within

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINT = 72  # points are an inch
PAPER, RULE, PALE = "#fcfaf6", "#e3ddd1", "#55606b"  # the app's ground and lines; letters that stand back
DPI = 144  # of a PNG: a slide has 1920 x 1080 pixels
# Letters for names that have others than Latin ones, where this computer has one of these fonts.
CHINESE = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "SimHei", "Noto Serif CJK SC")
ID, REFERENCE = re.compile(r' id="([\w.-]+)"'), re.compile(r'(url\(|href=")#([\w.-]+)')  # of an SVG


@dataclass(frozen=True)
class Sheet:
    """What a figure is drawn on: width, height, letters and edge in points, and the colour of the ground."""

    width: float
    height: float
    letters: float
    edge: float = 2
    ground: str = "none"


PAGE = Sheet(450, 300, 13)  # half the width of a report
SLIDE = Sheet(960, 540, 21, edge=24, ground=PAPER)  # 16:9, to be read from the back of a room


@cache
def _fonts() -> list[str]:
    """Set what holds for all static figures, once; return the fonts to use, the first that has a letter."""
    import matplotlib
    from matplotlib import font_manager

    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    matplotlib.rcParams["svg.hashsalt"] = "cnnlab"  # and the same figure has the same bytes
    matplotlib.rcParams["text.parse_math"] = False  # names from elsewhere are no formulas
    here = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in CHINESE if name in here][:1]]


def figure(
    sheet: Sheet, title: str, note: str = "", *, rows: int = 1, columns: int = 1, share_y: bool = False
) -> "tuple[Figure, list[Axes]]":
    """Return a figure with rows x columns axes in the app's looks, and above them a title with a note."""
    from matplotlib.figure import Figure

    fonts, em = _fonts(), sheet.letters
    drawn = Figure((sheet.width / POINT, sheet.height / POINT), POINT, facecolor=sheet.ground)
    right, up, head = (
        sheet.edge / sheet.width,
        sheet.edge / sheet.height,
        2.0 * bool(title) + 1.4 * bool(note),
    )
    room = (right, up, 1 - 2 * right, 1 - 2 * up - head * em / sheet.height)
    drawn.set_layout_engine("constrained", rect=room, w_pad=0, h_pad=0, wspace=0.05, hspace=0.05)
    words: dict[str, Any] = {"ha": "left", "va": "top", "fontfamily": fonts}
    under = 1 - up
    if title:
        drawn.text(right, under, title, fontsize=1.35 * em, fontweight="bold", color=INK["light"], **words)
        under -= 1.9 * em / sheet.height
    if note:
        drawn.text(right, under, note, fontsize=0.85 * em, color=PALE, **words)
    axes = list(drawn.subplots(rows, columns, squeeze=False, sharey=share_y).flat)
    for one in axes:
        one.set_facecolor("none")
        one.spines[["top", "right", "left", "bottom"]].set_color(RULE)
        one.spines[["top", "right", "left"]].set_visible(False)
        one.tick_params(length=0, pad=0.4 * em, labelsize=em, labelcolor=PALE, labelfontfamily=fonts)
        one.grid(axis="y", color=RULE, linewidth=0.08 * em)
        one.set_axisbelow(True)
    return drawn, axes


def name_axes(axes: "Axes", across: str, along: str, sheet: Sheet) -> None:
    """Write what the axes measure."""
    words: dict[str, Any] = {"fontsize": sheet.letters, "color": INK["light"], "fontfamily": _fonts()}
    axes.set_xlabel(across, **words)
    axes.set_ylabel(along, **words)


def name_ends(axes: "Axes", ends: Sequence[tuple[float, str, str]], sheet: Sheet) -> None:
    """Write names right of the axes, where nothing runs through them: each (value, text, colour).

    Each stands at the height of its value, or as near as there is room. Call it last: the axes keep their
    height from here on.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # only now is it known how high the axes are
    height, line = axes.get_window_extent().height, 1.3 * sheet.letters
    low, high = axes.get_ylim()
    rising = sorted(ends)
    wanted = [height * (value - low) / (high - low) for value, _text, _colour in rising]
    placed = within(apart(wanted, line), line, height)
    for (value, text, colour), was, is_now in zip(rising, wanted, placed, strict=True):
        axes.annotate(
            text,
            (1, value),
            (0.6 * sheet.letters, is_now - was),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            color=colour,
            fontsize=sheet.letters,
            fontweight="bold",
            fontfamily=_fonts(),
            annotation_clip=False,
        )


def name_panel(axes: "Axes", text: str, sheet: Sheet) -> None:
    """Write what one of several axes shows, above its left end."""
    axes.annotate(
        text,
        (0, 1),
        (0, 0.4 * sheet.letters),
        "axes fraction",
        "offset points",
        color=INK["light"],
        fontsize=0.9 * sheet.letters,
        fontfamily=_fonts(),
    )


def write(axes: "Axes", x: float, y: float, text: str, sheet: Sheet, **look: Any) -> None:
    """Write a text at a place of the axes' data."""
    usual: dict[str, Any] = {"fontsize": sheet.letters, "color": PALE, "fontfamily": _fonts()}
    axes.text(x, y, text, **usual | look)


def svg(drawn: "Figure") -> bytes:
    """Return the figure as an SVG file whose text can be searched; the same figure has the same bytes."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(drawn).print_svg(buffer, metadata=nothing)
    return buffer.getvalue()


def png(drawn: "Figure") -> bytes:
    """Return the figure as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    drawn.set_dpi(DPI)
    FigureCanvasAgg(drawn).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def inline(drawn: "Figure", says: str) -> str:
    """Return the figure as an <svg> element within a page; `says` is for who cannot see it.

    Several may stand on one page: ids that something refers to become the figure's own, others are dropped.
    """
    text = svg(drawn).decode()
    text = text[text.index("<svg") :].strip()
    own = f"f{zlib.crc32(text.encode()):08x}-"
    used = {name for _by, name in REFERENCE.findall(text)}
    text = REFERENCE.sub(rf"\1#{own}\2", text)
    text = ID.sub(lambda found: f' id="{own}{found[1]}"' if found[1] in used else "", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(says)}" ', 1)
