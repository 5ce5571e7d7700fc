"""How does pooling make maps smaller, and what does it keep?"""

from functools import partial

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions import pooling as ask
from cnnlab.ui.lessons.pooling import steps as view
from cnnlab.ui.session import projector
from cnnlab.ui.widgets import crop, lesson, photo_choice


def brighter(setting: ask.Setting, asked: ask.Loser) -> bool:
    """Ask which outputs change when a losing pixel becomes brighter; return whether that is answered."""
    names = {
        "max": _("only the maximum"),
        "average": _("only the average"),
        "both": _("both"),
        "neither": _("neither"),
    }
    question = _(
        "Pixel **P** (row {row}, column {col}) is {value}, not the largest of its window. It becomes "
        "**{more} brighter**. Which output changes?"
    )
    reveal = _(
        "P would be {now}; the largest of the window is {largest}, so the maximum is {largest} → {max}. The "
        "average takes every pixel in: {average} → {after}."
    )
    levels = {"value": asked.value, "more": asked.more, "now": asked.value + asked.more}
    levels |= {"largest": asked.largest, "max": asked.max_after}
    numbers = {name: number(value) for name, value in levels.items()}
    numbers |= {"average": number(asked.average, 2), "after": number(asked.average_after, 2)}
    return lesson.predict(
        "pooling.brighter",
        question.format(row=asked.row + 1, col=asked.col + 1, **numbers),
        list(names.values()),
        names[asked.outcome],
        reveal.format(**numbers),
        about=asked,
    )


def shifted(square: crop.Crop, setting: ask.Setting) -> None:
    """Ask what a moved crop leaves as it was, then let the student move it."""
    st.subheader(_("Does pooling care where things are?"), anchor=False)
    grey = photos.grey(square.photo)
    room = ask.shift_room(grey, square.col, square.size)
    if not room:
        st.info(_("The photo is no wider than the crop, so the crop cannot move. A smaller crop can."))
        return
    step = int(np.sign(room))
    changes = ask.shift_test(grey, square.row, square.col, setting, [step])
    count = np.size(setting.pooled("max"))
    if asked := ask.share_options(changes, 0, count):
        shares, answer = asked
        side = _("right") if room > 0 else _("left")
        question = _(
            "The crop moves one pixel to the {side}. What share of the {count} **max** values stays the same?"
        )
        reveal = _(
            "The windows now hold other pixels, and with them other winners. Without pooling {none} stay. "
            "Pooling dampens a small move; it is not indifferent to it."
        )
        options = {share: percent(share / 100, 0) for share in shares}
        if not lesson.predict(
            "pooling.shift",
            question.format(side=side, count=count),
            list(options.values()),
            options[answer],
            reveal.format(none=percent(changes["none"][0].same, 0)),
            about=(photos.checksum(setting.values), setting.window, setting.stride, setting.padding, step),
        ):
            return
    with st.container(border=True):
        view.moved(grey, square.row, square.col, setting, room)


lesson.opening(
    _("How do maps become smaller?"),
    _(
        "Pooling makes **one number of each window**: its largest value, or its average. It has no weights, "
        "so there is nothing to learn; smaller maps leave the next layer less to compute. Any map can be "
        "pooled: here it is the photo in grey."
    ),
)
left, right = st.columns([1, 3.6], gap="medium")
if projector.on():  # the numbers need the whole width
    left, right = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
with left:
    _name, picture = photo_choice.choose()
    square = crop.choose(picture, "pooling.crop")
    setting = ask.Setting(photos.grey(square.values), **view.geometry())
    try:
        setting.index()
        st.session_state["_pooling.valid"] = (square, setting)
    except ops.GeometryError as error:
        reason = _(error.template).format(**error.numbers)
        st.error(_("This does not fit: {reason}. The last picture stays.").format(reason=reason))
    if "_pooling.valid" not in st.session_state:
        st.stop()
    square, setting = st.session_state["_pooling.valid"]
    st.caption(view.size_line(setting))
with right:
    stage = st.container()
    asked = ask.loser(setting)
    answered = asked is not None and brighter(setting, asked)
    with stage:
        view.stepper(setting, asked, answered)
shifted(square, setting)
lesson.unfold(
    {
        _("Where the gradient goes"): partial(view.gradient, setting),
        _("What could stand instead"): partial(view.alternatives, setting),
        _("The same as text"): partial(view.as_text, setting, view.hidden_cells(setting, asked, answered)),
    },
    key="pooling.more",
)
view.article()
lesson.code(ops.max_pool, ops.average_pool, ops.pool_gradient, ops.global_average_pool)
lesson.page_link("network", _("See pooling inside a trained network"), ":material/layers:")
lesson.way_on("pooling")
