"""What does softmax make of scores: set by the student, at any temperature, as large as one likes?"""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.figures.bars import probability_bars
from cnnlab.i18n import _, fine, number, percent
from cnnlab.ui.session import context, widget_state
from cnnlab.ui.widgets import lesson, page_control
from cnnlab.ui.widgets.chart import chart

START = (2.0, 1.2, -0.5)  # cat, dog and bird, while no network can be asked
SHIFTS = (0, 100, 1000)


def sliders(names: list[str], first: np.ndarray, key: str, columns: int = 5) -> np.ndarray:
    """Draw a slider for each score, so many a line; return the scores."""
    for begin in range(0, len(names), columns):
        for place, column in zip(range(begin, len(names)), st.columns(columns), strict=False):
            widget_state.default(f"{key}.{place}", _on_slider(first[place]))
            column.slider(names[place], -10.0, 10.0, step=0.1, format="%.1f", key=f"{key}.{place}")
    return np.array([st.session_state[f"{key}.{place}"] for place in range(len(names))])


def _on_slider(score: float) -> float:
    return round(float(np.clip(score, -10, 10)), 1)


def play(names: list[str], scores: np.ndarray) -> None:
    """Let the student set the scores and the temperature, and see the probabilities follow."""

    def take() -> None:
        for place, score in enumerate(scores):
            st.session_state[f"answer.own.{place}"] = _on_slider(score)

    mine = sliders(names, scores, "answer.own")
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        warmth = page_control.draw("answer.temperature")
        st.button(_("Take the scores from above again"), on_click=take, key="_answer.take")
        st.caption(
            _(
                "Above 1 the probabilities come closer to each other, below 1 the largest takes nearly all. "
                "Their order stays. The sliders round to 0.1."
            )
        )
    with right:
        theme = context.theme()
        bars = probability_bars(ops.softmax(mine, warmth), names, theme=theme)
        chart(bars, key="_answer.bars", alt=_("Probabilities of your scores"))


def overflow(names: list[str], scores: np.ndarray) -> None:
    """Set softmax as the formula is written beside the shifted form, on scores as large as one likes."""
    widget_state.default("answer.shift", SHIFTS[-1], SHIFTS)
    texts = {amount: f"+{number(amount)}" for amount in SHIFTS}
    label = _("Add to every score")
    st.segmented_control(label, SHIFTS, format_func=texts.__getitem__, key="answer.shift", required=True)
    large = np.asarray(scores, float) + st.session_state["answer.shift"]
    with np.errstate(over="ignore"):
        exponentials = np.exp(large)
    naive, steps = ops.softmax_naive(large), ops.softmax_steps(large)
    written = [percent(p, 2) if np.isfinite(p) else str(p) for p in naive]
    shifted = zip(steps.exponentials, steps.probabilities, strict=True)
    table = {
        _("class"): names,
        _("score"): [number(score, 2) for score in large],
        _("e^score → share"): [f"{e:.4g} → {share}" for e, share in zip(exponentials, written, strict=True)],
        _("e^(score − largest) → share"): [f"{fine(e, 4)} → {percent(p, 2)}" for e, p in shifted],
    }
    st.table(table, border="horizontal", hide_index=True)
    most = np.finfo(float).max
    text = _(
        "The largest number that 64 bits can hold is {most:.2g}, about e to the power of {power}. Beyond it "
        "the computer writes **inf**, and inf ÷ inf is **nan**: not a number. Subtracting the largest score "
        "first divides each exponential and their total by the same factor: no probability changes, and no "
        "exponential exceeds 1."
    )
    st.markdown(text.format(most=most, power=number(np.log(most), 1)))
    lesson.formula(
        r"\frac{e^{z_c}}{\sum_k e^{z_k}} = \frac{e^{-m}\,e^{z_c}}{e^{-m}\sum_k e^{z_k}} "
        r"= \frac{e^{z_c - m}}{\sum_k e^{z_k - m}}, \qquad m = \max_k z_k"
    )
