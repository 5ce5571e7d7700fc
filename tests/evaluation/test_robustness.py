"""Do the changes of photos change what their names say?"""

import numpy as np
import pytest

from cnnlab.evaluation.robustness import CHANGES, blurred, moved


@pytest.mark.parametrize("sigma", CHANGES["blur"].strengths[1:])
def test_a_point_is_blurred_to_a_gaussian(sigma):
    images = np.zeros((1, 31, 31, 3), np.uint8)
    images[0, 15, 15] = 255
    bell = np.exp(-0.5 * (np.arange(-15, 16) / sigma) ** 2) * (abs(np.arange(-15, 16)) <= np.ceil(3 * sigma))
    expected = 255 * np.outer(bell, bell)[..., np.newaxis] / bell.sum() ** 2
    assert np.abs(blurred(images, sigma)[0] - expected).max() <= 0.5001


def test_border_pixels_are_repeated_and_images_and_colours_stay_apart():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    images[0, ..., 1] = 200
    assert (blurred(images, 2.0) == images).all()


def test_no_change_is_none():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    for change in CHANGES.values():
        assert (change.apply(images, change.unchanged) == images).all()
    assert (moved(images, 2)[:, :, 2:] == images[:, :, :-2]).all()
