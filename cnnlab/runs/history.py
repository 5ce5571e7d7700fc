"""What does history.csv tell of a run? A row a finished epoch, a column a quantity, in every file the same.

`loss` is what training made smaller: with label smoothing and the L2 penalty where they are set, or the mean
squared error. `cross_entropy` is that of the answers alone. Both are means over the epoch, while the weights
were still changing; their `val_` twins are of the held-out images at its end, and so is `l2`, the part of the
loss that the weights themselves cost. The `sample_` columns belong to the network of a run that has ended:
see `cnnlab.training.sample`. `precision` counts the significant binary digits that an epoch was computed
with: see `cnnlab.runs.precision`.
"""

import csv
import io
import math
from collections.abc import Sequence
from typing import cast

from cnnlab.reading import LARGEST_LOSS, LARGEST_RATE, LARGEST_SHARE

Row = dict[str, float]
ALWAYS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
SHARES = ("sample_accuracy", "sample_augmented", "sample_dropout")  # of `sample_images` training images
LATER = (
    "cross_entropy",
    "val_cross_entropy",
    "l2",
    "precision",
    "sample_images",
    *SHARES,
)  # NaN in older runs
COLUMNS = ALWAYS + LATER
EPOCHS = 2_000  # the most of a run
SECONDS = 30 * 86_400.0  # of an epoch
MOST = {"epoch": EPOCHS, "accuracy": LARGEST_SHARE, "val_accuracy": LARGEST_SHARE}
MOST |= {"learning_rate": LARGEST_RATE, "seconds": SECONDS}


def read(text: str) -> list[Row]:
    """Return the rows of a history.csv; ValueError where it is none.

    What the file does not have is NaN. A column of a later version of the app is kept as it is, so that it
    is still there when the run goes on or travels.
    """
    table = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    whole = bool(table) and text.endswith("\n")
    if not whole or not set(ALWAYS) <= set(table[0]) or len(set(table[0])) < len(table[0]):
        raise ValueError("no table of a training run")
    if len(table) > 1 + EPOCHS:
        raise ValueError("more epochs than a run can have")
    return [_row(dict(zip(table[0], line, strict=True))) for line in table[1:]]


def write(rows: Sequence[Row]) -> str:
    """Return the rows as history.csv holds them."""
    text = io.StringIO(newline="")
    others = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    writer = csv.DictWriter(text, [*COLUMNS, *others], restval=math.nan)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(cells: dict[str, str]) -> Row:
    known = {name: _number(cells.get(name, "nan")) for name in COLUMNS}
    for name, value in known.items():
        unknown = value != value and (name in LATER or name.startswith("val_"))
        endless = value == math.inf and name in ("val_loss", "val_cross_entropy")  # the network has diverged
        if not (unknown or endless or 0 <= value <= MOST.get(name, LARGEST_LOSS)):
            raise ValueError(f"{name} is impossible")
    others = {name: cell for name, cell in cells.items() if name not in known}
    return known | cast(Row, others)  # these stay text: nobody computes with them


def _number(cell: str) -> float:
    value = float(cell)
    return value if value == value else math.nan  # one and the same NaN: equal rows are equal
