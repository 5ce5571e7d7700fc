"""How does a curve over the epochs become a drawing that needs no script? As SVG, written by hand."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from cnnlab.i18n import number

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 140, 16, 40  # room for the numbers at the axes and the names at the ends
DOTS = 40  # up to so many points are marked one by one
LINE = 18  # the least distance of two names, so that they stay apart


@dataclass(frozen=True)
class Line:
    """One curve: its name, colour, whether dashed, and its points (epoch, value)."""

    name: str
    colour: str
    dashed: bool
    points: Sequence[tuple[float, float]]


def chart(lines: Sequence[Line], title: str, axis: str, write: Callable[[float], str]) -> str:
    """Return an <svg> of the lines over the epochs; `write` puts a value into words, at axis and ends.

    title: what a screen reader says; axis: what stands below.
    """
    lines = [line for line in lines if line.points]
    last = max(epoch for line in lines for epoch, _value in line.points)
    values = [value for line in lines for _epoch, value in line.points]
    ticks = _ticks(min(values), max(values))

    def x(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / max(1, last - 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - ticks[0]) / (ticks[-1] - ticks[0])

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for tick in ticks:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="#e3ddd1"/>')
        parts.append(_text(LEFT - 8, y(tick) + 4, write(tick), "end"))
    for epoch in _epochs(int(last)):
        parts.append(_text(x(epoch), HEIGHT - BOTTOM + 18, number(epoch), "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axis, "middle"))
    ends = _apart([y(line.points[-1][1]) for line in lines])
    for line, end in zip(lines, ends, strict=True):
        places = [(x(epoch), y(value)) for epoch, value in line.points]
        path = "M" + "L".join(f"{left:.1f} {top:.1f}" for left, top in places)
        dashes = ' stroke-dasharray="7 5"' if line.dashed else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="2.5"{dashes}/>')
        if len(places) <= DOTS:
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{line.colour}"/>' for a, b in places]
        name = f"{line.name} {write(line.points[-1][1])}"
        parts.append(_text(places[-1][0] + 8, end + 4, name, "start", line.colour))
    return "".join([*parts, "</svg>"])


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#55606b") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text {place} font-size="13">{escape(words)}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round values that enclose low and high, from the lower end to the upper one."""
    spread = max(high - low, abs(high) / 100, 1e-9)
    power = 10.0 ** math.floor(math.log10(spread / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= spread / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * place for place in range(first, max(last, first + 1) + 1)]


def _epochs(last: int) -> list[int]:
    """Return whole epochs to label, at most about ten."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if last / step <= 10)
    return [1, *range(max(step, 2), last + 1, step)]


def _apart(heights: Sequence[float]) -> list[float]:
    """Move heights so that none touches the next; their middle stays."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=lambda i: moved[i])
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + LINE)
    shift = (sum(moved) - sum(heights)) / len(moved)
    return [height - shift for height in moved]
