"""Are the answers of *How weights change* those of an independent computation?"""

import math
from collections import Counter

import numpy as np
import pytest

from cnnlab.lessons.questions.learning import DOUBLED, STEPPED, doubled, draw_step, stepped


def loss(scores, label):
    """Cross-entropy as the logarithm of a sum of exponentials, written out once more."""
    return math.log(sum(math.exp(z - scores[label]) for z in scores))


def test_doubled_over_many_scores():
    rng, answers = np.random.default_rng(0), Counter()
    for _ in range(3000):
        scores = rng.normal(scale=rng.uniform(0.1, 4), size=int(rng.integers(2, 11))).tolist()
        label = int(rng.integers(len(scores)))
        question = doubled(scores, label)
        before, after = loss(scores, label), loss([2 * z for z in scores], label)
        if question is None:
            first, second = sorted(scores)[:-3:-1]
            assert abs(after - before) < 0.02 + 1e-9 or first - second < 0.01
            continue
        best = max(range(len(scores)), key=scores.__getitem__)
        assert question.named == best and question.right == (best == label)
        assert question.before == pytest.approx(before, abs=1e-9)
        assert question.after == pytest.approx(after, abs=1e-9)
        assert question.answer == ("same_falls" if after < before else "same_rises")
        assert question.answer in DOUBLED
        answers[question.answer, question.right] += 1
        assert not (question.right and question.answer == "same_rises"), "surer and right is always better"
    assert answers["same_falls", True] > 300 and answers["same_rises", False] > 300
    assert answers["same_falls", False] > 20, "a wrong photo may gain too: the answer has to be computed"


def test_doubled_is_not_asked_where_it_has_no_clear_answer():
    assert doubled([2, 2, 0], 0) is None  # two classes share the largest score
    assert doubled([0, 0, 0], 1) is None
    assert doubled([30, 0, 0], 0) is None  # the loss is 0 before and after


def test_stepped_over_many_bowls():
    rng = np.random.default_rng(1)
    asked = 0
    for _ in range(3000):
        a, lowest, w, rate = rng.uniform(0.1, 5), rng.normal(), rng.normal(scale=2), rng.uniform(0.001, 2)
        question = stepped(a, lowest, w, rate)

        def value(x, a=a, lowest=lowest):
            return a / 2 * (x - lowest) ** 2

        slope = (value(w + 1e-6) - value(w - 1e-6)) / 2e-6
        landed = w - rate * slope
        if question is None:
            assert abs(landed - w) < 0.0501 or abs(value(landed) - value(w)) < 0.1001 * value(w)
            continue
        asked += 1
        assert question.slope == pytest.approx(slope, abs=1e-4)
        assert question.new_weight == pytest.approx(landed, abs=1e-4)
        way, change = question.answer.split("_")
        assert way == ("right" if slope < 0 else "left")
        assert change == ("falls" if value(landed) < value(w) else "rises")
        assert question.stable == (change == "falls")
    assert asked > 2000


def test_half_of_the_drawn_steps_lie_beyond_stability():
    rng = np.random.default_rng(2)
    drawn = [draw_step(rng) for _ in range(2000)]
    assert sum(question.stable for question in drawn) / len(drawn) == pytest.approx(0.5, abs=0.04)
    counts = Counter(question.answer for question in drawn)
    assert set(counts) == set(STEPPED) and min(counts.values()) > 350
    assert all(question.before != question.after for question in drawn)
