"""What does a kernel, or a class, look for? A picture made for it, and the training images that excite it."""

import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.figures import tiles
from cnnlab.i18n import _, number
from cnnlab.inspection.activation_maximisation import Made, made_for, maximise
from cnnlab.inspection.top_patches import Patches, best_patches
from cnnlab.ui.components.film import film
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import background_job, layer_words, lesson, network_choice

STEPS = 128
SEEDS = 5  # different noise to start from
TILE = 84  # pixels of a patch on the screen


def patterns(net: network_choice.Network) -> None:
    """Draw the choice of a unit; let a picture grow for it, and show what excites it among real images."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        layer, unit, name = _unit(net)
        widget_state.default("patterns.seed", 1, range(1, SEEDS + 1))
        label = _("Noise to start from, 1 to {count}").format(count=SEEDS)
        seed = st.number_input(label, 1, SEEDS, key="patterns.seed")
    kernel = layer != "scores"
    rows, cols = _field(net, layer)
    with right:
        if kernel:
            st.markdown(_sight(net, layer))
        made, real = st.columns(2) if kernel else (st.container(), None)
        with made:
            text = _(
                "**A picture made for it**: start from noise, change every pixel so that it answers more"
            )
            st.markdown(text)
            _made(net, layer, unit, name, seed, (rows, cols))
        if real is not None:
            with real:
                st.markdown(_("**Training images that excite it most**, each cut out where the cell looked"))
                _patches(net, layer, unit)
        st.caption(
            _(
                "Beware: no such picture exists in the world. A blur after each step keeps it from ending "
                "in fine noise; another noise, or another blur, gives another picture."
            )
        )
    lesson.formula(
        r"x \leftarrow \mathrm{blur}\big(x + \eta\, \nabla_x a(x) / \lVert \nabla_x a(x) \rVert\big)"
    )
    lesson.code(maximise, ops.receptive_field)


def _unit(net: network_choice.Network) -> tuple[str, int, str]:
    """Draw the choice of a kernel or a class; return the layer that is asked, the unit, and its name."""
    titles = layer_words.convolutions(net.layers) | {"scores": _("The classes")}
    widget_state.default("patterns.layer", next(reversed(list(titles)[:-1]), "scores"), titles)
    layer = st.selectbox(_("Layer"), list(titles), format_func=titles.__getitem__, key="patterns.layer")
    if layer == "scores":
        names = [datasets.class_name(name) for name in net.classes]
        widget_state.default("patterns.class", 0, range(len(names)))
        places = range(len(names))
        unit = st.selectbox(_("Class"), places, format_func=names.__getitem__, key="patterns.class")
        return layer, unit, names[unit]
    count = net.weights[f"{layer}/kernel"].shape[-1]
    widget_state.default("patterns.kernel", 1, range(1, count + 1))
    label = _("Kernel, 1 to {count}").format(count=number(count))
    unit = st.number_input(label, 1, count, key="patterns.kernel") - 1
    name = _("kernel {n} of {layer}").format(n=unit + 1, layer=titles[layer])
    normalised = f"{layer}_norm"  # where there is one, it decides which values are high
    return normalised if normalised in [one.name for one in net.layers] else layer, unit, name


def _field(net: network_choice.Network, layer: str) -> tuple[slice, slice]:
    """Return the pixels that reach the middle cell of a layer's maps, or all of them for the classes."""
    shapes = dict(
        zip([one.name for one in net.layers], ops.output_shapes(net.layers, (SIDE, SIDE, 3)), strict=True)
    )
    if len(shapes[layer]) == 1:
        return slice(0, SIDE), slice(0, SIDE)
    height, width, _count = shapes[layer]
    field = ops.receptive_field(net.layers, layer, height // 2, width // 2, (SIDE, SIDE, 3))
    (top, bottom), (left, right) = field.rows, field.cols
    return slice(top, bottom + 1), slice(left, right + 1)


def _sight(net: network_choice.Network, layer: str) -> str:
    field = ops.receptive_field(net.layers, layer, 0, 0, (SIDE, SIDE, 3))
    text = _(
        "One cell of this layer can see **{height} × {width} pixels** of the 32 × 32: its receptive field. "
        "The next cell sees a field {jump} further on."
    )
    if max(field.size) > SIDE:
        text = _("One cell of this layer could see {height} × {width} pixels: more than the whole photo.")
    jump = _("1 pixel") if field.jump[0] == 1 else _("{n} pixels").format(n=field.jump[0])
    return text.format(height=field.size[0], width=field.size[1], jump=jump)


def _made(
    net: network_choice.Network, layer: str, unit: int, name: str, seed: int, field: tuple[slice, slice]
) -> None:
    about = (net.run.id, net.stamp, layer, unit, seed)
    asked = str(net.run.folder.parent), net.run.id, layer, unit, STEPS, seed
    made: Made | None = background_job.answer(
        "inside.made",
        about,
        made_for,
        *asked,
        ask=_("Make a picture for {name}").format(name=name),
        doing=_("Step {done} of {all}"),
        long=True,
        shared=True,
    )
    if made is None:
        return
    what = _("its score") if layer == "scores" else _("its middle cell, before the activation")
    fact = _("After step {step}: {what} is {value}")
    facts = [
        fact.format(step=number(step), what=what, value=number(value, 2))
        for step, value in zip(made.steps, made.values, strict=True)
    ]
    note = _("All 32 × 32 pixels")
    if layer != "scores":
        note = _("The {height} × {width} pixels that the middle cell sees; the others do not matter to it")
        note = note.format(height=field[0].stop - field[0].start, width=field[1].stop - field[1].start)
    film(
        _("A picture that grows out of noise"),
        made.pictures[:, *field],
        facts,
        key="_inside.made",
        title=_("Made for {name}").format(name=name),
        note=note,
    )


def _patches(net: network_choice.Network, layer: str, unit: int) -> None:
    if not net.spec.present():
        title = net.spec.title
        text = _("These need the training images of {dataset}, which are not on this computer.")
        st.info(text.format(dataset=title), icon=":material/image_not_supported:")
        return
    about = (net.run.id, net.stamp, layer, unit)
    asked = str(net.run.folder.parent), net.run.id, layer, unit
    found: Patches | None = background_job.answer(
        "inside.patches",
        about,
        best_patches,
        *asked,
        ask=_("Look through the training images"),
        doing=_("{done} of {all} images"),
        long=True,
        shared=True,
    )
    if found is None:
        return
    with st.container(horizontal=True):
        for n in range(len(found.values)):
            _patch(net, found, n)
    text = _(
        "Of {count} images that it learned from; one patch an image. Under each the cell's value and the "
        "class."
    )
    st.caption(text.format(count=number(found.searched)))


def _patch(net: network_choice.Network, found: Patches, n: int) -> None:
    (top, bottom), (left, right) = found.rows[n], found.cols[n]
    patch = found.pictures[n][top : bottom + 1, left : right + 1]
    name = datasets.class_name(net.classes[found.labels[n]])
    st.image(tiles.enlarge(patch, TILE), f"{number(found.values[n], 2)}  \n{name}", width=TILE)
