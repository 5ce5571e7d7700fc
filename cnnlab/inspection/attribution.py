"""Which parts of a photo mattered for a class? Any method asks a run's network. (Runs in a *look* worker.)"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cnnlab.runs import Store
from cnnlab.training import models
from cnnlab.training.trained_model import trained_model

if TYPE_CHECKING:
    import keras

SEEDS = (1, 2, 3)  # of the networks with random weights


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method found: values (h, w), or (h, w, 3) where each colour of a pixel has its own.

    Above 0 is what speaks for the class. layer: whose cells they belong to; without one, the photo's pixels.
    """

    values: np.ndarray
    layer: str = field(default="", kw_only=True)

    @property
    def map(self) -> np.ndarray:
        """One value a pixel or cell, (h, w): the sum of its colours."""
        return self.values.sum(-1) if self.values.ndim == 3 else self.values


class Method(Protocol):
    """A way to ask, with its settings: a frozen dataclass, so that equal questions have one answer."""

    def attribute(self, model: "keras.Model", image: np.ndarray, target: int) -> Attribution:
        """Ask a model about an image (32, 32, 3), pixels from 0 to 255, and a class, counted from 0.

        Raises ValueError where the settings do not fit the image.
        """
        ...


def attribute(root: str, run_id: str, image: np.ndarray, target: int, method: Method) -> Attribution:
    """Return what a method says of a run's network; image and target as in `Method.attribute`.

    image: (32, 32, 3). Raises RunError where there is no such run or no network yet, ValueError as the method
    does.
    """
    return method.attribute(trained_model(Store(root).get(run_id)), image, target)


@dataclass(frozen=True, eq=False)
class Sanity:
    """The same question put to networks with random weights: maps (n, h, w), similarities (n,) or nan."""

    maps: np.ndarray
    similarities: np.ndarray


def sanity(root: str, run_id: str, image: np.ndarray, target: int, method: Method) -> Sanity:
    """Throw away all that was learned and ask again (Adebayo et al. 2018).

    A map that stays as it was cannot have come from what the network learned. The arguments and errors
    (RunError, ValueError) are those of `attribute`: image (32, 32, 3).
    """
    run = Store(root).get(run_id)
    before = method.attribute(trained_model(run), image, target).map
    layers = run.recipe().layers()
    maps = [method.attribute(models.build(layers, 0, seed), image, target).map for seed in SEEDS]
    return Sanity(np.stack(maps), np.array([similarity(before, after) for after in maps]))


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Return the rank correlation of two maps' magnitudes, -1 to 1; nan where one is all equal.

    Spearman 1904. a, b: of one shape. 1: both have their strong and weak places in the same order; about 0:
    they have nothing to do with each other. Only the order counts, so maps of different units compare.
    """
    ranks = [_ranks(np.abs(values).ravel()) for values in (a, b)]
    if min(rank.std() for rank in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return each value's place in the order, from 0; equal ones share the mean of their places."""
    _unique, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    return (last - (counts - 1) / 2)[which]
