"""Which pictures is a network asked about when its parts are tested? Never those of the sealed test set."""

import numpy as np

from cnnlab.data import datasets
from cnnlab.runs import Recipe

MOST = 1000


def held_out_images(recipe: Recipe) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return images (n, 32, 32, 3) uint8, labels (n,), and whether they were held out; n is at most 1,000.

    They are the first of the run's own validation images, in the dataset's order; a run that held out none
    gets training images. Always the same for the same run. Raises DatasetError where they are not here.
    """
    config = recipe.config
    data = datasets.load(config.dataset)
    training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    chosen = np.sort((held if len(held) else training)[:MOST])  # both are in random order
    return data.train_images[chosen], data.train_labels[chosen], len(held) > 0
