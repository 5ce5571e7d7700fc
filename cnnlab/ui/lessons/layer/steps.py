"""How does a layer look: its steps over a crop, its maps of a whole photo, one cell as a formula?"""

from typing import Any

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.figures.colours import signed
from cnnlab.i18n import _
from cnnlab.ui.components.windows import Cell, Plane, convolved, windows
from cnnlab.ui.lessons.layer.four_kernels import Layer
from cnnlab.ui.widgets import formulas, number_text

WHOLE = 160  # pixels of the whole photo's longer side; five of them stand in a row
LONGEST = 6  # times its width a photo is shown high, and the other way round


def stepper(image: np.ndarray, layer: Layer, hide: tuple[int, int] | None, **options: Any) -> Cell | None:
    """Draw the steps of all kernels over a crop (h, w, 3); `hide` is a cell of the first map."""
    height, width, _channels = image.shape
    kh, kw, _channels, count = layer.kernels.shape
    top = 1 if layer.scale != 1 else 255
    names = colours()
    note = _("{height} × {width}, 0–{top}").format(height=height, width=width, top=top)
    inputs = [Plane(image[..., c], label, note, role, top) for c, (role, label) in enumerate(names.items())]
    index_rows, index_cols = (ops.window_index(n, k) for n, k in ((height, kh), (width, kw)))
    outputs = []
    for k in range(count):
        steps = list(ops.conv2d_steps(image, layer.kernels, layer.bias, output_channel=k))
        sums = np.array([step.output for step in steps]).reshape(len(index_rows), len(index_cols))
        hidden = np.zeros(sums.shape, bool)
        if hide and k == 0:
            hidden[hide] = True
        outputs.append(
            convolved(
                steps,
                _("Map {n}").format(n=k + 1),
                values=ops.ACTIVATIONS[layer.activation].apply(sums) if layer.activation else None,
                activation=ops.ACTIVATIONS[layer.activation].title if layer.activation else None,
                note=f"{layer.names[k]} · {len(index_rows)} × {len(index_cols)}",
                channel_labels=list(names.values()),
                hidden=hidden,
            )
        )
    return windows(
        key="_layer.steps",
        inputs=inputs,
        outputs=outputs,
        index_rows=index_rows,
        index_cols=index_cols,
        **options,
    )


def colours() -> dict[str, str]:
    return {"red": _("Red"), "green": _("Green"), "blue": _("Blue")}


def text(image: np.ndarray, layer: Layer, hide: tuple[int, int] | None) -> None:
    """Write the crop (h, w, 3), the kernels and the maps as text; `hide` is a cell of the first map."""
    number_text.grids(_("Input"), {name: image[..., c] for c, name in enumerate(colours().values())})
    maps = ops.conv2d(image, layer.kernels, layer.bias)
    maps = ops.ACTIVATIONS[layer.activation].apply(maps) if layer.activation else maps
    for k, name in enumerate(layer.names):
        slices = {label: layer.kernels[..., c, k] for c, label in enumerate(colours().values())}
        made = _("Map {n}").format(n=k + 1)
        hidden = np.zeros(maps.shape[:2], bool)
        if hide and k == 0:
            hidden[hide] = True
        number_text.grids(name, slices | {made: maps[..., k]}, {made: hidden})


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def whole_maps(
    picture: np.ndarray, kernels: np.ndarray, bias: np.ndarray, scale: float, activation: str | None
) -> list[bytes]:
    """Return the maps of a whole photo as JPEGs, each on a colour scale of its own."""
    small = _whole(picture)
    maps = ops.conv2d(small * np.float32(scale), kernels.astype(np.float32), bias.astype(np.float32))
    maps = ops.ACTIVATIONS[activation].apply(maps) if activation else maps
    ends = np.percentile(np.abs(maps), 99.5, axis=(0, 1))  # a few extremes must not pale the rest
    return [tiles.jpeg(signed(maps[..., k], ends[k])) for k in range(maps.shape[-1])]


@st.cache_data(scope="session", max_entries=10, show_spinner=False)
def whole_photo(picture: np.ndarray) -> bytes:
    """Return the photo as a JPEG of the size of its maps."""
    return tiles.jpeg(_whole(picture))


def _whole(picture: np.ndarray) -> np.ndarray:
    """Shrink a photo; of a strip, only the middle is shown, lest a kernel no longer fit into its height."""
    height, width, _channels = picture.shape
    rows, cols = min(height, LONGEST * width), min(width, LONGEST * height)
    return tiles.shrink(photos.crop(picture, (height - rows) // 2, (width - cols) // 2, rows, cols), WHOLE)


def step_formula(image: np.ndarray, layer: Layer, cell: Cell) -> str:
    """Write one cell of one map as the sum of its channels, in LaTeX."""
    output, row, col = cell
    step = ops.conv2d_step(image, layer.kernels, layer.bias, row=row, col=col, output_channel=output)
    after = None
    if layer.activation:
        after = (
            ops.ACTIVATIONS[layer.activation].title,
            float(ops.ACTIVATIONS[layer.activation].apply(step.output)),
        )
    return formulas.convolved(step, (row + 1, col + 1, output + 1), after)
