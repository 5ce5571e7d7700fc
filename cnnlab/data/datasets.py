"""Which pictures can a network learn from? The registry of data sets, and how one is divided.

`DATASETS` holds those that come with the app. Whoever wants one asks `find`, `known` or `load`, never the
dictionary: a data set that is found while the app runs joins in `known`, and is there for all.
"""

from collections.abc import Sequence

import numpy as np

from cnnlab.data import cifar10, digits
from cnnlab.data.spec import Dataset, DatasetError, Progress, Spec
from cnnlab.i18n import _, foreign, number, percent

DATASETS = {spec.name: spec for spec in (cifar10.SPEC, digits.SPEC)}  # in the order in which they are offered


def known() -> dict[str, Spec]:
    """Return all data sets that there are now, by name, in the order in which they are offered."""
    return dict(DATASETS)


def find(name: str) -> Spec:
    """Return what is known of a data set. Raises DatasetError where there is none of this name."""
    there = known()
    if name not in there:
        text = _("There is no dataset called “{name}”; there are: {names}.")
        raise DatasetError(text.format(name=foreign(str(name), 40), names=", ".join(there)))
    return there[name]


def titles() -> dict[str, str]:
    """Return the titles of all data sets by name, in the session's language, in the order of `known`."""
    return {name: spec.title for name, spec in known().items()}


def usable() -> Spec:
    """Return the first data set, in the order of `known`, whose pictures are on this computer."""
    return next(spec for spec in known().values() if spec.present())


def load(name: str, progress: Progress | None = None) -> Dataset:
    """Return a dataset, fetching it first where need be. Raises DatasetError."""
    return find(name).load(progress)


def test_pictures(name: str, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a few test images and their labels, as `Spec.test_pictures` does. Raises DatasetError."""
    return find(name).test_pictures(places)


def class_name(name: str) -> str:
    """Return a class as a word for learners; classes of a student's own stay as they are."""
    for spec in known().values():
        if name in spec.classes:
            return spec.class_words().get(name, name)
    return name


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
