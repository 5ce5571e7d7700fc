"""Are the answers about scores and softmax right? Each is computed again with plain Python."""

import math

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.lessons.questions.answer import VISIBLE, largest_input, one_score_rises, telling_unit

SETTINGS = range(300)


def dense_layer(seed):
    rng = np.random.default_rng(seed)
    inputs, units = int(rng.integers(1, 30)), int(rng.integers(1, 11))
    x = rng.normal(size=inputs)
    if seed % 2:
        x = np.maximum(x, 0)  # as after ReLU, with ties at 0
    return x, rng.normal(size=(inputs, units)), rng.normal(size=units)


def first_largest(values):
    best = 0
    for place, value in enumerate(values):
        if value > values[best]:
            best = place
    return best


def by_hand(x, weights, unit):
    """The three places, found with loops; None where two are the same."""
    column = [float(row[unit]) for row in weights]
    value = first_largest([abs(float(a)) for a in x])
    weight = first_largest([abs(w) for w in column])
    product = first_largest([float(a) * w for a, w in zip(x, column, strict=True)])
    return (value, weight, product) if len({value, weight, product}) == 3 else None


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_input_that_adds_most_is_found_again_by_loops(seed):
    x, weights, bias = dense_layer(seed)
    for unit in range(weights.shape[1]):
        asked = largest_input(ops.contributions(x, weights, bias, unit))
        found = None if asked is None else (asked.value, asked.weight, asked.product)
        assert found == by_hand(x, weights, unit)


def test_some_settings_ask_and_some_do_not():
    layers = [dense_layer(seed) for seed in SETTINGS]
    asked = [largest_input(ops.contributions(*layer, 0)) is not None for layer in layers]
    assert 50 < sum(asked) < len(asked) - 50


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_unit_shown_first_has_a_question_if_any_has(seed):
    x, weights, bias = dense_layer(seed)
    scores = [
        sum(float(a) * float(w) for a, w in zip(x, weights[:, unit], strict=True)) + float(bias[unit])
        for unit in range(weights.shape[1])
    ]
    askable = [unit for unit in range(len(scores)) if by_hand(x, weights, unit)]
    unit = telling_unit(x, weights, bias)
    assert scores[unit] == pytest.approx(max(scores[u] for u in askable or range(len(scores))))


def shares(scores):
    exponentials = [math.exp(score) for score in scores]
    return [e / sum(exponentials) for e in exponentials]


@pytest.mark.parametrize("seed", SETTINGS)
def test_a_rising_score_takes_from_the_others_and_leaves_their_ratio(seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=rng.uniform(0.1, 6), size=int(rng.integers(1, 11)))
    rise = one_score_rises(scores)
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    if len(scores) < 3:
        assert rise is None
        return
    first, second, third = order[:3]
    before = shares(scores)
    after = shares([score + (place == second) for place, score in enumerate(scores)])
    visible = before[first] - after[first] >= VISIBLE and after[third] >= VISIBLE
    assert (rise is not None) == visible
    if rise:
        assert (rise.watched, rise.raised, rise.other) == (first, second, third)
        assert rise.falls is (after[first] < before[first]) is True
        assert rise.ratios == pytest.approx((before[first] / before[third],) * 2)
        assert rise.ratio_stays
        assert rise.after == pytest.approx(np.array(after))


def test_the_ratio_changes_when_the_other_score_is_the_one_that_rises():
    rise = one_score_rises([2.0, 1.0, 0.5])
    moved = type(rise)(rise.raised, rise.watched, rise.raised, rise.scores, rise.before, rise.after)
    assert not moved.ratio_stays
