"""How do feature maps become an answer? From the probabilities back to the numbers that made them."""

from functools import partial

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.figures import tiles
from cnnlab.presets import ARTICLE
from cnnlab.questions.answer import largest_input, one_score_rises
from cnnlab.text import _, number, percent
from cnnlab.ui import answer, lesson, network, own_scores
from cnnlab.ui.components.terms import contributions_table, softmax_table, terms


def ask_about_rise(about: tuple, scores: np.ndarray, names: list[str]) -> None:
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
        steps = ops.softmax_steps(rise.scores)
        st.caption(_("The same table with the score of {raised} 1 higher:").format(**words))
        terms(softmax_table(steps, names), key="_answer.rise", start=len(names) + rise.watched)


def take_apart(seen: answer.Look, names: list[str]) -> None:
    """Show what each input of the last dense layer adds to the score of the chosen class."""
    inputs, origin = answer.input_names(seen)
    unit = answer.choose_class(seen, names)
    step = ops.contributions(seen.inputs, seen.weights, seen.bias, unit)
    start = 0
    if largest := largest_input(step):
        start = int(np.flatnonzero(np.argsort(-np.abs(step.products), kind="stable") == largest.product)[0])
        remarks = {
            largest.value: _("{input}: it has the largest value"),
            largest.weight: _("{input}: it has the largest weight"),
            largest.product: _("{input}: neither of the two"),
        }
        options = {place: remarks[place].format(input=inputs[place]) for place in sorted(remarks)}
        sums = {
            name: _("{value} × {weight} = {product}").format(
                value=number(step.inputs[place], 2),
                weight=number(step.weights[place], 2),
                product=number(step.products[place], 2),
            )
            for name, place in vars(largest).items()
        }
        reveal = _(
            "{product}. The largest value gives {value}, the largest weight {weight}: what counts is "
            "the product."
        )
        question = _("Which of the {count} inputs adds most to the score of **{name}**?")
        if not lesson.predict(
            "answer.largest",
            question.format(count=number(len(inputs)), name=names[unit]),
            list(options.values()),
            options[largest.product],
            reveal.format(**sums),
            about=(*seen.about, unit),
        ):
            return
    text = _("Inputs: {origin}. Each is multiplied by its weight for **{name}**; the products add up.")
    st.markdown(text.format(origin=origin, name=names[unit]))
    total, bias, score = (lesson.tex(value, 2) for value in (step.products.sum(), step.bias, step.output))
    lesson.formula(rf"z_c = \sum_{{i=1}}^{{{len(inputs)}}} a_i\,w_{{i,c}} + b_c")
    lesson.formula(rf"z_c \approx {total} + ({bias}) \approx {score}")
    result = _("score of {name}").format(name=names[unit])
    terms(contributions_table(step, inputs, result=result), key="_answer.terms", start=start)


lesson.opening(
    _("How do feature maps become an answer?"),
    _(
        "The last layer gives every class a **score** (logit). **Softmax** turns the scores into "
        "probabilities: step through it, then ask where a score comes from."
    ),
)
left, right = st.columns([1, 3.2], gap="medium")
with left.container(horizontal=True):
    picture, controls = st.container(width=112), st.container(width=190)
with controls:
    net = network.choose()
    seen = answer.look(net) if net else None
if seen:
    picture.image(tiles.enlarge(seen.picture, 112), _("it sees 32 × 32"), width=112)
    names = [network.class_name(name) for name in net.classes]
    scores, about = seen.scores, seen.about
else:
    names = [_("cat"), _("dog"), _("bird")]
    with left:
        scores = own_scores.sliders(names, np.array(own_scores.START), "answer.score", columns=1)
    about = tuple(scores)
with right:
    steps = ops.softmax_steps(scores)
    terms(softmax_table(steps, names), key="_answer.softmax")
    own_scores.softmax_formula(steps, names)
    ask_about_rise(about, scores, names)
if seen:
    st.subheader(_("Where does a score come from?"), anchor=False)
    take_apart(seen, names)
    st.subheader(_("How do maps become a row of numbers?"), anchor=False)
    with st.container(border=True):
        answer.flatten(seen)
lesson.unfold(
    {
        _("Your own scores, temperature"): partial(own_scores.play, names, scores),
        _("Scores of 1,000"): partial(own_scores.overflow, names, scores),
    },
    key="answer.more",
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
label = _("Next: one photo, all layers")
lesson.next_lesson("network", label, **({"run": net.run.id} if net else {}))
