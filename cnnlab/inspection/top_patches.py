"""Which pieces of the training images excite a kernel most? (Runs in a *look* worker.)"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.progress import report
from cnnlab.runs import Store
from cnnlab.training.trained_model import trained_model

if TYPE_CHECKING:
    import keras

SEARCHED = 2000  # training images
BEST = 9
BATCH = 100


@dataclass(frozen=True, eq=False)
class Patches:
    """The images with the strongest cells of one map, best first, n of them, at most one cell an image.

    values (n,): the cells'. pictures (n, 32, 32, 3) uint8, labels (n,). rows, cols (n, 2): the first and last
    pixel that reaches the cell, from 0. searched: how many images were looked at.
    """

    values: np.ndarray
    pictures: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    searched: int


def best_patches(root: str, run_id: str, layer: str, kernel: int) -> Patches:
    """Look through training images of a run's own for what excites a kernel, counted from 0, most.

    Raises RunError where there is no such run or no network yet, DatasetError where the images are not here.
    """
    run = Store(root).get(run_id)
    recipe = run.recipe()
    model = trained_model(run)  # kept by the weights' file, so it names them below
    data = datasets.load(recipe.config.dataset)
    images = _searched(recipe.config, len(data.train_images))
    values, cells = _strongest(model, layer, recipe.config.dataset, tuple(images))
    best = np.argsort(-values[:, kernel], kind="stable")[:BEST]
    fields = [
        ops.receptive_field(recipe.layers(), layer, int(row), int(col), (SIDE, SIDE, 3))
        for row, col in cells[best, kernel]
    ]
    return Patches(
        values=values[best, kernel],
        pictures=data.train_images[images[best]],
        labels=data.train_labels[images[best]],
        rows=np.array([field.rows for field in fields]),
        cols=np.array([field.cols for field in fields]),
        searched=len(images),
    )


def _searched(config: TrainConfig, count: int) -> np.ndarray:
    """Return which training images are looked at: the first that the run learned from."""
    training, _held = datasets.split(count, config.validation, config.limit, config.seed)
    return np.sort(training[:SEARCHED])


@lru_cache(maxsize=4)
def _strongest(
    model: "keras.Model", layer: str, dataset: str, places: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return for images and maps the largest value (n, k) and its row and column (n, k, 2)."""
    import keras

    images = datasets.load(dataset).train_images[list(places)]
    part = keras.Model(model.input, model.get_layer(layer).output)
    values, cells = [], []
    for first in range(0, len(images), BATCH):
        report(first, len(images))
        maps = np.asarray(part(images[first : first + BATCH], training=False))
        count, height, width, kernels = maps.shape
        flat = maps.reshape(count, height * width, kernels)
        winners = flat.argmax(1)  # (count, kernels)
        values.append(np.take_along_axis(flat, winners[:, np.newaxis], 1)[:, 0])
        cells.append(np.stack(np.divmod(winners, width), axis=-1))
    return np.concatenate(values), np.concatenate(cells)
