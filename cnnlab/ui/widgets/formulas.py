"""How is one step written as a formula, with its own numbers?

Each function takes what `cnnlab.ops` computed and returns LaTeX, in which rows and columns count from 1. A
step's place in a table counts from 0, in the order in which the table of the same name fills
(`ui.components.terms`, `ui.update`).
"""

from collections.abc import Sequence

import numpy as np

from cnnlab import ops
from cnnlab.i18n import fine
from cnnlab.ui.components.data import digits_for, exact
from cnnlab.ui.components.terms import MOST_TERMS, largest_first
from cnnlab.ui.widgets.lesson import tex

LONG = 6  # from so many channels on, a sum is abridged


def read(output: str, within: str, stride: str = "1", dilation: str = "1", border: str = "0") -> str:
    """The row of the input that a row of the output reads with a row of its window, all counted from 1.

    Columns follow the same rule, that of `ops.window_index`, which counts from 0. Each part is a letter or a
    number; what changes nothing is left out. border: how many cells lie before the input.
    """
    text = rf"{stride}({output} - 1) + " if stride != "1" else f"{output} - 1 + "
    text += within if dilation == "1" else rf"{dilation}({within} - 1) + 1"
    return text if border == "0" else f"{text} - {border}"


def convolution() -> str:
    """A convolution of one map, for any stride, dilation and border."""
    row, col = read("i", "p", "s", "d", r"P_{top}"), read("j", "q", "s", "d", r"P_{left}")
    return rf"z(i,j) = b + \sum_{{p,q,c}} x\big({row},\; {col},\; c\big)\; W(p,q,c)"


def layer(activation: str | None) -> str:
    """All maps of a layer with stride 1 and no border, and what its activation makes of each cell."""
    total = rf"\sum_c \sum_{{p,q}} x({read('i', 'p')},\; {read('j', 'q')},\; c)\; W(p,q,c,k)"
    after = rf", \qquad a = {ops.ACTIVATIONS[activation].formula}" if activation else ""
    return rf"z(i,j,k) = b_k + {total}{after}"


def convolved(step: ops.ConvStep, place: Sequence[int], activation: tuple[str, float] | None = None) -> str:
    """One cell of one map: its channel sums and the bias; `place` as written, counted from 1.

    activation: the name of the function behind it, and what that made of the cell.
    """
    bias = np.array([step.bias])
    digits = digits_for(step.channel_sums, bias)
    sums = [bracketed(value, digits) for value in step.channel_sums]
    if len(sums) > LONG:
        sums = [*sums[:3], r"\cdots", sums[-1]]
    equal = "=" if exact(np.append(step.channel_sums, bias), digits) else r"\approx"
    total = " + ".join([*sums, bracketed(step.bias, digits)])
    text = rf"z({','.join(map(str, place))}) = {total} {equal} {tex(step.output, digits)}"
    if activation:
        name, value = activation
        text += rf", \qquad \text{{{name}}}(z) {equal} {tex(value, digits)}"
    return text


def pooled(best: ops.PoolStep, mean: ops.PoolStep, *, stride: int, border: Sequence[int]) -> tuple[str, str]:
    """The maximum and the mean of one window; what lies on the border takes no part.

    border: how many cells of it lie above the input and to its left.
    """
    i, j = best.row + 1, best.col + 1
    window = best.window[best.inside]
    digits = digits_for(window)
    rows = [row[inside] for row, inside in zip(best.window, best.inside, strict=True) if inside.any()]
    values = r",\; \\ & \qquad ".join(",\\; ".join(tex(value, digits) for value in row) for row in rows)
    row, col = (
        read(letter, within, str(stride), border=str(cells))
        for letter, within, cells in zip("ij", "pq", border, strict=True)
    )
    over = rf"\max_{{1 \le p,q \le {len(best.window)}}}"
    general = rf"\max(i,j) & = {over} x({row}, \\ & \qquad {col})"  # as wide as a phone
    numbers = rf"\max({i},{j}) & = \max({values}) = {tex(best.output, digits)}"
    largest = _aligned(rf"{general} \\ {numbers}")
    total = r" \\ & + ".join(" + ".join(bracketed(value, digits) for value in row) for row in rows)
    places = digits_for(np.array([mean.output]))
    equal = "=" if exact(window, digits) and exact(np.array([mean.output]), places) else r"\approx"
    average = rf"\text{{mean}}({i},{j}) = ( & {total}) \div {mean.count} {equal} {tex(mean.output, places)}"
    return largest, _aligned(average)


def softmax(steps: ops.SoftmaxSteps, names: Sequence[str], at: int) -> str:
    """One step of the table: first each class's exponential, then each one's share of the total."""
    count = len(names)
    place = at % count
    exponential = tex(steps.exponentials[place], 4, fine)
    if at < count:
        digits = digits_for(steps.scores)
        score, shift = tex(steps.scores[place], digits), bracketed(steps.shift, digits)
        return (
            rf"e^{{z_c - m}} = e^{{{score} - {shift}}} \approx {exponential} "
            rf"\qquad (c = \text{{{plain(names[place])}}},\; m = \max_k z_k)"
        )
    symbols = r"\frac{e^{z_c - m}}{\sum_k e^{z_k - m}}"
    share = rf"\frac{{{exponential}}}{{{tex(steps.total, 4)}}} \approx {tex(steps.probabilities[place], 4)}"
    return rf"P(\text{{{plain(names[place])}}}) = {symbols} \approx {share}"


def contribution(step: ops.DenseStep, at: int, show: int = MOST_TERMS) -> str:
    """One step of the table of contributions: an input and its weight, the smaller ones, the bias."""
    single, rest = largest_first(step, show)
    if at < len(single):
        place = single[at]
        products = step.products[single]
        digits = digits_for(products, np.cumsum(products))
        value = tex(step.inputs[place], digits_for(step.inputs[single]))
        weight = bracketed(step.weights[place], digits_for(step.weights[single]))
        product = tex(step.products[place], digits)
        return rf"a_{{{place + 1}}}\, w_{{{place + 1},c}} \approx {value} \cdot {weight} \approx {product}"
    if len(rest) and at == len(single):
        return rf"\sum_{{\text{{{len(rest)}}}}} a_i w_{{i,c}} \approx {tex(step.products[rest].sum(), 2)}"
    return rf"b_c \approx {tex(step.bias, 2)}"


def score(step: ops.DenseStep) -> str:
    """The whole score of a dense unit: all contributions and the bias."""
    total, bias = tex(step.products.sum(), 2), bracketed(step.bias, 2)
    symbols = rf"\sum_{{i=1}}^{{{len(step.inputs)}}} a_i\, w_{{i,c}} + b_c"
    return rf"z_c = {symbols} \approx {total} + {bias} \approx {tex(step.output, 2)}"


def loss(update: ops.Update, label: int, at: int) -> str:
    """One step from the pixels to the loss: scores, probabilities, the loss, the gradient of the scores."""
    classes = len(update.scores)
    part, c = divmod(at if at < 2 * classes else at - 1, classes)
    p = update.probabilities
    if at == 2 * classes:
        return rf"L = -\ln p_{{\text{{true}}}} = -\ln {tex(p[label], 3)} \approx {tex(update.loss, 3)}"
    match part:
        case 0:
            products = [
                rf"{tex(x, 2)} \cdot {bracketed(w, 2)}"
                for x, w in zip(update.inputs, update.weights[:, c], strict=True)
            ]
            total = " + ".join([*products, bracketed(update.bias[c], 2)])
            symbols = rf"z_{c + 1} & = \sum_i x_i W_{{i,{c + 1}}} + b_{c + 1} \\ & = {total}"
            return _aligned(rf"{symbols} \approx {tex(update.scores[c], 3)}")
        case 1:
            total = " + ".join(f"e^{{{tex(score, 3)}}}" for score in update.scores)
            return (
                rf"p_{c + 1} = \frac{{e^{{z_{c + 1}}}}}{{\sum_k e^{{z_k}}}} "
                rf"= \frac{{e^{{{tex(update.scores[c], 3)}}}}}{{{total}}} \approx {tex(p[c], 3)}"
            )
    slope = tex(update.score_gradient[c], 3)
    return (
        rf"\frac{{\partial L}}{{\partial z_{c + 1}}} = p_{c + 1} - y_{c + 1} "
        rf"\approx {tex(p[c], 3)} - {tex(update.truth[c])} \approx {slope}"
    )


def updated(update: ops.Update, at: int) -> str:
    """One weight or bias of the table of updates: its gradient, and its new value."""
    c, i = divmod(at, len(update.inputs) + 1)
    delta = tex(update.score_gradient[c], 3)
    rate = tex(update.rate, 2)
    if i == len(update.inputs):
        symbol, old, new = f"b_{c + 1}", update.bias[c], update.new_bias[c]
        gradient = update.bias_gradient[c]
        first = rf"\frac{{\partial L}}{{\partial {symbol}}} = p_{c + 1} - y_{c + 1} \approx {delta}"
    else:
        symbol, old, new = f"W_{{{i + 1},{c + 1}}}", update.weights[i, c], update.new_weights[i, c]
        gradient = update.weight_gradient[i, c]
        first = (
            rf"\frac{{\partial L}}{{\partial {symbol}}} = x_{i + 1}\,(p_{c + 1} - y_{c + 1}) "
            rf"\approx {tex(update.inputs[i], 2)} \cdot ({delta}) \approx {tex(gradient, 3)}"
        )
    step = rf"{tex(old, 3)} - {rate} \cdot {bracketed(gradient, 3)} \approx {tex(new, 3)}"
    return _aligned(rf"{first.replace(' = ', ' & = ', 1)} \\ {symbol} & \leftarrow {step}")


def plain(name: str) -> str:
    """Return a class's name without the signs that mean something in a formula."""
    return "".join(sign for sign in name if sign.isalnum() or sign in " -")


def _aligned(lines: str) -> str:
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"


def bracketed(value: float, digits: int) -> str:
    """Return a number as LaTeX, in brackets where it is negative."""
    text = tex(value, digits)
    return f"({text})" if text.startswith("-") else text
