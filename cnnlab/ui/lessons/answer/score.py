"""Where does the score of one class come from? Every input of the last dense layer, times its weight."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _, number
from cnnlab.lessons.questions.answer import largest_input, telling_unit
from cnnlab.ui.components.terms import Table, contributions_table, terms
from cnnlab.ui.lessons.answer.look import Look, input_names
from cnnlab.ui.widgets import formulas, layer_words, lesson

ROWS = (ops.Flatten, ops.GlobalAverage, ops.GlobalMax, ops.Dense)  # layers that make a row of numbers


def take_apart(seen: Look, names: list[str]) -> Table | None:
    """Show what each input adds to the score of the chosen class, once the largest is predicted."""
    inputs, origin = input_names(seen)
    st.markdown(_way(seen))
    unit = _choose_class(seen, names)
    step = ops.contributions(seen.inputs, seen.weights, seen.bias, unit)
    if not _ask_largest(seen, step, inputs, names[unit]):
        return None
    text = _("Inputs: {origin}. Each is multiplied by its weight for **{name}**; the products add up.")
    st.markdown(text.format(origin=origin, name=names[unit]))
    table = contributions_table(step, inputs, result=_("score of {name}").format(name=names[unit]))
    _steps(table, step)
    return table


def _way(seen: Look) -> str:
    """Say through which rows of numbers the way leads from the maps to the scores."""
    rows = [out for out in seen.outputs if isinstance(out.layer, ROWS)][:-1]
    steps = [f"{layer_words.heading(out.layer)}, {number(len(out.values))}" for out in rows]
    text = _("The way: {rows} → **{count} scores**. Every unit of a dense layer is a sum like the one below.")
    return text.format(rows=" → ".join(steps), count=len(seen.scores))


@st.fragment
def _steps(table: Table, step: ops.DenseStep) -> None:
    start = 0
    if largest := largest_input(step):
        start = int(np.flatnonzero(np.argsort(-np.abs(step.products), kind="stable") == largest.product)[0])
    at = terms(table, key="_answer.terms", start=start, follow=lesson.formulas())
    lesson.formula(formulas.contribution(step, at))
    lesson.formula(formulas.score(step))


def _choose_class(seen: Look, names: list[str]) -> int:
    """Draw the choice of the class; a new picture starts at a telling one."""
    if st.session_state.get("answer.about") != seen.about:
        st.session_state["answer.about"] = seen.about
        st.session_state["answer.class"] = telling_unit(seen.inputs, seen.weights, seen.bias)
    places = range(len(names))
    label = _("Take apart the score of")
    return st.selectbox(label, places, format_func=names.__getitem__, key="answer.class", width=320)


def _ask_largest(seen: Look, step: ops.DenseStep, inputs: list[str], name: str) -> bool:
    """Ask which input adds most; return whether that is answered, or nothing is to be asked."""
    largest = largest_input(step)
    if largest is None:
        return True
    plain = (step.inputs >= 0).all()  # as behind ReLU; other activations pass on values below 0
    remarks = {
        largest.value: _("{input}: it has the largest value")
        if plain
        else _("{input}: its value is farthest from 0"),
        largest.weight: _("{input}: its weight is farthest from 0"),
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
        "{product}. The largest value gives {value}, and the weight farthest from 0 gives {weight}: what "
        "counts is the product."
    )
    if not plain:
        reveal = _(
            "{product}. The value farthest from 0 gives {value}, and the weight farthest from 0 gives "
            "{weight}: what counts is the product."
        )
    question = _("Which of the {count} inputs adds most to the score of **{name}**?")
    return lesson.predict(
        "answer.largest",
        question.format(count=number(len(inputs)), name=name),
        list(options.values()),
        options[largest.product],
        reveal.format(**sums),
        about=(*seen.about, step.unit),
    )
