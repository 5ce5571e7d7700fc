"""How do feature maps become an answer? Flatten, one score, softmax."""

from functools import partial

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.config.presets import ARTICLE
from cnnlab.data.datasets import class_name
from cnnlab.figures import tiles
from cnnlab.i18n import _, number
from cnnlab.ui.components.terms import Table, softmax_table
from cnnlab.ui.lessons.answer import flatten, look, own_scores, score, softmax
from cnnlab.ui.widgets import lesson, network_choice, number_text


def text(table: Table | None, seen: look.Look | None, scores: np.ndarray, names: list[str]) -> None:
    """Write the last maps, the contributions (once they are predicted) and softmax as text."""
    number_text.table(softmax_table(ops.softmax_steps(scores), names))
    if table:
        number_text.table(table)
    if seen:
        maps = flatten.last_maps(seen)
        channel = min(st.session_state.get("answer.map", 1), maps.shape[-1]) - 1
        number_text.grids(_("Map {n}").format(n=channel + 1), {"": maps[..., channel]})


lesson.opening(
    _("How do feature maps become an answer?"),
    _(
        "In three steps: the last maps are laid out as **one row** of numbers; a dense layer weighs them "
        "into a **score** (logit) for every class; **softmax** turns the scores into probabilities."
    ),
)
left, right = st.columns([1, 3.2], gap="medium")
with left.container(horizontal=True):
    picture, controls = st.container(width=112), st.container(width=190)
with controls:
    net = network_choice.choose()
    seen = look.look(net) if net else None
table = None
if net and seen:
    picture.image(tiles.enlarge(seen.picture, 112), _("it sees 32 × 32"), width=112)
    names = [class_name(name) for name in net.classes]
    scores, about = seen.scores, seen.about
    with right.container(border=True):
        st.subheader(_("1 · The last maps become one row"), anchor=False)
        flatten.flatten(seen)
    st.subheader(_("2 · A score: every number times its weight"), anchor=False)
    table = score.take_apart(seen, names)
    st.subheader(_("3 · Softmax: the scores become probabilities"), anchor=False)
    softmax.steps(scores, names, key="_answer.softmax")
else:
    names = [_("cat"), _("dog"), _("bird")]
    with left:
        scores = own_scores.sliders(names, np.array(own_scores.START), "answer.score", columns=1)
    about = tuple(scores)
    with right:
        softmax.steps(scores, names, key="_answer.softmax")
softmax.ask_about_rise(about, scores, names)
lesson.unfold(
    {
        _("Your own scores, temperature"): partial(own_scores.play, names, scores),
        _("Scores of 1,000"): partial(own_scores.overflow, names, scores),
        _("The same as text"): partial(text, table, seen, scores, names),
    },
    key="answer.more",
    holds=["answer.temperature"],
)
lesson.article(
    _("The fully connected layer is the output layer."),
    _("Its own model has a hidden dense layer of {units} units before the one that gives the scores.").format(
        units=ARTICLE.dense[0].units
    ),
    _("A “software threshold”, a matrix of thresholds, does the classification."),
    _(
        "That is a mistranslation of **softmax**, which has neither thresholds nor parameters; the matrix is "
        "the dense layer's weights. Soft thresholding is another operation."
    ),
    _("P(c) = softmax(Σ w a + b), of one number."),
    _(
        "Of a single number softmax is always 1: softmax({score}) = {alone}. Each class has its own weights "
        "and its own score z(c) = Σ w(i, c) a(i) + b(c), and P(c) = e^z(c) ÷ Σ e^z(k). Its inputs are "
        "scores, not probabilities."
    ).format(score=number(scores[0], 2), alone=number(ops.softmax(scores[:1])[0], 2)),
)
lesson.code(ops.contributions, ops.softmax_steps, ops.softmax_naive, ops.flat_index, ops.map_index)
link = {"run": net.run.id} if net else {}
lesson.next_lesson("inside", _("The last layers of your network: see inside"), **link)
lesson.way_on("answer", **link)
