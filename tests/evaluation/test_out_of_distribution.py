"""Are familiarity, temperature and their measures what they claim to be? Against loops and known answers."""

import math

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.evaluation import calibration, out_of_distribution
from cnnlab.evaluation.out_of_distribution import Familiarity


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def test_energy_is_the_logarithm_of_softmaxs_denominator(rng):
    scores = rng.normal(0, 3, (5, 10))
    expected = [math.log(sum(math.exp(score) for score in row)) for row in scores]
    assert out_of_distribution.energy(scores) == pytest.approx(expected)
    assert out_of_distribution.energy(np.array([[1_000.0, 0]])) == pytest.approx([1_000])  # nothing overflows
    assert out_of_distribution.energy(scores - 7) == pytest.approx(np.array(expected) - 7)
    assert out_of_distribution.max_probability(scores) == pytest.approx(ops.softmax(scores).max(axis=1))
    assert out_of_distribution.max_probability(scores - 7) == pytest.approx(
        out_of_distribution.max_probability(scores)
    )


def test_auroc_counts_pairs(rng):
    familiar, strange = rng.integers(0, 12, 40).astype(float), rng.integers(-3, 9, 30).astype(float)
    pairs = [(a > b) + (a == b) / 2 for a in familiar for b in strange]
    assert out_of_distribution.auroc(familiar, strange) == pytest.approx(np.mean(pairs))
    assert out_of_distribution.auroc(np.array([2.0, 3]), np.array([0.0, 1])) == 1
    assert out_of_distribution.auroc(np.array([0.0, 1]), np.array([2.0, 3])) == 0
    assert out_of_distribution.auroc(np.ones(4), np.ones(3)) == 0.5


def test_nearness_is_the_distance_to_the_nearest_mean_in_the_shared_spread(rng):
    spread = np.array([3.0, 0.5])
    labels = np.repeat([0, 1], 20_000)
    features = np.array([[0.0, 0], [10, 5]])[labels] + rng.normal(0, spread, (40_000, 2))
    means, inverse = out_of_distribution.fit_distance(features, labels, 2)
    assert means == pytest.approx(np.array([[0, 0], [10, 5]]), abs=0.1)
    at = np.array([[3.0, 0], [10, 4.5], [0, 5]])
    assert out_of_distribution.nearness(at, means, inverse) == pytest.approx([-1, -1, -100 / 9], rel=0.05)


def test_maps_that_are_always_silent_do_not_blow_up_the_distance(rng):
    features = np.hstack([rng.normal(0, 1, (500, 3)), np.zeros((500, 2))])
    means, inverse = out_of_distribution.fit_distance(features, np.zeros(500, int), 1)
    noise = np.hstack([np.zeros((1, 3)), np.full((1, 2), 1e-6)])
    assert -1e-3 < out_of_distribution.nearness(noise + means, means, inverse)[0] <= 0


def test_familiarity_standardises_both_parts_and_does_without_maps(rng):
    means, scores = rng.normal(1, 1, (4_000, 6)), rng.normal(0, 2, (4_000, 10))
    fitted = Familiarity.fit(means[:2_000], (means[2_000:], scores[2_000:]))
    values = fitted.of(means[2_000:], scores[2_000:])
    assert values.mean() == pytest.approx(0, abs=1e-9)
    assert values.std() == pytest.approx(math.sqrt(2), rel=0.1)  # two independent parts of spread 1
    away = fitted.of(means[:50] + 30, scores[:50])
    assert out_of_distribution.auroc(values, away) == 1
    none = Familiarity.fit(np.zeros((20, 0)), (np.zeros((20, 0)), scores[:20]))
    energy = out_of_distribution.energy(scores[:20])
    assert none.of(np.zeros((20, 0)), scores[:20]) == pytest.approx((energy - energy.mean()) / energy.std())


def test_the_threshold_lets_so_many_false_alarms_through(rng):
    values = rng.normal(size=10_000)
    assert (values < out_of_distribution.threshold(values, 0.05)).mean() == pytest.approx(0.05, abs=1e-3)


def test_at_most_so_many_maps_are_looked_at_evenly():
    taken = out_of_distribution.map_means(np.arange(1_000.0)[np.newaxis] ** 2)[0]
    assert len(taken) == out_of_distribution.CHANNELS and taken[0] == 0 and taken[-1] == 999
    assert set(np.diff(taken)) <= {6, 7}
    assert out_of_distribution.map_means(np.array([[-4.0, 9]])).tolist() == [[-2, 3]]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_fitted_temperature_is_the_one_that_made_the_labels(rng, temperature):
    scores = rng.normal(0, 3, (20_000, 5))
    probabilities = ops.softmax(scores, temperature)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    fitted = calibration.fit_temperature(scores, labels)
    assert fitted == pytest.approx(temperature, rel=0.05)
    best = calibration.negative_log_likelihood(scores, labels, fitted)
    for other in (0.8 * fitted, 0.98 * fitted, 1.02 * fitted, 1.2 * fitted):
        assert calibration.negative_log_likelihood(scores, labels, other) >= best


def test_the_likelihood_is_cross_entropy(rng):
    scores, labels = rng.normal(0, 4, (30, 4)), rng.integers(0, 4, 30)
    each = [
        ops.cross_entropy(ops.softmax(row, 1.7), label) for row, label in zip(scores, labels, strict=True)
    ]
    assert calibration.negative_log_likelihood(scores, labels, 1.7) == pytest.approx(np.mean(each))
