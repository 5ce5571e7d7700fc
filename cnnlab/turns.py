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


def before(run: Run, store: Store) -> int:
    """Count the runs that are trained now or come before this one, which waits."""
    order = [other.id for other, _reason in waiting(store)]
    ahead = order.index(run.id) if run.id in order else len(order)
    return ahead + sum(_at_work(other) for other in store.runs())


def _at_work(run: Run) -> bool:
    try:
        return run.state().phase in AT_WORK
    except RunError:
        return False
