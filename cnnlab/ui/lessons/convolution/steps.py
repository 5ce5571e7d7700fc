"""How does one kernel on one picture look: as steps, on the whole photo, as a formula, as text?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.figures.colours import signed
from cnnlab.i18n import _, number
from cnnlab.lessons.questions.convolution import Setting
from cnnlab.ui.components.cells import cells
from cnnlab.ui.components.data import MOST_16, digits_for, exact, written
from cnnlab.ui.components.windows import MOST_BYTES, Cell, Mark, Output, Plane, convolved, windows
from cnnlab.ui.lessons.convolution.kernel_questions import Scene
from cnnlab.ui.widgets import formulas, number_text, page_control
from cnnlab.ui.widgets.lesson import tex

STRONG = 99.5  # percentile of |output| that gets the full colour: a few extremes must not pale the rest
GRID = 6  # rows and columns of the small picture that can be edited
LONG = 12  # from so many terms on a formula is abridged
OTHERS = 70_000  # bytes that are kept free for what is sent beside the products


def geometry() -> dict[str, Any]:
    """Draw stride, border and dilation; return them as `ops.conv2d` takes them."""
    return {name: page_control.draw(f"convolution.{name}") for name in ("stride", "padding", "dilation")}


def small_picture() -> np.ndarray:
    """Draw a small grey picture to type into, at first with a bright corner; return it (h, w, 1), 0-255."""
    values = np.full((GRID, GRID), 40.0)
    values[: GRID // 2, GRID // 2 :] = 220
    for cell, value in st.session_state.get("convolution.pixels", {}).items():
        values[cell] = value
    st.caption(_("Pixels from 0 (black) to 255 (white): click one and type; Enter takes it."))
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


def fits_line(setting: Setting) -> str:
    """Say in words how often the window fits along one axis."""
    n, size = (
        setting.image.shape[0],
        ops.output_size(setting.image.shape[0], setting.kernel.shape[0], **setting.geometry),
    )
    reach = setting.dilation * (setting.kernel.shape[0] - 1) + 1
    border = sum(
        ops.padding_amounts(n, setting.kernel.shape[0], setting.stride, setting.padding, setting.dilation)
    )
    text = _("A window {reach} wide, moved by {stride}, fits **{size}** times into {n} pixels.")
    if border:
        text = _(
            "A window {reach} wide, moved by {stride}, fits **{size}** times into {n} pixels and {border} of "
            "border."
        )
    return text.format(reach=reach, stride=setting.stride, size=size, n=n, border=border)


def size_line(setting: Setting) -> str:
    """Write the arithmetic of the output's size for one axis, with this setting's numbers."""
    n, k, d, s = setting.image.shape[0], setting.kernel.shape[0], setting.dilation, setting.stride
    before, after = ops.padding_amounts(n, k, s, setting.padding, d)
    size = ops.output_size(n, k, **setting.geometry)
    return f"⌊({n} + {before} + {after} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = **{size}**"


def border_note(setting: Setting) -> str | None:
    """Say where the zero border lies when it is not the same on both sides."""
    n, k = setting.image.shape[0], setting.kernel.shape[0]
    before, after = ops.padding_amounts(n, k, setting.stride, setting.padding, setting.dilation)
    if before == after:
        return None
    text = _("The zero border is uneven: {before} above and to the left, {after} below and to the right.")
    if k % 2 == 0:
        text += " " + _("An even kernel has no middle pixel.")
    return text.format(before=before, after=after)


def sendable(setting: Setting) -> Setting:
    """Return the setting, or one on the largest top left piece of its picture whose steps can be sent.

    Products travel in 16 bits where they fit, else in 32, and base64 makes 4 letters of 3 bytes.
    """
    wide = np.abs(setting.image).max() * np.abs(setting.kernel).max() > MOST_16
    while True:
        rows, cols = setting.index()
        letters = len(rows) * len(cols) * setting.kernel.size * (4 if wide else 2) * 4 / 3
        if letters <= MOST_BYTES - OTHERS:
            return setting
        side = setting.image.shape[0] - 1
        setting = replace(setting, image=setting.image[:side, :side])


def stepper(
    setting: Setting,
    title: str,
    *,
    top: float,
    relu: bool,
    hidden: np.ndarray | None = None,
    marks: Sequence[Mark] = (),
    **options: Any,
) -> Cell | None:
    """Draw the steps of a setting; return the output cell where the student rests, with `follow=True`.

    top: the brightest value that an input can have.
    """
    rows, cols = setting.index()
    planes, output = _views(setting, title, top, relu, hidden)
    return windows(
        key="_convolution.steps",
        inputs=planes,
        outputs=[output],
        index_rows=rows,
        index_cols=cols,
        marks=marks,
        **options,
    )


def _views(
    setting: Setting, title: str, top: float, relu: bool, hidden: np.ndarray | None
) -> tuple[list[Plane], Output]:
    height, width, channels = setting.image.shape
    note = _("{height} × {width}, 0–{top}").format(height=height, width=width, top=written(top))
    grey, colour = {"pixel": title}, {"red": _("Red"), "green": _("Green"), "blue": _("Blue")}
    roles = grey if channels == 1 else colour
    planes = [
        Plane(setting.image[..., c], name, note, role, top) for c, (role, name) in enumerate(roles.items())
    ]
    sums = setting.sums()
    output = convolved(
        setting.steps(),
        _("Output after ReLU") if relu else _("Output"),
        values=ops.relu(sums) if relu else sums,
        activation="ReLU" if relu else None,
        note=_("{height} × {width}").format(height=sums.shape[0], width=sums.shape[1]),
        hidden=hidden,
        channel_labels=[plane.label for plane in planes] if channels > 1 else (),
    )
    return planes, output


def whole_photo(photo: np.ndarray, setting: Setting, scale: float, relu: bool) -> None:
    """Draw the photo (h, w, 3) uint8 before and after the kernel; `scale` brings pixels to its range."""
    how = tuple(setting.geometry.items())
    try:
        before, after, ends = _before_after(photo, setting.kernel, setting.bias, scale, relu, how)
    except ops.GeometryError as error:  # the small grid may be larger than a tiny photo
        reason = _(error.template).format(**error.numbers)
        st.info(_("The whole photo is too small for this kernel: {reason}.").format(reason=reason))
        return
    low, high = (number(end, 0 if scale == 1 else 2) for end in ends)
    sizes = {"height": number(photo.shape[0]), "width": number(photo.shape[1])}
    st.markdown(_("**On the whole photo**, {height} × {width} pixels").format(**sizes))
    left, right = st.columns(2)
    left.image(before, _("Before"), width="stretch")
    text = _("After: {low} to {high}; orange above 0, blue below")
    right.image(after, text.format(low=low, high=high), width="stretch")


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def _before_after(
    photo: np.ndarray,
    kernel: np.ndarray,
    bias: float,
    scale: float,
    relu: bool,
    how: tuple[tuple[str, Any], ...],
) -> tuple[bytes, bytes, tuple[float, float]]:
    """Return the photo and its map as pictures, and the map's range."""
    seen = photo if kernel.shape[2] == 3 else photos.grey(photo)[..., np.newaxis]
    sums = Setting(seen * np.float32(scale), kernel.astype(np.float32), bias, **dict(how)).sums()
    values = ops.relu(sums) if relu else sums
    strong = float(np.percentile(np.abs(values), STRONG))
    shown = np.broadcast_to(seen, photo.shape)
    ends = float(values.min()), float(values.max())
    return tiles.jpeg(shown), tiles.jpeg(signed(values, strong)), ends


def step_formula(scene: Scene, cell: Cell, relu: bool) -> None:
    """Write the sum of one output cell, unless it is hidden, and say what the letters mean."""
    if scene.hidden is None or not scene.hidden[cell.row, cell.col]:
        st.latex(sum_latex(scene.setting, cell.row, cell.col, relu))
    st.caption(
        _(
            "x: the pixels, W: the kernel, b: the bias, s: stride, d: dilation, P: border cells above and on "
            "the left. i, j: row and column of the output; p, q, c: row, column and channel in the kernel. "
            "All of them count from 1."
        )
    )


def sum_latex(setting: Setting, row: int, col: int, relu: bool) -> str:
    """Write the sum of one output cell (from 0) in LaTeX, a line for each kernel row, abridged where long."""
    kernels, bias = setting.kernel[..., np.newaxis], np.array([float(setting.bias)])
    step = ops.conv2d_step(setting.image, kernels, bias, row=row, col=col, **setting.geometry)
    x_digits, b_digits = map(digits_for, (step.window, bias))
    w_digits = digits_for(step.kernel, most=4)  # 1/16 in full
    lines = [
        " + ".join(
            rf"{tex(x, x_digits)} \cdot {formulas.bracketed(w, w_digits)}"
            for x, w in zip(pixels.ravel(), weights.ravel(), strict=True)
        )
        for pixels, weights in zip(step.window, step.kernel, strict=True)  # (kw, c) each
    ]
    if step.kernel.size > LONG:
        short = [line.split(" + ") for line in lines]
        lines = [
            " + ".join([*terms[:2], r"\cdots", terms[-1]]) if len(terms) > 4 else " + ".join(terms)
            for terms in short
        ]
        lines = lines if len(lines) < 4 else [lines[0], r"\cdots", lines[-1]]
    z_digits = digits_for(np.array([step.output]))
    written = (
        (step.window, x_digits),
        (step.kernel, w_digits),
        (bias, b_digits),
        (np.array([step.output]), z_digits),
    )
    equal = "=" if all(exact(values, digits) for values, digits in written) else r"\approx"
    end = rf"{formulas.bracketed(step.bias, b_digits)} {equal} {tex(step.output, z_digits)}"
    if relu:
        end += rf", \qquad \max(0, z) {equal} {tex(max(0.0, step.output), z_digits)}"
    body = r" \\ & + ".join([*lines, end])
    return rf"\begin{{aligned}} z({row + 1},{col + 1}) = {{}} & {body} \end{{aligned}}"


def as_text(setting: Setting, relu: bool, hidden: np.ndarray | None) -> None:
    """Write input, kernel and output as rows of numbers; what is hidden in the view is hidden here."""
    names = (_("red"), _("green"), _("blue")) if setting.image.shape[2] == 3 else (_("grey"),)
    for channel, name in enumerate(names):
        for label, grid in ((_("Input"), setting.image), (_("Kernel"), setting.kernel)):
            st.markdown(f"**{label}**, {name}")
            st.code(number_text.rows(grid[..., channel]), language=None)
    sums = setting.sums()
    st.markdown(f"**{_('Output after ReLU') if relu else _('Output')}**")
    st.code(number_text.rows(ops.relu(sums) if relu else sums, hidden), language=None)
