"""Is a run ended when its validation loss stands still, and not before?"""

import pytest

from cnnlab.training.early_stopping import stagnates


@pytest.mark.parametrize(
    ("losses", "patience", "ends"),
    [
        ([3, 2, 1], 1, False),
        ([3, 2, 2], 1, True),  # as good as before is no better
        ([3, 2, 2.5, 2.2], 3, False),
        ([3, 2, 2.5, 2.2, 2.1], 3, True),
        ([1], 1, False),
    ],
)
def test_it_ends_so_many_epochs_after_the_best(losses, patience, ends):
    assert stagnates([{"val_loss": float(loss)} for loss in losses], patience) is ends
