"""Labels that do not run into each other: beside points in a plane, or along the edge of a chart.

Why not adjustText, which does this for Matplotlib: it pushes texts about on a figure of one size that has
been drawn, and never drops one. The board is a Plotly chart that every browser draws at a size of its own, so
its labels are placed for the smallest (WIDTH x HEIGHT; on a larger plot the points move apart, and what did
not collide still does not), and who finds no room is named where one points, and in the table.
"""

from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 270, 300  # pixels of the smallest plot within its axes
LETTER, LINE, MARK = 8, 18, 16  # pixels: the width of a letter, the height of a line, a marker's side
LETTERS = 18  # of a name beside a chart, at most
Place = tuple[float, float]  # right, down
Box = tuple[float, float, float, float]  # left, top, right, bottom


def beside(points: Sequence[Place], texts: Sequence[str], others: Sequence[Place] = ()) -> list[Box | None]:
    """Return a box for each text beside its point (x right, y down), in pixels; None where there is no room.

    Boxes overlap neither each other nor any point's marker, also not those of `others`, which have no text;
    and they stay within the plot. Earlier texts choose first; an empty text has no box.
    """
    markers = [_marker(point) for point in points]
    placed: list[Box | None] = []
    for (x, y), own, text in zip(points, markers, texts, strict=True):
        labelled = [box for box in placed if box]
        taken = [*markers, *map(_marker, others), *labelled]
        # A line past another point would seem to lead to that one.
        crossed = [*(marker for marker in markers if marker != own), *labelled]
        free = (
            box
            for box in _spots(x, y, LETTER * len(text))
            if box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
            if not any(_overlap(box, other) for other in taken)
            if not any(_overlap(spot, other) for spot in _line(x, y, box) for other in crossed)
        )
        placed.append(next(free, None) if text else None)
    return placed


def _marker(point: Place) -> Box:
    """Return the square that a point's marker fills."""
    x, y = point
    return (x - MARK / 2, y - MARK / 2, x + MARK / 2, y + MARK / 2)


def _line(x: float, y: float, box: Box) -> list[Box]:
    """Return points, as boxes without extent, on the line from a point to the middle of its label."""
    end = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    shares = [step / 16 for step in range(17)]
    on = [(x + share * (end[0] - x), y + share * (end[1] - y)) for share in shares]
    return [(left, top, left, top) for left, top in on]


def _spots(x: float, y: float, width: float) -> Iterator[Box]:
    """Yield where a label may stand: right, left, above, below, then farther off with a line to its point."""
    side, above = MARK / 2 + 4 + width / 2, MARK / 2 + 3 + LINE / 2
    for far in (0, 16, 32):
        for dx, dy in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)):
            centre = x + dx * (side + (far if dy == 0 else 0)), y + dy * (above + far)
            yield centre[0] - width / 2, centre[1] - LINE / 2, centre[0] + width / 2, centre[1] + LINE / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def within(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Move rising places that lie at least `gap` apart to between 0 and `top`, as far as they fit there."""
    placed = list(places)
    for n in range(len(placed)):
        placed[n] = max(placed[n], n * gap)
    for n in range(len(placed)):  # from the top down
        placed[-1 - n] = min(placed[-1 - n], top - n * gap)
    return placed


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Move rising places so far that each two are `gap` apart, those that touch around their own middle."""
    groups: list[list[float]] = []  # neighbours that touch: each with its wanted places
    for place in wanted:
        groups.append([place])
        while len(groups) > 1 and _first(groups[-1], gap) - _last(groups[-2], gap) < gap:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_first(group, gap) + gap * n for group in groups for n in range(len(group))]


def _first(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _last(group: Sequence[float], gap: float) -> float:
    return _first(group, gap) + gap * (len(group) - 1)


def short(name: str) -> str:
    """Return a name cut to what has room beside a chart."""
    return name if len(name) <= LETTERS else name[: LETTERS - 1].rstrip() + "…"
