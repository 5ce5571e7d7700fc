"""Are the named kernels what their names promise, in every size?"""

import numpy as np
import pytest

from cnnlab import ops

SIZES = range(1, 8)
SUMS = {
    "identity": 1,
    "box_blur": 1,
    "gaussian": 1,
    "sharpen": 1,
    "sobel_x": 0,
    "sobel_y": 0,
    "laplacian": 0,
    "emboss": 1,
}


def test_3x3_as_they_are_usually_written():
    written = {
        "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
        "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    }
    for name, kernel in written.items():
        assert ops.KERNELS[name](3).tolist() == kernel
    assert (16 * ops.KERNELS["gaussian"](3)).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    np.testing.assert_allclose(ops.KERNELS["box_blur"](3), np.full((3, 3), 1 / 9))


@pytest.mark.parametrize("name", sorted(ops.KERNELS))
def test_size_and_what_an_even_patch_gives(name):
    for k in SIZES:
        kernel = ops.KERNELS[name](k)
        assert kernel.shape == (k, k)
        assert kernel.sum() == pytest.approx(SUMS[name])
    with pytest.raises(ops.GeometryError, match="0 were asked for"):
        ops.KERNELS[name](0)


@pytest.mark.parametrize("k", SIZES)
def test_identity_keeps_the_image_with_zero_border(rng, k):
    image = rng.random((9, 8, 1))
    kernel = ops.KERNELS["identity"](k)[..., None, None]
    np.testing.assert_array_equal(ops.conv2d(image, kernel, padding="same"), image)


@pytest.mark.parametrize("k", range(2, 8))
def test_sobel_answers_to_its_own_direction_alone(k):
    to_the_right = np.tile(np.arange(9.0), (9, 1))[..., None]
    sobel_x, sobel_y = (ops.KERNELS[name](k)[..., None, None] for name in ("sobel_x", "sobel_y"))
    assert (ops.conv2d(to_the_right, sobel_x) > 0).all()
    assert (ops.conv2d(to_the_right, sobel_y) == 0).all()
    downwards = to_the_right.transpose(1, 0, 2)
    assert (ops.conv2d(downwards, sobel_y) > 0).all()
    assert (ops.conv2d(downwards, sobel_x) == 0).all()
