"""Whose network is best so far? By validation while the class trains; the test set speaks once, at the end.

Thirty students who choose by the test set would have trained on it. So the board ranks by validation, and the
teacher opens all test sets at once: what the tests said is written beside the ranking of that moment, which
then stands still (`.class/envelope.json`) until a new class begins.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, TypeAdapter

from cnnlab import files, moments, reading
from cnnlab.classroom import Classroom, make_room
from cnnlab.config import Frozen
from cnnlab.data import datasets
from cnnlab.data.spec import DatasetError
from cnnlab.evaluation.comparison import Entry, entry
from cnnlab.evaluation.test_set import open_test_set
from cnnlab.i18n import _
from cnnlab.progress import report
from cnnlab.runs import Phase, Run, RunError, Store
from cnnlab.runs.survey import sound

ENOUGH = 100  # photos held out: with fewer, a lucky guess would lead the board
FILE = "envelope.json"


class Standing(Frozen):
    """A student's best network: `owner` is the hash of their browser, `held_out` the photos that judged it.

    `validation` is its accuracy on these after its last finished epoch; `seconds` the time of all its epochs,
    None where another computer trained it; `test` its accuracy on the sealed test set, None while that is
    sealed.
    """

    owner: str
    run: str
    dataset: str
    validation: float = Field(ge=0, le=1)
    held_out: int = Field(gt=0)
    parameters: int = Field(ge=0)
    seconds: float | None = Field(ge=0)
    test: float | None = Field(default=None, ge=0, le=1)


class FinalBoard(Frozen):
    """The board as it stood when the test sets were opened."""

    opened: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Unfinished:
    """A student's training run that has not ended. `comes`: it waits for a worker or has one."""

    owner: str
    run: str
    phase: Phase
    epoch: int
    epochs: int
    comes: bool


def unfinished(runs: Iterable[Run], owners: Collection[str]) -> list[Unfinished]:
    """Return what these owners have in training or waiting, then what rests and could go on; oldest first."""

    def read(run: Run) -> Unfinished:
        state = run.state()
        comes = state.phase.at_work or run.needs_attempt() is not None
        return Unfinished(run.recipe().owner, run.id, state.phase, state.epoch, state.epochs, comes)

    found = [one for _run, one in sound(runs, read)]
    found = [one for one in found if one.comes or one.phase.is_suspended]
    found = [one for one in found if one.owner in owners]
    return sorted(reversed(found), key=lambda one: not one.comes)


def standings(runs: Iterable[Run], owners: Collection[str], ended: bool = False) -> list[Standing]:
    """Return the best network of each of these owners on each dataset, in the order of `ranked`.

    ended: only networks whose training has ended. Left out: networks without validation, those judged by
    fewer than ENOUGH photos, those that came in from elsewhere, damaged ones.
    """

    def read(run: Run) -> Standing | None:
        if ended and not run.state().phase.ended:
            return None
        return _standing(run, imported=False)

    best: dict[tuple[str, str], Standing] = {}
    for _run, one in sound(runs, read):
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

    def read(run: Run) -> Standing | None:
        one, test = _standing(run, imported=True), run.evaluation() if opened else None
        return one and one.model_copy(update={"test": test.accuracy if test else None})

    return ranked(one for _run, one in sound(store.shipped(), read) if one)


def _order(one: Standing) -> tuple[float, int, float, str]:
    return -one.validation, one.parameters, math.inf if one.seconds is None else one.seconds, one.run


def _standing(run: Run, imported: bool) -> Standing | None:
    """Return a run as it stands; None where it may not. `imported`: also one that was trained elsewhere."""
    try:
        recipe = run.recipe()
        found = _entry(run.folder, _stamp(run))
    except (RunError, OSError):
        return None  # the list of runs says what is wrong with it
    spec = datasets.known().get(recipe.config.dataset)
    if spec is None or not 0 <= found.validation <= 1:  # nan is not between them either
        return None
    if recipe.foreign and not imported:
        return None
    config = recipe.config
    count = spec.held_out(config.limit, config.validation)
    if count < ENOUGH:
        return None
    return Standing(
        owner=recipe.owner,
        run=run.id,
        dataset=recipe.config.dataset,
        validation=found.validation,
        held_out=count,
        parameters=found.parameters,
        seconds=found.seconds if math.isfinite(found.seconds) else None,
    )


def _stamp(run: Run) -> int:
    return (run.folder / "history.csv").stat().st_mtime_ns


@lru_cache(maxsize=500)
def _entry(folder: Path, _written: int) -> Entry:
    """Read a run again only when its history has grown."""
    return entry(Run(folder))


# ---- The test sets


def open_test_sets(root: str, ids: Sequence[str]) -> dict[str, float]:
    """Have these runs' networks judge their whole test sets; return run -> accuracy. For a *look* worker.

    A run that cannot be judged (deleted or resumed meanwhile, its pictures are missing) is left out; where
    none can be, the reason is raised.
    """
    store = Store(root)
    tests: dict[str, float] = {}
    trouble: Exception | None = None
    for done, id in enumerate(ids):
        report(done, len(ids))
        try:
            open_test_set(root, id)
            if evaluation := store.get(id).evaluation():  # unless it has been resumed meanwhile
                tests[id] = evaluation.accuracy
        except (RunError, DatasetError) as error:
            trouble = error
    if not tests and trouble is not None:
        raise trouble
    return tests


def reveal(classroom: Classroom, found: Sequence[Standing], tests: Mapping[str, float]) -> None:
    """Write what the tests said beside the standings, and let the board show it; RunError the second time."""
    if classroom.in_force().test_sets_opened:
        raise RunError(_("The envelopes of this class are open already: that happens once."))
    opened = moments.now()
    standings = tuple(one.model_copy(update={"test": tests.get(one.run)}) for one in found)
    board = FinalBoard(opened=opened, standings=standings)
    make_room(classroom.folder / FILE)
    files.write_text(classroom.folder / FILE, board.model_dump_json(indent=1))
    classroom.change(test_sets_opened=opened, test_sets_wait=False)


def revealed(classroom: Classroom) -> FinalBoard | None:
    """Return the board of the opened test sets, None while they are sealed; RunError for a damaged file."""
    if not classroom.in_force().test_sets_opened:
        return None
    try:
        final: FinalBoard = reading.value(classroom.folder / FILE, TypeAdapter(FinalBoard))
        return final
    except (FileNotFoundError, reading.Damaged) as error:
        raise RunError(_("The file with what the envelopes said is damaged.")) from error
