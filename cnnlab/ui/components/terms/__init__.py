"""Terms that add up, one after the other: the inputs of a score, the steps of softmax.

A table fills in step by step; under it stands the arithmetic of the current step. All texts and all bars
are made here from what `cnnlab.ops` computed, so the browser only shows and hides.

What travels (see `payload`):

    labels     translated sentences
    title      what the table is about
    columns    title, note (unit or range), kind ("text", "number" or "bar"), optional (dropped on a phone)
    rows       kind ("term" or "total") and cells; a cell has text, tone ("positive", "negative", ""), and in
               a bar column left and width in percent
    zero       where zero lies in the bar column, in percent
    steps      row, reveal (list of [row, column]), pieces (the arithmetic), place, says
    start, speed, follow
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import streamlit as st

from cnnlab.i18n import _, fine, number, percent
from cnnlab.ops import DenseStep, SoftmaxSteps
from cnnlab.ui.components.data import digits_for
from cnnlab.ui.components.sources import player_labels, sources
from cnnlab.ui.components.told import whole

MOST_TERMS = 24  # that get a line of their own; the smaller ones follow as one sum
_component = st.components.v2.component("cnnlab.terms", **sources("terms"))


@dataclass(frozen=True)
class Column:
    """A column; `kind` is "text", "number" or "bar"; an `optional` one is left out on a phone."""

    title: str
    kind: str = "number"
    note: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Entry:
    """A cell: a text and its tone, or a bar from `left` over `width` percent of its column (None: no bar)."""

    text: str = ""
    tone: str = ""
    left: float = 0.0
    width: float | None = None


@dataclass(frozen=True)
class Row:
    """One term, or with `kind` "total" the line under the terms."""

    cells: Sequence[Entry]
    kind: str = "term"


@dataclass(frozen=True)
class Piece:
    """A piece of the arithmetic; `kind` is "number", "sign", "word", "power" (of e) or "result"."""

    text: str
    kind: str = "number"
    tone: str = ""


@dataclass(frozen=True)
class Step:
    """What one step uncovers, in which row, with which arithmetic; `says` is for a screen reader."""

    row: int
    reveal: Sequence[tuple[int, int]]
    pieces: Sequence[Piece]
    says: str


@dataclass(frozen=True)
class Table:
    """A table and the order in which it fills."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    steps: Sequence[Step]
    zero: float = 0.0
    labels: dict[str, str] = field(default_factory=dict)


def terms(table: Table, *, key: str, start: int = 0, speed: float = 1, follow: bool = False) -> int:
    """Show the table. A changed `start` (a step, from 0) moves it there; else the student's place is kept.

    With `follow` the page (or fragment) is drawn again whenever the student rests at a step; returns that
    step.
    """
    data = payload(table, start=start, speed=speed, follow=follow)
    at = _component(key=key, data=data, on_at_change=lambda: None).at
    step = whole(at.get("step"), len(table.steps)) if isinstance(at, Mapping) else None
    return step if step is not None and at.get("start") == start else start


def payload(table: Table, *, start: int = 0, speed: float = 1, follow: bool = False) -> dict[str, object]:
    """The data that `terms` sends, as described at the top of this file."""
    data = asdict(table)
    data["labels"] = _labels() | table.labels
    data["steps"] = [
        step | {"place": _("step {step} of {count}").format(step=place, count=len(table.steps))}
        for place, step in enumerate(data["steps"], start=1)
    ]
    return data | {"start": start, "speed": speed, "follow": follow}


def largest_first(step: DenseStep, show: int) -> tuple[np.ndarray, np.ndarray]:
    """The inputs of a dense unit by their contributions: those that get a line of their own, and the rest."""
    order = np.argsort(-np.abs(step.products), kind="stable")
    shown = show if len(order) > show + 1 else len(order)  # a rest of one would save no line
    return order[:shown], order[shown:]


def contributions_table(
    step: DenseStep, names: Sequence[str], *, result: str, show: int = MOST_TERMS
) -> Table:
    """How the inputs of one dense unit add up to its score, the largest contributions first.

    names: one for each input; result: what the unit is called, such as "score of cat". What is beyond the
    first `show` contributions follows as one sum, then the bias.
    """
    single, rest = largest_first(step, show)
    added = [float(step.products[place]) for place in single]
    if len(rest):
        added.append(float(step.products[rest].sum()))
    added.append(float(step.bias))
    running = np.concatenate([[0.0], np.cumsum(added)])
    running[-1] = step.output
    low, high = float(running.min()), float(running.max())
    span = (high - low) or 1.0

    digits = digits_for(np.array([*added, *running]))
    inputs, weights = digits_for(step.inputs[single]), digits_for(step.weights[single])
    labels = [names[place] for place in single]
    if len(rest):
        labels.append(_("{count} smaller contributions together").format(count=number(len(rest))))
    labels.append(_("bias"))

    rows, steps = [], []
    for place, (label, amount) in enumerate(zip(labels, added, strict=True)):
        before, after = running[place], running[place + 1]
        is_input = place < len(single)
        value = number(step.inputs[single[place]], inputs) if is_input else ""
        weight = number(step.weights[single[place]], weights) if is_input else ""
        product = _signed(amount, digits)
        bar = Entry(
            tone=_tone(amount),
            left=round(100 * (min(before, after) - low) / span, 2),
            width=round(100 * abs(after - before) / span, 2),
        )
        cells = [
            Entry(label),
            Entry(value),
            Entry(weight),
            Entry(product, _tone(amount)),
            Entry(number(after, digits)),
            bar,
        ]
        rows.append(Row(cells))
        factors = [Piece(value), Piece("×", "sign"), Piece(weight), Piece("=", "sign")] if is_input else []
        pieces = [
            Piece(label, "word"),
            *factors,
            Piece(product, tone=_tone(amount)),
            Piece(_("total so far"), "word"),
            Piece(number(after, digits), "result", _tone(after)),
        ]
        says = _("{name}: {product}, total so far {total}")
        says = says.format(name=label, product=product, total=number(after, digits))
        steps.append(Step(place, [(place, column) for column in (3, 4, 5)], pieces, says))

    last = len(rows)
    score = number(step.output, digits)
    ends = sorted((0.0, step.output))
    total = [Entry(result), Entry(), Entry(), Entry(), Entry(score, _tone(step.output))]
    total.append(
        Entry(
            tone=_tone(step.output),
            left=round(100 * (ends[0] - low) / span, 2),
            width=round(100 * (ends[1] - ends[0]) / span, 2),
        )
    )
    rows.append(Row(total, "total"))
    pieces = [Piece(result, "word"), Piece("=", "sign"), Piece(score, "result", _tone(step.output))]
    reveal = [(last, column) for column in (4, 5)]
    steps.append(Step(last, reveal, pieces, f"{result}: {score}"))
    columns = [
        Column(_("input"), "text"),
        Column(_("value"), optional=True),
        Column(_("× weight"), optional=True),
        Column(_("= adds")),
        Column(_("total so far"), optional=True),
        Column(_("adding up"), "bar", note=f"{number(low, digits)} … {number(high, digits)}"),
    ]
    return Table(result, columns, rows, steps, zero=round(100 * (0 - low) / span, 2))


def softmax_table(steps: SoftmaxSteps, names: Sequence[str]) -> Table:
    """How scores become probabilities: first each score's exponential, then each one's share of the total."""
    warm = steps.temperature != 1
    digits = digits_for(steps.scores)
    shifts = digits_for(steps.shifted)
    # Small exponentials matter in the sum: four decimal places keep shares of 0.01 % apart.
    running = np.cumsum(steps.exponentials)
    running[-1] = steps.total
    largest = number(steps.shift, digits)
    total = number(steps.total, 4)

    rows, first, second = [], [], []
    for place, name in enumerate(names):
        score = number(steps.scores[place], digits)
        shifted = number(steps.shifted[place], shifts)
        exponential = fine(steps.exponentials[place], 4)
        probability = percent(steps.probabilities[place], 2)
        bar = Entry(width=round(100 * float(steps.probabilities[place]), 3))
        rows.append(Row([Entry(name), *map(Entry, (score, shifted, exponential, probability)), bar]))
        warmth = [Piece("÷", "sign"), Piece(number(steps.temperature, 2))] if warm else []
        pieces = [
            Piece(name, "word"),
            *([Piece("(", "sign")] if warm else []),
            Piece(score),
            Piece("−", "sign"),
            Piece(largest),
            *([Piece(")", "sign")] if warm else []),
            *warmth,
            Piece("=", "sign"),
            Piece(shifted),
            Piece(shifted, "power"),
            Piece("=", "sign"),
            Piece(exponential),
            Piece(_("total so far"), "word"),
            Piece(number(running[place], 4), "result"),
        ]
        says = _("{name}: exponential {exponential}, total so far {total}")
        says = says.format(name=name, exponential=exponential, total=number(running[place], 4))
        first.append(Step(place, [(place, 2), (place, 3)], pieces, says))
        pieces = [
            Piece(name, "word"),
            Piece(exponential),
            Piece("÷", "sign"),
            Piece(total),
            Piece("=", "sign"),
            Piece(probability, "result"),
        ]
        second.append(Step(place, [(place, 4), (place, 5)], pieces, f"{name}: {probability}"))

    last = len(rows)
    everything = percent(float(steps.probabilities.sum()), 2)
    rows.append(Row([Entry(_("total")), Entry(), Entry(), Entry(total), Entry(everything), Entry()], "total"))
    first[-1] = Step(last - 1, [*first[-1].reveal, (last, 3)], first[-1].pieces, first[-1].says)
    second[-1] = Step(last - 1, [*second[-1].reveal, (last, 4)], second[-1].pieces, second[-1].says)
    shifted = _("(score − {largest}) ÷ {temperature}") if warm else _("score − {largest}")
    columns = [
        Column(_("class"), "text"),
        Column(_("score")),
        Column(shifted.format(largest=largest, temperature=number(steps.temperature, 2)), optional=True),
        Column(_("exponential")),
        Column(_("÷ total")),
        Column(_("probability"), "bar", note="0–100 %"),
    ]
    return Table(_("Softmax"), columns, rows, [*first, *second])


def _tone(value: float) -> str:
    return "positive" if value > 0 else "negative" if value < 0 else ""


def _signed(value: float, digits: int) -> str:
    """With a plus where it adds; nothing before a zero."""
    text = number(value, digits)
    return text if text.startswith("−") or not text.strip("0.,") else f"+{text}"


def _labels() -> dict[str, str]:
    return player_labels() | {
        "view": _("Step through the terms"),
        "pending": _("not computed yet"),
    }
