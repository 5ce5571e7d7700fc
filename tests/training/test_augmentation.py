"""Does augmentation do to each image what it says, and nothing else? Is every kind of it whole?"""

import numpy as np
import pytest

from cnnlab.config import Augmentation
from cnnlab.data import photos
from cnnlab.export.code import sources
from cnnlab.training import speed
from cnnlab.training.augmentation import AUGMENTATIONS, augment

RNG = np.random.default_rng(7)
PICTURES = RNG.integers(1, 256, (60, 32, 32, 3), dtype=np.uint8)  # no black: black marks what was changed


def changed(seed: int = 1, **settings) -> np.ndarray:
    result = augment(PICTURES, Augmentation(**settings), np.random.default_rng(seed))
    assert result.dtype == np.uint8
    assert result.shape == PICTURES.shape
    return result


def test_nothing_asked_nothing_changed():
    np.testing.assert_array_equal(changed(), PICTURES)


def test_flipping_mirrors_about_half_of_them():
    flipped = [np.array_equal(a, b[:, ::-1]) for a, b in zip(changed(flip=True), PICTURES, strict=True)]
    kept = [np.array_equal(a, b) for a, b in zip(changed(flip=True), PICTURES, strict=True)]
    assert all(a != b for a, b in zip(flipped, kept, strict=True))
    assert 15 < sum(flipped) < 45


def test_each_image_is_shifted_by_its_own_amount():
    found = set()
    for after, before in zip(changed(shift=3), PICTURES, strict=True):
        padded = np.pad(before, ((3, 3), (3, 3), (0, 0)), mode="edge")
        windows = {(r - 3, c - 3): padded[r : r + 32, c : c + 32] for r in range(7) for c in range(7)}
        places = [place for place, window in windows.items() if np.array_equal(window, after)]
        assert len(places) == 1
        found.add(places[0])
    assert len(found) > 20
    assert {abs(row) for row, _col in found} | {abs(col) for _row, col in found} == {0, 1, 2, 3}


def test_cutting_out_blackens_one_square_clipped_at_the_border():
    areas = []
    for after, before in zip(changed(cutout=8), PICTURES, strict=True):
        black = (after == 0).all(axis=2)
        np.testing.assert_array_equal(after[~black], before[~black])
        rows, cols = np.flatnonzero(black.any(1)), np.flatnonzero(black.any(0))
        assert black[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].all()
        areas.append(black.sum())
    assert max(areas) == 64
    assert min(areas) >= 16


def test_rotation_turns_about_the_centre_within_the_limit():
    """A dot right of the centre must lie on the circle about it, at an angle within the limit."""
    dots = np.zeros((60, 33, 33, 3), np.uint8)
    dots[:, 16, 16], dots[:, 15:18, 27:30] = 200, 255
    turned = augment(dots, Augmentation(rotate=30), np.random.default_rng(3))
    angles = []
    for picture in turned:
        assert picture[16, 16, 0] == 200
        row, col = np.argwhere(picture[..., 0] == 255).mean(0) - 16
        assert np.hypot(row, col) == pytest.approx(12, abs=0.6)
        angles.append(np.degrees(np.arctan2(row, col)))
    assert max(np.abs(angles)) < 33
    assert min(angles) < -15
    assert max(angles) > 15


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_kind_is_whole(name):
    """It can be set, changes images by itself, has a title in the form, and a typical computer's time."""
    assert set(AUGMENTATIONS) == set(Augmentation.model_fields)
    field = Augmentation.model_fields[name]
    assert field.title and not field.default
    assert (changed(**{name: type(field.default)(4)}) != PICTURES).any()
    assert speed.load(speed.TYPICAL).changes[name] > 0


def test_an_exported_script_changes_images_as_training_does():
    settings = {"flip": True, "shift": 2, "rotate": 10, "cutout": 5}
    _words, code = sources.augmentation(Augmentation(**settings))
    alone: dict = {"np": np}
    exec(code, alone)
    np.testing.assert_array_equal(
        alone["augment"](PICTURES, np.random.default_rng(1)), changed(1, **settings)
    )


def test_the_same_seed_draws_the_same_changes():
    settings = {"flip": True, "shift": 2, "rotate": 10, "cutout": 5}
    np.testing.assert_array_equal(changed(5, **settings), changed(5, **settings))
    assert not np.array_equal(changed(5, **settings), changed(6, **settings))


def test_a_real_photo_stays_recognisable():
    photo = photos.resize(photos.square(photos.sample("cat")))[np.newaxis]
    turned = augment(photo, Augmentation(rotate=10), np.random.default_rng(1))
    assert np.abs(turned.astype(float) - photo).mean() < 40
