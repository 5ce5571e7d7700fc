"""What is a picture to a computer? A crop with its values, its colour planes, and what the network gets."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import cifar10, photos
from cnnlab.data.datasets import class_name
from cnnlab.figures.tiles import enlarge
from cnnlab.i18n import _, number
from cnnlab.lessons.questions.pixels import SIDE, count, targets
from cnnlab.ui.components.planes import planes
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import crop, lesson, number_text, page_control, photo_choice

SHOWN = 256  # pixels of the photo and of what the network gets


def what_the_network_gets(name: str, picture: np.ndarray) -> None:
    """Ask how many numbers reach the network; show the photo at 32 x 32 beside the photo."""
    height, width, channels = picture.shape
    question = count(height, width)
    text = _("The network reads every photo at {side} × {side} pixels in colour. How many numbers is that?")
    reveal = _(
        "{side} rows × {side} columns × {channels} colours. The photo has {all} numbers; the rest is lost "
        "when it shrinks."
    )
    numbers = {"side": SIDE, "channels": channels, "all": number(picture.size)}
    options, answer = [number(option) for option in question.options], number(question.answer)
    shown = lesson.predict(
        "pixels.count",
        text.format(**numbers),
        options,
        answer,
        reveal.format(**numbers),
        about=(height, width),
    )
    small = photos.resize(photos.square(picture))
    row = st.container(horizontal=True, gap="medium")
    sizes = {"height": number(height), "width": number(width), "all": number(picture.size)}
    text = _("{photo}: {height} rows × {width} columns, {all} numbers; its middle square is used")
    caption = text.format(photo=name, **sizes)
    row.image(lesson_photo(picture), caption, width=SHOWN)
    caption = _("What the network gets: {side} × {side} pixels").format(side=SIDE)
    if shown:
        caption += _(", {all} numbers").format(all=number(small.size))
    row.image(enlarge(small, SHOWN), caption, width=SHOWN)


def lesson_photo(picture: np.ndarray) -> np.ndarray:
    """Return the central square of a photo, small enough to send."""
    return photos.resize(photos.square(picture), SHOWN)


def label_as_numbers() -> None:
    """Show the class of a photo as ten numbers, once the student has said which."""
    names = [class_name(name) for name in cifar10.CLASSES]
    words = [*names, _("none of the ten")]
    chosen = st.session_state["photo.choice"]
    if st.session_state.get("pixels.labelled") != chosen:  # another photo shows something else
        known = cifar10.SAMPLES.get(chosen)
        st.session_state["pixels.class"] = cifar10.CLASSES.index(known) if known else len(names)
        st.session_state["pixels.labelled"] = chosen
    widget_state.default("pixels.class", len(names), range(len(words)))
    what = _("What it shows")
    label = st.selectbox(what, range(len(words)), format_func=words.__getitem__, key="pixels.class")
    if label == len(names):
        text = _("A network that knows {count} classes has no right answer for such a photo.")
        st.caption(text.format(count=len(names)))
        return
    options, answer = ask_label(label, names)
    if not lesson.predict(
        "pixels.label",
        _("It is class {n} of {count}. Which {count} numbers should the network answer?").format(
            n=label + 1, count=len(names)
        ),
        options,
        answer,
        _("1 for the true class and 0 for every other: **one-hot**."),
    ):
        return
    truth = ops.one_hot(label, len(names))
    table = {
        _("Class"): [f"✓ {name}" if c == label else name for c, name in enumerate(names)],
        _("Truth"): [number(value) for value in truth],
    }
    st.table(table, border="horizontal", hide_index=True, height="content")
    text = _(
        "**One-hot**: 1 at the true class, 0 elsewhere. With class numbers 0 to {last} instead, {a} would be "
        "nearer to {b} than to {c}."
    )
    st.caption(text.format(last=len(names) - 1, a=names[0], b=names[1], c=names[-1]))


def ask_label(label: int, names: list[str]) -> tuple[list[str], str]:
    """Return the rows of numbers to choose from, and the right one."""
    options, answer = targets(label, len(names))
    space = "\N{NO-BREAK SPACE}"  # a row stays on one line
    return [space.join(map(str, row)) for row in options], space.join(map(str, answer))


@st.fragment
def resampling(picture: np.ndarray) -> None:
    """Shrink the photo in four ways and measure how far the results are apart."""
    names = {
        "area": _("Area: the mean of the pixels covered"),
        "bilinear": _("Bilinear: near pixels count more"),
        "lanczos": _("Lanczos: a little sharpened"),
        "nearest": _("Nearest: one pixel, the others dropped"),
    }
    square = photos.square(picture)
    usual = photos.resize(square).astype(float)
    for place, (column, (name, text)) in enumerate(zip(st.columns(4), names.items(), strict=True)):
        small = photos.resize(square, resample=name)
        apart = np.abs(small - usual).mean()
        difference = (
            _("the network's way") if place == 0 else _("{apart} apart from area, on average, of 255")
        )
        column.image(
            enlarge(small, 256), f"**{text}** — {difference.format(apart=number(apart, 1))}", width="stretch"
        )
    text = _("One photo, four pictures: a network that learned on one kind may answer another differently.")
    st.caption(text)


lesson.opening(
    _("What does a computer see?"),
    _(
        "Numbers. Each **pixel** is three of them: how much red, green and blue, from 0 (none) to 255 (all). "
        "Point at a pixel and read it."
    ),
)
picture_slot, photo_slot, unit_slot = st.columns([1, 1, 1.6], gap="medium")
with photo_slot:
    name, picture = photo_choice.choose()
    square = crop.choose(picture, "pixels.crop", picture_slot)
with unit_slot:
    divided = page_control.draw("pixels.divided")
    st.caption(_("Networks learn better on small numbers, so they divide by 255: then 1 is the brightest."))
    text = _("The crop: {size} × {size} pixels of the photo, shrunk to {height} × {width}.")
    st.caption(text.format(size=square.size, height=square.photo.shape[0], width=square.photo.shape[1]))
row, col = square.size // 2, square.size // 2
row, col = planes(
    square.values, key="_pixels.planes", start=(row, col), divided=divided, follow=lesson.formulas()
)
for place, colour in enumerate((_("red"), _("green"), _("blue"))):
    value = int(square.values[row, col, place])
    share = lesson.tex(float(ops.rescale(value, 1 / 255)), 3)
    lesson.formula(
        rf"x({row + 1}, {col + 1}, \text{{{colour}}}) \leftarrow \frac{{{value}}}{{255}} \approx {share}"
    )
what, label = st.columns([2, 1], gap="large")
with what:
    st.subheader(_("What the network gets"), anchor=False)
    what_the_network_gets(name, picture)
with label:
    st.subheader(_("What it should answer"), anchor=False)
    label_as_numbers()
with lesson.more(_("More: four ways to shrink a photo")):
    resampling(picture)
with lesson.more(_("The same as text")):
    names = (_("Red"), _("Green"), _("Blue"))
    values = ops.rescale(square.values, 1 / 255) if divided else square.values
    number_text.grids(_("The crop"), {name: values[..., c] for c, name in enumerate(names)})
lesson.article(
    _("Images are divided by 255 before training."),
    _(
        "That is right. Kept as whole numbers from 0 to 255 they take {times} times less memory than as the "
        "article keeps them: so here the network's first step divides, which changes no result."
    ).format(times=np.dtype(np.float64).itemsize),
)
lesson.code(ops.rescale, ops.one_hot, photos.resize, photos.square)
lesson.next_lesson("network", _("This goes into your network: see its layers"))
lesson.way_on("pixels")
