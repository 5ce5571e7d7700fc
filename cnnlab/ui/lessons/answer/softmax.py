"""How do scores become probabilities? Term by term, and what one rising score does to the others."""

from collections.abc import Hashable, Sequence

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions.answer import one_score_rises
from cnnlab.ui.components.terms import softmax_table, terms
from cnnlab.ui.widgets import formulas, lesson


@st.fragment
def steps(scores: np.ndarray, names: Sequence[str], *, key: str, start: int = 0) -> None:
    """Draw softmax of the scores (classes,) term by term, with the step as a formula."""
    found = ops.softmax_steps(scores)
    if not start:  # who is shown a later step has read it before
        text = _(
            "First the largest score, {largest}, is subtracted from each, which changes no probability; "
            "then comes e (2.718…) to that power, and last the share of the total. The largest share is "
            "the answer."
        )
        st.caption(text.format(largest=number(found.shift, 2)))
    at = terms(softmax_table(found, names), key=key, start=start, follow=lesson.formulas())
    lesson.formula(formulas.softmax(found, names, at))


def ask_about_rise(about: Hashable, scores: np.ndarray, names: Sequence[str]) -> None:
    """Ask what one rising score does to the others, and step through it."""
    rise = one_score_rises(scores)
    if rise is None:
        return
    raised, watched, other = (names[place] for place in (rise.raised, rise.watched, rise.other))
    outcomes = {
        (False, True): _("Both stay as they are"),
        (True, True): _("It falls; the ratio stays"),
        (True, False): _("It falls; the ratio changes too"),
    }
    question = _(
        "Only the score of **{raised}** rises by 1. What happens to the probability of **{watched}**, and to "
        "the ratio {watched} : {other}?"
    )
    reveal = _(
        "The total grows, so {watched} falls from {before} to {after}, and {other} by the same factor: "
        "{watched} : {other} is {ratio} before and {same} after. Softmax never judges a class by itself."
    )
    before, after = (percent(p[rise.watched], 2) for p in (rise.before, rise.after))
    ratio, same = (number(value, 3) for value in rise.ratios)
    words = {"raised": raised, "watched": watched, "other": other, "ratio": ratio, "same": same}
    if lesson.predict(
        "answer.rise",
        question.format(**words),
        list(outcomes.values()),
        outcomes[rise.falls, rise.ratio_stays],
        reveal.format(**words, before=before, after=after),
        about=about,
    ):
        st.caption(_("The same table with the score of {raised} 1 higher:").format(**words))
        steps(rise.scores, names, key="_answer.rise", start=len(names) + rise.watched)
