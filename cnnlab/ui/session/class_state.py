"""What do the pages know of the class: its rules, its nicknames, and who is asking?

Without a teacher (see `cnnlab.access.teaching`) somebody learns at home: there are no names, and nothing is
kept. Nothing here ever breaks a page: where a file cannot be read the usual rules hold and names are missing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from cnnlab.access import TeacherPass, Who, teaching
from cnnlab.classroom import Classroom
from cnnlab.config import TrainConfig
from cnnlab.config.class_rules import Rules
from cnnlab.i18n import _
from cnnlab.network_address import network_of
from cnnlab.runs import Run, RunError, Store
from cnnlab.ui.session import browser, teacher_pass
from cnnlab.ui.session.newcomers import Newcomers

PRESENCE = 20  # seconds between two notes that a student is here
NAMES = 10  # seconds until a name that came within the file system's tick is seen for certain

_newcomers = Newcomers()  # one for the whole server


def classroom() -> Classroom:
    return Classroom(Store().root)


def rules() -> Rules:
    """Return the rules of the class as they are now, to guide what is drawn; actions check for themselves."""
    return classroom().in_force()


def damaged_rules() -> str:
    """Return what is wrong with the file of the rules, for the teacher; "" when all is well."""
    try:
        classroom().rules()
    except RunError as error:
        return str(error)
    return ""


def who() -> Who:
    """Return who uses this browser: the teacher, where the PIN was entered in it, else its owner's hash."""
    return teacher_pass.teacher() or browser.owner()


def is_teacher() -> bool:
    return isinstance(who(), TeacherPass)


def nicknames() -> dict[str, str]:
    """Return owner -> nickname of everybody in the class; empty at home."""
    if not teaching():
        return {}
    root = Store().root
    try:
        return _nicknames(str(root), (classroom().folder / "names").stat().st_mtime_ns)
    except OSError:
        return {}


def nickname() -> str | None:
    """Return this browser's nickname and note that it is here; None at home, for a teacher, on a fault."""
    try:
        return take_part()
    except (RunError, OSError):
        return None


def take_part() -> str | None:
    """Return this browser's nickname; RunError with a sentence where it has none in the class now.

    Who has none adds nothing to the class: else one device could train, vote and answer as many. None at home
    and for a teacher, who need none.
    """
    if not teaching() or is_teacher():
        return None
    return _present(str(Store().root), browser.owner(), rules().began, browser.client())


def shown_names() -> dict[str, str]:
    """Return owner -> what a run of theirs is marked with: a nickname, where names are shown, or "yours"."""
    if not teaching():
        return {}
    names = {} if rules().names_hidden else nicknames()
    return names | {browser.owner(): _("yours")}


def owns(run: Run) -> bool:
    """Say whether this browser may steer the run: it is its own, or the teacher's. RunError if damaged."""
    return is_teacher() or run.recipe().owner == browser.owner()


def submit(
    configs: Sequence[TrainConfig], classes: Sequence[str], *, preset: str, seconds: float | None = None
) -> list[Run]:
    """Put training runs into the queue: a student's within the limits of the class, the teacher's without.

    seconds: how long one of them takes, as far as that was measured.
    """
    me, store = browser.owner(), Store()
    take_part()
    if is_teacher():
        return [store.create(config, classes, preset=preset, owner=me) for config in configs]
    return classroom().submit_all(store, configs, classes, preset=preset, owner=me, seconds=seconds)


@contextmanager
def importing(size: int) -> Iterator[None]:
    """Let an archive of so many bytes come in meanwhile: a student's within the limits of the class."""
    take_part()
    if is_teacher():
        yield
    else:
        with classroom().importing(Store(), browser.owner(), size):
            yield


class Sealed(Run):
    """A run as students see it until the test sets are opened: whatever its test set said is not there."""

    def last_evaluation(self) -> None:
        return None


def as_seen(run: Run) -> Run:
    """Return the run as this browser may see it: in a class, the board shows the test results first."""
    now = rules()
    shown = not teaching() or now.students_open or now.test_sets_opened or run.shipped or is_teacher()
    return run if shown else Sealed(run.folder)


@st.cache_data(ttl=NAMES, max_entries=20, show_spinner=False)
def _nicknames(root: str, changed: int) -> dict[str, str]:
    """Read all names when one has come or gone: `changed` is when."""
    return {student.owner: student.nickname for student in Classroom(Path(root)).students()}


@st.cache_data(ttl=PRESENCE, max_entries=1000, show_spinner=False)
def _present(root: str, owner: str, began: str, _client: str) -> str:
    """Note that the student is here; `began` is the class's mark, with which everybody has another name."""
    classroom = Classroom(Path(root))
    if not classroom.has_name(owner):
        _give_back(root)
        if not _newcomers.admit(network_of(_client), root + began):
            text = _(
                "You have no name in the class yet: very many browsers have come at once. You get one "
                "within a few minutes, and can then train, vote and answer."
            )
            raise RunError(text)
    classroom.seen(owner)
    return classroom.nickname(owner)


@st.cache_data(ttl=60, max_entries=4, show_spinner=False)
def _give_back(root: str) -> None:
    Classroom(Path(root)).give_back()
