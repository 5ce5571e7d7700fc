"""How is the square made 32 x 32, and what does the way do to the answer?"""

import streamlit as st

from cnnlab.data import photos
from cnnlab.data.spec import SIDE
from cnnlab.i18n import _, fine, number
from cnnlab.ui.classify.subject import FILTER, Look
from cnnlab.ui.components.bars import Answer, bars

CHANGED = "_classify.filter.changed"


def _changed() -> None:
    st.session_state[CHANGED] = True


def smaller(look: Look) -> None:
    """Show the same square made small in four ways, with their answers; one is the page's."""
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # the whole page looks through the chosen filter
    words = {
        "area": _("mean of the pixels that fall together"),
        "bilinear": _("mean, near pixels count more"),
        "lanczos": _("as bilinear, but sharper"),
        "nearest": _("one pixel of many: detail is lost, edges flicker"),
    }
    size = look.crop[2]
    text = _("{size} × {size} pixels of the photo become 32 × 32: about {each} of them become one.")
    if size < SIDE:
        text = _("{size} × {size} pixels of the photo become 32 × 32: each of them becomes about {each}.")
    each = (max(size, SIDE) / min(size, SIDE)) ** 2
    st.markdown(text.format(size=number(size), each=number(each, 1)))
    if look.photo is None:  # a digit comes as small as it is
        return
    square = photos.square(look.photo, *look.crop)
    answers, tops = [], []
    for name, explained in words.items():
        seen = photos.resize(square, resample=name)
        probabilities = look.net.probabilities(seen)
        answers.append(Answer(probabilities, name.capitalize(), explained, seen))
        tops.append(int(probabilities.argmax()))
    st.segmented_control(
        _("On this page the square is made small by"), list(words), format_func=str.capitalize, key=FILTER,
        required=True, on_change=_changed,
    )  # fmt: skip
    bars(answers, look.classes, key="_classify.filters", true=look.truth)
    spread = max(answer.probabilities[look.answer] for answer in answers) - min(
        answer.probabilities[look.answer] for answer in answers
    )
    text = _("Four ways, {count} different answers; ") if len(set(tops)) > 1 else _("Four ways, one answer; ")
    text += _("the probability of {name} differs by up to {points} points.")
    name = look.classes[look.answer]
    st.markdown(text.format(count=len(set(tops)), name=name, points=fine(100 * float(spread), 1)))
