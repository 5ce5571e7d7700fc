"""Whose turn is it? Turns go round between students, so that ten runs of one hold nobody up for long."""

from collections import defaultdict

from cnnlab.runs import Run, Store
from cnnlab.runs.survey import sound


def waiting(store: Store) -> list[tuple[Run, str]]:
    """Return (run, reason) for each run that wants a worker, the next one first.

    A run whose worker died goes on before all others. Then comes one run of each student, the oldest, before
    anybody's second; and among students whoever was served longest ago. Damaged runs are passed over.
    """

    def read(run: Run) -> tuple[str, str, str | None]:
        return run.recipe().owner, run.taken_up(), run.needs_attempt()

    served: dict[str, str] = defaultdict(str)  # owner -> when a run of theirs was last taken up
    wanting: dict[str, int] = defaultdict(int)  # owner -> how many of their runs wait
    found = []
    for run, (owner, taken_up, reason) in sound(reversed(store.runs()), read):  # the oldest first
        served[owner] = max(served[owner], taken_up)
        if reason:
            found.append((reason != "recovery", wanting[owner], owner, run, reason))
            wanting[owner] += reason != "recovery"
    found.sort(key=lambda one: (one[0], one[1], served[one[2]]))  # stable: else the older run first
    return [(run, reason) for _first, _round, _owner, run, reason in found]


def last_taken_up(store: Store) -> str:
    """Return when a run was last taken up; "" before the first."""
    return max((at for _run, at in sound(store.runs(), Run.taken_up)), default="")


def places(store: Store) -> dict[str, int]:
    """Return for each waiting run, by name, how many are trained now or come before it."""
    busy = len(at_work(store))
    return {run.id: busy + ahead for ahead, (run, _reason) in enumerate(waiting(store))}


def at_work(store: Store) -> list[Run]:
    """Return the runs that a worker is busy with."""
    return [run for run, state in sound(store.runs(), Run.state) if state.phase.at_work]
