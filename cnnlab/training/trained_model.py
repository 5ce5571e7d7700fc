"""The Keras model of a run as its newest weights make it, kept while their file stays the same."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.runs import Recipe, Run
from cnnlab.training import models

if TYPE_CHECKING:
    import keras

KEPT = 4  # models


@dataclass(frozen=True, eq=False)
class Trained:
    """A model with its arrays, '<layer>/<array>' -> float32, and after how many epochs they stand.

    All who ask share it: whoever wants to change it builds a copy with `untrained`.
    """

    model: "keras.Model"
    weights: dict[str, np.ndarray]
    epochs: int


def trained(run: Run) -> Trained:
    """Return the run's model with its newest weights.

    Raises RunError where there are none, ValueError where they do not fit its network.
    """
    return _trained(run.folder, run.written())


def trained_model(run: Run) -> "keras.Model":
    """Return the model alone. Raises RunError and ValueError as `trained` does."""
    return trained(run).model


def untrained(recipe: Recipe) -> "keras.Model":
    """Build the recipe's model, with the first weights that its seed draws."""
    return models.build(recipe.layers(), recipe.config.model.l2, recipe.config.seed)


@lru_cache(maxsize=KEPT)
def _trained(folder: Path, _written: int) -> Trained:
    run = Run(folder)
    model, (epochs, weights) = untrained(run.recipe()), run.trained()
    models.set_weights(model, weights)
    return Trained(model, weights, epochs)
