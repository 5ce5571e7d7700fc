"""Do the optimisers take the steps that one works out by hand? `tests.config.test_optimizers` asks Keras."""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.ops import optimizers, surfaces

STEPS = [
    optimizers.gradient_descent,
    optimizers.momentum,
    optimizers.nesterov,
    optimizers.rmsprop,
    optimizers.adam,
    optimizers.adamw,
]


def test_first_steps_by_hand():
    w, g = np.array([1.0]), np.array([4.0])
    assert optimizers.gradient_descent(w, g, 0.1, {})[0][0] == pytest.approx(0.6)
    once, memory = optimizers.momentum(w, g, 0.1, {})
    assert once[0] == pytest.approx(0.6)
    assert optimizers.momentum(once, g, 0.1, memory)[0][0] == pytest.approx(0.6 - 0.36 - 0.4)
    assert optimizers.nesterov(w, g, 0.1, {})[0][0] == pytest.approx(1 - 0.36 - 0.4)
    assert optimizers.rmsprop(w, g, 0.1, {})[0][0] == pytest.approx(1 - 0.1 / np.sqrt(0.1), abs=1e-6)
    assert optimizers.adam(w, g, 0.1, {})[0][0] == pytest.approx(0.9, abs=1e-6)  # the first step is the rate
    assert optimizers.adamw(w, g, 0.1, {})[0][0] == pytest.approx(0.9 - 0.0004, abs=1e-6)


def test_a_step_changes_neither_weights_nor_memory_in_place():
    w, g = np.array([1.0, 2.0]), np.array([0.5, -0.5])
    for step in STEPS:
        once, memory = step(w, g, 0.1, {})
        kept = {name: np.copy(value) for name, value in memory.items()}
        step(once, g, 0.1, memory)
        assert w.tolist() == [1.0, 2.0]
        assert all(np.array_equal(memory[name], kept[name]) for name in kept)


def test_noise_comes_from_the_generator_and_averages_out(rng):
    noisy = ops.estimated(surfaces.bowl_gradient, 0.5, rng)
    w = np.array([1.0, -1.0])
    estimates = np.stack([noisy(w) for _ in range(4000)])
    np.testing.assert_allclose(estimates.mean(axis=0), [2, -2], atol=0.05)
    np.testing.assert_allclose(estimates.std(axis=0), 0.5, atol=0.03)
    first, second = (
        ops.estimated(surfaces.bowl_gradient, 0.5, np.random.default_rng(3))(w) for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_too_large_a_rate_explodes_without_a_warning(recwarn):
    path = ops.descend(optimizers.gradient_descent, [0.5, 1.5], surfaces.saddle_gradient, 50.0, 30)
    assert path.shape == (31, 2) and not np.isfinite(path[-1]).all()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        *((rate, "small") for rate in (0.001, 0.02)),
        *((rate, "right") for rate in (0.1, 0.5, 0.9)),
        *((rate, "jumping") for rate in (0.98, 1.0)),
        *((rate, "diverging") for rate in (1.02, 3.0, 1e200)),
    ],
)
def test_the_page_can_say_which_rate_is_right(rate, expected):
    """On w^2 each step multiplies the weight by 1 - 2 x rate, and the loss by its square."""
    path = ops.descend(optimizers.gradient_descent, [1.0], lambda w: 2 * w, rate, 20)
    with np.errstate(over="ignore"):
        losses = path[:, 0] ** 2
    assert ops.pace(path[:, 0], losses) == expected
    shrinks = abs(1 - 2 * rate)
    assert (expected == "diverging") == (shrinks > 1)
    assert (expected == "right") == (shrinks < 0.01 ** (1 / 40))
