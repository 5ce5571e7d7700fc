"""When does a run end because it learns nothing more? By the validation loss, as Keras's EarlyStopping."""

from collections.abc import Sequence

import numpy as np

from cnnlab.runs.history import Row


def stagnates(rows: Sequence[Row], patience: int) -> bool:
    """Say whether the validation loss has not improved for `patience` epochs."""
    best = int(np.argmin([row["val_loss"] for row in rows]))
    return len(rows) - 1 - best >= patience
