"""Whose network is best so far? By validation while the class trains; the test set speaks once, at the end.

Thirty students who choose by the test set would have trained on it. So the board ranks by validation, and the
teacher opens all envelopes at once: what the tests said is written beside the ranking of that moment, which
then stands still (`.class/envelope.json`) until a new class begins.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from cnnlab import files
from cnnlab.classroom import Classroom
from cnnlab.comparison import Entry, entry
from cnnlab.config import Frozen
from cnnlab.datasets import DATASETS, DatasetError, held_out
from cnnlab.inspection.evaluation import open_test_set
from cnnlab.progress import report
from cnnlab.runs import ENDED, Run, RunError, Store
from cnnlab.text import _
from cnnlab.turns import AT_WORK

ENOUGH = 100  # photos held out: with fewer, a lucky guess would lead the board
FILE = "envelope.json"


class Standing(Frozen):
    """A student's best network: `owner` is the hash of their browser, `held_out` the photos that judged it.

    `validation` is its highest accuracy on these; `seconds` the time of all its epochs, None where
    another computer trained it; `test` its accuracy
    on the sealed test set, None while that is sealed.
    """

    owner: str
    run: str
    dataset: str
    validation: float = Field(ge=0, le=1)
    held_out: int = Field(gt=0)
    parameters: int = Field(ge=0)
    seconds: float | None = Field(ge=0)
    test: float | None = Field(default=None, ge=0, le=1)


class Envelope(Frozen):
    """The board as it stood when the envelopes were opened."""

    opened: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Unfinished:
    """A student's training run that has not ended. `comes`: it waits for a worker or has one."""

    owner: str
    run: str
    phase: str
    epoch: int
    epochs: int
    comes: bool


def unfinished(runs: Iterable[Run], owners: Collection[str]) -> list[Unfinished]:
    """Return what these owners have in training or waiting, then what rests and could go on; oldest first."""
    found = []
    for run in runs:
        try:
            owner, state = run.recipe().owner, run.state()
            comes = state.phase in AT_WORK or run.needs_attempt() is not None
        except RunError:
            continue  # the list of runs says what is wrong with it
        if owner in owners and (comes or state.phase in ("paused", "interrupted")):
            found.append(Unfinished(owner, run.id, state.phase, state.epoch, state.epochs, comes))
    return sorted(reversed(found), key=lambda one: not one.comes)


def standings(runs: Iterable[Run], owners: Collection[str], ended: bool = False) -> list[Standing]:
    """Return the best network of each of these owners on each dataset, in the order of `ranked`.

    ended: only networks whose training has ended. Left out: networks without validation, those judged by
    fewer than ENOUGH photos, those that came in from elsewhere, damaged ones.
    """
    runs = [run for run in runs if _has_ended(run)] if ended else runs
    best: dict[tuple[str, str], Standing] = {}
    for run in runs:
        one = _standing(run, imported=False)
        if one is None or one.owner not in owners:
            continue
        place = one.owner, one.dataset
        if place not in best or _order(one) < _order(best[place]):
            best[place] = one
    return ranked(best.values())


def ranked(found: Iterable[Standing]) -> list[Standing]:
    """Sort by validation, the highest first; of equals the one with fewer parameters, then the quicker."""
    return sorted(found, key=_order)


def places(ranking: Sequence[Standing]) -> list[int]:
    """Return the place of each in a ranking, from 1; equals by validation share a place (1, 2, 2, 4)."""
    values = [one.validation for one in ranking]
    return [values.index(value) + 1 for value in values]


def shipped(store: Store, opened: bool) -> list[Standing]:
    """Return the networks that come with the app, as something to measure oneself by.

    opened: whether what their test sets said is told, as that of the students' networks.
    """
    found = []
    for run in store.shipped():
        one = _standing(run, imported=True)
        if one is not None:
            test = run.evaluation() if opened else None
            found.append(one.model_copy(update={"test": test.accuracy if test else None}))
    return ranked(found)


def _order(one: Standing) -> tuple:
    return -one.validation, one.parameters, math.inf if one.seconds is None else one.seconds, one.run


def _standing(run: Run, imported: bool) -> Standing | None:
    """Return a run as it stands; None where it may not. `imported`: also one that was trained elsewhere."""
    try:
        recipe = run.recipe()
        found = _entry(run.folder, _stamp(run))
    except (RunError, OSError):
        return None  # the list of runs says what is wrong with it
    spec = DATASETS.get(recipe.config.dataset)
    if spec is None or not 0 <= found.best <= 1:  # nan is not between them either
        return None
    if recipe.note and not imported:  # the note says where it came from
        return None
    config = recipe.config
    count = held_out(config.dataset, config.limit, config.validation)
    if count < ENOUGH:
        return None
    return Standing(
        owner=recipe.owner,
        run=run.id,
        dataset=recipe.config.dataset,
        validation=found.best,
        held_out=count,
        parameters=found.parameters,
        seconds=found.seconds if math.isfinite(found.seconds) else None,
    )


def _has_ended(run: Run) -> bool:
    try:
        return run.state().phase in ENDED
    except RunError:
        return False


def _stamp(run: Run) -> int:
    return (run.folder / "history.csv").stat().st_mtime_ns


@lru_cache(maxsize=500)
def _entry(folder: Path, _written: int) -> Entry:
    """Read a run again only when its history has grown."""
    return entry(Run(folder))


# ---- The envelopes


def open_envelopes(root: str, ids: Sequence[str]) -> dict[str, float]:
    """Have these runs' networks judge their whole test sets; return run -> accuracy. For a *look* worker.

    A run that cannot be judged (deleted or resumed meanwhile, its pictures are missing) is left out; where
    none can be, the reason is raised.
    """
    store, tests, trouble = Store(root), {}, None
    for done, id in enumerate(ids):
        report(done, len(ids))
        try:
            open_test_set(root, id)
            tests[id] = store.get(id).evaluation().accuracy
        except (RunError, DatasetError) as error:
            trouble = error
    if not tests and trouble is not None:
        raise trouble
    return tests


def reveal(classroom: Classroom, found: Sequence[Standing], tests: Mapping[str, float]) -> None:
    """Write what the tests said beside the standings, and let the board show it; RunError the second time."""
    if classroom.rules().envelope_opened:
        raise RunError(_("The envelopes of this class are open already: that happens once."))
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    judged = tuple(one.model_copy(update={"test": tests.get(one.run)}) for one in found)
    classroom.folder.mkdir(parents=True, exist_ok=True)
    envelope = Envelope(opened=opened, standings=judged)
    files.write_text(classroom.folder / FILE, envelope.model_dump_json(indent=1))
    classroom.change(envelope_opened=opened, envelopes_wait=False)


def revealed(classroom: Classroom) -> Envelope | None:
    """Return the board of the opened envelopes, None while they are sealed; RunError for a damaged file."""
    if not classroom.rules().envelope_opened:
        return None
    try:
        return Envelope.model_validate_json(files.read_text(classroom.folder / FILE))
    except (OSError, ValueError) as error:
        raise RunError(_("The file with what the envelopes said is damaged.")) from error
