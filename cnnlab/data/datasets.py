"""Which pictures can a network learn from, and where do they come from?

`DATASETS` lists them and `load(name)` returns one. CIFAR-10 comes from the folder that CNNLAB_CIFAR10 names,
else from the official archive, fetched once. Digits comes with scikit-learn and needs no network.
"""

import contextvars
import errno
import gzip
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from cnnlab import environment, files
from cnnlab.data.photos import resize
from cnnlab.i18n import _, foreign, number, percent

Progress = Callable[[int, int], None]  # called with the bytes so far and the bytes in all


class DatasetError(RuntimeError):
    """Why a dataset cannot be had, and the ways on, as sentences for a person."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with their labels: images (n, 32, 32, 3) uint8, labels (n,) int64 that index `classes`.

    The arrays are shared by all who load the dataset and are read-only. `source` says for the page which data
    these are and how many images.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    source: str


@dataclass(frozen=True)
class Spec:
    """What is known of a dataset before it is loaded."""

    words: Callable[[], tuple[str, str]]  # title and one-line description, in the session's language
    load: Callable[[Progress | None], Dataset]
    test_pictures: Callable[[Sequence[int]], tuple[np.ndarray, np.ndarray]]  # see `test_pictures` below
    present: Callable[[], bool]  # quick: can it be loaded without a download?
    download_bytes: int
    train_images: int
    folder: Callable[[], Path | None] = lambda: None  # where its files lie; None: it comes with a library

    @property
    def title(self) -> str:
        return self.words()[0]

    @property
    def description(self) -> str:
        return self.words()[1]


def load(name: str, progress: Progress | None = None) -> Dataset:
    """Return a dataset, fetching it first where need be. Raises DatasetError."""
    if name not in DATASETS:
        text = _("There is no dataset called “{name}”; there are: {names}.")
        raise DatasetError(text.format(name=foreign(str(name), 40), names=", ".join(DATASETS)))
    return DATASETS[name].load(progress)


def test_pictures(name: str, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a few test images (n, 32, 32, 3) uint8 and their labels (n,), without reading all of CIFAR-10.

    places: which of the test images, counted from 0. Raises DatasetError; downloads nothing.
    """
    return DATASETS[name].test_pictures(places)


def class_name(name: str) -> str:
    """Return a class as a word for learners; classes of a student's own stay as they are."""
    words = {
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
    return words.get(name, name)


def held_out(name: str, limit: int | None, validation: float) -> int:
    """Return how many images of a dataset `split` holds out for validation."""
    images = DATASETS[name].train_images
    return round(validation * min(limit or images, images))


def split(n: int, validation: float, limit: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide n training images into those to train on and those held out: two disjoint index arrays.

    `limit` images (None or more than n: all of them) are drawn at random; of these the share `validation` is
    held out. The same arguments give the same division. Raises ValueError when a side would be empty, but for
    validation == 0, which holds out none.
    """
    if not 0 <= validation < 1:
        text = _("The validation share must be at least 0 and below 1; it is {share}.")
        raise ValueError(text.format(share=number(validation, 2)))
    chosen = np.random.default_rng(seed).permutation(n)[: n if limit is None else max(limit, 0)]
    held = round(validation * len(chosen))
    if held == len(chosen) or (held == 0 and validation > 0):
        text = _(
            "Of {images} images, a validation share of {share} leaves {train} to train on and {held} to "
            "validate with; each needs at least one."
        )
        raise ValueError(
            text.format(
                images=number(len(chosen)),
                share=percent(validation),
                train=number(len(chosen) - held),
                held=number(held),
            )
        )
    return chosen[held:], chosen[:held]


# ---- CIFAR-10 ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """The official binary version of CIFAR-10 (Krizhevsky 2009): six files of equal size in one folder.

    A record is one label byte, then 32 x 32 bytes each of red, green and blue, row by row.
    """

    url: str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    hash: str = "md5:c32a1d4ab5d03f1284b67883e8d87530"
    size: int = 170_052_171
    batch_images: int = 10_000


ARCHIVE = Archive()
FOLDER = "cifar-10-batches-bin"
BATCHES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
RECORD = 1 + 32 * 32 * 3
CIFAR10_CLASSES = (
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


def _cifar10(progress: Progress | None) -> Dataset:
    folder, own = _cifar10_folder()
    if not own and _fault(folder):
        _fetch(folder, progress)
    if fault := _fault(folder):
        raise _error(fault)
    with _reading:
        train_images, train_labels, test_images, test_labels = _read(folder, ARCHIVE.batch_images)
    if own:
        text = _(
            "CIFAR-10, from the folder that CNNLAB_CIFAR10 names: {train} training and {test} test images."
        )
    else:
        text = _("CIFAR-10, from the official archive: {train} training and {test} test images.")
    return Dataset(
        name="cifar10",
        title=DATASETS["cifar10"].title,
        classes=CIFAR10_CLASSES,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        source=text.format(train=number(len(train_labels)), test=number(len(test_labels))),
    )


def _cifar10_folder() -> tuple[Path, bool]:
    """Return the folder with the six batches and whether the user named it (else it is our cache)."""
    if named := environment.cifar10():
        return named, True
    import pooch

    return Path(pooch.os_cache("cnnlab")) / FOLDER, False


def _fault(folder: Path) -> str:
    """Say what keeps the folder from holding all six batches in full, or "" when it does."""
    expected = ARCHIVE.batch_images * RECORD
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


_reading = threading.Lock()  # so that two sessions do not read 184 MB twice


@lru_cache(maxsize=1)
def _read(folder: Path, batch_images: int) -> tuple[np.ndarray, ...]:
    """Read six whole batches: training images and labels, test images and labels."""
    images = np.empty((len(BATCHES) * batch_images, 32, 32, 3), np.uint8)
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
    if labels.max() >= len(CIFAR10_CLASSES):
        text = _(
            "{batch} in the folder {folder} is damaged and should be removed: "
            "it holds the label {label}, but labels go from 0 to {last}."
        )
        label, last = number(labels.max()), number(len(CIFAR10_CLASSES) - 1)
        raise _error(text.format(batch=batch, folder=folder, label=label, last=last))
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels  # (n, c, h, w) -> (n, h, w, c)


def _read_record(file, place: int) -> np.ndarray:
    file.seek(place * RECORD)
    return np.frombuffer(file.read(RECORD), np.uint8)


def _cifar10_test_pictures(places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    folder, _own = _cifar10_folder()
    if fault := _fault(folder):
        raise _error(fault)
    _require(places, ARCHIVE.batch_images)
    return _read_batch(folder, BATCHES[-1], places)


def _require(places: Sequence[int], count: int) -> None:
    if max(places) >= count:
        text = _("There are {count} test images, so there is no number {place}.")
        raise DatasetError(text.format(count=number(count), place=number(max(places) + 1)))


def _error(fault: str) -> DatasetError:
    ways = _(
        "There are three ways on: set CNNLAB_CIFAR10 to a whole folder {folder} and start the app again; "
        "or unset CNNLAB_CIFAR10 and, connected to the internet, let the app download CIFAR-10 ({size} MB); "
        "or choose Digits, which works offline."
    )
    return DatasetError(fault + " " + ways.format(folder=FOLDER, size=number(ARCHIVE.size / 2**20)))


class _Bar:
    """What pooch's HTTPDownloader reports to: the names are pooch's."""

    def __init__(self, total: int):
        self.total = self.expected = total
        self.done = 0

    def update(self, size: int) -> None:
        self.done += size

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass

    def show(self, progress: Progress | None) -> None:
        total = self.total or self.expected  # a server need not state the length
        if progress:
            progress(min(self.done, total), total)


_downloads: dict[Path, tuple[Future, _Bar]] = {}
_starting = threading.Lock()


def _fetch(folder: Path, progress: Progress | None) -> None:
    """Download and unpack the archive to `folder`; when that is under way already, join in waiting.

    The download runs in a thread of its own: whoever asked for it may reload the page and find it further on.
    """
    with _starting:
        future, bar = _downloads.get(folder, (None, None))
        if future is None or future.done():
            future, bar = _downloads[folder] = Future(), _Bar(ARCHIVE.size)
            context = contextvars.copy_context()  # errors speak the language of the session
            threading.Thread(target=context.run, args=(_download, folder, future, bar), daemon=True).start()
    while not future.done():
        bar.show(progress)
        wait([future], timeout=0.2)
    future.result()
    bar.show(progress)


def _download(folder: Path, future: Future, bar: _Bar) -> None:
    """Fetch, check and unpack the archive beside `folder`, and move it there whole or not at all."""
    import pooch

    cache_folder = folder.parent
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        _tidy(cache_folder)
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache_folder) as temporary:
            archive = pooch.retrieve(
                ARCHIVE.url,
                ARCHIVE.hash,
                fname="archive.tar.gz",
                path=temporary,
                downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=2**18, timeout=30),
            )
            unpacked = Path(temporary) / FOLDER
            _unpack(Path(archive), unpacked)
            if fault := _fault(unpacked):
                raise _error(fault)
            if _fault(folder):
                with suppress(FileNotFoundError):
                    files.move(folder, Path(temporary) / "damaged")
            if not files.place(unpacked, folder) and (fault := _fault(folder)):
                raise _error(fault)  # else another process was faster, and its copy serves as well
    except Exception as error:
        future.set_exception(_download_error(error, cache_folder))
    else:
        future.set_result(None)


def _tidy(cache_folder: Path) -> None:
    """Remove what a download left behind whose process was killed over a day ago."""
    for left in cache_folder.glob("fetching-*"):
        with suppress(FileNotFoundError):  # another process tidies too
            if time.time() - left.stat().st_mtime > 24 * 3600:
                shutil.rmtree(left, ignore_errors=True)


def _unpack(archive: Path, target: Path) -> None:
    """Write the six batches to `target`. Nothing else in the archive is touched, whatever paths it names."""
    target.mkdir()
    with tarfile.open(archive) as tar:
        for batch in BATCHES:
            with tar.extractfile(f"{FOLDER}/{batch}") as source, (target / batch).open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _download_error(error: Exception, cache_folder: Path) -> DatasetError:
    """Put a failed download into words."""
    if isinstance(error, DatasetError):
        return error
    code = getattr(error, "errno", None)  # requests' own errors carry none
    if code in (errno.ENOSPC, errno.EDQUOT):
        text = _("CIFAR-10 could not be stored: the disk that holds {folder} is full.")
    elif code in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = _("CIFAR-10 could not be stored: the app may not write to {folder}.")
    elif code is not None:
        text = _("CIFAR-10 could not be stored in {folder}: {reason}.")
    elif isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        text = _("CIFAR-10 could not be downloaded from {url} ({kind}). Is this computer on the internet?")
    elif isinstance(error, ValueError):  # pooch's word for a wrong hash
        text = _(
            "What came from {url} is not the CIFAR-10 archive (its checksum differs), so it was thrown away. "
            "A network that wants a sign-in first does this."
        )
    else:
        text = _("The archive from {url} could not be unpacked ({kind}).")
    words = text.format(
        url=ARCHIVE.url,
        folder=cache_folder,
        kind=type(error).__name__,
        reason=getattr(error, "strerror", None),
    )
    failure = _error(words)
    failure.__cause__ = error
    return failure


def _cifar10_present() -> bool:
    return not _fault(_cifar10_folder()[0])


# ---- Digits ------------------------------------------------------------------------------------------------

DIGITS_TEST = 360


def digit_image(counts: np.ndarray) -> np.ndarray:
    """Enlarge a digit as scikit-learn keeps it: (8, 8), 0 to 16 -> (32, 32, 3) uint8, bright on dark."""
    small = np.rint(counts * (255 / 16)).astype(np.uint8)
    return resize(np.stack([small] * 3, axis=-1), 32, "bilinear")  # (8, 8) -> (8, 8, 3) -> (32, 32, 3)


@cache
def _read_digits() -> tuple[np.ndarray, ...]:
    """Enlarge scikit-learn's digits, (n, 8, 8) with values 0 to 16; the test set has each in proportion."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = np.stack([digit_image(counts) for counts in digits.images])
    labels = digits.target.astype(np.int64)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=DIGITS_TEST, random_state=0, stratify=labels
    )
    arrays = (train_images, train_labels, test_images, test_labels)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _digits(progress: Progress | None) -> Dataset:
    train_images, train_labels, test_images, test_labels = _read_digits()
    text = _(
        "Digits, {total} handwritten digits of 8 × 8 pixels from scikit-learn, enlarged to 32 × 32: "
        "{train} training and {test} test images."
    )
    train, test = len(train_labels), len(test_labels)
    return Dataset(
        name="digits",
        title=DATASETS["digits"].title,
        classes=tuple("0123456789"),
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        source=text.format(total=number(train + test), train=number(train), test=number(test)),
    )


def _digits_test_pictures(places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    _train_images, _train_labels, images, labels = _read_digits()
    _require(places, len(labels))
    return images[list(places)], labels[list(places)]


DATASETS = {
    "cifar10": Spec(
        words=lambda: (_("CIFAR-10"), _("Small colour photos of ten kinds of animals and vehicles.")),
        load=_cifar10,
        test_pictures=_cifar10_test_pictures,
        present=_cifar10_present,
        download_bytes=ARCHIVE.size,
        train_images=50_000,
        folder=lambda: _cifar10_folder()[0],
    ),
    "digits": Spec(
        words=lambda: (
            _("Digits"),
            _("Handwritten digits, grey and coarse; needs no download, trains in seconds."),
        ),
        load=_digits,
        test_pictures=_digits_test_pictures,
        present=lambda: True,
        download_bytes=0,
        train_images=1_437,
    ),
}
