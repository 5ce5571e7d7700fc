"""Does pooling keep the maximum or the mean of each window, as Keras does?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import ops

MAPS = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])[..., None]
POOLS = {"max": ops.max_pool, "average": ops.average_pool}


def test_3x3_by_hand():
    assert ops.max_pool(MAPS, 2).tolist() == [[[5]]]
    assert ops.average_pool(MAPS, 2).tolist() == [[[3]]]
    assert ops.max_pool(MAPS, 2, stride=1)[..., 0].tolist() == [[5, 6], [8, 9]]
    assert ops.average_pool(MAPS, 2, stride=1)[..., 0].tolist() == [[3, 4], [6, 7]]


def test_border_cells_take_no_part():
    assert ops.max_pool(-MAPS, 2, padding="same")[..., 0].tolist() == [[-1, -3], [-7, -9]]  # never 0
    assert ops.average_pool(MAPS, 2, padding="same")[..., 0].tolist() == [[3, 4.5], [7.5, 9]]


def test_channels_stay_apart():
    maps = np.concatenate([MAPS, -MAPS], axis=2)
    assert ops.max_pool(maps, 3).tolist() == [[[9, -1]]]
    assert ops.global_max_pool(maps).tolist() == [9, -1]
    assert ops.global_average_pool(maps).tolist() == [5, -5]


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [None, 1, 2, 3])
def test_equals_keras(keras, rng, channels, padding, stride):
    theirs = {"max": keras.ops.max_pool, "average": keras.ops.average_pool}
    for height, width in [(6, 6), (7, 7), (7, 10), (9, 6)]:
        maps = rng.normal(size=(height, width, channels)).astype(np.float32)
        for window in (1, 2, 3, 4):
            for mode, pool in POOLS.items():
                ours = pool(maps, window, stride=stride, padding=padding)
                expected = np.asarray(theirs[mode](maps[None], window, stride, padding))[0]
                assert ours.dtype == np.float32
                np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_global_pooling_equals_keras(keras, rng):
    maps = rng.normal(size=(5, 4, 3)).astype(np.float32)
    for ours, layer in [
        (ops.global_average_pool, keras.layers.GlobalAveragePooling2D()),
        (ops.global_max_pool, keras.layers.GlobalMaxPooling2D()),
    ]:
        np.testing.assert_allclose(ours(maps), np.asarray(layer(maps[None]))[0], rtol=1e-5)


@settings(deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 4),
    st.none() | st.integers(1, 4),
    st.sampled_from(["valid", "same"]),
    st.sampled_from(["max", "average"]),
    st.integers(0, 999),
)
def test_steps_and_whole_array_agree(height, width, window, stride, padding, mode, seed):
    if padding == "valid":
        window = min(window, height, width)
    maps = np.random.default_rng(seed).integers(-5, 6, (height, width, 2))  # small numbers: many draws
    pooled = POOLS[mode](maps, window, stride=stride, padding=padding)
    for channel in range(2):
        steps = list(ops.pool_steps(maps, window, mode=mode, stride=stride, padding=padding, channel=channel))
        assert [(step.row, step.col) for step in steps] == list(np.ndindex(pooled.shape[:2]))
        assert [step.output for step in steps] == pooled[..., channel].ravel().tolist()
        for step in steps:
            cells = [
                (row, col)
                for row in step.rows.tolist()
                for col in step.cols.tolist()
                if 0 <= row < height and 0 <= col < width
            ]
            values = [int(maps[row, col, channel]) for row, col in cells]
            assert step.window[step.inside].tolist() == values
            assert not step.window[~step.inside].any()
            assert (step.total, step.count) == (sum(values), len(values))
            first_maximum = cells[values.index(max(values))]
            assert step.winner == (first_maximum if mode == "max" else None)


def test_the_winner_is_inside_even_where_all_is_minus_infinity():
    maps = np.full((1, 1, 1), -np.inf)
    step = ops.pool_step(maps, 3, row=0, col=0, mode="max", padding="same")
    assert step.winner == (0, 0)
    assert step.output == -np.inf


def test_one_step_is_that_step_of_all():
    maps = np.arange(7 * 5 * 2).reshape(7, 5, 2) % 11
    shared = {"mode": "max", "stride": 2, "padding": "same", "channel": 1}
    for step in ops.pool_steps(maps, 3, **shared):
        alone = ops.pool_step(maps, 3, row=step.row, col=step.col, **shared)
        assert (alone.output, alone.winner) == (step.output, step.winner)


@pytest.mark.parametrize(
    ("maps", "settings", "sentence"),
    [
        ((3, 3), {"window": 2}, r"maps have the shape .* but these are \(3, 3\)"),
        ((3, 3, 1), {"window": 4}, "a window of 4 cells does not fit into an input of 3"),
        ((3, 3, 1), {"window": 2, "stride": 0}, "the stride must be .* but it is 0"),
        ((3, 3, 1), {"window": 0}, "must be a whole number of at least 1, but it is 0"),
    ],
)
def test_impossible_input_is_said_with_its_numbers(maps, settings, sentence):
    for mode, pool in POOLS.items():
        with pytest.raises(ops.GeometryError, match=sentence):
            pool(np.ones(maps), **settings)
        with pytest.raises(ops.GeometryError, match=sentence):
            ops.pool_steps(np.ones(maps), mode=mode, **settings)


def test_a_mode_channel_or_cell_that_is_not_there():
    with pytest.raises(ops.GeometryError, match='pooling is "max" or "average", not "median"'):
        ops.pool_steps(MAPS, 2, mode="median")
    with pytest.raises(ops.GeometryError, match="there are 1 maps, counted from 0: there is no map 1"):
        ops.pool_steps(MAPS, 2, mode="max", channel=1)
    with pytest.raises(ops.GeometryError, match=r"no cell \(0, 1\)"):
        ops.pool_step(MAPS, 2, row=0, col=1, mode="max")
