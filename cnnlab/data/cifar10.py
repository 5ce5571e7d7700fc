"""CIFAR-10 (Krizhevsky 2009), in its official binary version: six files of equal size in one folder.

It is the folder that CNNLAB_CIFAR10 names, else the official archive, fetched once. A record is one label
byte, then 32 x 32 bytes each of red, green and blue, row by row.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cnnlab import environment
from cnnlab.data import download
from cnnlab.data.spec import SIDE, Dataset, DatasetError, LoadingCode, Progress, Spec, Words, require
from cnnlab.i18n import _, number

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SAMPLES = {"cat": "cat"}  # sample photo -> the class that it shows; the others show none
FOLDER = "cifar-10-batches-bin"
BATCHES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
BATCH_IMAGES = 10_000
RECORD = 1 + SIDE * SIDE * 3  # bytes
ARCHIVE = download.Archive(
    title="CIFAR-10",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    hash="md5:c32a1d4ab5d03f1284b67883e8d87530",
    size=170_052_171,
    members=tuple(f"{FOLDER}/{batch}" for batch in BATCHES),
)


def _load(progress: Progress | None) -> Dataset:
    folder, own = _folder()
    if not own and _fault(folder):
        try:
            download.fetch(ARCHIVE, folder, _fault, progress)
        except DatasetError as error:
            raise _error(str(error)) from error
    if fault := _fault(folder):
        raise _error(fault)
    with _reading:
        train_images, train_labels, test_images, test_labels = _read(folder, BATCH_IMAGES)
    if own:
        text = _(
            "CIFAR-10, from the folder that CNNLAB_CIFAR10 names: {train} training and {test} test images."
        )
    else:
        text = _("CIFAR-10, from the official archive: {train} training and {test} test images.")
    source = text.format(train=number(len(train_labels)), test=number(len(test_labels)))
    return Dataset(SPEC, train_images, train_labels, test_images, test_labels, source)


def _folder() -> tuple[Path, bool]:
    """Return the folder with the six batches and whether the user named it (else it is our cache)."""
    if named := environment.cifar10():
        return named, True
    return download.cache_folder() / FOLDER, False


def _present() -> bool:
    return not _fault(_folder()[0])


def _fault(folder: Path) -> str:
    """Say what keeps the folder from holding all six batches in full, or "" when it does."""
    expected = BATCH_IMAGES * RECORD
    try:
        folder.stat()
        for batch in BATCHES:
            try:
                size = (folder / batch).stat().st_size
            except FileNotFoundError:
                return _("The folder {folder} lacks the file {batch}.").format(folder=folder, batch=batch)
            if size != expected:
                text = _("{batch} in the folder {folder} has {size} bytes; a whole one has {expected}.")
                return text.format(batch=batch, folder=folder, size=number(size), expected=number(expected))
    except FileNotFoundError:
        return _("The folder {folder} does not exist.").format(folder=folder)
    except OSError as error:
        return _("The folder {folder} cannot be read: {reason}.").format(folder=folder, reason=error.strerror)
    return ""


def _error(fault: str) -> DatasetError:
    ways = _(
        "There are three ways on: set CNNLAB_CIFAR10 to a whole folder {folder} and start the app again; "
        "or unset CNNLAB_CIFAR10 and, connected to the internet, let the app download CIFAR-10 ({size} MB); "
        "or choose Digits, which works offline."
    )
    return DatasetError(fault + " " + ways.format(folder=FOLDER, size=number(ARCHIVE.size / 2**20)))


_reading = threading.Lock()  # so that two sessions do not read 184 MB twice


@lru_cache(maxsize=1)
def _read(folder: Path, batch_images: int) -> tuple[np.ndarray, ...]:
    """Read six whole batches: training images and labels, test images and labels."""
    images = np.empty((len(BATCHES) * batch_images, SIDE, SIDE, 3), np.uint8)
    labels = np.empty(len(BATCHES) * batch_images, np.int64)
    for i, batch in enumerate(BATCHES):
        part = slice(i * batch_images, (i + 1) * batch_images)
        images[part], labels[part] = _read_batch(folder, batch)
    images.flags.writeable = labels.flags.writeable = False
    test = slice(len(labels) - batch_images, None)
    train = slice(0, len(labels) - batch_images)
    return images[train], labels[train], images[test], labels[test]


def _read_batch(
    folder: Path, batch: str, places: Sequence[int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read all images of a batch (None), or those at `places`, with their labels."""
    try:
        if places is None:
            records = np.fromfile(folder / batch, np.uint8).reshape(-1, RECORD)
        else:
            with (folder / batch).open("rb") as file:
                records = np.stack([_read_record(file, place) for place in places])
    except OSError as error:
        text = _("{batch} in the folder {folder} cannot be read: {reason}.")
        raise _error(text.format(batch=batch, folder=folder, reason=error.strerror)) from error
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        text = _(
            "{batch} in the folder {folder} is damaged and should be removed: "
            "it holds the label {label}, but labels go from 0 to {last}."
        )
        label, last = number(labels.max()), number(len(CLASSES) - 1)
        raise _error(text.format(batch=batch, folder=folder, label=label, last=last))
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)  # (n, c, h, w) -> (n, h, w, c)
    return images, labels


def _read_record(file: BinaryIO, place: int) -> np.ndarray:
    file.seek(place * RECORD)
    return np.frombuffer(file.read(RECORD), np.uint8)


def _read_few(places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return these test images and their labels without reading the other 59,000."""
    folder, _own = _folder()
    if fault := _fault(folder):
        raise _error(fault)
    require(places, BATCH_IMAGES)
    return _read_batch(folder, BATCHES[-1], places)


def _words() -> Words:
    return Words(
        title=_("CIFAR-10"),
        description=_("Small colour photos of ten kinds of animals and vehicles."),
        credit=_("CIFAR-10: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009."),
        caution=_("CIFAR-10 has no people: a selfie gets a wrong, perhaps hurtful, name."),
        by_hand=_("A folder with the six batches will do as well: start the app with `CNNLAB_CIFAR10` set."),
    )


def _class_words() -> Mapping[str, str]:
    return {
        "airplane": _("airplane"),
        "automobile": _("automobile"),
        "bird": _("bird"),
        "cat": _("cat"),
        "deer": _("deer"),
        "dog": _("dog"),
        "frog": _("frog"),
        "horse": _("horse"),
        "ship": _("ship"),
        "truck": _("truck"),
    }


def _loading_code() -> LoadingCode:
    words = _(
        "CIFAR-10: 60,000 photos of 32 × 32 pixels (Krizhevsky 2009). They are read from the folder {folder} "
        "of the official binary version if the environment variable CNNLAB_CIFAR10 names it; otherwise Keras "
        "downloads them once."
    )
    code = f'''\
CLASSES = {json.dumps(CLASSES)}


def read(folder, names):
    """Read whole batches: a record is a label, then all red, all green and all blue values."""
    records = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8) for name in names])
    records = records.reshape(-1, 1 + 3 * 32 * 32)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (n, c, h, w) -> (n, h, w, c)
    return images, records[:, 0].astype(np.int64)


if folder := os.path.expanduser(os.environ.get("CNNLAB_CIFAR10", "")):
    train_images, train_labels = read(folder, [f"data_batch_{{i}}.bin" for i in range(1, 6)])
    test_images, test_labels = read(folder, ["test_batch.bin"])
else:
    (train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()
    train_labels, test_labels = train_labels[:, 0], test_labels[:, 0]'''
    return LoadingCode(words.format(folder=FOLDER), code, modules=("os",))


SPEC = Spec(
    name="cifar10",
    classes=CLASSES,
    train_count=5 * BATCH_IMAGES,
    test_count=BATCH_IMAGES,
    words=_words,
    load=_load,
    loading_code=_loading_code,
    class_words=_class_words,
    samples=SAMPLES,
    read_few=_read_few,
    present=_present,
    download_bytes=ARCHIVE.size,
    folder=lambda: _folder()[0],
)
