"""Who is in the class? Names that browsers get by lot, each a file."""

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from cnnlab import files, reading
from cnnlab.classroom.class_folder import ClassFolder, make_folder
from cnnlab.i18n import _
from cnnlab.names import nicknames
from cnnlab.runs import Run, RunError, Store
from cnnlab.runs.survey import sound

LONG_AWAY = 1800.0  # seconds after which a name of which nothing is kept may go to somebody else
FURTHER = 20  # candidates for a name that are looked at behind a free one
OWNER = re.compile(r"[\w-]{1,100}")  # the hash of a browser
_NICKNAME = re.compile(r"[A-Z][a-z]+-[A-Z][a-z]+")


@dataclass(frozen=True)
class Student:
    """A browser of the class. `owner` is its hash, for use within the server alone; `seen` is in seconds."""

    owner: str
    nickname: str
    seen: float


class Students(ClassFolder):
    """The part of a class that its names are."""

    def nickname(self, owner: str) -> str:
        """Return the student's name in this class, giving one at first sight."""
        return self._name(owner).name.replace("-", " ")

    def seen(self, owner: str) -> None:
        """Note that the student is here now."""
        os.utime(self._name(owner))

    def students(self) -> list[Student]:
        """Return everybody who has a name, whoever was seen last first."""
        found: dict[str, Student] = {}
        for path in sorted((self.folder / "names").glob("[A-Z]*")):
            owner = _owner_of(path)
            if owner is not None and owner not in found:
                with contextlib.suppress(OSError):  # the class has just begun anew
                    found[owner] = Student(owner, path.name.replace("-", " "), path.stat().st_mtime)
        return sorted(found.values(), key=lambda student: -student.seen)

    def here(self, within: float = 120.0) -> list[Student]:
        """Return who was seen in the last so many seconds."""
        now = time.time()
        return [student for student in self.students() if now - student.seen <= within]

    def has_name(self, owner: str) -> bool:
        return self._places(owner)[0] is not None

    def give_back(self) -> None:
        """Free the names of browsers that were not seen for long and of which nothing is kept.

        One that comes back gets the same name again, unless another has got it meanwhile.
        """
        away = [one for one in self.students() if time.time() - one.seen > LONG_AWAY]
        if not away:
            return
        kept = {path.stem for path in (self.folder / "answers").glob("*.jsonl")}
        kept |= {path.name for path in (self.folder / "votes").glob("*/*")}
        kept |= {owner for _run, owner in sound(Store(self.root).runs(), Run.owner)}
        for one in away:
            if one.owner not in kept:
                files.take_away(self.folder / "names" / one.nickname.replace(" ", "-"))

    def _name(self, owner: str) -> Path:
        """Return the file of the student's name: theirs, else the first of their candidates that is free."""
        while True:
            own, free = self._places(owner)
            if own is not None:
                return own
            if free is None:
                raise RunError(_("There are no names left: let the teacher begin a new class."))
            make_folder(free.parent)
            if files.create(free, owner):
                return free  # else another student or another tab was quicker

    def _places(self, owner: str) -> tuple[Path | None, Path | None]:
        """Return the file of the student's name, and of their candidates the first free one; None for none.

        A candidate that was taken when the student came may have been given back since: hence the look at
        those that follow a free one.
        """
        free, left = None, FURTHER
        for name in nicknames(owner + self.in_force().began):
            path = self.folder / "names" / name.replace(" ", "-")
            if _owner_of(path) == owner:
                return path, free
            if not (path.is_symlink() or reading.there(path)):
                free = free or path
            left -= free is not None
            if not left:
                break
        # With damaged rules the mark of the class is lost, and so is the order: a name that was given holds.
        theirs = [one.nickname for one in self.students() if one.owner == owner]
        return (self.folder / "names" / theirs[0].replace(" ", "-") if theirs else None), free


def _owner_of(path: Path) -> str | None:
    """Return whose name this is; None where there is no such name, or it is damaged."""
    try:
        owner = reading.text(path)
    except (FileNotFoundError, reading.Damaged):
        return None
    return owner if OWNER.fullmatch(owner) and _NICKNAME.fullmatch(path.name) else None
