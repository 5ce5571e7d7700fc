"""What does the sealed test set say of a trained network? (Runs in a *look* worker.)"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.data import datasets
from cnnlab.i18n import _
from cnnlab.runs import Run, RunError, Store
from cnnlab.training import models

if TYPE_CHECKING:
    import keras


def open_test_set(root: str, id: str) -> int:
    """Ask the run's network about the whole test set; return how often it was opened, with this time.

    RunError while it is being trained or may go on: what would be tested is not what it ends as.
    """
    run = Store(root).get(id)
    if not run.state().phase.ended:
        text = _("Training run {run} has not ended yet; its test set stays sealed until then.")
        raise RunError(text.format(run=run.id))
    data = datasets.load(run.recipe().config.dataset)
    model, epochs = _network(run.folder, run.written())
    return run.save_evaluation(models.predict(model, data.test_images), data.test_labels, epochs)


def trained_model(run: Run) -> "keras.Model":
    """Return the run's Keras model with its newest weights; the last few are kept, by their file's time."""
    return _network(run.folder, run.written())[0]


@lru_cache(maxsize=4)
def _network(folder: Path, _written: int) -> "tuple[keras.Model, int]":
    """Return the model, and after how many epochs it stands."""
    run = Run(folder)
    recipe, (epochs, weights) = run.recipe(), run.trained()
    model = models.build(recipe.layers(), recipe.config.model.l2, recipe.config.seed)
    models.set_weights(model, weights)
    return model, epochs
