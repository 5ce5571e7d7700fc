"""Are the surfaces' gradients the slopes of their values, and are their minima where they say?"""

import numpy as np
import pytest

from cnnlab import ops


@pytest.mark.parametrize("name", ops.SURFACES)
def test_gradient_is_the_slope_of_the_value(name, rng):
    surface, step = ops.SURFACES[name], 1e-5
    for w in rng.uniform(-surface.reach, surface.reach, size=(200, 2)):
        moves = step * np.eye(2)
        slopes = [(surface.value(w + move) - surface.value(w - move)) / (2 * step) for move in moves]
        np.testing.assert_allclose(surface.gradient(w), slopes, atol=1e-6)


@pytest.mark.parametrize("name", ops.SURFACES)
def test_many_places_at_once_equal_one_after_the_other(name, rng):
    surface = ops.SURFACES[name]
    places = rng.uniform(-2, 2, size=(3, 4, 2))
    for cell in np.ndindex(3, 4):
        assert surface.value(places)[cell] == pytest.approx(float(surface.value(places[cell])))
        np.testing.assert_allclose(surface.gradient(places)[cell], surface.gradient(places[cell]))


@pytest.mark.parametrize("name", ops.SURFACES)
def test_minima_are_the_lowest_places_around_and_the_first_is_the_deepest(name, rng):
    surface = ops.SURFACES[name]
    deepest = surface.value(surface.lowest[0])
    for place in np.array(surface.lowest, float):
        np.testing.assert_allclose(surface.gradient(place), 0, atol=1e-9)
        around = place + rng.uniform(-0.1, 0.1, size=(100, 2))
        assert (surface.value(around) >= surface.value(place)).all()
        assert surface.value(place) >= deepest
    line = np.linspace(-surface.reach, surface.reach, 201)
    everywhere = surface.value(np.stack(np.meshgrid(line, line), axis=-1))
    assert everywhere.min() >= deepest - 1e-12


def test_the_saddle_is_flat_in_the_middle_but_no_minimum():
    surface = ops.SURFACES["saddle"]
    assert surface.gradient([0, 0]).tolist() == [0, 0]
    assert surface.value([0.1, 0]) > surface.value([0, 0]) > surface.value([0, 0.1])
