"""Does a perturbation do to a photo what it says, and nothing else?"""

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import photos
from cnnlab.inspection import perturbations

PHOTO = photos.sample("coffee")  # (400, 600, 3)


@pytest.fixture(scope="module")
def scene() -> perturbations.Scene:
    """A crop in the middle of a photo, with room on every side."""
    row, col, size = 140, 240, 128
    return perturbations.scene(PHOTO, row, col, size, photos.resize(photos.square(PHOTO, row, col, size)))


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("name", perturbations.PERTURBATIONS)
def test_no_change_is_exactly_what_the_network_sees(scene, name):
    change = perturbations.PERTURBATIONS[name]
    pictures = change.sweep(scene)
    assert pictures.shape == (len(change.strengths), 32, 32, 3) and pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures[change.strengths.index(change.nothing)], scene.seen)
    changes = [difference(picture, scene.seen) for picture in pictures]
    assert changes.count(0) <= 2 and max(changes) > 3
    assert len({change.written(strength) for strength in change.strengths}) == len(change.strengths)


def test_the_scene_holds_the_crop_in_its_middle(scene):
    middle = scene.wide[128:256, 128:256]
    np.testing.assert_array_equal(middle, PHOTO[140:268, 240:368])
    np.testing.assert_array_equal(scene.wide[:128, 128:256], PHOTO[12:140, 240:368])


def test_beyond_the_photo_its_border_is_repeated():
    corner = perturbations.scene(PHOTO, 0, 0, 128, photos.resize(photos.square(PHOTO, 0, 0, 128)))
    assert (corner.wide[:128, :128] == PHOTO[0, 0]).all()


@pytest.mark.parametrize("size", [16, 100, 128, 399])
def test_turning_by_nothing_nearly_changes_nothing_at_any_size(size):
    seen = photos.resize(photos.square(PHOTO, 0, 100, size), resample="area")
    of = perturbations.scene(PHOTO, 0, 100, size, seen)
    assert difference(perturbations.rotate(of, 0), seen) < (1 if size == 128 else 4)


def test_a_quarter_turn_is_clockwise(scene):
    assert difference(perturbations.rotate(scene, 90), np.rot90(scene.seen, -1)) < 1.5
    assert difference(perturbations.rotate(scene, 180), scene.seen[::-1, ::-1]) < 1.5


def test_a_shift_brings_in_what_lies_beside_the_crop(scene):
    moved = photos.resize(photos.square(PHOTO, 140, 240 - 8 * 4, 128))  # to the right: what was on the left
    assert difference(perturbations.shift(scene, 8), moved) < 1
    np.testing.assert_array_equal(
        perturbations.shift(scene, 8)[:, 9:31], perturbations.shift(scene, 0)[:, 1:23]
    )


def test_zoom_shows_the_middle_larger_or_more_around(scene):
    assert difference(perturbations.zoom(scene, 0.5), photos.resize(photos.square(PHOTO, 76, 176, 256))) < 4
    larger = Image.fromarray(PHOTO[172:236, 272:336]).resize((32, 32), Image.Resampling.BOX)
    assert difference(perturbations.zoom(scene, 2), np.asarray(larger)) < 4


def test_light_contrast_and_colour_follow_their_formulas(scene):
    seen = scene.seen.astype(float)
    np.testing.assert_array_equal(perturbations.brightness(scene, -40), np.maximum(seen - 40, 0))
    assert perturbations.contrast(scene, 0).std() < 0.6
    assert abs(perturbations.contrast(scene, 0).mean() - seen.mean()) < 0.6
    grey = perturbations.colour(scene, 0)
    assert (grey == grey[..., :1]).all()
    assert difference(grey[..., 0], seen @ (0.299, 0.587, 0.114)) < 1


def test_noise_has_its_deviation_and_one_pattern():
    grey = perturbations.Scene(np.full((32, 32, 3), 128, np.uint8), np.zeros((384, 384, 3), np.uint8))
    noisy = perturbations.noise(grey, 20)
    assert noisy.std() == pytest.approx(20, rel=0.05)
    np.testing.assert_array_equal(noisy, perturbations.noise(grey, 20))


def test_blur_smooths_and_jpeg_loses(scene):
    edges = [np.abs(np.diff(perturbations.blur(scene, r).astype(int), axis=1)).mean() for r in (0.5, 1, 2, 4)]
    assert edges == sorted(edges, reverse=True) and edges[0] > 2 * edges[-1]
    losses = [difference(perturbations.jpeg(scene, q), scene.seen) for q in (95, 50, 10, 1)]
    assert losses == sorted(losses) and losses[0] < 6


def test_a_cover_hides_its_square_alone(scene):
    covered = perturbations.cover(scene.seen, 3, 20, 6)
    assert (covered[3:9, 20:26] == 128).all()
    covered[3:9, 20:26] = scene.seen[3:9, 20:26]
    np.testing.assert_array_equal(covered, scene.seen)


def test_a_step_against_the_network_moves_every_value_by_its_size():
    seen = np.full((32, 32, 3), 100, np.uint8)
    seen[0, 0, 0] = 2
    gradient = np.ones(seen.shape)
    gradient[0] = -3
    stepped = perturbations.against(seen, gradient, np.array([0, 1, 5]))
    np.testing.assert_array_equal(stepped[0], seen)
    assert stepped[2, 1, 1, 1] == 105 and stepped[2, 0, 1, 1] == 95 and stepped[2, 0, 0, 0] == 0
