"""What do all training runs say, whatever has befallen one of them?

Whoever reads one run after the other, to hand them out, to count or to list them, does so by these functions:
a run that cannot be read costs its own line and nobody else's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from cnnlab.i18n import _
from cnnlab.runs import Run, RunError

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What was read of a run; `fault` says why it could not be, as a sentence, and `value` is None then."""

    run: Run
    value: T | None
    fault: str = ""


def survey(runs: Iterable[Run], read: Callable[[Run], T]) -> Iterator[Reading[T]]:
    """Yield what `read` returns of each run, or what is wrong with that run."""
    for run in runs:
        try:
            yield Reading(run, read(run))
        except RunError as error:
            yield Reading(run, None, str(error))
        except Exception as error:  # a file held what nobody has thought of: the others are read all the same
            text = _("Training run {run} cannot be read ({kind}).")
            yield Reading(run, None, text.format(run=run.id, kind=type(error).__name__))


def sound(runs: Iterable[Run], read: Callable[[Run], T]) -> Iterator[tuple[Run, T]]:
    """Yield (run, what `read` returns of it); those that cannot be read are passed over.

    The lists of runs say what is wrong with them.
    """
    for one in survey(runs, read):
        if not one.fault:
            yield one.run, cast(T, one.value)  # it may be None, where `read` returns that
