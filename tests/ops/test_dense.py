"""Do flatten, dense and softmax turn maps into an answer as Keras does?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab import ops

sizes = st.integers(1, 6)


@given(sizes, sizes, sizes)
def test_flat_index_says_where_flatten_puts_each_cell(height, width, channels):
    shape = height, width, channels
    maps = np.arange(height * width * channels)[::-1].reshape(shape)
    flat = ops.flatten(maps)
    for cell in np.ndindex(shape):
        index = ops.flat_index(shape, *cell)
        assert flat[index] == maps[cell]
        assert ops.map_index(shape, index) == cell


def test_flatten_by_hand_and_as_keras(keras, rng):
    assert ops.flatten([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ops.flat_index((4, 4, 64), 2, 1, 5) == 581  # (2 * 4 + 1) * 64 + 5
    maps = rng.normal(size=(3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(ops.flatten(maps), np.asarray(keras.layers.Flatten()(maps[None]))[0])


def test_cells_that_are_not_there():
    with pytest.raises(ops.GeometryError, match=r"\(2, 3, 4\) have no cell \(0, 3, 0\)"):
        ops.flat_index((2, 3, 4), 0, 3, 0)
    with pytest.raises(ops.GeometryError, match=r"flatten to 24 numbers, .* no number 24"):
        ops.map_index((2, 3, 4), 24)


def test_dense_by_hand():
    weights = np.array([[1, 10], [2, 20], [3, -30]])
    assert ops.dense([1, 2, 3], weights, [0.5, -0.5]).tolist() == [14.5, -40.5]
    step = ops.contributions([1, 2, 3], weights, [0.5, -0.5], unit=1)
    assert step.inputs.tolist() == [1, 2, 3]
    assert step.weights.tolist() == [10, 20, -30]
    assert step.products.tolist() == [10, 40, -90]
    assert (step.unit, step.bias, step.output) == (1, -0.5, -40.5)


def test_dense_equals_keras_and_its_steps(keras, rng):
    x = rng.normal(size=20).astype(np.float32)
    layer = keras.layers.Dense(7, bias_initializer="random_normal")
    expected = np.asarray(layer(x[None]))[0]
    weights, bias = (np.asarray(variable) for variable in layer.weights)
    scores = ops.dense(x, weights, bias)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    steps = list(ops.dense_steps(x, weights, bias))
    assert [step.unit for step in steps] == list(range(7))
    np.testing.assert_allclose([step.output for step in steps], scores, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "weights", "bias", "sentence"),
    [
        ((3,), (4, 2), (2,), r"they are \(3,\) and \(4, 2\)"),
        ((2, 2), (4, 2), (2,), r"they are \(2, 2\) and \(4, 2\)"),
        ((4,), (4, 2), (3,), r"2 units need a bias of the shape \(2,\), but it is \(3,\)"),
    ],
)
def test_impossible_input_is_said_with_its_numbers(x, weights, bias, sentence):
    arguments = np.ones(x), np.ones(weights), np.ones(bias)
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.dense(*arguments)
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.contributions(*arguments, unit=0)
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.dense_steps(*arguments)


def test_a_unit_that_is_not_there():
    with pytest.raises(ops.GeometryError, match="there are 2 units, counted from 0: there is no unit 2"):
        ops.contributions(np.ones(4), np.ones((4, 2)), None, unit=2)


def test_softmax_by_hand():
    np.testing.assert_allclose(ops.softmax(np.log([1, 2, 5])), [1 / 8, 2 / 8, 5 / 8])
    np.testing.assert_allclose(ops.softmax(np.log([1, 4, 16]), temperature=2), [1 / 7, 2 / 7, 4 / 7])
    assert ops.softmax([3.7]).tolist() == [1]


def test_softmax_equals_keras(keras, rng):
    scores = (20 * rng.normal(size=(6, 10))).astype(np.float32)
    scores[1] -= 1000  # each row has its own largest score
    ours = ops.softmax(scores)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, np.asarray(keras.ops.softmax(scores)), rtol=1e-5, atol=1e-30)


def test_the_shift_holds_where_the_formula_overflows():
    scores = [1000.0, 999.0, 0.0]
    expected = [1 / (1 + np.exp(-1)), np.exp(-1) / (1 + np.exp(-1)), 0]
    np.testing.assert_allclose(ops.softmax(scores), expected)
    assert np.isnan(ops.softmax_naive(scores)[:2]).all()
    np.testing.assert_allclose(ops.softmax_naive([3, 1, 2], 0.5), ops.softmax([3, 1, 2], 0.5))


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=12), st.floats(0.05, 20))
def test_softmax_steps_lead_to_softmax(scores, temperature):
    steps = ops.softmax_steps(scores, temperature)
    assert steps.scores.tolist() == scores
    assert steps.shift == max(scores)
    assert steps.temperature == temperature
    np.testing.assert_array_equal(steps.shifted, (steps.scores - steps.shift) / temperature)
    np.testing.assert_array_equal(steps.exponentials, np.exp(steps.shifted))
    assert steps.total == steps.exponentials.sum()
    np.testing.assert_array_equal(steps.probabilities, steps.exponentials / steps.total)
    np.testing.assert_allclose(steps.probabilities, ops.softmax(scores, temperature))
    assert steps.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_a_temperature_must_be_above_zero(temperature):
    for function in (ops.softmax, ops.softmax_steps, ops.softmax_naive):
        with pytest.raises(ops.GeometryError, match="the temperature must be above 0"):
            function([1, 2], temperature)
