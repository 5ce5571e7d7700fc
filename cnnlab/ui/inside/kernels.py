"""Which patterns does a network look for? The kernels of its convolutions, and how they came to be."""

import numpy as np
import streamlit as st

from cnnlab.figures import tiles
from cnnlab.i18n import _, fine, percent
from cnnlab.inspection.dead_kernels import Silence
from cnnlab.inspection.kernel_history import Growth, growth
from cnnlab.ui.components.colours import levels
from cnnlab.ui.components.gallery import Grid, Story, Tiles, gallery
from cnnlab.ui.inside import dead_kernels, words
from cnnlab.ui.inside.character import character
from cnnlab.ui.session import projector, widget_state
from cnnlab.ui.widgets import layer_words, lesson, network_choice, number_text

PICKED = "_inside.picked"  # session key: a kernel has just been chosen


def kernels(net: network_choice.Network) -> None:
    """Show the kernels of a convolution as tiles, and the chosen one in numbers, at each recorded epoch."""
    convolutions = layer_words.convolutions(net.layers)
    if not convolutions:
        st.info(_("This network has no convolution, so it has no kernels."))
        return
    left, right = st.columns([1, 3.4], gap="large")
    if projector.on():  # the numbers need the whole width
        left, right = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with left:
        layer, channels, by_norm = _choices(net, convolutions)
        found = dead_kernels.ask(net, layer)
    weights = net.weights[f"{layer}/kernel"]
    grown = _growth(str(net.run.folder), net.stamp, layer, channels.start, channels.stop, net)
    widget_state.default("inside.kernel", 0, range(weights.shape[-1]))
    chosen = st.session_state["inside.kernel"]
    if st.session_state.pop(PICKED, False):
        st.session_state["inside.maps"], st.session_state["inside.map"] = layer, chosen
        st.rerun()  # the maps are drawn elsewhere on the page: the kernel's own one is shown there
    with right:
        if grown.slices.shape[3] == 3:
            st.caption(
                _(
                    "A tile shows the three slices of a kernel as one picture: mid grey is 0; the redder, "
                    "the larger the weight on red; green and blue likewise. Large: each slice by itself, "
                    "orange above 0 and blue below."
                )
            )
        else:
            st.caption(_("Orange weights are positive, blue ones negative, pale ones near 0."))
        named = _draw(grown, layer, channels, by_norm, chosen, found)
        with lesson.more(_("The same as text")):
            number_text.grids(words.kernel(weights, chosen), named)


def _choices(net: network_choice.Network, convolutions: dict[str, str]) -> tuple[str, slice, bool]:
    """Draw the controls; return the layer, which input channels to show, and whether to sort by norm."""
    widget_state.default("inside.layer", next(iter(convolutions)), convolutions)
    name = st.selectbox(
        _("Layer"), list(convolutions), format_func=convolutions.__getitem__, key="inside.layer"
    )
    weights = net.weights[f"{name}/kernel"]
    side, _side, depth, count = weights.shape
    channels = slice(0, 3)
    if name != next(iter(convolutions)):  # only the first one reads red, green and blue
        widget_state.default("inside.slice", 1, range(1, depth + 1))
        label = _("Slice, 1 to {channels}: one for each input channel")
        place = st.number_input(label.format(channels=depth), 1, depth, key="inside.slice") - 1
        channels = slice(place, place + 1)
    orders = {"place": _("in order"), "norm": _("by norm")}
    widget_state.default("inside.order", "place", orders)
    st.radio(_("Kernels"), list(orders), format_func=orders.__getitem__, key="inside.order", horizontal=True)
    text = _("{count} kernels of {side} × {side} × {channels}. Weights have no unit; they go from {range}.")
    st.caption(text.format(count=count, side=side, channels=depth, range=words.span(weights)))
    return name, channels, st.session_state["inside.order"] == "norm"


@st.cache_data(max_entries=32, show_spinner=False)
def _growth(
    folder: str, stamp: int, layer: str, first: int, last: int, _net: network_choice.Network
) -> Growth:
    """Read how the kernels grew; folder and stamp name the weights for the cache."""
    return growth(_net.run, layer, _net.weights[f"{layer}/kernel"], slice(first, last))


def _draw(
    grown: Growth, layer: str, channels: slice, by_norm: bool, chosen: int, found: Silence | None
) -> dict[str, np.ndarray]:
    """Draw the tiles with the chosen one large; return its slices, by their titles."""
    steps, _side, _side, depth, count = grown.slices.shape
    limit = float(np.abs(grown.slices).max())  # of all epochs: a colour means the same in each
    titles = [_("on red"), _("on green"), _("on blue")]
    if depth == 1:
        titles = [_("on input channel {n}").format(n=channels.start + 1)]
        shown = levels(grown.slices, "signed", limit or 1.0)
    else:
        shown = np.stack([tiles.colours(slices, limit) for slices in grown.slices])
    shown = np.moveaxis(shown, -1, 1)  # (steps, h, w, c, n) -> (steps, n, h, w, c)
    numbers = range(count)
    order = np.argsort(-grown.norms[-1], kind="stable").tolist() if by_norm else numbers
    text = _("Kernel {n}: norm {norm}")
    captions = [text.format(n=n + 1, norm=fine(grown.norms[-1, n], 2)) for n in numbers]
    marks = [dead_kernels.mark(found, layer, n) for n in numbers]
    gallery(
        _("Kernels"),
        Tiles(shown, captions, marks),
        [Grid(title, grown.slices[..., c, chosen], limit) for c, title in enumerate(titles)],
        Story([_facts(grown, step, chosen, layer, found) for step in range(steps)], _steps(grown)),
        key="_inside.kernels",
        chosen="inside.kernel",
        picked=PICKED,
        order=order,
        scale=(fine(-limit, 2), fine(limit, 2)),
    )
    if grown.changed is None:
        st.caption(_("The kernels from before training were not kept, so their change cannot be measured."))
    else:
        st.caption(
            _(
                "**Norm**: the root of the sum of all squared weights of a kernel. **Changed by**: the norm "
                "of the difference from the kernel before training, divided by the norm it had then. 0 % is "
                "unchanged; at 100 % the change is as large as the kernel was."
            )
        )
    _formulas(grown, chosen)
    return {title: grown.slices[-1][..., c, chosen] for c, title in enumerate(titles)}


def _formulas(grown: Growth, chosen: int) -> None:
    """Write norm and change of the chosen kernel with its own numbers."""
    norm = lesson.tex(grown.norms[-1, chosen], 3)
    lesson.formula(rf"\lVert W_{{{chosen + 1}}} \rVert = \sqrt{{\textstyle\sum w^2}} = {norm}")
    if grown.changed is None:
        return
    start, change = grown.norms[0, chosen], grown.changed[-1, chosen]
    lesson.formula(
        rf"\frac{{\lVert W_{{{chosen + 1}}} - W_{{{chosen + 1}}}^{{\text{{start}}}} \rVert}}"
        rf"{{\lVert W_{{{chosen + 1}}}^{{\text{{start}}}} \rVert}} = "
        rf"\frac{{{lesson.tex(change * start, 3)}}}{{{lesson.tex(start, 3)}}} = {lesson.tex(change, 2)}"
    )


def _facts(grown: Growth, step: int, chosen: int, layer: str, found: Silence | None) -> list[str]:
    """Write what is known of the chosen kernel after an epoch."""
    title = _("Kernel {n} in numbers; it makes map {n}").format(n=chosen + 1)
    lines = [title, _("Norm {norm}").format(norm=fine(grown.norms[step, chosen], 3))]
    if grown.changed is not None and grown.changed_all is not None:
        text = _("Changed by {change} since the start; the whole layer by {all}")
        change, all = grown.changed[step, chosen], grown.changed_all[step]
        lines.append(text.format(change=percent(change, 0), all=percent(all, 0)))
    if found:
        lines.append(dead_kernels.evidence(found, layer, chosen))
    if grown.slices.shape[3] == 3:
        lines.append(character(grown.slices[step][..., chosen]))
    return lines


def _steps(grown: Growth) -> list[str]:
    text = _("epoch {n} of {all}")
    return [
        text.format(n=epoch, all=grown.epochs[-1]) if epoch else _("before training")
        for epoch in grown.epochs
    ]
