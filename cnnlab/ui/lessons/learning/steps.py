"""What does *How weights change* show and ask? Verdicts, questions, the two losses, the race."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cnnlab import ops
from cnnlab.config.optimizers import OPTIMIZERS, Race
from cnnlab.figures.loss_curve import bowl
from cnnlab.i18n import _, fine, number, percent, plain
from cnnlab.lessons.questions import learning as questions
from cnnlab.ops.optimizers import gradient_descent
from cnnlab.ui.components.race import Racer, loss_text, race
from cnnlab.ui.lessons.learning.update import marked
from cnnlab.ui.session import context, widget_state
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.chart import chart
from cnnlab.ui.widgets.number_field import number_field

RACE_STEPS, NOISE = 80, 1.0
# Plain descent along the true gradient, then the optimisers that one can train with.
RACERS = [
    Race("Gradient descent", gradient_descent, 0.04),
    *(optimizer.race for optimizer in OPTIMIZERS.values() if optimizer.race),
]


def verdict(kind: str, losses: np.ndarray) -> None:
    """Say in words what `ops.pace` found about a learning rate, with the loss that is left."""
    steps, left = len(losses) - 1, losses[-1] / losses[0]
    if kind == "diverging":
        text = _(
            "**Too large: it diverges.** Each step lands higher than the one before. After {steps} steps the "
            "loss is {times} times what it was."
        )
        st.error(text.format(steps=steps, times=number(left, 1 if left < 100 else 0)))
    elif kind == "right":
        arrived = int(np.argmax(losses < 0.01 * losses[0]))
        text = _("**Right.** After {steps} steps less than 1\u00a0% of the loss is left.")
        if arrived == 1:
            text = _("**Right.** Here a single step lands at the bottom.")
        st.success(text.format(steps=arrived))
    elif kind == "jumping":
        text = _(
            "**Too large.** Each step jumps across to the other side: after {steps} steps {left} of the loss "
            "is left."
        )
        st.warning(text.format(steps=steps, left=percent(left)))
    else:
        text = _("**Too small.** It creeps: after {steps} steps {left} of the loss is left.")
        st.warning(text.format(steps=steps, left=percent(left)))


def ask_doubled(scores: np.ndarray, label: int, names: Sequence[str]) -> None:
    """Ask what doubling all scores does, of a photo named rightly and of one named wrongly."""
    options = {
        "same_falls": _("same answer, the loss falls"),
        "same_rises": _("same answer, the loss rises"),
        "other_falls": _("another answer, the loss falls"),
        "other_rises": _("another answer, the loss rises"),
    }
    named = int(scores.argmax())
    wrong = label if label != named else int(scores.argmin())
    said = {"scores": " · ".join(number(score, 2) for score in scores), "said": names[named]}
    texts = {
        named: _("Scores {scores}: it says {said}, **rightly**. Double all scores: what happens?"),
        wrong: _(
            "Scores {scores}: it says {said}, **wrongly**, for it is a {truth}. Double them: what happens?"
        ),
    }
    supposed = {
        named: _(
            "Suppose it did show a {said}: the same scores would be **right**. Double them: what happens?"
        ),
        wrong: _(
            "Suppose it showed a {truth}: the same scores would be **wrong**. Double them: what happens?"
        ),
    }
    for truth in sorted(texts, key=lambda truth: truth != label):  # first what the photo does show
        text = texts[truth] if truth == label else supposed[truth]
        question = questions.doubled(scores, truth)
        if question is None:
            continue
        why = _("Surer and right costs less.")
        if truth != named:
            why = _("It is as wrong as before, only surer: the loss is not the number of errors.")
            if question.answer == "same_falls":
                why = _(
                    "It leaves the third class further behind, which here outweighs being surer of a mistake."
                )
        reveal = _("the largest score stays the largest; the loss goes from {before} to {after}. {why}")
        committed = lesson.predict(
            f"learning.doubled.{'right' if truth == named else 'wrong'}",
            text.format(**said, truth=names[truth]),
            list(options.values()),
            options[question.answer],
            reveal.format(before=number(question.before, 3), after=number(question.after, 3), why=why),
            about=(*np.round(scores, 6).tolist(), truth),
        )
        if not committed:
            return  # one question at a time


def ask_step() -> None:
    """Ask where one step leads, in a bowl drawn by lot; half of the steps are too large."""
    widget_state.default("learning.case", 0)
    case = questions.draw_step(np.random.default_rng(st.session_state["learning.case"]))
    options = {
        "left_falls": _("left, the loss falls"),
        "left_rises": _("left, the loss rises"),
        "right_falls": _("right, the loss falls"),
        "right_rises": _("right, the loss rises"),
    }
    picture, asked = st.columns([1, 1.6], gap="medium", vertical_alignment="center")
    with asked:
        text = _(
            "Another weight, with a loss of its own, stands at {weight}. The gradient there is **{slope}**, "
            "the rate **{rate}**. Where does one step lead?"
        )
        words = {
            "weight": number(case.weight, 1),
            "slope": number(case.slope, 1),
            "rate": number(case.rate, 2),
        }
        reveal = _("w = {weight} − {rate} × ({slope}) = {new}; the loss goes from {before} to {after}. {why}")
        why = _("The step stays within the bowl.")
        if not case.stable:
            why = _("Too large a step climbs the other side: not every step improves.")
        landed = {
            "new": number(case.new_weight, 2),
            "before": number(case.before, 2),
            "after": number(case.after, 2),
        }
        shown = lesson.predict(
            "learning.step",
            text.format(**words),
            list(options.values()),
            options[case.answer],
            reveal.format(**words, **landed, why=why),
            about=st.session_state["learning.case"],
        )
        if shown:
            label, icon = _("Another one"), ":material/refresh:"
            st.button(label, icon=icon, key="_learning.another", on_click=_next_case)
    with picture:
        line = np.linspace(case.lowest - 3.6, case.lowest + 3.6, 73)
        curve = np.stack([line, case.curvature / 2 * (line - case.lowest) ** 2], axis=1)
        path = np.array([[case.weight, case.before], [case.new_weight, case.after]])[: 2 if shown else 1]
        theme = context.theme()
        figure = bowl_chart(curve, path, theme, case.slope, 230)
        alt = _("The loss over the weight, and the weight at {weight} on it").format(weight=words["weight"])
        chart(figure, key="_learning.case", alt=alt)


def _next_case() -> None:
    st.session_state["learning.case"] += 1


@st.fragment
def two_losses() -> None:
    """Set cross-entropy and the mean squared error of the same scores side by side."""
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        scores = [
            number_field(_("Score {n}").format(n=n), -30.0, 30.0, first, key=f"learning.score{n}")
            for n, first in enumerate((10.0, 0.0, 0.0), start=1)
        ]
        widget_state.default("learning.true", 3, (1, 2, 3))
        st.segmented_control(_("True class"), (1, 2, 3), key="learning.true", required=True)
        label: int = st.session_state["learning.true"] - 1
    p = ops.softmax(scores)
    slopes = {"ce": ops.cross_entropy_gradient(p, label), "mse": ops.mse_gradient(p, label)}
    rows = range(3)
    with right:
        table = {
            _("Class"): [marked(str(c + 1), c == label) for c in rows],
            _("Probability p"): [fine(p[c], 5) for c in rows],
            _("Truth y"): ["1" if c == label else "0" for c in rows],
            _("Cross-entropy: p − y"): [fine(slopes["ce"][c], 5) for c in rows],
            _("Squares: gradient"): [fine(slopes["mse"][c], 5) for c in rows],
        }
        st.table(table, border="horizontal", hide_index=True)
        text = _(
            "Loss: cross-entropy **{ce}**, mean squared error **{mse}**. The true class's score has the "
            "gradient **{pull}** with cross-entropy, and **{weak}** with squares."
        )
        values = {"ce": fine(ops.cross_entropy(p, label), 3), "mse": fine(ops.mse(p, label), 3)}
        pulls = {"pull": fine(slopes["ce"][label], 5), "weak": fine(slopes["mse"][label], 5)}
        st.markdown(text.format(**values, **pulls))
        if abs(slopes["ce"][label]) > 0.9 and abs(slopes["mse"][label]) < 0.01:
            text = _(
                "The answer is surely wrong, and squares hardly say so: softmax is flat out there, and their "
                "gradient carries its slope. With cross-entropy that slope cancels, and p − y remains."
            )
            st.info(text)
        lesson.formula(
            r"\frac{\partial\,\mathrm{CE}}{\partial z_c} = p_c - y_c \qquad "
            r"\frac{\partial\,\mathrm{MSE}}{\partial z_c} = \tfrac{2}{C}\, p_c "
            r"\Big[(p_c - y_c) - \sum_k p_k (p_k - y_k)\Big]"
        )


@st.fragment
def race_optimisers() -> None:
    """Let all optimisers run over a surface from the same start; the browser plays it."""
    surfaces = {
        "bowl": _("Bowl"),
        "ravine": _("Ravine"),
        "saddle": _("Saddle"),
        "minima": _("Several minima"),
    }
    widget_state.default("learning.surface", "ravine", surfaces)
    widget_state.default("learning.factor", 1.0, (0.3, 1.0, 3.0))
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            _("Surface"),
            list(surfaces),
            format_func=surfaces.__getitem__,
            key="learning.surface",
            required=True,
        )
        st.segmented_control(
            _("All learning rates"),
            (0.3, 1.0, 3.0),
            format_func=lambda value: f"× {value:g}",
            key="learning.factor",
            required=True,
        )
    name, factor = st.session_state["learning.surface"], st.session_state["learning.factor"]
    what = {
        "bowl": _("Equally steep on all sides: whoever goes straight downhill arrives."),
        "ravine": _("Steep across and flat along: plain steps zigzag, or creep."),
        "saddle": _("A pass: flat in the middle, and lower on two sides. Who lingers there?"),
        "minima": _("Four hollows. Who rolls on to the deepest (the × on the top right)?"),
    }
    st.caption(what[name])
    title = f"{surfaces[name]}, × {factor:g}"
    field = racers(name, factor)
    race(key="_learning.race", title=title, surface=ops.SURFACES[name], racers=field)
    with st.popover(_("The same as text")):
        st.markdown(f"**{title}**")
        st.table(standings(field), border="horizontal", hide_index=True)


def standings(field: Sequence[Racer]) -> dict[str, list[str]]:
    """Write where each optimiser stands as the race goes on: its loss after some of the steps."""
    last = len(field[0].losses) - 1
    table = {_("Optimiser"): [racer.name for racer in field], _("Rate"): [racer.rate for racer in field]}
    for step in (0, last // 8, last // 4, last // 2, last):
        losses = [loss_text(racer.losses[step]) for racer in field]
        table[_("Loss after {step}").format(step=step)] = losses
    return table


def racers(name: str, factor: float) -> list[Racer]:
    """Return all optimisers with their paths over a surface, their usual rates times `factor`."""
    found = []
    for racer, (path, losses) in zip(RACERS, _paths(name, factor), strict=True):
        rate = _("rate {rate}").format(rate=plain(factor * racer.rate))
        found.append(Racer(_(racer.name), rate, path, losses, racer.drawn))
    return found


@st.cache_data(max_entries=len(ops.SURFACES) * 3, show_spinner=False)
def _paths(name: str, factor: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each optimiser's path (steps + 1, 2) over a surface, and the losses (steps + 1,) along it."""
    surface, paths = ops.SURFACES[name], []
    for racer in RACERS:
        noisy = ops.estimated(surface.gradient, NOISE, np.random.default_rng(0))
        slope = noisy if racer.noisy else surface.gradient
        path = ops.descend(racer.step, surface.start, slope, factor * racer.rate, RACE_STEPS)
        with np.errstate(over="ignore", invalid="ignore"):
            paths.append((path, surface.value(path)))
    return paths


@st.cache_data(max_entries=100, show_spinner=False)
def bowl_chart(
    curve: np.ndarray, path: np.ndarray, theme: str, slope: float | None = None, height: int = 330
) -> go.Figure:
    """Return `figures.bowl`, remembered: a chart takes longer to check than to draw."""
    return bowl(curve, path, theme=theme, slope=slope, height=height)
