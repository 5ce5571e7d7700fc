"""What does the sealed test set say of a trained network? (Runs in a *look* worker.)"""

from cnnlab.data import datasets
from cnnlab.i18n import _
from cnnlab.runs import RunError, Store
from cnnlab.training import models
from cnnlab.training.trained_model import trained


def open_test_set(root: str, id: str) -> int:
    """Ask the run's network about the whole test set; return how often it was opened, with this time.

    RunError while it is being trained or may go on: what would be tested is not what it ends as. DatasetError
    where the test set is not here.
    """
    run = Store(root).get(id)
    if not run.state().phase.ended:
        text = _("Training run {run} has not ended yet; its test set stays sealed until then.")
        raise RunError(text.format(run=run.id))
    data = datasets.load(run.recipe().config.dataset)
    found = trained(run)
    return run.save_evaluation(models.predict(found.model, data.test_images), data.test_labels, found.epochs)
