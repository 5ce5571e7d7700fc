"""Do the optimisers take the steps that Keras's take, and do they do what the lesson says?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.ops import optimizers, surfaces

STEPS = 50


def of_keras(keras, name, rate):
    """Return Keras's optimiser of this name, with its own defaults but for what makes it this one."""
    return {
        "gradient_descent": lambda: keras.optimizers.SGD(rate),
        "sgd": lambda: keras.optimizers.SGD(rate),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.9),
        "nesterov": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: keras.optimizers.RMSprop(rate),
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate),
    }[name]()


@pytest.mark.parametrize("rate", [0.001, 0.05])
@pytest.mark.parametrize("size", [1e-6, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("name", ops.OPTIMIZERS)
def test_equals_keras_step_by_step(keras, rng, name, size, rate):
    """50 gradients, also tiny ones where epsilon counts: within 1e-4 x rate x steps after every step."""
    start = rng.normal(size=5)
    gradients = size * rng.normal(size=(STEPS, 5))
    left = iter(gradients)
    path = ops.descend(ops.OPTIMIZERS[name].step, start, lambda w: next(left), rate, STEPS)
    variable = keras.Variable(start, dtype="float64")
    optimizer = of_keras(keras, name, rate)
    optimizer.build([variable])
    for step, gradient in enumerate(gradients, start=1):
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")])
        np.testing.assert_allclose(path[step], np.asarray(variable), rtol=0, atol=1e-4 * rate * step)


@pytest.mark.parametrize("surface", ops.SURFACES)
@pytest.mark.parametrize("name", ops.OPTIMIZERS)
def test_equals_keras_on_the_surfaces(keras, name, surface):
    """Here the gradient depends on where the steps have led: errors would feed on themselves."""
    spec, land = ops.OPTIMIZERS[name], ops.SURFACES[surface]
    path = ops.descend(spec.step, land.start, land.gradient, spec.rate, STEPS)
    variable = keras.Variable(land.start, dtype="float64")
    optimizer = of_keras(keras, name, spec.rate)
    optimizer.build([variable])
    for _ in range(STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(land.gradient(np.asarray(variable)), dtype="float64")])
    np.testing.assert_allclose(path[-1], np.asarray(variable), rtol=0, atol=1e-4 * spec.rate * STEPS)


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
    for spec in ops.OPTIMIZERS.values():
        once, memory = spec.step(w, g, 0.1, {})
        kept = {name: np.copy(value) for name, value in memory.items()}
        spec.step(once, g, 0.1, memory)
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


def test_all_arrive_in_the_bowl_and_only_momentum_leaves_the_shallow_hollow():
    ends = {}
    for surface in ("bowl", "minima"):
        land = ops.SURFACES[surface]
        for name, spec in ops.OPTIMIZERS.items():
            path = ops.descend(spec.step, land.start, land.gradient, spec.rate, 120)
            ends[surface, name] = land.value(path[-1])
    assert max(value for (surface, _), value in ends.items() if surface == "bowl") < 1e-3
    deepest = ops.SURFACES["minima"].value(ops.SURFACES["minima"].lowest[0])
    arrived = {name for name in ops.OPTIMIZERS if ends["minima", name] < deepest + 0.01}
    assert arrived == {"momentum", "nesterov"}


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
