"""How does one update of the weights look, number by number? Tables and formulas with every term."""

from collections.abc import Sequence

import numpy as np

from cnnlab.i18n import _, number
from cnnlab.ops import Update
from cnnlab.ui.components.terms import Column, Entry, Piece, Row, Step, Table
from cnnlab.ui.widgets.lesson import tex

DIGITS = 3  # of every number in the tables; the arithmetic goes on with the full ones


def loss_table(update: Update, names: Sequence[str], label: int) -> Table:
    """From pixels to the loss and its gradient, class by class: score, probability, truth, p - y."""
    exponentials = np.exp(update.scores)
    total = float(exponentials.sum())
    rows, scores, shares, slopes = [], [], [], []
    for c, name in enumerate(names):
        score, p, slope = _n(update.scores[c]), _n(update.probabilities[c]), _n(update.score_gradient[c])
        truth = "1" if c == label else "0"
        tone = _tone(update.score_gradient[c])
        cells = [Entry(marked(name, c == label)), Entry(score, _tone(update.scores[c])), Entry(p)]
        rows.append(Row([*cells, Entry(truth), Entry(_signed(update.score_gradient[c]), tone)]))
        products = [
            piece
            for x, w in zip(update.inputs, update.weights[:, c], strict=True)
            for piece in (Piece(_n(x, 2)), Piece("×", "sign"), Piece(_n(w, 2)), Piece("+", "sign"))
        ]
        ends = [
            Piece(_n(update.bias[c], 2)),
            Piece("=", "sign"),
            Piece(score, "result", _tone(update.scores[c])),
        ]
        text = _("score of {name}: {score}").format(name=name, score=score)
        scores.append(
            Step(c, [(c, 1)], [Piece(_("score of {name}").format(name=name), "word"), *products, *ends], text)
        )
        pieces = [
            Piece(score, "power"),
            Piece("=", "sign"),
            Piece(_n(exponentials[c])),
            Piece(_("its share of the total"), "word"),
            Piece(_n(exponentials[c])),
            Piece("÷", "sign"),
            Piece(_n(total)),
            Piece("=", "sign"),
            Piece(p, "result"),
        ]
        text = _("probability of {name}: {p}").format(name=name, p=p)
        shares.append(Step(c, [(c, 2)], pieces, text))
        pieces = [
            Piece(_("probability − truth"), "word"),
            Piece(p),
            Piece("−", "sign"),
            Piece(truth),
            Piece("=", "sign"),
            Piece(_signed(update.score_gradient[c]), "result", tone),
        ]
        text = _("gradient of {name}: {slope}").format(name=name, slope=slope)
        slopes.append(Step(c, [(c, 3), (c, 4)], pieces, text))
    last, loss = len(rows), _n(update.loss)
    rows.append(Row([Entry(_("loss")), Entry(), Entry(loss), Entry(), Entry()], "total"))
    pieces = [
        Piece(_("loss = −ln of the true class's probability"), "word"),
        Piece("−ln", "sign"),
        Piece(_n(update.probabilities[label])),
        Piece("=", "sign"),
        Piece(loss, "result"),
    ]
    losses = [Step(last, [(last, 2)], pieces, _("loss: {loss}").format(loss=loss))]
    columns = [
        Column(_("class"), "text"),
        Column(_("score")),
        Column(_("probability p")),
        Column(_("truth y")),
        Column(_("gradient p − y")),
    ]
    return Table(_("From the pixels to the loss"), columns, rows, [*scores, *shares, *losses, *slopes])


def update_table(update: Update, names: Sequence[str]) -> Table:
    """Every weight and every bias of one step: its gradient, times the rate, off the old value."""
    largest = (
        float(np.abs(update.rate * np.vstack([update.weight_gradient, update.bias_gradient])).max()) or 1.0
    )
    rows, steps = [], []
    for c, name in enumerate(names):
        for i in range(len(update.inputs) + 1):
            bias = i == len(update.inputs)
            old = update.bias[c] if bias else update.weights[i, c]
            new = update.new_bias[c] if bias else update.new_weights[i, c]
            slope = update.bias_gradient[c] if bias else update.weight_gradient[i, c]
            what = _("{name} · bias") if bias else _("{name} · pixel {n}")
            what = what.format(name=name, n=i + 1)
            change = -update.rate * slope
            width = round(50 * abs(change) / largest, 2)
            bar = Entry(tone=_tone(change), left=50 - width if change < 0 else 50, width=width)
            cells = [Entry(what), Entry(_n(old)), Entry(_signed(slope), _tone(slope))]
            rows.append(Row([*cells, Entry(_signed(change), _tone(change)), Entry(_n(new)), bar]))
            factor = [] if bias else [Piece(_n(update.inputs[i], 2)), Piece("×", "sign")]
            pieces = [
                Piece(_("gradient") if bias else _("gradient = pixel × (p − y)"), "word"),
                *factor,
                Piece(_signed(update.score_gradient[c]), tone=_tone(update.score_gradient[c])),
                *([] if bias else [Piece("=", "sign"), Piece(_signed(slope), tone=_tone(slope))]),
                Piece(_("new = old − rate × gradient"), "word"),
                Piece(_n(old)),
                Piece("−", "sign"),
                Piece(_n(update.rate, 2)),
                Piece("×", "sign"),
                Piece(f"({_n(slope)})" if slope < 0 else _n(slope)),
                Piece("=", "sign"),
                Piece(_n(new), "result", _tone(new)),
            ]
            says = _("{what}: {old} becomes {new}").format(what=what, old=_n(old), new=_n(new))
            place = len(rows) - 1
            steps.append(Step(place, [(place, column) for column in (2, 3, 4, 5)], pieces, says))
    columns = [
        Column(_("weight"), "text"),
        Column(_("old")),
        Column(_("gradient"), optional=True),
        Column(_("− rate × gradient")),
        Column(_("new")),
        Column(_("change"), "bar", note=f"{_n(-largest)} … {_n(largest)}"),
    ]
    return Table(_("One update of every weight"), columns, rows, steps, zero=50)


def step_formula(weight: float, rate: float, slope: float, new: float) -> str:
    """One step of gradient descent in LaTeX, with its numbers."""
    return rf"w \leftarrow w - \eta\, g = {_tex(weight)} - {_tex(rate)} \cdot ({_tex(slope)}) = {_tex(new)}"


def _tex(value: float) -> str:
    return tex(value, DIGITS)


def marked(name: str, true: bool) -> str:
    return f"✓ {name}" if true else name


def _n(value: float, digits: int = DIGITS) -> str:
    return number(value, digits)


def _signed(value: float) -> str:
    text = _n(value)
    return text if text.startswith("−") or not text.strip("0.,") else f"+{text}"


def _tone(value: float) -> str:
    return "positive" if value > 0 else "negative" if value < 0 else ""
