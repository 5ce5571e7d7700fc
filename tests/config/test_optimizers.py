"""Is every record of the registry whole, and true of Keras and of the steps by numbers?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import LARGEST_RATE, OPTIMIZERS, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.training import models
from cnnlab.ui.lessons.learning.steps import RACERS

keras = pytest.importorskip("keras")

STEPS = 50
RACES = {name: optimizer.race for name, optimizer in OPTIMIZERS.items() if optimizer.race}


def settings(optimizer) -> dict:
    """Return all its settings; Keras numbers the names."""
    return optimizer.get_config() | {"name": ""}


def along(name: str, start, rate: float, gradient) -> list[np.ndarray]:
    """Return where Keras's optimiser is after each of the steps; gradient(w) is asked before each."""
    variable = keras.Variable(start, dtype="float64")
    optimizer = models.optimizer(name, rate)
    optimizer.build([variable])
    path = [np.array(variable)]
    for _ in range(STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(gradient(path[-1]), dtype="float64")])
        path.append(np.array(variable))
    return path


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_one_of_keras_s_and_gets_its_rate(name):
    optimizer = models.optimizer(name, 0.0123)
    assert type(optimizer) is getattr(keras.optimizers, OPTIMIZERS[name].keras)
    assert float(optimizer.learning_rate) == pytest.approx(0.0123)
    for argument, value in OPTIMIZERS[name].arguments.items():
        assert optimizer.get_config()[argument] == value


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_line_of_the_exported_script_makes_the_same(name):
    found = {"keras": keras}
    exec(f"made = {OPTIMIZERS[name].source(0.0123)}", found)
    written, mine = found["made"], models.optimizer(name, 0.0123)
    assert type(written) is type(mine)
    assert settings(written) == settings(mine)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_keeps_as_many_numbers_a_weight_as_keras_really_allocates(name):
    shape = (3, 5, 7)
    optimizer = models.optimizer(name, 0.01)
    optimizer.build([keras.Variable(np.zeros(shape))])
    shapes = [tuple(variable.shape) for variable in optimizer.variables]
    assert shapes.count(shape) == OPTIMIZERS[name].kept
    assert set(shapes) <= {(), shape}, "the rest are single numbers"
    if race := OPTIMIZERS[name].race:
        _weights, memory = race.step(np.zeros(shape), np.ones(shape), 0.01, {})
        assert sum(np.shape(value) == shape for value in memory.values()) == OPTIMIZERS[name].kept


def test_every_one_can_be_chosen_by_its_own_title_with_a_rate_that_may_be_set():
    titles = [optimizer.title for optimizer in OPTIMIZERS.values()]
    assert all(titles) and len(set(titles)) == len(titles)
    for name, optimizer in OPTIMIZERS.items():
        assert 0 < optimizer.rate <= LARGEST_RATE
        chosen = PRESETS["article"].config.model_dump() | {"optimizer": name}
        assert TrainConfig(**chosen).optimizer == name
    assert TrainConfig.model_json_schema()["properties"]["optimizer"]["enum"] == list(OPTIMIZERS)


def test_what_is_no_optimiser_is_refused():
    with pytest.raises(ValueError, match="Input should be 'sgd', 'momentum', "):
        TrainConfig(**PRESETS["article"].config.model_dump() | {"optimizer": "keras.optimizers.SGD"})


@pytest.mark.parametrize("rate", [0.001, 0.05])
@pytest.mark.parametrize("size", [1e-6, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("name", RACES)
def test_its_steps_are_those_of_keras(name, size, rate):
    """50 gradients, also tiny ones where epsilon counts: within 1e-4 x rate x steps after every step."""
    rng = np.random.default_rng(20)
    start, gradients = rng.normal(size=5), size * rng.normal(size=(STEPS, 5))
    mine, theirs = iter(gradients), iter(gradients)
    path = ops.descend(RACES[name].step, start, lambda w: next(mine), rate, STEPS)
    for step, place in enumerate(along(name, start, rate, lambda w: next(theirs))):
        np.testing.assert_allclose(path[step], place, rtol=0, atol=1e-4 * rate * max(1, step))


@pytest.mark.parametrize("surface", ops.SURFACES)
@pytest.mark.parametrize("name", RACES)
def test_on_the_surfaces_it_goes_where_keras_goes(name, surface):
    """Here the gradient depends on where the steps have led: errors would feed on themselves."""
    race, land = RACES[name], ops.SURFACES[surface]
    path = ops.descend(race.step, land.start, land.gradient, race.rate, STEPS)
    there = along(name, land.start, race.rate, land.gradient)[-1]
    np.testing.assert_allclose(path[-1], there, rtol=0, atol=1e-4 * race.rate * STEPS)


def test_in_the_race_all_arrive_in_the_bowl_and_momentum_leaves_the_shallow_hollow():
    ends = {}
    for surface in ("bowl", "minima"):
        land = ops.SURFACES[surface]
        for racer in RACERS:
            path = ops.descend(racer.step, land.start, land.gradient, racer.rate, 120)
            ends[surface, racer.name] = land.value(path[-1])
    assert max(value for (surface, _), value in ends.items() if surface == "bowl") < 1e-3
    deepest = ops.SURFACES["minima"].value(ops.SURFACES["minima"].lowest[0])
    arrived = {racer.name for racer in RACERS if ends["minima", racer.name] < deepest + 0.01}
    assert arrived >= {"Momentum", "Nesterov"}
    assert not arrived & {"Gradient descent", "SGD, with noise", "RMSprop", "Adam", "AdamW"}
    assert len({racer.name for racer in RACERS}) == len(RACERS)
