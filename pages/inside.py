"""What has the network learned? Its kernels, what they make of a photo, and where it errs."""

import numpy as np
import streamlit as st

from cnnlab import datasets, images, metrics, ops
from cnnlab.figures import tiles
from cnnlab.figures.confusion import confusion_matrix
from cnnlab.figures.heatmap import heatmap
from cnnlab.runs import RunError
from cnnlab.text import _, number, percent
from cnnlab.ui import as_text, lesson, network, photo, state
from cnnlab.ui.components.sheet import sheet

STATIC = {"displayModeBar": False}
MAPS = ("conv", "norm", "activation", "pool", "add")  # the layers whose maps are worth a look
WORST = 8


@st.fragment
def kernels(net: network.Network) -> None:
    """Show the kernels of a convolution as tiles, and the chosen one in numbers."""
    convolutions = {spec["name"]: network.layer_title(spec) for spec in net.layers if spec["kind"] == "conv"}
    if not convolutions:
        return st.info(_("This network has no convolution, so it has no kernels."))
    left, right = st.columns([1, 3], gap="large")
    with left:
        state.default("inside.layer", next(iter(convolutions)), convolutions)
        name = st.radio(_("Layer"), list(convolutions), format_func=convolutions.get, key="inside.layer")
        weights = net.weights[f"{name}/kernel"]
        side, _side, channels, count = weights.shape
        in_colour = channels == 3  # such kernels read red, green and blue
        if not in_colour:
            state.default("inside.slice", 1, range(1, channels + 1))
            label = _("Slice, 1 to {channels}: one for each input channel")
            st.number_input(label.format(channels=channels), 1, channels, key="inside.slice")
        text = _(
            "{count} kernels of {side} × {side} × {channels}. Weights have no unit; they go from {range}."
        )
        st.caption(text.format(count=count, side=side, channels=channels, range=_range(weights)))
    limit = float(np.abs(weights).max())
    state.default("inside.kernel", 0, range(count))
    with right:
        if in_colour:
            names, slices = (_("on red"), _("on green"), _("on blue")), weights
            pictures = tiles.colour_tiles(weights)
            st.caption(
                _("Mid grey is 0. The redder a tile, the larger its weight on red; green and blue likewise.")
            )
        else:
            place = st.session_state["inside.slice"] - 1
            names, slices = (_("on input channel {n}").format(n=place + 1),), weights[:, :, place : place + 1]
            pictures = tiles.signed_tiles(slices[:, :, 0], np.full(count, limit))
            st.caption(_("Orange weights are positive, blue ones negative, pale ones near 0."))
        captions = _captions(_("Kernel {n}: {range}"), slices)
        sheet(_("Kernels"), pictures, captions, key="_inside.kernels", chosen="inside.kernel", side=44)
        chosen = st.session_state["inside.kernel"]
        st.markdown(_("**Kernel {n}** in numbers; it makes map {n}").format(n=chosen + 1))
        for place, (column, title) in enumerate(zip(st.columns(3), names, strict=False)):
            with column:
                st.caption(title)
                grid = heatmap(slices[:, :, place, chosen], limit, height=200)
                st.plotly_chart(grid, config=STATIC, key=f"_inside.slice.{place}", alt=captions[chosen])
        with lesson.more(_("The same as text")):
            named = {title: slices[:, :, place, chosen] for place, title in enumerate(names)}
            as_text.grids(captions[chosen], named)


@st.fragment
def maps(net: network.Network) -> None:
    """Show the feature maps of a layer for a photo, and the chosen one large."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        name, image = photo.choose()
        seen = images.resize(images.square(image))
        st.image(tiles.enlarge(seen, 160), _("What the network sees of it: 32 × 32 pixels"), width=160)
    outputs = {out.name: out for out in net.forward(seen) if out.kind in MAPS and out.values.ndim == 3}
    if not outputs:
        return st.info(_("This network has no feature maps."))
    with left:
        state.default("inside.maps", next(iter(outputs)), outputs)
        layer = st.selectbox(
            _("Feature maps after"),
            list(outputs),
            format_func=lambda name: network.layer_title(outputs[name].spec),
            key="inside.maps",
        )
        ranges = {"map": _("each map"), "layer": _("the whole layer"), "network": _("the whole network")}
        state.default("inside.range", "map", ranges)
        across = st.radio(_("One colour range for"), list(ranges), format_func=ranges.get, key="inside.range")
    values = outputs[layer].values
    height, width, count = values.shape
    largest = max(float(np.abs(out.values).max()) for out in outputs.values())
    ends = tiles.limits(values, across, largest)
    state.default("inside.map", 0, range(count))
    with right:
        text = _(
            "{count} maps of {height} × {width} cells for “{photo}”. Values, without unit, from {range}."
        )
        st.caption(text.format(count=count, height=height, width=width, photo=name, range=_range(values)))
        captions = _captions(_("Map {n}: {range}"), values)
        overview, large = st.columns([1.2, 1])
        with overview:
            pictures = tiles.signed_tiles(values, ends)
            sheet(_("Feature maps"), pictures, captions, key="_inside.sheet", chosen="inside.map", side=46)
        with large:
            chosen = st.session_state["inside.map"]
            st.markdown(f"**{captions[chosen]}**")
            grid = heatmap(values[..., chosen], float(ends[chosen]), height=340)
            st.plotly_chart(grid, config=STATIC, key="_inside.large", alt=captions[chosen])
        with lesson.more(_("The same as text")):
            as_text.grids(network.layer_title(outputs[layer].spec), {captions[chosen]: values[..., chosen]})


def _range(values: np.ndarray) -> str:
    return _("{low} to {high}").format(low=number(values.min(), 2), high=number(values.max(), 2))


def _captions(text: str, arrays: np.ndarray) -> list[str]:
    """Write number and range of each of n arrays, (..., n)."""
    return [text.format(n=i + 1, range=_range(arrays[..., i])) for i in range(arrays.shape[-1])]


def mistakes(net: network.Network) -> None:
    """Show which classes the network takes for which, once its test set has been opened."""
    evaluation = net.run.evaluation()
    if evaluation is None:
        text = _("The test set of this network is still sealed, so nobody has counted its mistakes yet.")
        return st.info(text, icon=":material/lock:")
    classes = [network.class_name(name) for name in net.classes]
    counts = metrics.confusion(evaluation.probabilities, evaluation.labels)
    left, right = st.columns([1, 3], gap="large")
    with left:
        st.metric(_("Test images named rightly"), percent(evaluation.accuracy))
        text = _(
            "{right} of {all}. A row is a true class: of 100 of its images, so many get each answer. "
            "Right answers are framed."
        )
        st.caption(text.format(right=number(np.trace(counts)), all=number(counts.sum())))
    with right:
        st.plotly_chart(confusion_matrix(counts, classes), config=STATIC, key="_inside.confusion")
    st.markdown(_("**Worst mistakes**: what it said, and how sure it was; after ✓ the truth"))
    if not datasets.DATASETS[net.dataset].present():
        return st.caption(_("Their pictures are part of the dataset, which is not on this computer."))
    worst = metrics.worst_mistakes(evaluation.probabilities, evaluation.labels, WORST)
    if not len(worst):
        return st.caption(_("There are none."))
    pictures, _labels = datasets.test_pictures(net.dataset, worst)
    with st.container(horizontal=True):
        for i, picture in zip(worst, pictures, strict=True):
            p, truth = evaluation.probabilities[i], evaluation.labels[i]
            said = f"{classes[p.argmax()]} {percent(p.max(), 0)}"
            st.image(
                tiles.enlarge(picture, 96),
                f"{said}  \n✓ {classes[truth]} {percent(p[truth], 0)}",
                width=112,
            )


def measured(net: network.Network) -> str:
    """Say how good the network is on its test set, or that nobody has looked yet."""
    try:
        evaluation, done = net.run.evaluation(), len(net.run.history())
    except RunError as error:
        return str(error)
    if evaluation is None:
        return _(
            "A result has to be measured, on images kept apart. This network's test set is still sealed."
        )
    text = _("Measured for the network on show: {accuracy} of {count} test images, after {epochs} epochs.")
    count = number(len(evaluation.labels))
    return text.format(accuracy=percent(evaluation.accuracy), count=count, epochs=done)


lesson.opening(
    _("What has the network learned?"),
    _(
        "Its **kernels** are the patterns that it looks for. A **feature map** shows where in a photo a "
        "kernel found its pattern. Nobody drew them: training found every number."
    ),
)
net = network.choose()
if net is None:
    st.stop()
for title, part in {
    _("Kernels: what it looks for"): kernels,
    _("Feature maps: where it finds it"): maps,
    _("Mistakes: where it errs"): mistakes,
}.items():
    with st.container(border=True):
        st.subheader(title, anchor=False)
        try:
            part(net)
        except (RunError, datasets.DatasetError) as error:
            st.warning(str(error), icon=":material/broken_image:")
lesson.article(
    _("Outlook: interpretability."),
    _("Look for yourself, here: at the kernels, at their maps, and at the mistakes."),
    _("No result is stated."),
    measured(net),
)
lesson.formula(r"z(i,j,k) = b_k + \sum_{p,q,c} x(s\,i+p-P,\; s\,j+q-P,\; c)\; W(p,q,c,k)")
lesson.code(ops.forward, ops.conv2d, metrics.confusion)
lesson.next_lesson("classify", _("Let it classify a photo"))
