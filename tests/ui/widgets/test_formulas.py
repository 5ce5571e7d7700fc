"""Does each step's formula hold this step's numbers, and does it come out?"""

import ast
import inspect
import operator
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlab import ops
from cnnlab.lessons.questions.pooling import Setting
from cnnlab.ui.components.terms import contributions_table, softmax_table
from cnnlab.ui.lessons.learning.update import loss_table, update_table
from cnnlab.ui.widgets import formulas

NAMES = ["cat", "dog", "a_bird"]


def numbers(latex: str) -> list[float]:
    """Return the numbers of a formula, without those in names, indices and bounds."""
    text = latex.replace("{,}", "").replace(r"1 \le", "")
    text = re.sub(r"_\{[^{}]*\}|_\d|\\(?:text|max)\{[^{}]*\}|(?<![a-z])[xz]\([^()]*\)|\\text", "", text)
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


WORKED = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def worked_out(latex: str, **letters: int) -> int:
    """Work out sums, differences and products as they stand in a formula, with numbers for its letters."""
    text = re.sub(r"_\{\w+\}|\\,", "", latex)
    text = re.sub(r"(?<=\w)\(", "*(", text)  # s(i - 1) is a product

    def value(node) -> int:
        match node:
            case ast.BinOp():
                return WORKED[type(node.op)](value(node.left), value(node.right))
            case ast.Name():
                return letters[node.id]
            case ast.Constant():
                return node.value
        raise AssertionError(f"{latex} has more than sums and products in it")

    return value(ast.parse(text.strip(), mode="eval").body)


small = st.integers(1, 4)
axes = st.tuples(st.integers(1, 12), small, small, st.integers(1, 3), st.sampled_from(["valid", "same"]))


@settings(max_examples=150, deadline=None)
@given(axes)
def test_the_general_form_names_the_cells_that_are_read_counted_from_1(axis):
    n, k, stride, dilation, padding = axis
    assume(padding == "same" or ops.window_span(k, dilation) <= n)
    index = ops.window_index(n, k, stride, padding, dilation)
    border = ops.padding_amounts(n, k, stride, padding, dilation)[0]
    with_letters = formulas.read("i", "p", "s", "d", "P")
    with_numbers = formulas.read("i", "p", str(stride), str(dilation), str(border))
    assert with_letters in formulas.convolution().replace("_{top}", "")
    for i, p in np.ndindex(index.shape):
        place = {"i": i + 1, "p": p + 1}
        wanted = index[i, p] + 1
        assert worked_out(with_letters, **place, s=stride, d=dilation, P=border) == wanted
        assert worked_out(with_numbers, **place) == wanted


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("window", [2, 3, 4])
def test_the_general_form_of_pooling_reads_the_window_beside_it(rng, window, stride, padding):
    setting = Setting(rng.integers(0, 256, (7, 9)), window, stride, padding)
    for i, j in np.ndindex(*setting.pooled("max").shape):
        steps = [setting.step(mode, (i, j)) for mode in ("max", "average")]
        largest, _mean = formulas.pooled(*steps, stride=stride, border=setting.border())
        found = re.search(r"p,q \\le (\d)\}\s*x\((.+?), \\\\ & \\qquad (.+?)\) \\\\", largest)
        last, row, col = found.groups()
        assert int(last) == window
        rows = [worked_out(row, i=i + 1, p=p) - 1 for p in range(1, window + 1)]
        cols = [worked_out(col, j=j + 1, q=q) - 1 for q in range(1, window + 1)]
        inside = [setting.values[r, c] for r in rows if 0 <= r < 7 for c in cols if 0 <= c < 9]
        assert inside == steps[0].window[steps[0].inside].tolist()
        assert f"\\max({i + 1},{j + 1}) & = " in largest


def test_a_layer_without_border_reads_from_its_own_cell_on():
    for at, (cell, within) in enumerate((("i", "p"), ("j", "q"))):
        inner = re.search(r" x\((.+?)\)\\;", formulas.layer("relu"))[1].split(r",\; ")[at]
        assert [worked_out(inner, **{cell: 4, within: n}) for n in (1, 2, 3)] == [4, 5, 6]


def test_every_activation_has_its_formula():
    for name, activation in ops.ACTIVATIONS.items():
        assert activation.formula and formulas.layer(name).endswith(f"a = {activation.formula}")
    slope = inspect.signature(ops.leaky_relu).parameters["slope"].default
    assert f"{slope}\\,z" in formulas.layer("leaky_relu")
    assert formulas.layer(None).endswith("W(p,q,c,k)")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("channels", [1, 3, 40])
def test_a_convolution_is_its_channel_sums_and_its_bias(rng, channels):
    image, kernels = rng.normal(size=(5, 6, channels)), rng.normal(size=(3, 3, channels, 2))
    for step in ops.conv2d_steps(image, kernels, np.array([0.5, -0.25]), output_channel=1):
        latex = formulas.convolved(step, (step.row + 1, step.col + 1), ("ReLU", ops.relu(step.output)))
        assert latex.startswith(f"z({step.row + 1},{step.col + 1}) = ")
        *sums, bias, total, after = numbers(latex)
        shown = step.channel_sums if channels < 7 else step.channel_sums[[0, 1, 2, -1]]
        np.testing.assert_allclose(sums, shown, atol=0.0051)
        assert (r"\cdots" in latex) == (channels == 40)
        assert bias == -0.25
        assert total == pytest.approx(step.output, abs=0.0051)
        assert after == pytest.approx(max(0, step.output), abs=0.0051)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling_takes_the_largest_and_the_mean_of_the_cells_inside(rng, padding):
    maps = rng.integers(0, 256, (7, 7, 1)).astype(float)
    for row, col in np.ndindex(3, 3):
        place = {"row": row, "col": col, "stride": 2, "padding": padding}
        best, mean = (ops.pool_step(maps, 3, mode=mode, **place) for mode in ("max", "average"))
        border = ops.padding_amounts(7, 3, 2, padding)[:1] * 2
        largest, average = formulas.pooled(best, mean, stride=2, border=border)
        window = best.window[best.inside].tolist()
        assert numbers(largest)[-len(window) - 1 :] == [*window, max(window)]
        *values, count, result = numbers(average)
        assert values[-len(window) :] == window and count == len(window)
        assert result == pytest.approx(np.mean(window), abs=0.051)


def test_softmax_first_the_exponential_then_the_share(rng):
    steps = ops.softmax_steps(rng.normal(0, 3, 3))
    assert len(softmax_table(steps, NAMES).steps) == 6
    for c, name in enumerate(("cat", "dog", "abird")):
        first, second = formulas.softmax(steps, NAMES, c), formulas.softmax(steps, NAMES, 3 + c)
        assert rf"\text{{{name}}}" in first and rf"\text{{{name}}}" in second
        score, shift, exponential = numbers(first)
        assert exponential == pytest.approx(np.exp(score - shift), rel=0.02, abs=0.0001)
        part, total, share = numbers(second)
        assert share == pytest.approx(part / total, abs=0.0002)
        assert share == pytest.approx(steps.probabilities[c], abs=0.0001)


@pytest.mark.parametrize("inputs", [5, 60])
def test_every_step_of_a_score_from_the_largest_contribution_to_the_bias(rng, inputs):
    x, weights, bias = rng.normal(0, 3, inputs), rng.normal(size=(inputs, 4)), rng.normal(size=4)
    step = ops.contributions(x, weights, bias, 2)
    count = len(contributions_table(step, [str(n) for n in range(inputs)], result="score").steps) - 1
    order = np.argsort(-np.abs(step.products), kind="stable")
    single = inputs if inputs == 5 else 24
    for at in range(single):
        value, weight, product = numbers(formulas.contribution(step, at))
        assert (value, weight) == pytest.approx((x[order[at]], weights[order[at], 2]), abs=0.051)
        assert product == pytest.approx(step.products[order[at]], abs=0.0051)
    if inputs == 60:
        assert numbers(formulas.contribution(step, 24))[-1] == pytest.approx(
            step.products[order[24:]].sum(), abs=0.0051
        )
    assert numbers(formulas.contribution(step, count - 1)) == pytest.approx([bias[2]], abs=0.0051)
    total, added, score = numbers(formulas.score(step))[-3:]
    assert score == pytest.approx(total + added, abs=0.011)
    assert score == pytest.approx(step.output, abs=0.0051)


@pytest.fixture
def update(rng):
    return ops.update(rng.random(3), rng.normal(size=(3, 3)), rng.normal(size=3), 1, 0.3)


def test_every_step_to_the_loss(update):
    count = len(loss_table(update, NAMES, 1).steps)
    results = [numbers(formulas.loss(update, 1, at))[-1] for at in range(count)]
    wanted = [*update.scores, *update.probabilities, update.loss, *update.score_gradient]
    np.testing.assert_allclose(results, wanted, atol=0.00051)
    for c in range(3):
        products = numbers(formulas.loss(update, 1, c))[:-1]
        x, w, b = products[0:6:2], products[1:6:2], products[6]
        assert np.dot(x, w) + b == pytest.approx(update.scores[c], abs=0.05)
        p, truth = numbers(formulas.loss(update, 1, 7 + c))[:2]
        assert (p, truth) == pytest.approx((update.probabilities[c], float(c == 1)), abs=0.00051)


def test_every_weight_and_bias_of_an_update(update):
    count = len(update_table(update, NAMES).steps)
    for at in range(count):
        c, i = divmod(at, 4)
        old, new, gradient = (
            (update.bias[c], update.new_bias[c], update.bias_gradient[c])
            if i == 3
            else (update.weights[i, c], update.new_weights[i, c], update.weight_gradient[i, c])
        )
        found = numbers(formulas.updated(update, at))
        np.testing.assert_allclose(found[-4:], [old, 0.3, gradient, new], atol=0.00051)
        assert found[-4] - found[-3] * found[-2] == pytest.approx(found[-1], abs=0.002)
        assert found[-5] == pytest.approx(gradient, abs=0.00051)
