"""What do students believe about kernels, pooling and weights? Each belief beside numbers that test it.

Every demonstration draws itself and returns the right statement, followed by pairs of what the article says
and what is right, where it says something on the matter.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.data.datasets import class_name
from cnnlab.data.spec import SIDE
from cnnlab.figures import tiles
from cnnlab.figures.signed_bars import signed_bars
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions.answer import telling_unit
from cnnlab.runs import Store
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import network_choice
from cnnlab.ui.widgets.chart import chart

SHIPPED = "article"  # the network that comes with the app, so that every number can be computed at once
ROOM = 8  # pixels that a photo can move
ENLARGED, SHOWN = 160, 146  # pixels of a small photo; on a phone two of them stand side by side


@dataclass(frozen=True)
class Belief:
    """A misconception: a few words for it, the sentence as students say it, its test, the page to go to."""

    short: str
    sentence: str
    test: Callable[[], tuple[str, ...]]
    page: str
    link: str


def shipped() -> network_choice.Network:
    """Return the network that comes with the app. Raises RunError where it is missing or damaged."""
    return network_choice.load(Store().get(SHIPPED))


def cat(room: int = 0) -> np.ndarray:
    """Return the cat as the network sees it, (32 + room, 32 + room, 3) uint8."""
    return photos.resize(photos.square(photos.sample("cat")), SIDE + room)


def figures(values: dict[str, str]) -> None:
    """Draw numbers with their labels, side by side while there is room."""
    with st.container(horizontal=True, gap="large"):
        for label, value in values.items():
            st.metric(label, value, width="content")


def bright_is_strong() -> tuple[str, ...]:
    names = {"sobel_x": _("Vertical edges"), "laplacian": _("Spots and edges"), "box_blur": _("Mean")}
    widget_state.default("faq.bright", "sobel_x", names)
    st.segmented_control(
        _("Kernel"), list(names), format_func=names.__getitem__, key="faq.bright", required=True
    )
    chosen: str = st.session_state["faq.bright"]
    grey = photos.grey(cat())[..., np.newaxis]
    means, sums = (
        ops.conv2d(grey, ops.KERNELS[name](3)[..., None, None])[..., 0] for name in ("box_blur", chosen)
    )
    cells = [np.unravel_index(values.argmax(), values.shape) for values in (means, np.abs(sums))]
    labels = (_("the brightest window"), _("the strongest answer"))
    with st.container(horizontal=True):
        for (row, col), label in zip(cells, labels, strict=True):
            zoom = ENLARGED // SIDE
            photo = tiles.framed(tiles.enlarge(cat(), ENLARGED), zoom * int(row), zoom * int(col), zoom * 3)
            st.image(photo, label, width=SHOWN)
    table = {
        _("window"): labels,
        _("mean brightness, 0–255"): [number(means[cell], 1) for cell in cells],
        _("output of the kernel"): [number(sums[cell], 1) for cell in cells],
    }
    st.table(table, border="horizontal", hide_index=True)
    text = _(
        "A window answers strongly where it **resembles the kernel**. The weights of this kernel add up to "
        "{sum}: {why}"
    )
    total = float(ops.KERNELS[chosen](3).sum())
    why = _("even brightness cancels out, only differences count.")
    if abs(total) > 1e-9:
        why = _("so this kernel does measure brightness. Most kernels do not.")
    return (text.format(sum=number(total), why=why),)


def kernels_are_flat() -> tuple[str, ...]:
    net = shipped()
    place = next(n for n, layer in enumerate(net.layers) if layer.name == "conv_2")
    outputs = net.forward(cat())
    below, maps = outputs[place - 1].values, outputs[place].values
    kernels, bias = net.weights["conv_2/kernel"], net.weights["conv_2/bias"]
    kh, kw, channels, count = kernels.shape
    widget_state.default("faq.flat", int(maps.max(axis=(0, 1)).argmax()) + 1, range(1, count + 1))
    chosen = st.slider(_("Kernel of the Baseline's second convolution"), 1, count, key="faq.flat") - 1
    row, col = np.unravel_index(maps[..., chosen].argmax(), maps.shape[:2])
    step = ops.conv2d_step(below, kernels, bias, row=int(row), col=int(col), output_channel=chosen)
    names = [str(n) for n in range(1, channels + 1)]
    title = _("what each slice adds, in the window of the cat that answers most")
    figure = signed_bars(
        step.channel_sums, names, across=_("slice, one for each input channel"), along=_("sum")
    )
    st.caption(title)
    chart(figure, key="_faq.slices", alt=title)
    figures(
        {
            _("The largest slice alone"): number(step.channel_sums.max(), 3),
            _("All {n} slices").format(n=channels): number(step.channel_sums.sum(), 3),
            _("With the bias: the output"): number(step.output, 3),
        }
    )
    text = _(
        "A kernel is as deep as its input: {kh} × {kw} × {channels} = **{weights} weights**, a slice for "
        "each input channel. Only all slices together, and the bias, make the output."
    )
    article = (
        _("A filter is a two-dimensional matrix."),
        _("It has height × width × input channels, one such block for each output map."),
    )
    return text.format(kh=kh, kw=kw, channels=channels, weights=kh * kw * channels), *article


def pooling_ignores_position() -> tuple[str, ...]:
    net, photo = shipped(), cat(ROOM)
    widget_state.default("faq.moved", 3)
    shift = st.slider(_("Move the photo by so many pixels"), 0, ROOM, key="faq.moved")
    crops = [photos.crop(photo, ROOM // 2, col, SIDE, SIDE) for col in (0, shift)]
    with st.container(horizontal=True):
        for crop, caption in zip(crops, (_("photo"), _("photo, moved")), strict=True):
            st.image(tiles.enlarge(crop, ENLARGED), caption, width=SHOWN)
    pooled = [ops.max_pool(photos.grey(crop)[..., np.newaxis], 2) for crop in crops]
    same = float(np.mean(pooled[0] == pooled[1]))
    named = net.classes.index("cat")
    before, after = (float(net.probabilities(crop)[named]) for crop in crops)
    figures(
        {
            _("Max values that stay"): percent(same, 0),
            _("Probability of cat before"): percent(before),
            _("Probability of cat, moved"): percent(after),
        }
    )
    text = _(
        "Pooling dampens a **small** move, it does not undo it: a maximum stays only where its window still "
        "holds it. Here {same} of {count} stay as they were, and the probability of cat changes too."
    )
    if not shift:
        text = _("Now nothing has moved: all {count} maxima stay, and so does the answer. Move the photo.")
    return (text.format(same=number((pooled[0] == pooled[1]).sum()), count=number(pooled[0].size)),)


def largest_weight_matters() -> tuple[str, ...]:
    net = shipped()
    x = next(out.values for out in net.forward(cat()) if out.name == "dense_1_relu")
    weights, bias = net.weights["scores/kernel"], net.weights["scores/bias"]
    names = [class_name(name) for name in net.classes]
    widget_state.default("faq.unit", telling_unit(x, weights, bias), range(len(names)))
    chosen = st.selectbox(_("Score of"), range(len(names)), format_func=names.__getitem__, key="faq.unit")
    step = ops.contributions(x, weights, bias, chosen)
    order = np.argsort(-np.abs(step.products), kind="stable")
    places = {
        _("the largest weight"): int(np.abs(step.weights).argmax()),
        _("the largest product"): int(order[0]),
    }
    rows = places.values()
    table = {
        _("input"): [f"{label} ({place + 1})" for label, place in places.items()],
        _("value"): [number(step.inputs[place], 3) for place in rows],
        _("× weight"): [number(step.weights[place], 3) for place in rows],
        _("= product"): [number(step.products[place], 3) for place in rows],
    }
    st.table(table, border="horizontal", hide_index=True)
    heavy, strong = rows
    rank = int(np.flatnonzero(order == heavy)[0]) + 1
    if heavy == strong:
        text = _(
            "What adds to a score is **value × weight**. Here one input leads in both; try another class."
        )
        return (text,)
    text = _(
        "What adds to a score is **value × weight**: a large weight on a small value does little. Here the "
        "largest weight makes only number {rank} of {count} products by size."
    )
    return (text.format(rank=rank, count=len(x)),)
