"""What is going on in the class now? Read once in two seconds, however many parts of the page ask."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import streamlit as st

from cnnlab.classroom import Answer, Classroom, Student
from cnnlab.i18n import _, number
from cnnlab.runs import Phase, Run, RunError, State, Store
from cnnlab.runs.survey import survey
from cnnlab.ui.session import teacher_pass
from cnnlab.ui.widgets.run_status import before, title_of

Found = TypeVar("Found")
FRESH = 2.0  # seconds for which what was read is shown again


@dataclass(frozen=True)
class Row:
    """A training run as the teacher sees it: `ahead` runs come before a waiting one; `fault` if damaged."""

    run: Run
    owner: str = ""
    preset: str = ""
    state: State | None = None
    ahead: int | None = None
    fault: str = ""

    @property
    def working(self) -> bool:
        return self.state is not None and self.state.phase.at_work

    @property
    def resting(self) -> bool:
        """Whether it can go on when somebody lets it."""
        return self.state is not None and self.state.phase.can_resume


def rows() -> list[Row]:
    """Return all training runs: those at work, the waiting ones in the order of the queue, then the rest."""
    return _read(_rows)


@st.cache_data(ttl=FRESH, max_entries=4, show_spinner=False)
def _rows(root: str) -> list[Row]:
    found = [one.value or Row(one.run, fault=one.fault) for one in survey(Store(Path(root)).runs(), _row)]
    return sorted(found, key=lambda row: (not row.working, row.ahead is None, row.ahead or 0))


def forget() -> None:
    """Read anew at the next look: something was just changed."""
    _rows.clear()


def _row(run: Run) -> Row:
    recipe, state = run.look()
    ahead = before(run) if state.phase is Phase.QUEUED else None
    return Row(run, recipe.owner, recipe.preset, state, ahead)


def students() -> list[Student]:
    """Return everybody who has a name in this class, whoever was seen last first."""
    return _read(_students)


@st.cache_data(ttl=FRESH, max_entries=4, show_spinner=False)
def _students(root: str) -> list[Student]:
    return Classroom(Path(root)).students()


@st.cache_data(ttl=FRESH, max_entries=4, show_spinner=False)
def _answers(root: str) -> list[tuple[str, Answer]]:
    return Classroom(Path(root)).answers()


def answers() -> list[tuple[str, Answer]]:
    """Return (nickname, first answer) of the class in the order of time."""
    return _read(_answers)


def _read(read: Callable[[str], list[Found]]) -> list[Found]:
    """Return what lies in the folder of the runs; RunError with a sentence where the disk fails."""
    try:
        return read(str(Store().root))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RunError(_("The folder of the runs cannot be read: {why}.").format(why=why)) from error


def here(everybody: list[Student], within: float = 120.0) -> list[Student]:
    """Return the students who were seen within so many seconds; the teacher's own browser is none."""
    now = time.time()
    return [one for one in everybody if now - one.seen <= within and not teacher_pass.holds(one.owner)]


def names(everybody: list[Student]) -> dict[str, str]:
    """Return hash of a browser -> the name to show for it."""
    teacher = _("{name} (teacher)")
    return {
        one.owner: teacher.format(name=one.nickname) if teacher_pass.holds(one.owner) else one.nickname
        for one in everybody
    }


def title(row: Row, named: dict[str, str]) -> str:
    """Return whose training run it is and of which network; of a damaged one, that it is damaged."""
    if row.fault:
        return _("damaged")
    return f"{named.get(row.owner, _('nobody in this class'))} · {title_of(row.preset)}"


def counted(found: list[Row]) -> Counter[str]:
    """Return owner -> number of training runs."""
    return Counter(row.owner for row in found)


def ago(seconds: float) -> str:
    """Write how long ago something was."""
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("{count} min ago").format(count=number(seconds // 60))
    return _("{count} h ago").format(count=number(seconds // 3600))
