"""How has the class voted? A file a ballot, in a folder a round."""

import re
import secrets
from pathlib import Path

from cnnlab import files, reading
from cnnlab.classroom.class_folder import ClassFolder, make_room
from cnnlab.classroom.students import OWNER
from cnnlab.config.class_rules import Rules, Vote
from cnnlab.i18n import _
from cnnlab.runs import RunError


class Ballots(ClassFolder):
    """The part of a class that its votes are."""

    def ask(self, question: str) -> Rules:
        """Begin a vote on a question of the register."""
        return self.change(vote={"id": secrets.token_hex(4), "question": question})

    def cast(self, owner: str, option: int, vote: Vote) -> None:
        """Vote, or vote otherwise, as long as the vote that was on show is open; RunError after that."""
        if not vote.is_open or self.in_force().vote != vote:
            raise RunError(_("This vote is closed."))
        folder = self.folder / "votes" / f"{vote.id}-{vote.round}"
        make_room(folder / owner)
        files.write_text(folder / owner, str(int(option)))

    def cast_by(self, owner: str, vote: Vote) -> int | None:
        """Return what the student has voted in this round, None where they have not."""
        return _ballot(self.folder / "votes" / f"{vote.id}-{vote.round}" / owner)

    def ballots(self, vote: Vote, round: str) -> dict[str, int]:
        """Return which option each student chose in a round ("first" or "second")."""
        folder = self.folder / "votes" / f"{vote.id}-{round}"
        found = {path.name: _ballot(path) for path in folder.iterdir()} if folder.is_dir() else {}
        return {
            owner: option for owner, option in found.items() if option is not None and OWNER.fullmatch(owner)
        }


def _ballot(path: Path) -> int | None:
    """Read a ballot; None where there is none (a new class has just begun), or none that we wrote."""
    try:
        text = reading.content(path)
    except (FileNotFoundError, reading.Damaged):
        return None
    return int(text) if re.fullmatch(rb"\d{1,2}", text) else None
