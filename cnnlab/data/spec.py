"""One data set: all that the app knows of it before it is loaded, and what loading it returns.

A new data set is a module with one `Spec`, and a line in `cnnlab.data.datasets`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from cnnlab.i18n import _, number

Progress = Callable[[int, int], None]  # called with the bytes so far and the bytes in all
SIDE = 32  # pixels: how high and wide every picture is


class DatasetError(RuntimeError):
    """Why a dataset cannot be had, and the ways on, as sentences for a person."""


@dataclass(frozen=True)
class Words:
    """What pages say of a data set, in the session's language. `credit` may be Markdown.

    credit: who made it, and when. caution: what stands beside answers about photos. by_hand: how to have the
    pictures without the app's download.
    """

    title: str
    description: str
    credit: str
    caution: str = ""
    by_hand: str = ""


@dataclass(frozen=True)
class LoadingCode:
    """How a script that has no part of this app gets the pictures: in words, and in Python.

    The code may use `np` and `keras`, and of the standard library what `modules` names. It leaves CLASSES (a
    list of names) and, shaped as in `Dataset`, train_images, train_labels, test_images, test_labels.
    """

    words: str
    code: str
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spec:
    """What is known of a data set.

    classes: their names; `class_words` gives them in the session's language where they have a translation.
    train_count, test_count: how many pictures there are.
    pictures: what they are. A network that knows photos can be asked about any photo; one that knows digits
    gets drawn ones.
    samples: which of the app's sample photos (`photos.SAMPLES`) show which class; all others show none. None:
    nobody has looked. foreign: a sample photo that shows none of the classes.
    mirrored: whether a picture still shows its class when left and right are exchanged.
    load: fetches the data set where need be, reads it, and keeps it; raises DatasetError.
    read_few: see `test_pictures`; None: everything is read for them.
    present: quick: can it be loaded without a download?
    folder: where its files lie; None: it comes with a library.
    """

    name: str
    classes: tuple[str, ...]
    train_count: int
    test_count: int
    words: Callable[[], Words]
    load: Callable[[Progress | None], "Dataset"]
    loading_code: Callable[[], LoadingCode]
    pictures: Literal["photos", "digits"] = "photos"
    class_words: Callable[[], Mapping[str, str]] = dict
    samples: Mapping[str, str] | None = None
    foreign: str = "coffee"
    mirrored: bool = True
    read_few: Callable[[Sequence[int]], tuple[np.ndarray, np.ndarray]] | None = None
    present: Callable[[], bool] = lambda: True
    download_bytes: int = 0
    folder: Callable[[], Path | None] = lambda: None

    @property
    def title(self) -> str:
        """Its name in the session's language."""
        return self.words().title

    @property
    def description(self) -> str:
        """One line on what is in it, in the session's language."""
        return self.words().description

    def used(self, limit: int | None) -> int:
        """Return how many training images a run with this limit uses, those held out included."""
        return min(limit or self.train_count, self.train_count)

    def held_out(self, limit: int | None, validation: float) -> int:
        """Return how many of these images `split` holds out for validation, a share of 0 to 1."""
        return round(validation * self.used(limit))

    def test_pictures(self, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return a few test images (n, 32, 32, 3) uint8 and their labels (n,) int64, quickly.

        places: which of the test images, counted from 0. Raises DatasetError; downloads nothing.
        """
        if self.read_few:
            return self.read_few(places)
        data = self.load(None)
        require(places, len(data.test_labels))
        return data.test_images[list(places)], data.test_labels[list(places)]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory: images (n, 32, 32, 3) uint8, labels (n,) int64 that index `classes`.

    The arrays are shared by all who load the dataset and are read-only. `source` says for the page which data
    these are and how many images.
    """

    spec: Spec
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    source: str

    @property
    def title(self) -> str:
        """Its name in the session's language."""
        return self.spec.title

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its classes, in the order of the labels."""
        return self.spec.classes


def require(places: Sequence[int], count: int) -> None:
    """Raise DatasetError where one of these places, counted from 0, is beyond `count` test images."""
    if max(places) >= count:
        text = _("There are {count} test images, so there is no number {place}.")
        raise DatasetError(text.format(count=number(count), place=number(max(places) + 1)))
