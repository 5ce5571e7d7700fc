"""Where in a photo does a network find its patterns? The feature maps of a layer."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.figures import tiles
from cnnlab.i18n import _, fine, number
from cnnlab.ui.components.colours import levels
from cnnlab.ui.components.gallery import Grid, Story, Tiles, gallery
from cnnlab.ui.inside import picture, words
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import layer_view, layer_words, lesson, network_choice, number_text

STARTS = (
    ops.Conv,
    ops.Pool,
    ops.Add,
)  # what begins a group of maps; what follows is a later stage of the same
STAGES = (ops.BatchNorm, ops.Activation)
CELLS = 120_000  # a sheet with more cells is sent coarser


def groups(outputs: list[ops.LayerOutput]) -> dict[str, dict[str, ops.LayerOutput]]:
    """Put the layers that make maps together: name of the one that starts a group -> kind -> output."""
    found: dict[str, dict[str, ops.LayerOutput]] = {}
    current: dict[str, ops.LayerOutput] | None = None
    for output in outputs:
        if output.values.ndim != 3:
            break
        if isinstance(output.layer, STARTS):
            current = found.setdefault(output.name, {output.layer.kind: output})
        elif isinstance(output.layer, STAGES) and current is not None:
            current[output.layer.kind] = output
    return found


def maps(net: network_choice.Network) -> None:
    """Show the feature maps of a layer for a photo, and the chosen one large."""
    left, right = st.columns([1, 3.4], gap="large")
    with left:
        shown = picture.choose(net, at="maps", upload=True)
        if shown is None:
            return
        st.image(tiles.enlarge(shown.seen, 160), _("What the network sees of it: 32 × 32 pixels"), width=160)
    found = groups(picture.outputs(net, shown))
    if not found:
        st.info(_("This network has no feature maps."))
        return
    with left:
        output, across = _choices(found)
    values = output.values
    height, width, count = values.shape
    everything = max(float(np.abs(o.values).max()) for group in found.values() for o in group.values())
    ends = tiles.limits(values, across, everything)
    widget_state.default("inside.map", 0, range(count))
    chosen = st.session_state["inside.map"]
    with right:
        text = _(
            "{count} maps of {height} × {width} cells for “{photo}”. Values, without unit, from {range}. "
            "Orange is above 0, blue below."
        )
        st.caption(
            text.format(count=count, height=height, width=width, photo=shown.name, range=words.span(values))
        )
        captions = words.captions(_("Map {n}: {range}"), values)
        gallery(
            _("Feature maps"),
            Tiles(thumbnails(values, ends), captions),
            [
                Grid(
                    layer_words.title(output.layer),
                    values[np.newaxis, ..., chosen],
                    float(ends[chosen]),
                )
            ],
            Story([_facts(values[..., chosen], captions[chosen])]),
            key="_inside.sheet",
            chosen="inside.map",
            scale=(fine(-ends[chosen], 2), fine(ends[chosen], 2)),
        )
        with lesson.more(_("The same as text")):
            number_text.grids(layer_words.title(output.layer), {captions[chosen]: values[..., chosen]})


def _choices(found: dict[str, dict[str, ops.LayerOutput]]) -> tuple[ops.LayerOutput, str]:
    """Draw the controls; return the chosen output, and what one colour range spans."""
    widget_state.default("inside.maps", next(iter(found)), found)
    titles = {name: layer_words.title(next(iter(group.values())).layer) for name, group in found.items()}
    layer = st.selectbox(_("Feature maps of"), list(found), format_func=titles.__getitem__, key="inside.maps")
    group = found[layer]
    if len(group) > 1:
        stages = {"conv": _("raw"), "norm": _("normalised"), "activation": _("activated")}
        widget_state.default("inside.stage", list(group)[-1], group)
        stage = st.radio(
            _("Stage"),
            list(group),
            format_func=lambda kind: stages.get(kind, titles[layer]),
            key="inside.stage",
            horizontal=True,
        )
    else:
        stage = next(iter(group))
    ranges = layer_view.ranges()
    widget_state.default("inside.range", "map", ranges)
    across = st.radio(
        _("One colour range for"),
        list(ranges),
        format_func=ranges.__getitem__,
        key="inside.range",
        horizontal=True,
    )
    return group[stage], across


def thumbnails(values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Colour maps (h, w, n), each up to its end (n,), for a gallery: (1, n, h, w, 1) uint8.

    Where the sheet would have more than `CELLS` cells, squares of cells are averaged.
    """
    shares: np.ndarray = values / np.where(ends > 0, ends, 1)
    window = int(np.ceil(np.sqrt(values.size / CELLS)))
    if window > 1 and min(values.shape[:2]) >= window:
        shares = ops.average_pool(shares, window)
    return levels(np.moveaxis(shares, -1, 0), "signed", 1.0)[np.newaxis, ..., np.newaxis]


def _facts(values: np.ndarray, title: str) -> list[str]:
    text = _("{share} of {count} cells are above 0; their mean is {mean}")
    share = number(int(np.count_nonzero(values > 0)))
    return [title, text.format(share=share, count=number(values.size), mean=fine(values.mean(), 3))]
