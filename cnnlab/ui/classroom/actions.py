"""What can the teacher do to training runs and to the class? Each action needs the pass and says what it did.

A button carries one out by `door.carry_out(place, actions.stop, ...)`, which looks for the pass once more.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cnnlab.access import TeacherPass
from cnnlab.i18n import _
from cnnlab.runs import Run, RunError, Store, queue
from cnnlab.ui.classroom import overview
from cnnlab.ui.session.class_state import classroom
from cnnlab.workers import pool


def command(teacher: TeacherPass, name: str, ids: Sequence[str]) -> str:
    """Stop, pause or resume training runs; what cannot be done with one is said after the others are done."""
    said = {
        "stop": _("Stopped: {runs}. What they have learned so far is kept."),
        "pause": _("Paused: {runs}. Their students or you can let them go on."),
        "resume": _("In the queue again: {runs}."),
    }
    return _each(ids, said[name], lambda run: run.command(name, teacher))


def delete(teacher: TeacherPass, ids: Sequence[str]) -> str:
    """Delete training runs for good."""
    return _each(ids, _("Deleted: {runs}."), lambda run: run.delete(teacher))


def set_aside(teacher: TeacherPass, ids: Sequence[str]) -> str:
    """Put damaged training runs out of everybody's way."""
    said = _("Set aside: {runs}. Nothing is deleted until you do that under *This computer*.")
    return _each(ids, said, lambda run: run.set_aside(teacher))


def _each(ids: Sequence[str], said: str, action: Callable[[Run], object]) -> str:
    done, faults = [], []
    for id in ids:
        try:
            action(Store().get(id))
            done.append(id)
        except RunError as error:
            faults.append(str(error))
    wake()
    text = said.format(runs=", ".join(done)) if done else ""
    if faults:
        raise RunError(" ".join([*faults, text]).strip())
    return text


def change(_teacher: TeacherPass, fields: dict[str, Any]) -> str:
    """Set rules of the class, by name."""
    classroom().change(**fields)
    wake()
    return ""


def follow(teacher: TeacherPass, id: str | None) -> str:
    """Have the whole class follow a training run instead of an offered lesson, or none."""
    if id is None:
        change(teacher, {"following": None})
        return _("The class follows no training run any more.")
    Store().get(id)  # a sentence where it is gone
    change(teacher, {"following": id, "offered": None})
    return _("Every student's page now points to {run}.").format(run=id)


def clear_the_way(teacher: TeacherPass) -> None:
    """Stop what is being trained and let nothing new begin, so that a new class can."""
    change(teacher, {"queue_paused": True})
    for run in queue.at_work(Store()):
        if "stop" not in run.new_commands():
            run.command("stop", teacher)
    wake()


def new_class(_teacher: TeacherPass) -> str:
    """Put the old class away and begin a new one."""
    classroom().new_class()
    wake()
    return _("A new class has begun: everybody who opens the app gets a new name.")


def wake() -> None:
    """Have the dispatcher look at the queue now, and the page as well."""
    overview.forget()
    if workers := pool.current():
        workers.wake()
