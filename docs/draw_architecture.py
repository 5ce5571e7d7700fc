"""Draw docs/architecture.svg from the imports themselves: each package stands above all that it imports.

A line is an import; one that follows from others is left out.

    python docs/draw_architecture.py

Two ways lead through the picture: that of a photo, and that of a training run. Their steps name modules.
"""

import importlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from textwrap import wrap

import grimp

PLACE = Path(__file__).with_name("architecture.svg")
SHARED = "what everybody uses"  # the modules that lie in no package
WIDTH, ROW, GAP, LEFT = 1180, 62, 18, 20
INK, PAPER, EDGE, BOX = "#1f2933", "#ffffff", "#9fb0bf", "#f3f6f8"
PHOTO, RUN = "#0f766e", "#b45309"
# step by step: the module in which it happens, and what happens there
WAYS = {
    "A photo": (
        PHOTO,
        [
            ("cnnlab.ui.server.uploads", "kept in memory, if there is room"),
            ("cnnlab.ui.widgets.photo_choice", "chosen or taken"),
            ("cnnlab.data.decode_photo", "decoded, checked, turned upright"),
            ("cnnlab.ui.classify.subject", "a square of it, made 32 x 32"),
            ("cnnlab.ops.network", "computed, layer by layer, in NumPy"),
            ("cnnlab.ui.components.bars", "ten bars, changed in the browser"),
            ("cnnlab.workers.job", "asked of a worker: which parts mattered?"),
            ("cnnlab.inspection.attribution", "answered with Keras"),
        ],
    ),
    "A training run": (
        RUN,
        [
            ("cnnlab.ui.train.form", "set"),
            ("cnnlab.config.schema", "checked: one configuration"),
            ("cnnlab.classroom.limits", "within the class's limits"),
            ("cnnlab.runs.store", "a folder in the queue"),
            ("cnnlab.workers.dispatcher", "handed to a worker"),
            ("cnnlab.training.trainer", "trained with Keras, epoch by epoch"),
            ("cnnlab.runs.attempt", "written into its folder"),
            ("cnnlab.ui.train.run_view", "watched, from that folder alone"),
            ("cnnlab.evaluation.test_set", "tested, once it has ended"),
            ("cnnlab.export.archive", "taken home"),
        ],
    ),
}


def room_of(module: str, packages: Iterable[str]) -> str:
    """Return the package in which a module stands."""
    fitting = [one for one in packages if module == one or module.startswith(f"{one}.")]
    return max(fitting, key=len, default=SHARED)


def imports() -> dict[str, set[str]]:
    """Return what each package imports: package -> packages."""
    graph = grimp.build_graph("cnnlab", "pages", cache_dir=None)
    top = [one for one in graph.find_children("cnnlab") if graph.find_children(one)]
    rooms = [one for one in graph.find_children("cnnlab.ui") if graph.find_children(one)]
    packages = {"pages", *top, *rooms} - {"cnnlab.ui"}
    found: dict[str, set[str]] = {one: set() for one in sorted((*packages, SHARED))}
    for module in graph.modules:
        room = room_of(module, packages)
        if module in ("cnnlab", "cnnlab.ui", "cnnlab.train"):  # names, and the command line
            continue
        others = {room_of(one, packages) for one in graph.find_modules_directly_imported_by(module)}
        found[room] |= others - {room}
    return found


def floors(found: dict[str, set[str]]) -> list[list[str]]:
    """Return the packages floor by floor, from the ground: each above all that it imports."""
    height: dict[str, int] = {}

    def of(room: str) -> int:
        if room not in height:
            height[room] = 1 + max(map(of, found[room]), default=-1)
        return height[room]

    for room in found:
        of(room)
    return [sorted(one for one in found if height[one] == level) for level in range(1 + max(height.values()))]


def shortest(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the imports without those that follow from others."""

    def reached(room: str) -> set[str]:
        return found[room].union(*map(reached, found[room]))

    return {room: others - set().union(*map(reached, others)) for room, others in found.items()}


def purpose(room: str) -> str:
    """Return what a package is for, as its docstring's first line says."""
    if room == SHARED:
        return "Texts, files and times, who may do what, where this computer is reached, what it can do."
    text = importlib.import_module(room).__doc__ or ""
    return text.strip().split("\n")[0].replace("*", "")


def draw() -> str:
    """Return the picture as SVG."""
    found = imports()
    rows = floors(found)[::-1]
    boxes: dict[str, tuple[float, float, float]] = {}  # package -> left, top, width
    for row, rooms in enumerate(rows):
        width = (WIDTH - 2 * LEFT - GAP * (len(rooms) - 1)) / len(rooms)
        for place, room in enumerate(rooms):
            boxes[room] = (LEFT + place * (width + GAP), LEFT + row * (ROW + GAP), width)
    below = LEFT + len(rows) * (ROW + GAP)
    lines = [
        _edge(boxes[room], boxes[other])
        for room, others in shortest(found).items()
        for other in sorted(others)
    ]
    lines += [_box(room, *boxes[room]) for room in boxes]
    lines += _ways(boxes)
    legend, height = _legend(below)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" font-family="sans-serif">'
    )
    return "\n".join(
        [head, f'<rect width="{WIDTH}" height="{height:g}" fill="{PAPER}"/>', *lines, *legend, "</svg>", ""]
    )


def _edge(upper: tuple[float, float, float], lower: tuple[float, float, float]) -> str:
    """Draw one import: a line from the foot of a box to the head of one below it."""
    x, y, x2, y2 = upper[0] + upper[2] / 2, upper[1] + ROW, lower[0] + lower[2] / 2, lower[1]
    bend = (y2 - y) / 2
    path = f"M{x:.0f} {y:.0f}C{x:.0f} {y + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"
    return f'<path d="{path}" fill="none" stroke="{EDGE}"/>'


def _box(room: str, x: float, y: float, width: float) -> str:
    """Draw one package: its name, and what it is for."""
    said = wrap(purpose(room), int(width / 6.3))[:2]
    frame = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{ROW}" rx="8"'
    return "\n".join(
        [
            f'<rect {frame} fill="{BOX}" stroke="{EDGE}"/>',
            _text(x + 12, y + 20, room.removeprefix("cnnlab."), size=14, bold=True),
            *(_text(x + 12, y + 37 + 15 * line, part, size=12) for line, part in enumerate(said)),
        ]
    )


def _text(
    x: float, y: float, text: str, size: int, bold: bool = False, colour: str = INK, **more: str
) -> str:
    """Write a line of text that begins (or, with `text_anchor`, is centred) at a place."""
    options = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    options += ' font-weight="700"' * bold
    place = f'x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"'
    return f"<text {place}{options}>{escape(text)}</text>"


def _ways(boxes: dict[str, tuple[float, float, float]]) -> list[str]:
    """Draw the numbered steps of both ways in the boxes where they happen."""
    dots: dict[str, list[tuple[int, str]]] = {room: [] for room in boxes}
    for colour, steps in WAYS.values():
        for number, (module, _what) in enumerate(steps, start=1):
            dots[room_of(module, boxes)].append((number, colour))
    return [
        _dot(boxes[room][0] + boxes[room][2] - 16 - 25 * place, boxes[room][1] + 16, number, colour)
        for room, found in dots.items()
        for place, (number, colour) in enumerate(reversed(found))
    ]


def _dot(x: float, y: float, number: int, colour: str) -> str:
    circle = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="10.5" fill="{colour}"/>'
    return circle + _text(x, y + 4, str(number), size=12, colour=PAPER, text_anchor="middle")


def _legend(top: float) -> tuple[list[str], float]:
    """Tell both ways in words; return the lines and where they end."""
    lines, column, end = [], (WIDTH - 2 * LEFT) / len(WAYS), top
    for place, (title, (colour, steps)) in enumerate(WAYS.items()):
        x, y = LEFT + place * column, top + 22
        lines.append(_text(x, y, title, size=15, bold=True, colour=colour))
        for number, (module, what) in enumerate(steps, start=1):
            y += 25
            lines.append(_dot(x + 11, y - 4, number, colour))
            lines.append(_text(x + 32, y, f"{what} ({module.removeprefix('cnnlab.')})", size=13))
        end = max(end, y)
    return lines, end + 20


if __name__ == "__main__":
    PLACE.write_text(draw(), "utf-8")
