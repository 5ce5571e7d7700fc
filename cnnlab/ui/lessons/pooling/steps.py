"""How does pooling look: two maps at once, a moved crop, the way of a gradient, what could stand instead?"""

from typing import Any

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.config import ModelConfig
from cnnlab.config.presets import ARTICLE
from cnnlab.figures import tiles
from cnnlab.figures.heatmap import heatmap, pixels
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions.pooling import Loser, Setting, shift_test
from cnnlab.ui.components.windows import Mark, Plane, pooled, windows
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import formulas, lesson, number_text, page_control
from cnnlab.ui.widgets.chart import chart

PICTURE = 320  # pixels of a small map that is shown as a picture
PHOTO = (32, 32, 3)


def geometry() -> dict[str, Any]:
    """Draw window, stride and border; return them as `Setting` takes them. A new window brings its stride."""

    def touching() -> None:
        st.session_state["pooling.stride"] = st.session_state["pooling.window"]

    # Stretched, else its last choice is cut in a narrow column.
    window = page_control.draw("pooling.window", on_change=touching, width="stretch")
    keys = ("pooling.stride", "pooling.padding")
    with widget_state.popover(_("Stride and border"), *keys, icon=":material/tune:", width="stretch"):
        stride, padding = (page_control.draw(key) for key in keys)
        st.caption(_("Border cells hold no zeros here: they are left out of the maximum and of the mean."))
    return {"window": window, "stride": stride, "padding": padding}


def size_line(setting: Setting) -> str:
    """Say how often the window fits along one axis; with formulas, the arithmetic behind it."""
    n, k, s = len(setting.values), setting.window, setting.stride
    before, after = ops.padding_amounts(n, k, s, setting.padding)
    numbers = {"n": n, "k": k, "s": s, "size": ops.output_size(n, k, s, setting.padding)}
    text = _("A window of {k}, moved by {s}, fits **{size}** times into {n} cells.")
    if before + after:
        text = _(
            "A window of {k}, moved by {s}, fits **{size}** times into {n} cells and {border} of border."
        )
    text = text.format(**numbers, border=before + after)
    if lesson.formulas():
        border = f" + {before} + {after}" if before + after else ""
        text += " " + _("Output size: ⌊({n}{border} − {k}) / {s}⌋ + 1 = **{size}**").format(
            **numbers, border=border
        )
    return text


def hidden_cells(setting: Setting, asked: Loser | None, answered: bool) -> np.ndarray:
    """Return which output cells (H, W) would answer the question about the brighter pixel."""
    rows, cols = setting.index()
    if asked is None or answered:
        return np.zeros((len(rows), len(cols)), bool)
    return np.outer((rows == asked.row).any(axis=1), (cols == asked.col).any(axis=1))


def stepper(setting: Setting, asked: Loser | None, answered: bool) -> None:
    """Draw both poolings of the crop; the cells that would answer the question are hidden until then.

    The step is written as a formula below.
    """
    rows, cols = setting.index()
    hidden = hidden_cells(setting, asked, answered)
    note = _("{height} × {width}").format(height=len(rows), width=len(cols))
    cell = windows(
        key="_pooling.steps",
        inputs=[Plane(setting.values, _("Input"), _("{n} × {n}, grey, 0–255").format(n=len(setting.values)))],
        outputs=[
            pooled(setting.steps(mode), title, mode=mode, note=note, hidden=hidden)
            for mode, title in _titles().items()
        ],
        index_rows=rows,
        index_cols=cols,
        marks=[Mark(asked.row, asked.col, "P", on="input")] if asked else [],
        start=asked.cell if asked and answered else (0, 0),
        follow=lesson.formulas(),
    )
    if cell and not hidden[cell.row, cell.col]:
        steps = (setting.step(mode, cell[1:]) for mode in ("max", "average"))
        for text in formulas.pooled(*steps, stride=setting.stride, border=setting.border()):
            lesson.formula(text)
        if lesson.formulas():
            st.caption(
                _("i, j: row and column of the output; p, q: row and column in the window; all from 1.")
            )


def _titles() -> dict[str, str]:
    return {"max": _("Max pooling"), "average": _("Average pooling")}


def as_text(setting: Setting, hidden: np.ndarray) -> None:
    """Write the crop and both maps as rows of numbers; what is hidden in the view is hidden here."""
    st.markdown(f"**{_('Input')}**")
    st.code(number_text.rows(setting.values), language=None)
    for mode, title in _titles().items():
        st.markdown(f"**{title}**")
        st.code(number_text.rows(setting.pooled(mode), hidden), language=None)


@st.fragment
def moved(photo: np.ndarray, row: int, col: int, setting: Setting, room: int) -> None:
    """Let the student move the crop over the photo (h, w), and count how much each map changes."""
    shifts = [int(np.sign(room)) * step for step in range(abs(room) + 1)]
    changes = shift_test(photo, row, col, setting, shifts)
    widget_state.default("pooling.shift", 1, range(len(shifts)))
    side = _("right") if room > 0 else _("left")
    label = _("Move the crop to the {side}, pixels").format(side=side)
    st.segmented_control(label, range(len(shifts)), key="pooling.shift", required=True)
    step: int = st.session_state["pooling.shift"]
    titles = {"none": _("No pooling"), **_titles()}
    n = len(setting.values)
    crop = photo[row : row + n, col + shifts[step] : col + shifts[step] + n]
    st.caption(
        _("How much a value changes on average, in grey levels (0–255). Both crops are cut from the photo.")
    )
    for column, (mode, title) in zip(st.columns(3), titles.items(), strict=True):
        change = changes[mode][step]
        before, after = (setting.pooled(mode, values) for values in (setting.values, crop))
        gap = np.full((len(before), 1), np.nan)
        caption = _("before, after: {same} stay").format(same=percent(change.same, 0))
        with column.container(horizontal=True, gap="small"):  # side by side on a phone
            st.metric(title, number(change.mean, 1), width=130)
            st.image(_grey(np.concatenate([before, gap, after], axis=1)), caption, width=170)
    table = {_("pixels moved"): [number(n) for n in range(len(shifts))]}
    table |= {title: [number(change.mean, 1) for change in changes[mode]] for mode, title in titles.items()}
    st.table(table, border="horizontal", hide_index=True)


def _grey(values: np.ndarray) -> np.ndarray:
    """Turn grey values (h, w) into a picture whose pixels can be told apart; nan becomes transparent."""
    shown = ~np.isnan(values)
    grey = np.rint(np.where(shown, values, 0)).astype(np.uint8)
    picture = np.dstack([grey, grey, grey, np.where(shown, 255, 0).astype(np.uint8)])  # (h, w) -> (h, w, 4)
    return tiles.enlarge(picture, PICTURE)


def gradient(setting: Setting) -> None:
    """Show how the gradient that arrives at one output is handed to the cells of its window."""
    rows, cols = setting.index()
    widget_state.default("pooling.row", 1, range(1, len(rows) + 1))
    widget_state.default("pooling.col", 1, range(1, len(cols) + 1))
    left, *places = st.columns(4, gap="medium")
    with left:
        for key, label, count in (
            ("row", _("Output row"), len(rows)),
            ("col", _("Output column"), len(cols)),
        ):
            if count > 1:
                st.number_input(label, 1, count, key=f"pooling.{key}")
    cell = st.session_state["pooling.row"] - 1, st.session_state["pooling.col"] - 1
    best, mean = (setting.step(mode, cell) for mode in ("max", "average"))
    grids = {
        _("The window's values"): pixels(best.window),
        _("Max: all to the winner"): heatmap(ops.pool_gradient(best), 1.0, height=200),
        _("Average: shared equally"): heatmap(ops.pool_gradient(mean), 1.0, height=200),
    }
    for n, (column, (title, figure)) in enumerate(zip(places, grids.items(), strict=True)):
        with column:
            st.markdown(f"**{title}**")
            chart(figure, key=f"_pooling.gradient.{n}", alt=title)
    st.markdown(
        _(
            "In training a gradient of 1 arrives at this output. Max pooling hands it to the pixel that won: "
            "no other had a part in the output. Average pooling gives each pixel the same share. Where "
            "windows overlap, a pixel gets the sum."
        )
    )


def alternatives(setting: Setting) -> None:
    """Show a convolution with the same stride, and global average pooling."""
    k = setting.window
    maps = np.asarray(setting.values, float)[..., np.newaxis]
    mean = np.full((k, k, 1, 1), 1 / k**2)
    strided = ops.conv2d(maps, mean, stride=setting.stride, padding=setting.padding)[..., 0]
    learned = ops.conv2d(
        maps, ops.KERNELS["sharpen"](3)[..., None, None], stride=setting.stride, padding="same"
    )
    whole = ops.global_average_pool(maps)
    pictures = {
        _("Max pooling"): setting.pooled("max"),
        _("Average pooling"): setting.pooled("average"),
        _("Convolution, all weights 1/{n}").format(n=k**2): strided,
        _("Convolution, sharpening kernel 3 × 3"): np.clip(learned[..., 0], 0, 255),
        _("Global average: {value}").format(value=number(whole[0], 1)): np.full((1, 1), whole[0]),
    }
    with st.container(horizontal=True):
        for title, values in pictures.items():
            size = _("{height} × {width}").format(height=values.shape[0], width=values.shape[1])
            st.image(_grey(values), f"{title}; {size}", width=132)
    text = _(
        "A **convolution with stride {stride}** makes maps as small, with weights that training can choose; "
        "with all weights 1/{n} it *is* average pooling (largest difference here: {difference}). **Global "
        "average pooling** makes one number of each map, whatever its size: behind the Baseline's last "
        "{maps} maps the dense layer would need {few} parameters instead of {many}."
    )
    difference = np.abs(strided - setting.pooled("average")).max()
    shape = _before_flatten(ARTICLE)
    units = ARTICLE.dense[0].units
    counts = {"few": shape[2] * units + units, "many": int(np.prod(shape)) * units + units}
    written = {name: number(count) for name, count in counts.items()}
    st.markdown(
        text.format(stride=setting.stride, n=k**2, difference=number(difference, 1), maps=shape[2], **written)
    )
    if setting.padding == "same":
        st.caption(_("At the border they differ: the convolution adds zeros there, pooling leaves them out."))


def article() -> None:
    """Set the article's two statements on pooling right, with parameters counted."""
    bare = tuple(block.model_copy(update={"pool": "none"}) for block in ARTICLE.blocks)
    models = (ARTICLE, ARTICLE.model_copy(update={"blocks": bare}))
    units = ARTICLE.dense[0].units
    both, none = (number(int(np.prod(_before_flatten(model))) * units + units) for model in models)
    lesson.article(
        _("The maximum is taken over p, q from −k to k, and called the maximum of the image."),
        _(
            "It is the maximum of **each window** and of each channel by itself: 1 ≤ p, q ≤ k. From −k to k "
            "a window would be 2k + 1 wide, for k = 1 already {odd}: it could never be 2 × 2."
        ).format(odd=2 * 1 + 1),
        _("Pooling reduces overfitting."),
        _(
            "Pooling has no weights. It shrinks what follows: the Baseline's dense layer has {both} "
            "parameters with both poolings and {none} without. Whether that means less overfitting is a "
            "measurement: train both networks."
        ).format(both=both, none=none),
    )


def _before_flatten(model: ModelConfig) -> tuple[int, ...]:
    """Return the shape (h, w, c) of the maps that Flatten lays out."""
    layers = model.layers(10)
    names = [layer.name for layer in layers]
    return ops.output_shapes(layers, PHOTO)[names.index("flatten") - 1]
