"""What has been trained, what is being trained, and what waits?

One folder a training run; the folder is the queue and the truth. Each file has one writer (see the README's
table) and is written as `cnnlab.files` does it, so a reader finds a whole file or none.
"""

import secrets
from pathlib import Path

from cnnlab import files
from cnnlab.access import TeacherPass, Who, teaching
from cnnlab.i18n import _
from cnnlab.runs.claims import Claims
from cnnlab.runs.records import Recipe, RunError, State
from cnnlab.runs.results import Results

ASIDE = ".set-aside-"  # how the folders of damaged runs begin that were put out of the way


class Run(Claims, Results):
    """One run folder, for reading it and for leaving commands. Raises RunError with a sentence to show."""

    def look(self) -> tuple[Recipe, State]:
        """Return what every list tells of a run; RunError where a file is damaged that lists rely on."""
        self.history()
        return self.recipe(), self.state()

    def delete(self, who: Who) -> None:
        """Remove the folder; owner and teacher may. Raises RunError where somebody else asks."""
        self.require(who)
        files.remove_folder(self.folder)

    def may_set_aside(self, who: Who) -> bool:
        """Say whether this is somebody who may set the run aside.

        Its owner and the teacher may; where nobody can read whose it is, and there is no teacher, anybody.
        """
        if self.shipped:
            return False
        try:
            self.require(who)
        except RunError:
            return isinstance(who, TeacherPass) or not (teaching() or self._has_owner())
        return True

    def set_aside(self, who: Who) -> Path:
        """Put a damaged run out of everybody's way; nothing is deleted. Return where it is now.

        Raises RunError where somebody asks who may not, or it cannot be moved.
        """
        if not self.may_set_aside(who):
            self.require(who)
            raise RunError(_("Only the teacher can set this training run aside."))
        away = self.folder.with_name(f"{ASIDE}{self.id}-{secrets.token_hex(4)}")
        try:
            files.move(self.folder, away)
        except OSError as error:
            text = _("Run {run} could not be set aside: {why}.")
            raise RunError(text.format(run=self.id, why=error.strerror or error)) from error
        return away

    def _has_owner(self) -> bool:
        try:
            return bool(self.owner())
        except RunError:
            return False
