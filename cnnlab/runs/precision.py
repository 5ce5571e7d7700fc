"""In which precision was a training run really computed?

A configuration asks for one; a processor that has no bfloat16 of its own computes in float32 instead. A run
may go on on another computer, so each finished epoch keeps its own (the column `precision` of its history).
"""

from collections.abc import Sequence
from itertools import groupby

from cnnlab import system
from cnnlab.i18n import _
from cnnlab.runs import Run
from cnnlab.runs.history import Row

DIGITS = {"float32": 24, "bfloat16": 8}  # significant binary digits, as they stand in the history
NAMES: dict[float, str] = {digits: name for name, digits in DIGITS.items()}


def here(asked: str) -> str:
    """Return the precision in which this computer computes what asks for `asked`."""
    return asked if asked == "float32" or system.bfloat16_is_native() else "float32"


def fallback() -> str:
    """Return what a run says that was to use bfloat16, where the processor does not have it."""
    return _("This processor has no bfloat16 of its own, so training used float32.")


def of_epochs(run: Run) -> list[str]:
    """Return the precision of each finished epoch. RunError where the run is damaged.

    Older runs did not keep it: they used what was asked for, unless they say otherwise.
    """
    return of_rows(run, run.history())


def of_rows(run: Run, rows: Sequence[Row]) -> list[str]:
    """Return the same of a history that has been read already. RunError where the run is damaged."""
    return [NAMES.get(row["precision"]) or _told(run) for row in rows]


def of_run(run: Run) -> str:
    """Return the precision of the run's first epoch; before it has ended, the one that is to be expected.

    RunError where the run is damaged.
    """
    return next(iter(of_epochs(run)), None) or _told(run)


def words(run: Run) -> str:
    """Return the precision as a report says it, also where an epoch had another than was asked for.

    That is "bfloat16", "float32 (asked for: bfloat16)" or "float32, from epoch 3 on bfloat16". RunError where
    the run is damaged.
    """
    used, asked = of_epochs(run) or [_told(run)], run.recipe().config.precision
    parts, epoch = [], 1
    for name, epochs in groupby(used):
        parts.append(name if epoch == 1 else _("from epoch {epoch} on {name}").format(epoch=epoch, name=name))
        epoch += len(list(epochs))
    text = ", ".join(parts)
    return text if asked in used else _("{used} (asked for: {asked})").format(used=text, asked=asked)


def _told(run: Run) -> str:
    return "float32" if fallback() in run.state().message else run.recipe().config.precision
