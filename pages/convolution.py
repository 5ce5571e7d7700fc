"""What does one kernel make of a photo? Step by step, with every product in sight."""

import zlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab import images, ops
from cnnlab.questions import convolution as questions
from cnnlab.text import _, number
from cnnlab.ui import convolution as view
from cnnlab.ui import crop, kernels, lesson, photo, state
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.windows import Mark

SIZES = (8, 10, 12, 16, 20, 24, 28, 32)
FORMULA = r"z(i,j) = b + \sum_{p,q,c} x(s\,i + d\,p - P_{top},\; s\,j + d\,q - P_{left},\; c)\; W(p,q,c)"


@dataclass
class Scene:
    """What the stepper shows while a question is open, and once it is answered."""

    setting: questions.Setting
    title: str
    hidden: np.ndarray | None = None
    marks: tuple[Mark, ...] = ()
    start: tuple[int, int] = (0, 0)
    hide_fed: bool = False


def ask_windows(two: questions.TwoWindows, setting: questions.Setting, about: int) -> Scene:
    """Ask which of two windows answers more strongly: bright is not strong."""
    hidden = np.zeros([len(index) for index in setting.index()], bool)
    marks = tuple(Mark(*cell, letter) for cell, letter in ((two.a, "A"), (two.b, "B")))
    question = _("two windows are marked. Which gets the **stronger** output, whatever its sign?")
    reveal = _(
        "A, the brightest window, gives {a}; B gives {b}. The weights add up to {sum}, so brightness alone "
        "cancels: this kernel answers to **differences**."
    )
    digits = digits_for(np.array([two.sum_a, two.sum_b]))
    numbers = {"a": number(two.sum_a, digits), "b": number(two.sum_b, digits)}
    reveal = reveal.format(sum=number(setting.kernel.sum(), 2), **numbers)
    if lesson.predict("convolution.windows", question, ["A", "B"], "B", reveal, about=about):
        return Scene(setting, _("Input"), marks=marks, start=two.b)
    hidden[two.a] = hidden[two.b] = True
    return Scene(setting, _("Input"), hidden, marks)


def ask_feeds(feeds: questions.Feeds, setting: questions.Setting, about: int) -> Scene:
    """Ask how many outputs one pixel feeds: windows overlap, borders differ."""
    question = _("how many outputs does the pixel marked **P** feed (row {row}, column {col})?")
    reveal = _("{rows} rows × {cols} columns of windows reach it. Point at P (or tap it) to see them.")
    question = question.format(row=feeds.row + 1, col=feeds.col + 1)
    reveal = reveal.format(rows=len(feeds.rows), cols=len(feeds.cols))
    options = [number(option) for option in feeds.options]
    answer = number(feeds.answer)
    answered = lesson.predict("convolution.feeds", question, options, answer, reveal, about=about)
    start = (feeds.rows[0], feeds.cols[0]) if answered and feeds.answer else (0, 0)
    mark = Mark(feeds.row, feeds.col, "P", on="input")
    return Scene(setting, _("Input"), marks=(mark,), start=start, hide_fed=not answered)


def ask_patch(patch: questions.EvenPatch, value: float, about: int) -> Scene:
    """Ask what comes out where every pixel is the same."""
    setting = patch.setting
    digits = digits_for(np.array(patch.options))
    options = [number(option, digits) for option in patch.options]
    question = _("the kernel lies on an even patch, where every pixel is {value}. What comes out?")
    reveal = _("{value} × the sum of the weights {sum} + bias {bias} = {answer}")
    numbers = {"value": number(value, digits_for(np.array([value]))), "answer": number(patch.answer, digits)}
    numbers["sum"] = number(setting.kernel.sum(), digits_for(np.array([setting.kernel.sum()])))
    numbers["bias"] = number(setting.bias, digits_for(np.array([setting.bias])))
    answer = numbers["answer"]
    question, reveal = question.format(**numbers), reveal.format(**numbers)
    if lesson.predict("convolution.patch", question, options, answer, reveal, about=about):
        return Scene(setting, _("Even patch"), start=patch.cell)
    return Scene(setting, _("Even patch"), np.ones([len(index) for index in setting.index()], bool))


def predict(setting: questions.Setting, scale: float) -> Scene:
    """Draw the choice among the questions that hold here, and the chosen one."""
    arrays = (setting.image, setting.kernel, [setting.bias, setting.stride, setting.dilation])
    about = zlib.crc32(b"".join(np.asarray(a, float).tobytes() for a in arrays) + setting.padding.encode())
    two, patch = questions.two_windows(setting), questions.even_patch(setting, questions.PATCH * scale)
    names = {"windows": _("Bright or strong?"), "feeds": _("One pixel"), "patch": _("An even patch")}
    names = {
        name: words
        for name, words in names.items()
        if name == "feeds" or {"windows": two, "patch": patch}[name]
    }
    state.default("convolution.question", next(iter(names)), names)
    label = _("Question")
    chosen = st.segmented_control(
        label, list(names), format_func=names.get, key="convolution.question", required=True
    )
    match chosen:
        case "windows":
            return ask_windows(two, setting, about)
        case "patch":
            return ask_patch(patch, questions.PATCH * scale, about)
    return ask_feeds(questions.feeds(setting), setting, about)


lesson.opening(
    _("What does a kernel see in a photo?"),
    _(
        "A kernel is a small table of weights. It slides over the photo; at each place every pixel under it "
        "is multiplied by its weight, and the products are added. One number comes out."
    ),
)
picture_slot, photo_slot, kernel_slot = st.columns([1, 1, 2.4], gap="medium")
stage, card = st.container(), st.container()
with photo_slot:
    _name, picture = photo.choose()
    state.default("convolution.crop.size", 12, SIZES)
    square = crop.choose(picture, SIZES, "convolution.crop", picture_slot)
with kernel_slot:
    kernels.few()
    state.default("convolution.relu", False)
    relu = st.toggle(_("ReLU: a negative output becomes 0"), key="convolution.relu")
    line = st.container()

with lesson.more(_("More: every kernel and weight, stride, border, dilation, colour")):
    problem = st.container()
    one, two = st.columns(2, gap="large")
    with one:
        inputs = {"grey": _("Grey"), "colour": _("Colour"), "own": _("A small grid")}
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
    image = square.values if channels == 3 else images.grey(square.values)[..., np.newaxis]
    if grid is not None:
        image = np.repeat(grid, channels, axis=2)
    weights = ops.flip(kernel.weights) if flip else kernel.weights
    wanted = questions.Setting(image * kernel.scale, weights, kernel.bias, **geometry)
    try:
        setting = view.sendable(wanted)
        st.session_state["_convolution.valid"] = (setting, kernel.scale)
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

setting, scale = st.session_state["_convolution.valid"]
ask, whole = card.columns([1, 1], gap="medium")
with ask:
    scene = predict(setting, scale)
if not scene.hide_fed:
    line.caption(_("Output cells along one side: {sum}").format(sum=view.size_line(setting)))
formulas = st.session_state["lesson.level"] != "numbers"
with stage:
    options = {"hidden": scene.hidden, "marks": scene.marks, "start": scene.start, "hide_fed": scene.hide_fed}
    cell = view.stepper(scene.setting, scene.title, relu=relu, choose=formulas, formula=formulas, **options)
with whole.container(border=True):
    view.whole_photo(picture, setting, scale, relu)
if formulas:
    place = st.session_state["_convolution.cell"] = (cell.row, cell.col) if cell else scene.start
    lesson.formula(FORMULA)
    if scene.hidden is None or not scene.hidden[place]:
        lesson.formula(view.step_formula(scene.setting, *place, relu))
lesson.code(ops.conv2d, ops.conv2d_step, ops.window_index, ops.output_size)
lesson.article(
    _("y(x, y) = Σ x(p, q) h(p, q); a filter is a two-dimensional matrix; the layer learns by convolving."),
    _(
        "The sum needs the **position** of the window: see the formula. It is cross-correlation, which networks "
        "call convolution; flip the kernel and it is that of mathematics. A kernel has height × width × input "
        "channels. Convolution computes, **training** learns; and without ReLU between them stacked convolutions "
        "are one linear map."
    ),
)
with lesson.more(_("The same as text")):
    view.as_text(scene.setting, relu, scene.hidden)
after = "layer" if (lesson.PAGES / "layer.py").exists() else "pooling"
lesson.next_lesson("inside", _("This is layer 1 of your network: see all its kernels"))
lesson.next_lesson(after, _("Next: a whole layer") if after == "layer" else _("Next: pooling"))
