"""How does one kernel on one picture look: as steps, on the whole photo, as text, as a formula?"""

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab import images, ops
from cnnlab.figures import tiles
from cnnlab.figures.colours import signed
from cnnlab.questions.convolution import Setting
from cnnlab.text import _, number
from cnnlab.ui import state
from cnnlab.ui.components.cells import cells
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.windows import Cell, Mark, PayloadError, Plane, convolved, windows

WHOLE = 512  # pixels of the longer side of the photo that is shown before and after
STRONG = 99.5  # percentile of |output| that gets the full colour: a few extremes must not pale the rest
GRID = 6  # rows and columns of the small picture that can be edited
LONG = 12  # from so many terms on a formula is abridged


def geometry() -> dict:
    """Draw stride, border and dilation; return them as `ops.conv2d` takes them."""
    paddings = {"valid": _("No border"), "same": _("Zero border")}
    for name, first, allowed in (
        ("stride", 1, range(1, 5)),
        ("padding", "valid", paddings),
        ("dilation", 1, range(1, 4)),
    ):
        state.default(f"convolution.{name}", first, allowed)
    text = {
        "label": _("Stride: how far the window moves"),
        "options": range(1, 5),
        "key": "convolution.stride",
    }
    stride = st.segmented_control(**text, required=True)
    padding = st.segmented_control(
        _("Border"), list(paddings), format_func=paddings.get, key="convolution.padding", required=True
    )
    text = {"label": _("Dilation: one weight every so many pixels"), "key": "convolution.dilation"}
    dilation = st.segmented_control(options=range(1, 4), required=True, **text)
    return {"stride": stride, "padding": padding, "dilation": dilation}


def small_picture() -> np.ndarray:
    """Draw a small grey picture to type into, at first a bright corner; return it (h, w, 1), 0-255."""
    values = np.full((GRID, GRID), 40.0)
    values[: GRID // 2, GRID // 2 :] = 220
    for cell, value in st.session_state.get("convolution.pixels", {}).items():
        values[cell] = value
    st.caption(_("Pixels from 0 (black) to 255 (white): click one and type."))
    cells(
        _("Pixels"),
        values,
        key="_convolution.pixels",
        store="convolution.pixels",
        role="pixel",
        low=0,
        high=255,
    )
    return values[..., np.newaxis]


def size_line(setting: Setting) -> str:
    """Return the arithmetic of the output's size for one axis, with this setting's numbers."""
    n, k, d, s = setting.image.shape[0], setting.kernel.shape[0], setting.dilation, setting.stride
    before, after = ops.padding_amounts(n, k, s, setting.padding, d)
    size = ops.output_size(n, k, **setting.geometry)
    return f"⌊({n} + {before} + {after} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = **{size}**"


def stepper(
    setting: Setting, *, title: str, relu: bool, hidden=None, marks: Sequence[Mark] = (), **options
) -> Cell | None:
    """Draw the steps of a setting; where they are too many to send, of a smaller piece, and say so."""
    rows, cols = setting.index()
    sums = setting.sums()
    height, width, channels = setting.image.shape
    top = 255 if setting.image.max() > 1 else 1  # a trained network reads pixels from 0 to 1
    size = _("{height} × {width}, 0–{top}").format(height=height, width=width, top=top)
    colours = {1: (("pixel", title),)}.get(
        channels, (("red", _("Red")), ("green", _("Green")), ("blue", _("Blue")))
    )
    planes = [
        Plane(setting.image[..., place], name, size, role, top) for place, (role, name) in enumerate(colours)
    ]
    values = ops.relu(sums) if relu else sums
    note = _("{height} × {width}").format(height=len(rows), width=len(cols))
    output = convolved(
        setting.steps(),
        _("Output after ReLU") if relu else _("Output"),
        values=values,
        activation="ReLU" if relu else None,
        note=note,
        hidden=hidden,
        channel_labels=[name for _role, name in colours] if channels > 1 else (),
    )
    return windows(
        key="_convolution.steps",
        inputs=planes,
        outputs=[output],
        index_rows=rows,
        index_cols=cols,
        marks=marks,
        **options,
    )


def whole_photo(photo: np.ndarray, setting: Setting, scale: float, relu: bool) -> None:
    """Draw the photo (h, w, 3) uint8 before and after the kernel."""
    settings = {**setting.geometry, "padding": "same" if setting.padding == "same" else "valid"}
    before, after, low, high = _before_after(
        photo, setting.kernel, setting.bias, scale, relu, tuple(settings.items())
    )
    digits = 0 if scale == 1 else 2
    text = _("After: {low} to {high}").format(low=number(low, digits), high=number(high, digits))
    left, right = st.columns(2)
    left.image(before, _("Before"), width="stretch")
    right.image(after, text, width="stretch")


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def _before_after(photo, kernel, bias, scale, relu, settings) -> tuple[bytes, bytes, float, float]:
    """Return the photo and its map as pictures (bytes), and the map's range."""
    small = tiles.shrink(photo, WHOLE)
    seen = small if kernel.shape[2] == 3 else images.grey(small)[..., np.newaxis]
    sums = Setting(seen * np.float32(scale), kernel.astype(np.float32), bias, **dict(settings)).sums()
    values = ops.relu(sums) if relu else sums
    coloured = signed(values, float(np.percentile(np.abs(values), STRONG)))
    shown = small if kernel.shape[2] == 3 else np.repeat(seen, 3, axis=2)
    return _jpeg(shown), _jpeg(coloured), float(values.min()), float(values.max())


def _jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def step_formula(setting: Setting, row: int, col: int, relu: bool) -> str:
    """Write the sum of one output cell (from 0) in LaTeX, abridged where it is long."""
    bias = np.array([setting.bias])
    step = ops.conv2d_step(
        setting.image, setting.kernel[..., np.newaxis], bias, row=row, col=col, **setting.geometry
    )
    digits = [digits_for(part) for part in (step.window, step.kernel, np.array([step.output]))]
    pairs = zip(step.window.ravel(), step.kernel.ravel(), strict=True)
    terms = [rf"{_latex(x, digits[0])} \cdot {_bracketed(w, digits[1])}" for x, w in pairs]
    if len(terms) > LONG:
        terms = [*terms[:4], r"\cdots", *terms[-2:]]
    total = " + ".join(terms) + rf" + {_bracketed(step.bias, digits_for(np.array([step.bias])))}"
    left = f"z({row + 1},{col + 1})"
    result = _latex(step.output, digits[2])
    if relu:
        result += rf", \quad \max(0, z) = {_latex(max(0.0, step.output), digits[2])}"
    return rf"{left} = {total} = {result}"


def _latex(value: float, digits: int) -> str:
    return number(value, digits).replace("−", "-").replace(",", "{,}")


def _bracketed(value: float, digits: int) -> str:
    text = _latex(value, digits)
    return f"({text})" if text.startswith("-") else text


def as_text(setting: Setting, relu: bool, hidden: np.ndarray) -> None:
    """Write input, kernel and output as rows of numbers; what is hidden in the view is hidden here."""
    names = (_("red"), _("green"), _("blue")) if setting.image.shape[2] == 3 else ("",)
    for place, name in enumerate(names):
        st.markdown(_("**Input** {name}").format(name=name))
        st.code(_rows(setting.image[..., place]), language=None)
        st.markdown(_("**Kernel** {name}").format(name=name))
        st.code(_rows(setting.kernel[..., place]), language=None)
    sums = setting.sums()
    st.markdown(_("**Output after ReLU**") if relu else _("**Output**"))
    st.code(_rows(ops.relu(sums) if relu else sums, hidden), language=None)


def _rows(values: np.ndarray, hidden: np.ndarray | None = None) -> str:
    texts = np.vectorize(lambda value: number(value, digits_for(values)), otypes=[object])(values)
    if hidden is not None:
        texts[hidden] = "?"
    width = max(map(len, texts.ravel()))
    return "\n".join(" ".join(text.rjust(width) for text in line) for line in texts)


__all__ = [
    "PayloadError",
    "as_text",
    "geometry",
    "size_line",
    "small_picture",
    "step_formula",
    "stepper",
    "whole_photo",
]
