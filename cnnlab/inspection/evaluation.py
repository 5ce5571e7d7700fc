"""What does the sealed test set say of a trained network? (Runs in a *look* worker.)"""

from functools import lru_cache

from cnnlab import datasets, models
from cnnlab.runs import ENDED, Run, RunError, Store
from cnnlab.text import _


def open_test_set(root: str, id: str) -> None:
    """Have the run's network judge the whole test set, and record that it was opened once more.

    RunError while it is being trained or may go on: what would be judged is not what it ends as.
    """
    run = Store(root).get(id)
    if run.state().phase not in ENDED:
        text = _("Training run {run} has not ended yet; its test set stays sealed until then.")
        raise RunError(text.format(run=run.id))
    data = datasets.load(run.recipe().config.dataset)
    run.save_evaluation(models.predict(trained_model(run), data.test_images), data.test_labels)


def trained_model(run: Run):
    """Return the run's Keras model with its newest weights; the last few are kept, by their file's time."""
    path = next(
        run.folder / name for name in ("weights.npz", "checkpoint/state.npz") if (run.folder / name).exists()
    )
    return _model(run.folder, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _model(folder, _written: int):
    run = Run(folder)
    recipe = run.recipe()
    model = models.build(recipe.layers(), recipe.config.model.l2, recipe.config.seed)
    models.set_weights(model, run.weights())
    return model
