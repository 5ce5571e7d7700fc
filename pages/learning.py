"""How does a network learn from a mistake? The loss of one photo, one update by numbers, the right rate."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.figures.tiles import enlarge
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.page_list import CONTROLS
from cnnlab.ops.optimizers import gradient_descent
from cnnlab.ui.components.terms import terms
from cnnlab.ui.lessons.learning import steps
from cnnlab.ui.lessons.learning import update as tables
from cnnlab.ui.session import context, widget_state
from cnnlab.ui.widgets import formulas, lesson, number_text, page_control
from cnnlab.ui.widgets.chart import chart

# A classifier of three pixels for three classes; small round numbers, and wrong about its first photo.
WEIGHTS = np.array([[-0.4, 0.9, 0.2], [0.8, 0.1, -0.5], [0.4, -0.2, 0.3]])  # (pixels, classes)
BIAS = np.array([0.1, 0.0, -0.1])
PIXELS = (0.9, 0.4, 0.2)
WANTED, FIRST, STEPS = 2.0, -0.5, 20  # of the one weight whose loss is (w - WANTED)^2


@st.fragment
def one_photo() -> None:
    """Show the loss of one photo and, below, the update that it makes."""
    names = list(CONTROLS["learning.class"].options().values())
    left, right = st.columns([1, 3], gap="large")
    with left:
        x = pixels()
        label = page_control.draw("learning.class")
    update = ops.update(x, WEIGHTS, BIAS, label, page_control.value("learning.step"))
    with right:
        named = names[int(update.scores.argmax())]
        text = _("It says **{said}**, but the photo shows a **{truth}**: the loss is **{loss}**.")
        if named == names[label]:
            text = _(
                "It says **{said}**, and that is right. It is not quite sure, so the loss is **{loss}**."
            )
        st.markdown(text.format(said=named, truth=names[label], loss=number(update.loss, 3)))
        table = tables.loss_table(update, names, label)
        at = terms(table, key="_learning.loss", follow=lesson.formulas())
        lesson.formula(formulas.loss(update, label, at))
        text = _(
            "A gradient above 0 says: too much probability here, the score should fall. Below 0: too little."
        )
        st.caption(text)
    steps.ask_doubled(update.scores, label, names)
    st.subheader(_("One update: every weight steps against its gradient"), anchor=False)
    left, right = st.columns([1, 3], gap="large", vertical_alignment="center")
    page_control.draw("learning.step", place=left)
    text = _(
        "Afterwards the loss of the same photo is **{after}** instead of **{before}**: the probability of "
        "{truth} goes from {p} to {q}."
    )
    p, q = (percent(values[label]) for values in (update.probabilities, update.new_probabilities))
    before, after = number(update.loss, 3), number(update.new_loss, 3)
    right.markdown(text.format(before=before, after=after, truth=names[label], p=p, q=q))
    changes = tables.update_table(update, names)
    at = terms(changes, key="_learning.update", follow=lesson.formulas())
    lesson.formula(formulas.updated(update, at))
    with lesson.more(_("The same as text")):
        number_text.table(table)
        number_text.table(changes)


def pixels() -> np.ndarray:
    """Draw the photo of three pixels and the way to change them; return them, (3,) from 0 to 1."""
    place = st.container()
    keys = [widget_state.default(f"learning.pixel{n}", value) for n, value in enumerate(PIXELS, start=1)]
    with widget_state.popover(_("Change the pixels"), *keys, icon=":material/tune:", width="stretch"):
        for n in range(1, len(PIXELS) + 1):
            st.slider(_("Pixel {n}, 0–1").format(n=n), 0.0, 1.0, step=0.05, key=f"learning.pixel{n}")
    x = np.array([st.session_state[f"learning.pixel{n}"] for n in (1, 2, 3)])
    row = np.rint(255 * x).astype(np.uint8)
    picture = np.tile(row[None, :, None], (1, 1, 3))  # (pixels,) -> (1, pixels, 3)
    caption = _("Three pixels: {values}")
    values = " · ".join(number(value, 2) for value in x)
    place.image(enlarge(picture, 240), caption.format(values=values), width="stretch")
    return x


@st.fragment
def rate() -> None:
    """Show what the learning rate does over many steps down the loss of one weight, and say how it does."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        label = _("Learning rate of {steps} steps").format(steps=STEPS)
        chosen = page_control.draw("learning.rate", label=label)
    weights = ops.descend(gradient_descent, [FIRST], lambda w: 2 * (w - WANTED), chosen, STEPS)[:, 0]
    losses = (weights - WANTED) ** 2
    with left:
        steps.verdict(ops.pace(weights, losses), losses)
        text = _("One weight w with the loss (w − {wanted})²; {steps} steps of w − rate × gradient.")
        st.caption(text.format(wanted=number(WANTED), steps=STEPS))
    with right:
        line = np.linspace(WANTED - 3, WANTED + 3, 121)
        curve = np.stack([line, (line - WANTED) ** 2], axis=1)
        path = np.stack([weights, losses], axis=1)
        figure = steps.bowl_chart(curve, path, context.theme())
        text = _("The loss over the weight: from {before} at w = {start} to {after} at w = {end}")
        ends = {"before": losses[0], "start": weights[0], "after": losses[-1], "end": weights[-1]}
        alt = text.format(**{name: number(value, 2) for name, value in ends.items()})
        chart(figure, key="_learning.bowl", alt=alt)
        lesson.formula(tables.step_formula(weights[0], chosen, 2 * (weights[0] - WANTED), weights[1]))
    steps.ask_step()


lesson.opening(
    _("How does a network learn from a mistake?"),
    _(
        "The **loss** says how wrong an answer was. The **gradient** says for every weight which way the "
        "loss grows. Learning is one small step the other way, again and again."
    ),
)
one_photo()
st.subheader(_("How large a step? The learning rate"), anchor=False)
rate()
lesson.article(
    _(
        "Losses are named without formulas, gradient descent reduces the gradient and finds the optimum, and "
        "ADAM is a dynamic learning rate."
    ),
    _(
        "Cross-entropy is −ln of the true class's probability; the mean squared error is the mean of "
        "(p − y)². Gradient descent reduces the **loss**: w − rate × gradient, biases too, and no optimum is "
        "promised. SGD estimates the gradient from a batch. Adam is *adaptive moment estimation*: "
        "w − rate × m̂ ÷ (√v̂ + ε), with running means m of the gradient and v of its square."
    ),
)
with lesson.more(_("More: why cross-entropy and not squares?")):
    steps.two_losses()
with lesson.more(_("More: race the optimisers")):
    steps.race_optimisers()
lesson.code(ops.update, ops.descend, *dict.fromkeys(racer.step for racer in steps.RACERS), ops.mse_gradient)
lesson.next_lesson("inside", _("The weights that your network arrived at"))
lesson.way_on("learning")
