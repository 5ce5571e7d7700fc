"""How does a network look: as a table, one row a step, and as a row of boxes in proportion?"""

from math import sqrt

import streamlit as st

from cnnlab import ops
from cnnlab.data.spec import SIDE
from cnnlab.figures.colours import INK, QUIET
from cnnlab.i18n import _, number
from cnnlab.training import cost
from cnnlab.ui.session import context, projector
from cnnlab.ui.widgets.layer_words import words


def layer_table(layers: list[ops.Layer], whole: bool = True) -> None:
    """Draw the table and the sums; dividing by 255 stands in the photo's row, activation in the layer's.

    FLOPs are the operations for one photo, forwards: a multiply and an add for each multiplication. Where
    `layers` are only the beginning of a network (not `whole`) there are no sums.
    """
    shapes = ops.output_shapes(layers, (SIDE, SIDE, 3))
    counts = ops.parameters(layers, (SIDE, SIDE, 3))
    flops = cost.flops(layers)
    photo: tuple[int, ...] = (SIDE, SIDE, 3)
    rows = [{"step": _("Photo, divided by 255"), "shape": _size(photo), "sum": "", "flops": ""}]
    before = photo
    for layer, shape, count, operations in zip(layers, shapes, counts, flops, strict=True):
        said = words(layer)
        if said.added:
            rows[-1]["step"] += f" · {said.added}"
        elif said.step:
            terms = said.weights(before[-1])
            total = f"{terms} = {number(count)}" if terms else ""
            rows.append({"step": said.step, "shape": _size(shape), "sum": total, "flops": number(operations)})
        before = shape
    names = {"step": _("Step"), "shape": _("Output"), "sum": _("Parameters"), "flops": _("FLOPs")}
    table = {name: [row[key] for row in rows] for key, name in names.items()}
    st.table(table, border="horizontal", hide_index=True)
    if not whole:
        return
    multiplications = sum(ops.multiplications(layers, (SIDE, SIDE, 3)))
    text = _("{parameters} parameters · {multiplications} multiplications, {flops} FLOPs a photo")
    sums = {"multiplications": multiplications, "flops": sum(flops), "parameters": sum(counts)}
    st.caption(text.format(**{name: number(value) for name, value in sums.items()}))


def picture(layers: list[ops.Layer], shapes: list[tuple[int, ...]]) -> None:
    """Draw each step that changes the shape as a box in proportion; the row of boxes wraps on a phone.

    `layers` may be the beginning of a network that does not fit to its end; `shapes` are their outputs.
    """
    ink = INK[context.theme()]
    steps: list[tuple[str, tuple[int, ...]]] = [(_("Photo"), (SIDE, SIDE, 3))]
    for layer, shape in zip(layers, shapes, strict=True):
        if name := words(layer).box:
            steps.append((name, shape))
    width = LARGE if projector.on() else BOX
    with st.container(horizontal=True, gap=None, vertical_alignment="bottom"):
        for name, shape in steps:
            st.image(box(name, shape, ink), width=width, alt=f"{name}: {_size(shape)}")
    st.caption(_("Front: the size of a map. Depth: the root of the number of maps."))


BOX = 64  # pixels across for one step of the picture
LARGE = 112  # the same on a projector, where its letters grow to 19
BASE = 80  # pixels from the top to the boxes' lower edge
CELL = 1.5  # pixels across for a cell of a map


def box(name: str, shape: tuple[int, ...], ink: str) -> str:
    """Return an SVG: maps (h, w, c) as a cuboid, n numbers as a bar; below it the name and the shape.

    A map's cell is CELL pixels wide; depth, and the height of a bar, grow with the square root of how many.
    """
    height, width, count = shape if len(shape) == 3 else (0, 0, shape[0])
    deep = sqrt(count)
    if len(shape) == 3:
        w, h, d = max(2.0, CELL * width), max(2.0, CELL * height), min(22.0, deep)
    else:
        w, h, d = 7.0, min(72.0, 1.2 * deep), 3.0
    x, y = (BOX - w - d) / 2, BASE - h  # the front's upper left corner
    corners = [(x, y), (x + d, y - d), (x + w + d, y - d), (x + w + d, y + h - d), (x + w, y + h), (x + w, y)]
    side = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    top, middle, size = BASE - h - d - 2, BOX / 2, _size(shape)
    text = f'text-anchor="middle" fill="{ink}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top:.1f} {BOX} {BASE + 36 - top:.1f}">'
        f'<g stroke="{ink}" stroke-width="1" stroke-linejoin="round" fill="{QUIET}">'
        f'<polygon points="{side}" fill-opacity="0.55"/>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill-opacity="0.25"/></g>'
        f'<text x="{middle}" y="{BASE + 16}" font-family="sans-serif" font-size="11" {text}>{name}</text>'
        f'<text x="{middle}" y="{BASE + 31}" font-family="monospace" font-size="11" {text}>{size}</text>'
        "</svg>"
    )


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(number(side) for side in shape)
