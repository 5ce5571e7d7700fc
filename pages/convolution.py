"""What does one kernel make of a photo? Step by step, with every product in sight."""

import numpy as np
import streamlit as st

from cnnlab import images, ops
from cnnlab.questions import convolution as ask
from cnnlab.text import _, number
from cnnlab.ui import convolution as view
from cnnlab.ui import crop, kernels, lesson, photo, state
from cnnlab.ui.components.windows import Mark

SIZES = (8, 10, 12, 16, 20, 24, 28, 32)

lesson.opening(
    _("What does a kernel see in a photo?"),
    _(
        "A kernel is a small table of weights. It slides over the photo; at each place every pixel under it is "
        "multiplied by its weight, and the products are added. One number comes out."
    ),
)
left, right = st.columns([1, 3.6], gap="medium")
stage, below = right.container(border=True), right.container()
with left:
    _name, picture = photo.choose()
    state.default("convolution.crop.size", 12, SIZES)
    square = crop.choose(picture, SIZES, "convolution.crop")
    chosen = kernels.few()
    state.default("convolution.relu", False)
    relu = st.toggle(_("ReLU: negative becomes 0"), key="convolution.relu")
    line = st.container()

with right, lesson.more():
    problem = st.container()
    one, two = st.columns(2, gap="large")
    with one:
        inputs = {"grey": _("Grey"), "colour": _("Colour"), "own": _("Small grid")}
        state.default("convolution.input", "grey", inputs)
        source = st.segmented_control(
            _("Input"), list(inputs), format_func=inputs.get, key="convolution.input", required=True
        )
        grid = view.small_picture() if source == "own" else None
        geometry = view.geometry()
        state.default("convolution.flip", False)
        flip = st.toggle(_("Flip the kernel: what mathematics calls convolution"), key="convolution.flip")
    with two:
        kernel = kernels.all_settings(3 if source == "colour" else 1)

if kernel is not None:
    channels = kernel.weights.shape[2]
    if grid is not None:
        image = np.repeat(grid, channels, axis=2)
    else:
        image = square.values if channels == 3 else images.grey(square.values)[..., np.newaxis]
    weights = ops.flip(kernel.weights) if flip else kernel.weights
    setting = ask.Setting(image * kernel.scale, weights, kernel.bias, **geometry)
    try:
        setting.index()
        st.session_state["_convolution.valid"] = (setting, kernel.scale)
    except ops.GeometryError as error:
        text = _(error.template).format(**error.numbers)
        for place in (problem, line):
            place.error(_("This does not fit: {reason}. The last picture stays.").format(reason=text))
if "_convolution.valid" not in st.session_state:
    st.stop()
setting, scale = st.session_state["_convolution.valid"]
stage.write(setting.image.shape)
with stage:
    view.stepper(setting, title=_("Input"), relu=relu)
line.caption(view.size_line(setting))
with below:
    view.whole_photo(picture, setting, scale, relu)
lesson.next_lesson("pooling", _("Next: pooling"))
