"""Are the digits scikit-learn's, enlarged as they should be, and always divided alike?"""

import subprocess
import sys

import numpy as np

from cnnlab.data import datasets, digits


def test_digits_are_scikit_learns_in_a_fixed_division():
    from sklearn.datasets import load_digits

    dataset = datasets.load("digits")
    assert dataset.train_images.shape == (1_437, 32, 32, 3) and dataset.train_images.dtype == np.uint8
    assert dataset.test_images.shape == (360, 32, 32, 3)
    assert dataset.classes == tuple("0123456789")
    original = load_digits()
    images = np.concatenate([dataset.train_images, dataset.test_images])
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    assert (images == images[..., :1]).all()  # grey
    # Bilinear by the formula: output i lies at (i + 0.5) / 4 - 0.5 of the input and mixes its two neighbours.
    place = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
    weights = np.clip(1 - np.abs(place[:, np.newaxis] - np.arange(8)), 0, None)  # (32, 8)
    known = (weights @ (original.images * 255 / 16) @ weights.T).reshape(-1, 32 * 32)
    ours = images[..., 0].reshape(-1, 32 * 32).astype(float)
    matches = (np.square(known).sum(axis=1) - 2 * ours @ known.T).argmin(
        axis=1
    )  # the nearest of the originals
    assert np.abs(ours - known[matches]).max() < 2
    assert sorted(matches) == list(range(1_797))  # each digit once, so none is in both sets
    assert (original.target[matches] == labels).all()
    assert images.max() == 255 and images.min() == 0
    share = np.bincount(dataset.test_labels) / np.bincount(labels)
    assert np.abs(share - 360 / 1_797).max() < 0.005  # every digit in proportion


def test_digits_are_the_same_in_every_process():
    code = "from cnnlab.data import datasets; print(datasets.load('digits').test_labels[:20].tolist())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(datasets.load("digits").test_labels[:20].tolist())


def test_digits_say_what_they_are():
    source = datasets.load("digits").source
    for part in ("Digits", "1,797", "8 × 8", "32 × 32", "1,437 training", "360 test", "scikit-learn"):
        assert part in source


def test_words_follow_the_language_although_the_arrays_are_kept(monkeypatch):
    first = datasets.load("digits")
    title = first.title
    monkeypatch.setattr(digits, "_", lambda message: "«" + message)
    second = datasets.load("digits")
    assert second.train_images is first.train_images
    assert second.source == "«" + first.source and second.title == "«" + title
