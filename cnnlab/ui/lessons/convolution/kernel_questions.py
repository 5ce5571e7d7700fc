"""How are the questions about one kernel asked, and what does the stepper hide until they are answered?"""

import zlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.lessons.questions import convolution as questions
from cnnlab.lessons.questions.convolution import Setting
from cnnlab.ui.components.data import digits_for, written
from cnnlab.ui.components.windows import Mark
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import lesson


@dataclass
class Scene:
    """What the stepper shows while a question is open, and once it is answered."""

    setting: Setting
    title: str
    hidden: np.ndarray | None = None
    marks: tuple[Mark, ...] = ()
    start: tuple[int, int] = (0, 0)
    hide_fed: bool = False


def ask_windows(two: questions.TwoWindows, setting: Setting, about: int) -> Scene:
    """Ask which of two windows answers more strongly: bright is not strong."""
    hidden = np.zeros([len(index) for index in setting.index()], bool)
    bright, strong = two.letters
    marks = (Mark(*two.bright, bright), Mark(*two.strong, strong))
    question = _("Two windows are marked. Which gets the **stronger** output, whatever its sign?")
    reveal = _(
        "{strong} gives {most}; {bright}, the brightest window, gives {less}. The weights sum to {sum}, so "
        "brightness alone cancels: this kernel answers to **differences**."
    )
    digits = digits_for(np.array([two.sum_bright, two.sum_strong]))
    numbers = {"less": number(two.sum_bright, digits), "most": number(two.sum_strong, digits)}
    reveal = reveal.format(sum=written(setting.kernel.sum()), bright=bright, strong=strong, **numbers)
    if lesson.predict("convolution.windows", question, ["A", "B"], strong, reveal, about=about):
        return Scene(setting, _("Input"), marks=marks, start=two.strong)
    hidden[two.bright] = hidden[two.strong] = True
    return Scene(setting, _("Input"), hidden, marks)


def ask_feeds(feeds: questions.Feeds, setting: Setting, about: int) -> Scene:
    """Ask how many outputs one pixel feeds: windows overlap, borders differ."""
    question = _("How many outputs does the pixel marked **P** feed (row {row}, column {col})?")
    reveal = _("{rows} × {cols} windows reach it (down × across). Point at P (or tap it) to see them.")
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
    question = _("The kernel lies on an even patch, where every pixel is {value}. What comes out?")
    reveal = _("{value} × the sum of the weights {sum} + bias {bias} = {answer}")
    numbers = {"value": written(value), "answer": number(patch.answer, digits)}
    numbers |= {"sum": written(setting.kernel.sum()), "bias": written(setting.bias)}
    answer = numbers["answer"]
    question, reveal = question.format(**numbers), reveal.format(**numbers)
    if lesson.predict("convolution.patch", question, options, answer, reveal, about=about):
        return Scene(setting, _("Even patch"), start=patch.cell)
    return Scene(setting, _("Even patch"), np.ones([len(index) for index in setting.index()], bool))


def ask(setting: Setting, scale: float) -> Scene:
    """Draw the choice among the questions that hold here, and the chosen one."""
    arrays = (setting.image, setting.kernel, [setting.bias, setting.stride, setting.dilation])
    about = zlib.crc32(b"".join(np.asarray(a, float).tobytes() for a in arrays) + setting.padding.encode())
    two, patch = questions.two_windows(setting), questions.even_patch(setting, questions.PATCH * scale)
    names = {
        **({"windows": _("Bright or strong?")} if two else {}),
        "feeds": _("One pixel"),
        **({"patch": _("An even patch")} if patch else {}),
    }
    widget_state.default("convolution.question", next(iter(names)), names)
    label = _("Question")
    chosen = st.segmented_control(
        label, list(names), format_func=names.__getitem__, key="convolution.question", required=True
    )
    match chosen:
        case "windows" if two:
            return ask_windows(two, setting, about)
        case "patch" if patch:
            return ask_patch(patch, questions.PATCH * scale, about)
    return ask_feeds(questions.feeds(setting), setting, about)
