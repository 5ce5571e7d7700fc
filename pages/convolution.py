"""What does one kernel make of a photo? Step by step, with every product in sight."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.i18n import _
from cnnlab.lessons.questions.convolution import Setting
from cnnlab.ui.lessons.convolution import kernel_questions, kernels
from cnnlab.ui.lessons.convolution import steps as view
from cnnlab.ui.widgets import crop, formulas, lesson, page_control, photo_choice

lesson.opening(
    _("What does a kernel see in a photo?"),
    _(
        "A kernel is a small table of weights. It slides over the photo; at each place every pixel under it "
        "is multiplied by its weight, and the products are added. One number comes out. Here the photo is "
        "made grey first, one number a pixel; colour is the next page."
    ),
)
picture_slot, photo_slot, kernel_slot = st.columns([1, 1, 2.4], gap="medium")
stage, card = st.container(), st.container()
with photo_slot:
    _name, picture = photo_choice.choose()
    square = crop.choose(picture, "convolution.crop", picture_slot)
with kernel_slot:
    kernels.few()
    help = _("Rectified linear unit. Without it, several layers could do no more than a single one.")
    relu = page_control.draw("convolution.relu", help=help)
    line = st.container()

folded = [f"convolution.{name}" for name in ("input", "stride", "padding", "dilation", "flip")]
with lesson.more(_("More: every kernel and weight, stride, border, dilation, colour"), holds=folded):
    problem = st.container()
    one, two = st.columns(2, gap="large")
    with one:
        source = page_control.draw("convolution.input")
        grid = view.small_picture() if source == "own" else None
        geometry = view.geometry()
        size = st.container()
        flip = page_control.draw("convolution.flip")
    with two:
        kernel = kernels.all_settings(3 if source == "colour" else 1)

if kernel is not None:
    channels = kernel.weights.shape[2]
    image = square.values if channels == 3 else photos.grey(square.values)[..., np.newaxis]
    if grid is not None:
        image = np.repeat(grid, channels, axis=2)
    weights = ops.flip(kernel.weights) if flip else kernel.weights
    wanted = Setting(image * kernel.scale, weights, kernel.bias, **geometry)
    try:
        setting = view.sendable(wanted)
        st.session_state["_convolution.valid"] = (setting, kernel.scale, crop.whole(picture))
        note = view.border_note(setting)
        if note:
            problem.caption(note)
        if setting is not wanted:
            text = _("So many products are too much to send: you see the first {n} × {n} pixels of the crop.")
            problem.warning(text.format(n=setting.image.shape[0]))
    except ops.GeometryError as error:
        reason = _(error.template).format(**error.numbers)
        text = _("This does not fit: {reason}. The last picture that fitted stays.").format(reason=reason)
        problem.error(text)
        line.error(text)
if "_convolution.valid" not in st.session_state:
    stage.info(_("Choose a smaller kernel, a zero border, or a larger photo: then there are steps to show."))
    st.stop()

setting, scale, picture = st.session_state["_convolution.valid"]
ask, whole = card.columns([1, 1.15], gap="medium")
with ask:
    scene = kernel_questions.ask(setting, scale)
if not scene.hide_fed:
    line.caption(view.fits_line(setting))
    size.caption(_("Output cells along one side: {sum}").format(sum=view.size_line(setting)))
with stage:
    cell = view.stepper(
        scene.setting,
        scene.title,
        top=255 * scale,
        relu=relu,
        hidden=scene.hidden,
        marks=scene.marks,
        start=scene.start,
        hide_fed=scene.hide_fed,
        follow=lesson.formulas(),
    )
    lesson.formula(formulas.convolution())
    if cell:
        view.step_formula(scene, cell, relu)
with whole.container(border=True):
    view.whole_photo(picture, setting, scale, relu)
lesson.code(ops.conv2d, ops.conv2d_step, ops.window_index, ops.output_size)
lesson.article(
    _("y(x, y) = Σ x(p, q) h(p, q); a filter is a two-dimensional matrix; the layer learns by convolving."),
    _(
        "The sum needs the **position** of the window: see the formula. It is cross-correlation, which "
        "networks call convolution; with a flipped kernel it is that of mathematics. A kernel has height × "
        "width × input channels. Convolution computes, **training** learns; and without ReLU between them "
        "stacked convolutions are one linear map."
    ),
)
with lesson.more(_("The same as text")):
    view.as_text(scene.setting, relu, scene.hidden)
lesson.next_lesson("network", _("This is layer 1 of your network: see the rest"))
lesson.way_on("convolution")
