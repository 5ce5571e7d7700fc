"""Does every output cell see the input cells that Keras and the formula say?"""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import ops
from cnnlab.ops.geometry import window_at, window_view
from tests.ops.strategies import axes


@pytest.mark.parametrize(
    ("n", "k", "stride", "padding", "dilation", "amounts", "size"),
    [
        (5, 3, 1, "valid", 1, (0, 0), 3),
        (5, 3, 1, "same", 1, (1, 1), 5),
        (5, 3, 2, "same", 1, (1, 1), 3),
        (6, 3, 2, "same", 1, (0, 1), 3),  # the odd border cell goes after
        (6, 2, 1, "same", 1, (0, 1), 6),
        (6, 1, 3, "same", 1, (0, 0), 2),  # more input than the outputs need: no border
        (7, 3, 1, "same", 3, (3, 3), 7),
        (7, 3, 1, "valid", 3, (0, 0), 1),
        (32, 3, 1, "valid", 1, (0, 0), 30),
        (13, 2, 2, "valid", 1, (0, 0), 6),
        (1, 7, 1, "same", 1, (3, 3), 1),
    ],
)
def test_sizes_and_borders_worked_by_hand(n, k, stride, padding, dilation, amounts, size):
    assert ops.padding_amounts(n, k, stride, padding, dilation) == amounts
    assert ops.output_size(n, k, stride, padding, dilation) == size


def test_window_index_worked_by_hand():
    same = ops.window_index(5, 3, 2, "same", 1)
    assert same.tolist() == [[-1, 0, 1], [1, 2, 3], [3, 4, 5]]
    dilated = ops.window_index(8, 3, 3, "valid", 2)
    assert dilated.tolist() == [[0, 2, 4], [3, 5, 7]]


@settings(deadline=None)
@given(axes())
def test_the_formula_counts_the_rows_of_window_index(drawn):
    [(n, k)], shared = drawn
    stride, dilation = shared["stride"], shared["dilation"]
    before, after = ops.padding_amounts(n, k, **shared)
    index = ops.window_index(n, k, **shared)
    assert len(index) == (n + before + after - dilation * (k - 1) - 1) // stride + 1
    assert len(index) == ops.output_size(n, k, **shared)
    for i, row in enumerate(index.tolist()):
        assert row == [stride * i + dilation * p - before for p in range(k)]
    assert index.max() < n + after


@settings(deadline=None)
@given(axes())
def test_outputs_fed_is_the_inverse_of_window_index(drawn):
    [(n, k)], shared = drawn
    reads = {(i, cell) for i, row in enumerate(ops.window_index(n, k, **shared).tolist()) for cell in row}
    cells = range(-3 * k, n + 3 * k)  # the border too
    feeds = {(i, cell) for cell in cells for i in ops.outputs_fed(n, k, index=cell, **shared).tolist()}
    assert feeds == reads


def test_outputs_fed_worked_by_hand():
    assert ops.outputs_fed(5, 3, 1, "valid", 1, 2).tolist() == [0, 1, 2]
    assert ops.outputs_fed(5, 3, 1, "valid", 1, 0).tolist() == [0]
    assert ops.outputs_fed(5, 3, 2, "valid", 1, 2).tolist() == [0, 1]
    assert ops.outputs_fed(7, 3, 1, "valid", 2, 3).tolist() == [1]
    assert ops.outputs_fed(6, 1, 3, "valid", 1, 4).tolist() == []


@settings(deadline=None)
@given(axes(count=2), st.sampled_from([0.0, -np.inf]))
def test_the_strided_view_holds_what_window_index_points_at(drawn, border):
    [(height, kh), (width, kw)], shared = drawn
    image = np.arange(1.0, height * width * 2 + 1).reshape(height, width, 2)
    view = window_view(image, (kh, kw), border=border, **shared)
    rows, cols = ops.window_index(height, kh, **shared), ops.window_index(width, kw, **shared)
    assert view.shape == (len(rows), len(cols), 2, kh, kw)
    for i, j in np.ndindex(len(rows), len(cols)):
        window, inside = window_at(image, rows[i], cols[j])
        expected = np.where(inside[..., None], window, border).transpose(
            2, 0, 1
        )  # (kh, kw, c) -> (c, kh, kw)
        np.testing.assert_array_equal(view[i, j], expected)


def test_a_window_on_the_border_reads_zeros_there():
    image = np.array([[1.0, 2.0], [3.0, 4.0]])[..., None]
    window, inside = window_at(image, np.array([-1, 0, 1]), np.array([1, 2, 3]))
    assert window[..., 0].tolist() == [[0, 0, 0], [2, 0, 0], [4, 0, 0]]
    assert inside.tolist() == [[False, False, False], [True, False, False], [True, False, False]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((7, 5, 1, "valid", 2), "a window of 5 cells with dilation 2 covers 9 cells, but the input has 7"),
        ((4, 5, 1, "valid", 1), "a window of 5 cells does not fit into an input of 4"),
        ((7, 3, 0, "valid", 1), "the stride must be a whole number of at least 1, but it is 0"),
        ((7, 3, 1.5, "same", 1), "the stride must be a whole number of at least 1, but it is 1.5"),
        ((7, 3, 1, "same", 0), "the dilation must be a whole number of at least 1, but it is 0"),
        ((7, 0, 1, "same", 1), "the window size must be a whole number of at least 1, but it is 0"),
        ((0, 3, 1, "same", 1), "the input size must be a whole number of at least 1, but it is 0"),
        ((7, 3, 1, "full", 1), 'the padding must be "valid" or "same", but it is "full"'),
    ],
)
def test_an_impossible_geometry_is_said_with_its_numbers(arguments, sentence):
    with pytest.raises(ops.GeometryError) as output_size:
        ops.output_size(*arguments)
    with pytest.raises(ops.GeometryError) as window_index:
        ops.window_index(*arguments)
    assert str(output_size.value) == str(window_index.value) == sentence


def test_the_error_can_be_said_again_in_another_language_and_sent_to_another_process():
    with pytest.raises(ops.GeometryError) as raised:
        ops.output_size(4, 5)
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301, as the workers' messages are
    assert again.template.format(**again.numbers) == str(again) == str(raised.value)
