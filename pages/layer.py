"""What does a layer make of a photo? Several kernels, each through all colours, and as many maps."""

import zlib

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.config.presets import ARTICLE
from cnnlab.i18n import _, number
from cnnlab.lessons.questions import layer as ask
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.windows import Mark
from cnnlab.ui.lessons.layer import four_kernels
from cnnlab.ui.lessons.layer import steps as view
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import crop, formulas, lesson, network_table, page_control, photo_choice
from cnnlab.ui.widgets.number_field import number_field


def ask_weights(kernels: np.ndarray, biased: bool) -> None:
    """Ask how many weights one kernel has: kernels are not flat."""
    kh, kw, c_in, c_out = kernels.shape
    question = ask.weights(kernels.shape)
    if question is None:
        return
    text = _("A kernel here is {kh} × {kw} in size. How many **weights** has one kernel?").format(
        kh=kh, kw=kw
    )
    reveal = _(
        "{kh} × {kw} × {c_in}: a slice for each input channel. The {n} kernels here: {all}, plus {n} biases."
    )
    if not biased:
        reveal = _(
            "{kh} × {kw} × {c_in}: a slice for each input channel. The {n} kernels here: {all}; no biases."
        )
    reveal = reveal.format(kh=kh, kw=kw, c_in=c_in, n=c_out, all=number(kernels.size))
    options = [number(option) for option in question.options]
    lesson.predict("layer.weights", text, options, number(question.answer), reveal, about=kernels.shape)


def ask_relu(question: ask.Passed, about: int) -> bool:
    """Ask what ReLU passes on of a negative sum; return whether that is answered."""
    digits = digits_for(np.array(question.options))
    options = [number(option, digits) for option in question.options]
    text = _(
        "In map 1 the three sums and the bias of cell **A** add up to **{value}**. What does ReLU pass on?"
    )
    reveal = _(
        "ReLU is max(0, z). The kernel did not find its pattern here, and how much it did not is dropped."
    )
    text = text.format(value=number(question.value, digits))
    return lesson.predict("layer.relu", text, options, number(question.answer, digits), reveal, about=about)


def arithmetic() -> None:
    """Let the student count the parameters of any layer."""
    one, two, three = st.columns(3)
    with one:
        size = number_field(_("Kernel size"), 1, 11, 3, key="layer.size")
    with two:
        inputs = number_field(_("Input channels"), 1, 2048, 32, key="layer.inputs")
    with three:
        outputs = number_field(_("Number of kernels"), 1, 2048, 64, key="layer.outputs")
    (count,) = ops.parameters([ops.Conv("conv", outputs, size)], (size, size, inputs))
    text = _("{k}×{k}×{inputs}×{outputs} + {outputs} = **{count}** weights and biases")
    st.markdown("#### " + text.format(k=size, inputs=inputs, outputs=outputs, count=number(count)))
    st.caption(_("The photo's size does not matter. The whole of the article's network, for ten classes:"))
    network_table.layer_table(ARTICLE.layers(10))


lesson.opening(
    _("What does a layer make of a photo?"),
    _(
        "A layer has many kernels, and each reads **all channels** (here red, green and blue) with a slice "
        "of weights for each: three sums, added up with a bias. **ReLU** drops what is negative. Four "
        "kernels make four maps."
    ),
)
picture_slot, photo_slot, layer_slot = st.columns([1, 1, 2.2], gap="medium")
with photo_slot:
    _name, picture = photo_choice.choose()
    square = crop.choose(picture, "layer.crop", picture_slot)
with layer_slot:
    sources = {"hand": _("Made by hand"), "trained": _("From a trained network")}
    widget_state.default("layer.source", "hand", sources)
    held = widget_state.locked("layer.relu", "layer.bias")  # kernels from elsewhere bring their own
    source = st.segmented_control(
        _("Kernels"),
        list(sources),
        format_func=sources.__getitem__,
        key="layer.source",
        required=True,
        disabled=held,
    )
    layer = None
    if source == "trained":
        layer = four_kernels.trained()
    if layer is None:
        relu, bias = page_control.draw("layer.relu"), page_control.draw("layer.bias")
        layer = four_kernels.by_hand(float(bias), "relu" if relu else None)

image = square.values * layer.scale
about = zlib.crc32(b"".join(array.tobytes() for array in (image, layer.kernels, layer.bias)))
question = None
if layer.activation == "relu" and min(image.shape[:2]) >= len(layer.kernels):
    question = ask.passed(ops.conv2d(image, layer.kernels, layer.bias)[..., 0])
stage = st.container()
left, right = st.columns(2)
with left:
    ask_weights(layer.kernels, layer.biased)
with right:
    answered = question is None or ask_relu(question, about)
with stage:
    if min(image.shape[:2]) < len(layer.kernels):
        st.error(_("This photo is smaller than a kernel. Choose a larger one."))
        st.stop()
    asked = (question.row, question.col) if question else None
    marks = (Mark(*asked, "A", output=0),) if asked else ()
    hide = None if answered else asked
    start = (0, 1) if hide == (0, 0) else (0, 0)
    if asked and answered:
        start = asked
    cell = view.stepper(image, layer, hide, marks=marks, start=start, follow=lesson.formulas())
    lesson.formula(formulas.layer(layer.activation))
    if cell and (hide is None or cell != (0, *hide)):
        lesson.formula(view.step_formula(image, layer, cell))
st.subheader(_("The whole photo, through every kernel"), anchor=False)
maps = view.whole_maps(picture, layer.kernels, layer.bias, layer.scale, layer.activation)
with st.container(horizontal=True):
    st.image(view.whole_photo(picture), _("In: 3 channels"), width=view.WHOLE)
    for place, (made, name) in enumerate(zip(maps, layer.names, strict=True), start=1):
        st.image(made, _("Map {n}: {name}").format(n=place, name=name), width=view.WHOLE)
with lesson.more(_("More: count the weights of any layer")):
    arithmetic()
with lesson.more(_("The same as text")):
    view.text(image, layer, hide)
lesson.article(
    _("A filter is a two-dimensional matrix, and the layer learns by convolving. ReLU goes unexplained."),
    _(
        "A kernel has height × width × **input channels**, and there is one such block for each output map. "
        "Convolution computes, **training** learns. Without ReLU between them, stacked convolutions are one "
        "linear map, so a second layer would add nothing."
    ),
)
lesson.code(ops.conv2d, ops.conv2d_step, ops.relu, ops.parameters)
lesson.next_lesson("inside", _("This is layer 1 of your network: its kernels"))
lesson.way_on("layer")
