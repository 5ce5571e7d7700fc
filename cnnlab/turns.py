"""Whose turn is it? Turns go round between students, so that ten runs of one hold nobody up for long."""

from collections import defaultdict

from cnnlab.runs import Run, RunError, Store

AT_WORK = ("starting", "running")


def waiting(store: Store) -> list[tuple[Run, str]]:
    """Return (run, reason) for each run that wants a worker, the next one first.

    A run whose worker died goes on before all others. Then comes one run of each student, the oldest, before
    anybody's second; and among students whoever was served longest ago. Damaged runs are passed over.
    """
    served: dict[str, str] = defaultdict(str)  # owner -> when a run of theirs was last taken up
    wanting: dict[str, int] = defaultdict(int)  # owner -> how many of their runs wait
    found = []
    for run in reversed(store.runs()):  # the oldest first
        try:
            owner, number = run.recipe().owner, run.attempt()
            if number:
                served[owner] = max(served[owner], run.claimed(number)["at"])
            reason = run.needs_attempt()
        except RunError:
            continue  # the page shows what is wrong with it
        if reason:
            found.append((reason != "recovery", wanting[owner], owner, run, reason))
            wanting[owner] += reason != "recovery"
    found.sort(key=lambda one: (one[0], one[1], served[one[2]]))  # stable: else the older run first
    return [(run, reason) for _first, _round, _owner, run, reason in found]


def last_turn(store: Store) -> str:
    """Return when a run was last taken up; "" before the first."""
    return max((_taken_up(run) for run in store.runs()), default="")


def places(store: Store) -> dict[str, int]:
    """Return for each waiting run, by name, how many are trained now or come before it."""
    at_work = sum(_at_work(run) for run in store.runs())
    return {run.id: at_work + ahead for ahead, (run, _reason) in enumerate(waiting(store))}


def _at_work(run: Run) -> bool:
    try:
        return run.state().phase in AT_WORK
    except RunError:
        return False


def _taken_up(run: Run) -> str:
    try:
        number = run.attempt()
        return run.claimed(number)["at"] if number else ""
    except RunError:
        return ""
