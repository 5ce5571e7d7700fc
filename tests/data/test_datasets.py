"""Is each data set complete, from its title to the code that loads it elsewhere? And how is one divided?"""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.config import ModelConfig, TrainConfig
from cnnlab.data import datasets, digits, photos
from cnnlab.data.spec import Dataset, DatasetError, Spec
from cnnlab.training import command_line

EVERY = pytest.mark.parametrize("spec", datasets.DATASETS.values(), ids=list(datasets.DATASETS))
PARTS = ("train_images", "train_labels", "test_images", "test_labels")
DRIVER = """
import hashlib, json, runpy, sys
import numpy
sys.modules["cnnlab"] = None  # an import of it would fail
found = {}
for path in sys.argv[2:]:
    there = runpy.run_path(path)
    arrays = {name: numpy.ascontiguousarray(there[name]) for name in sys.argv[1].split()}
    sums = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    found[path] = {name: [list(array.shape), sums[name]] for name, array in arrays.items()}
    found[path]["CLASSES"] = there["CLASSES"]
print("FOUND", json.dumps(found))
"""


def here(spec: Spec) -> Dataset:
    """Load a data set; one that is not on this computer must say so, and the test is skipped."""
    if spec.present():
        return spec.load(None)
    assert spec.download_bytes, "what needs no download is always there"
    with pytest.raises(DatasetError, match=spec.title):
        spec.test_pictures([0])
    pytest.skip(f"{spec.title} is not on this computer")


# ---- Each data set


@EVERY
def test_its_record_is_complete(spec):
    words = spec.words()
    assert datasets.find(spec.name) is spec and re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
    assert words.title == spec.title and spec.title.strip() and words.description.endswith(".")
    assert words.credit.startswith(spec.title) and re.search(r"\b(19|20)\d\d\b.*\.$", words.credit)
    assert len(set(spec.classes)) == len(spec.classes) >= 2 and all(name.strip() for name in spec.classes)
    assert set(spec.class_words()) <= set(spec.classes)
    assert spec.train_count > spec.test_count > 0
    assert spec.pictures in ("photos", "digits")
    assert set(spec.samples or {}) <= set(photos.SAMPLES)
    assert set((spec.samples or {}).values()) <= set(spec.classes)
    assert spec.foreign in photos.SAMPLES and spec.foreign not in (spec.samples or {})
    assert (spec.download_bytes > 0) == bool(words.by_hand)
    assert spec.download_bytes == 0 or spec.folder()


@EVERY
def test_its_pictures_are_what_the_record_says(spec):
    data = here(spec)
    assert data.spec is spec and (data.title, data.classes) == (spec.title, spec.classes)
    for images, labels, count in (
        (data.train_images, data.train_labels, spec.train_count),
        (data.test_images, data.test_labels, spec.test_count),
    ):
        assert images.shape == (count, 32, 32, 3) and images.dtype == np.uint8
        assert labels.shape == (count,) and labels.dtype == np.int64
        assert np.bincount(labels).min() > 0 and labels.min() == 0 and labels.max() == len(spec.classes) - 1
        some = images[:: max(1, count // 500)]
        assert some.min() < 30 and some.max() > 225 and some.std(axis=0).mean() > 5
        for array in (images, labels):
            with pytest.raises(ValueError):
                array[0] = 0
    for words in (spec.title, f"{spec.train_count:,}", f"{spec.test_count:,}"):
        assert words in data.source
    assert spec.load(None).train_images.base is data.train_images.base  # read once, held once


@EVERY
def test_a_few_test_images_are_those_of_the_whole(spec):
    data, places = here(spec), [7, 0, 99]
    images, labels = spec.test_pictures(places)
    assert (images == data.test_images[places]).all() and images.dtype == np.uint8
    assert labels.tolist() == data.test_labels[places].tolist()
    with pytest.raises(DatasetError, match=f"{spec.test_count + 1:,}"):
        spec.test_pictures([0, spec.test_count])


def test_a_script_without_this_app_gets_the_same_arrays(tmp_path):
    """The code of all data sets that are here, really executed, in one process: Keras is imported once."""
    present = [spec for spec in datasets.DATASETS.values() if spec.present()]
    for spec in present:
        loading = spec.loading_code()
        assert loading.words.startswith(spec.title) and loading.words.endswith(".")
        lines = [*(f"import {module}" for module in loading.modules), "import keras", "import numpy as np"]
        (tmp_path / f"{spec.name}.py").write_text("\n".join([*lines, loading.code]))
    (tmp_path / "driver.py").write_text(DRIVER)
    command = [sys.executable, "-P", "driver.py", " ".join(PARTS), *(f"{spec.name}.py" for spec in present)]
    folder = {"CNNLAB_CIFAR10": str(datasets.find("cifar10").folder())}
    environment = {**os.environ, "PYTHONPATH": "", **folder}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(re.search(r"^FOUND (.*)$", done.stdout, re.MULTILINE)[1])
    assert len(present) == len(found) >= 1
    for spec in present:
        data, theirs = spec.load(None), found[f"{spec.name}.py"]
        assert theirs.pop("CLASSES") == list(spec.classes)
        for name, (shape, checksum) in theirs.items():
            array = np.ascontiguousarray(getattr(data, name))
            assert shape == list(array.shape), name
            assert checksum == hashlib.sha256(array.tobytes()).hexdigest(), name


# ---- The registry


def test_an_unknown_name_gets_those_that_there_are():
    with pytest.raises(DatasetError, match=r"mnist.*cifar10, digits"):
        datasets.load("mnist")


def test_one_that_is_found_while_the_app_runs_is_there_for_all(monkeypatch, capsys):
    two = replace(digits.SPEC, name="mine", classes=("cup", "spoon"), present=lambda: False)
    known = datasets.known() | {"mine": two}
    monkeypatch.setattr(datasets, "known", lambda: known)
    assert datasets.find("mine") is two and list(datasets.titles()) == ["cifar10", "digits", "mine"]
    assert datasets.usable() is not two
    assert datasets.class_name("spoon") == "spoon"
    assert TrainConfig(dataset="mine", model=ModelConfig(blocks=())).dataset == "mine"
    with pytest.raises(SystemExit):
        command_line.main(["--dataset", "another"])
    assert "mine" in capsys.readouterr().err


def test_importing_costs_no_large_library():
    code = "import sys, cnnlab.data.datasets; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "cnnlab.data.photos" in loaded
    assert not loaded & {
        "sklearn",
        "skimage",
        "scipy",
        "pooch",
        "requests",
        "tensorflow",
        "keras",
        "streamlit",
    }


# ---- split


@given(
    n=st.integers(2, 300),
    validation=st.floats(0, 0.99),
    limit=st.none() | st.integers(1, 400),
    seed=st.integers(0, 2**32),
)
def test_split_divides_without_overlap(n, validation, limit, seed):
    size = n if limit is None else min(n, limit)
    try:
        train, held = datasets.split(n, validation, limit, seed)
    except ValueError as error:
        assert round(size * validation) in (0, size)
        assert str(size) in str(error)
        return
    assert len(train) > 0 and (len(held) > 0) == (validation > 0)
    assert len(train) + len(held) == size and abs(len(held) - validation * size) <= 0.5
    both = np.concatenate([train, held])
    assert len(set(both.tolist())) == size and both.min() >= 0 and both.max() < n
    again = datasets.split(n, validation, limit, seed)
    np.testing.assert_array_equal(train, again[0])
    np.testing.assert_array_equal(held, again[1])


def test_split_as_the_article_trains():
    train, held = datasets.split(50_000, 0.1, None, seed=1)
    assert (len(train), len(held)) == (45_000, 5_000)
    train, held = datasets.split(50_000, 0, 1_000, seed=1)
    assert (len(train), len(held)) == (1_000, 0)
    train, held = datasets.split(50_000, 0.1, 1_000, seed=1)
    assert (len(train), len(held)) == (900, 100)
    assert train.max() > 40_000  # drawn from all, not the first ones
    other, _held = datasets.split(50_000, 0.1, 1_000, seed=2)
    assert not np.array_equal(train, other)


@pytest.mark.parametrize(
    ("args", "numbers"),
    [
        ((100, 0.1, 4), ["4 images", "10.0\u00a0%", "4 to train", "0 to validate"]),
        ((100, 0.9, 1), ["1 images", "0 to train", "1 to validate"]),
        ((100, 0.5, 0), ["0 images"]),
        ((100, 0, 0), ["0 images"]),
        ((0, 0, None), ["0 images"]),
        ((100, 0, -5), ["0 images"]),
        ((100, 1.0, None), ["1.00"]),
        ((100, -0.1, None), ["−0.10"]),
        ((100, float("nan"), None), ["nan"]),
    ],
)
def test_a_split_with_an_empty_side_is_refused_with_numbers(args, numbers):
    with pytest.raises(ValueError) as caught:
        datasets.split(*args, seed=0)
    for part in numbers:
        assert part in str(caught.value)
