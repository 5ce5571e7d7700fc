"""How does a network arrange pictures before it names them? (Runs in a *look* worker.)

What reaches the layer of scores is a row of numbers, the features of a picture: a point in a space with as
many dimensions. PCA turns that space so that the first two axes spread the points most; t-SNE (van der Maaten
and Hinton, 2008; here by openTSNE) lays points out so that those which were neighbours stay neighbours.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data import datasets
from cnnlab.progress import report
from cnnlab.runs import Run, Store
from cnnlab.training.trained_model import trained_model

if TYPE_CHECKING:
    import keras
    from openTSNE import TSNEEmbedding
    from sklearn.decomposition import PCA

IMAGES, BATCH = 2000, 250
KEPT = 50  # axes of PCA on which t-SNE works: less noise, less time
PERPLEXITY = 30  # about how many neighbours of each point count
ROUNDS, PER_ROUND = (10, 20), 25  # t-SNE: rounds with exaggerated attraction, then without; steps in each
NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class Space:
    """The first test images as points: pca and tsne (n, 2), labels (n,).

    spread: the share of all variance along the two axes of PCA. alike: per class (classes,), of the ten
    nearest other images in the whole space the share of the same class; nan for a class without images.
    usual: the median distance of an image to its nearest one.
    """

    pca: np.ndarray
    tsne: np.ndarray
    labels: np.ndarray
    features: int
    spread: tuple[float, float]
    alike: tuple[float, ...]
    usual: float


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a photo lies: pca (2,), tsne (2,), and the nearest test images with their distances."""

    pca: np.ndarray
    tsne: np.ndarray
    nearest: tuple[int, ...]
    distances: tuple[float, ...]


def space(root: str, run_id: str) -> Space:
    """Project the features of the dataset's first test images.

    Raises RunError where there is no such run or no network yet, DatasetError where the images are not here.
    """
    return _arranged(root, run_id).space


def place(root: str, run_id: str, image: np.ndarray) -> Placed:
    """Find the place of one picture (32, 32, 3) uint8 among them.

    Raises RunError and DatasetError as `space` does.
    """
    arranged = _arranged(root, run_id)
    row = _features(arranged.model, image[np.newaxis])
    axes = arranged.pca.transform(row)
    distances = np.linalg.norm(arranged.features - row, axis=1)
    nearest = np.argsort(distances, kind="stable")[:NEIGHBOURS]
    spot = arranged.embedding.transform(axes, perplexity=min(5, len(distances) - 1))
    return Placed(
        axes[0, :2],
        np.asarray(spot)[0],
        tuple(int(place) for place in nearest),
        tuple(float(distances[place]) for place in nearest),
    )


@dataclass(frozen=True, eq=False)
class _Arranged:
    """What is kept in the worker: the result, and what a new point needs."""

    space: Space
    model: "keras.Model"  # the network that all this is of
    features: np.ndarray  # (n, k)
    pca: "PCA"
    embedding: "TSNEEmbedding"


def _arranged(root: str, run_id: str) -> _Arranged:
    run = Store(root).get(run_id)
    return _arrange(str(run.folder), run.written())


@lru_cache(maxsize=4)
def _arrange(folder: str, _written: int) -> _Arranged:
    from sklearn.decomposition import PCA

    run = Run(Path(folder))
    recipe = run.recipe()
    data = datasets.load(recipe.config.dataset)
    images, labels = data.test_images[:IMAGES], data.test_labels[:IMAGES]
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    steps = len(batches) + sum(ROUNDS)
    model, parts = trained_model(run), []
    for done, batch in enumerate(batches):
        report(done, steps)
        parts.append(_features(model, batch))
    features = np.concatenate(parts)
    pca = PCA(min(KEPT, *features.shape), random_state=0)
    axes = pca.fit_transform(features)
    embedding = _tsne(axes, len(batches), steps)
    first, second = map(float, pca.explained_variance_ratio_[:2])
    alike, usual = _neighbourhood(features, labels, len(recipe.classes))
    result = Space(
        axes[:, :2], np.asarray(embedding), labels, features.shape[1], (first, second), alike, usual
    )
    return _Arranged(result, model, features, pca, embedding)


def _features(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    """Return what reaches the layer of scores, (n, k), for pictures (n, 32, 32, 3) uint8."""
    import keras

    return np.asarray(keras.Model(model.input, model.get_layer("scores").input)(images, training=False))


def _tsne(points: np.ndarray, done: int, steps: int) -> "TSNEEmbedding":
    """Lay points (n, k) out in a plane; `done` of so many steps lie behind."""
    from openTSNE import TSNE

    finished = done

    def tell(_iteration: int, _error: float, _embedding: np.ndarray) -> None:
        nonlocal finished
        finished += 1
        report(min(finished, steps), steps)

    return TSNE(
        perplexity=min(PERPLEXITY, (len(points) - 1) / 3),
        early_exaggeration_iter=ROUNDS[0] * PER_ROUND,
        n_iter=ROUNDS[1] * PER_ROUND,
        neighbors="exact",
        n_jobs=1,  # the other core belongs to training
        random_state=0,
        callbacks=[tell],
        callbacks_every_iters=PER_ROUND,
    ).fit(points)


def _neighbourhood(features: np.ndarray, labels: np.ndarray, classes: int) -> tuple[tuple[float, ...], float]:
    """Return `Space.alike` and `Space.usual`."""
    from sklearn.neighbors import NearestNeighbors

    distances, nearest = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(features).kneighbors(features)
    same = (labels[nearest[:, 1:]] == labels[:, np.newaxis]).mean(axis=1)  # the first is the image itself
    shares = (same[labels == c].mean() if (labels == c).any() else np.nan for c in range(classes))
    return tuple(float(share) for share in shares), float(np.median(distances[:, 1]))
