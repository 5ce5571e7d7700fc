"""Is conv2d the convolution of networks, and do its steps add up to it?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import ops
from tests.ops.strategies import axes

IMAGE = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])[..., None]
KERNEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])[..., None, None]


def by_definition(image, kernels, bias, stride, padding, dilation):
    """Sum over p, q and c as the formula says, one output at a time."""
    height, width, _c_in = image.shape
    kh, kw, _c_in, c_out = kernels.shape
    top, _ = ops.padding_amounts(height, kh, stride, padding, dilation)
    left, _ = ops.padding_amounts(width, kw, stride, padding, dilation)
    rows = ops.output_size(height, kh, stride, padding, dilation)
    cols = ops.output_size(width, kw, stride, padding, dilation)
    maps = np.zeros((rows, cols, c_out))
    for i, j, k in np.ndindex(maps.shape):
        maps[i, j, k] = bias[k]
        for p, q in np.ndindex(kh, kw):
            row, col = stride * i + dilation * p - top, stride * j + dilation * q - left
            if 0 <= row < height and 0 <= col < width:
                maps[i, j, k] += image[row, col] @ kernels[p, q, :, k]
    return maps


def test_3x3_without_border_by_hand():
    # 1 - 3 + 2 (4 - 6) + 7 - 9 = -8
    assert ops.conv2d(IMAGE, KERNEL).tolist() == [[[-8]]]


def test_3x3_with_zero_border_by_hand():
    # Top left: 2 * 0 - 2 * 2 + 0 - 5 = -9. Top right: 2 * 2 + 5 = 9. Left: -(2 + 2 * 5 + 8) = -20.
    maps = ops.conv2d(IMAGE, KERNEL, padding="same")[..., 0]
    assert maps.tolist() == [
        [-9, -6, 9],
        [-20, -8, 20],
        [-21, -6, 21],
    ]


def test_2x2_with_stride_2_and_border_by_hand():
    # The odd border cell goes after: windows start at 0 and 2, and the second reaches over the border.
    ones = np.ones((2, 2, 1, 1))
    assert ops.conv2d(IMAGE, ones, padding="same", stride=2)[..., 0].tolist() == [[12, 9], [15, 9]]


def test_bias_and_two_kernels_by_hand():
    first, second = np.zeros((2, 2, 1, 1)), np.ones((2, 2, 1, 1))
    first[1, 0] = 10
    maps = ops.conv2d(IMAGE, np.concatenate([first, second], axis=3), [0.5, -1])
    assert maps[..., 0].tolist() == [[40.5, 50.5], [70.5, 80.5]]
    assert maps[..., 1].tolist() == [[11, 15], [23, 27]]


def test_stride_2_with_dilation_2_by_hand():
    # Keras refuses the two together. 6 x 6 numbers 0..35 by rows; the windows' corners are 2 apart.
    image = np.arange(36).reshape(6, 6, 1)
    corners = np.array([[1, 10], [100, 1000]])[..., None, None]
    maps = ops.conv2d(image, corners, stride=2, dilation=2)[..., 0]
    assert maps.tolist() == [
        [0 + 20 + 1200 + 14000, 2 + 40 + 1400 + 16000],
        [12 + 140 + 2400 + 26000, 14 + 160 + 2600 + 28000],
    ]


def test_flip_makes_it_the_convolution_of_mathematics():
    assert ops.flip(KERNEL)[..., 0, 0].tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    signal = np.array([1.0, 2.0, 0.0, -1.0, 3.0])
    response = np.array([1.0, 4.0, 2.0])
    maps = ops.conv2d(signal.reshape(1, 5, 1), ops.flip(response.reshape(1, 3, 1, 1)))
    assert maps[0, :, 0].tolist() == np.convolve(signal, response, mode="valid").tolist()


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])
def test_equals_keras(keras, rng, channels, padding, stride, dilation):
    tried = 0
    for height, width in [(7, 7), (8, 8), (7, 10), (9, 6), (13, 12)]:
        for kh, kw in [(1, 1), (2, 2), (3, 3), (5, 5), (3, 2), (1, 4)]:
            if padding == "valid" and dilation * (max(kh, kw) - 1) + 1 > min(height, width):
                continue
            image = rng.normal(size=(height, width, channels)).astype(np.float32)
            kernels = rng.normal(size=(kh, kw, channels, 4)).astype(np.float32)
            ours = ops.conv2d(image, kernels, stride=stride, padding=padding, dilation=dilation)
            theirs = keras.ops.conv(image[None], kernels, stride, padding, dilation_rate=dilation)
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, np.asarray(theirs)[0], rtol=1e-5, atol=2e-5)
            tried += 1
    assert tried >= 14


@settings(deadline=None)
@given(axes(count=2), st.integers(1, 3), st.integers(1, 3), st.integers(0, 999))
def test_steps_whole_array_and_definition_agree(drawn, c_in, c_out, seed):
    [(height, kh), (width, kw)], shared = drawn
    rng = np.random.default_rng(seed)
    image = rng.integers(-9, 10, (height, width, c_in))  # whole numbers: every sum is exact
    kernels = rng.integers(-9, 10, (kh, kw, c_in, c_out))
    bias = rng.integers(-9, 10, c_out)
    maps = ops.conv2d(image, kernels, bias, **shared)
    np.testing.assert_array_equal(maps, by_definition(image, kernels, bias, **shared))
    for channel in range(c_out):
        steps = list(ops.conv2d_steps(image, kernels, bias, output_channel=channel, **shared))
        assert [(step.row, step.col) for step in steps] == list(np.ndindex(maps.shape[:2]))
        assert [step.output for step in steps] == maps[..., channel].ravel().tolist()
        for step in steps:
            np.testing.assert_array_equal(step.products, step.window * kernels[..., channel])
            np.testing.assert_array_equal(step.channel_sums, step.products.sum(axis=(0, 1)))
            assert step.output == step.channel_sums.sum() + step.bias


def test_one_step_by_hand():
    step = ops.conv2d_step(IMAGE, KERNEL, [3], row=0, col=1, padding="same")
    assert (step.row, step.col) == (0, 1)
    assert step.rows.tolist() == [-1, 0, 1]
    assert step.cols.tolist() == [0, 1, 2]
    assert step.window[..., 0].tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert step.products[..., 0].tolist() == [[0, 0, 0], [2, 0, -6], [4, 0, -6]]
    assert step.channel_sums.tolist() == [-6]
    assert (step.bias, step.output) == (3, -3)


def test_one_step_is_that_step_of_all():
    image = np.arange(5 * 6 * 2).reshape(5, 6, 2)
    kernels = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
    shared = {"output_channel": 1, "stride": 2, "padding": "same"}
    for step in ops.conv2d_steps(image, kernels, **shared):
        alone = ops.conv2d_step(image, kernels, row=step.row, col=step.col, **shared)
        assert alone.output == step.output
        np.testing.assert_array_equal(alone.window, step.window)


def test_precision_follows_the_input():
    pixels = np.full((4, 4, 3), 255, np.uint8)
    ones = np.ones((4, 4, 3, 1), np.uint8)
    assert ops.conv2d(pixels, ones).tolist() == [[[255 * 48]]]  # no overflow at 255
    assert ops.conv2d(pixels, ones).dtype == np.float64
    half = ops.conv2d(np.full((4, 4, 3), 0.1, np.float16), ones.astype(np.float16), [0.0])
    assert half.dtype == np.float64  # the bias, a list, is in float64
    assert ops.conv2d(pixels.astype(np.float32), ones.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("image", "kernels", "bias", "sentence"),
    [
        ((7, 7), (3, 3, 1, 1), None, "an image has the shape .* but this one is \\(7, 7\\)"),
        ((7, 7, 1), (3, 3), None, "kernels have the shape .* but these are \\(3, 3\\)"),
        ((7, 7, 1), (3, 3, 3, 1), None, "a kernel for 3 channels cannot read an image of 1"),
        ((7, 7, 1), (8, 1, 1, 1), None, "a window of 8 cells does not fit into an input of 7"),
        ((7, 7, 1), (3, 3, 1, 4), (3,), "4 kernels need a bias of the shape \\(4,\\), but it is \\(3,\\)"),
    ],
)
def test_impossible_input_is_said_with_its_numbers(image, kernels, bias, sentence):
    arguments = np.ones(image), np.ones(kernels), None if bias is None else np.ones(bias)
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.conv2d(*arguments)
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.conv2d_steps(*arguments)  # at once, not at the first step
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.conv2d_step(*arguments, row=0, col=0)


def test_a_cell_or_kernel_that_is_not_there():
    with pytest.raises(ops.GeometryError, match=r"1 rows and 1 columns, .* no cell \(1, 0\)"):
        ops.conv2d_step(IMAGE, KERNEL, row=1, col=0)
    with pytest.raises(ops.GeometryError, match="there are 1 maps, counted from 0: there is no map 1"):
        ops.conv2d_steps(IMAGE, KERNEL, output_channel=1)


def test_a_photo_as_scipy_correlates_it(rng):
    from scipy.signal import correlate

    photo, kernel = rng.random((512, 512, 3)), rng.random((3, 3, 3, 1))
    expected = correlate(photo, kernel[..., 0], mode="valid")
    np.testing.assert_allclose(ops.conv2d(photo, kernel), expected)
