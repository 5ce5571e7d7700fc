"""What owner and teacher want of a run: the commands that they leave in its folder, in order."""

import secrets

from cnnlab import files, moments, reading
from cnnlab.access import TeacherPass, Who
from cnnlab.i18n import _, number
from cnnlab.runs import records
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Command, RunError


class Commands(RunFolder):
    """The part of a run that its people write: changes.jsonl."""

    def commands(self) -> list[Command]:
        """Return the commands in order; a half-written last line is not a command yet.

        Raises RunError where the file is damaged.
        """
        if not self.has("changes.jsonl"):
            return []
        commands = self.read("changes.jsonl", reading.lines, records.COMMAND_LINE, records.COMMANDS_BYTES)
        return self.parse("changes.jsonl", lambda: [command.possible() for command in commands])

    def command(self, name: str, who: Who, value: float | None = None) -> None:
        """Ask for "pause", "stop", "resume", or a new value of "rate" or "epochs"; owner and teacher may.

        Raises RunError where somebody else asks, where it is impossible, or where it cannot be stored.
        """
        self.require(who)
        commands = self.commands()  # to a damaged file nothing is added at all
        if len(commands) >= records.COMMANDS and name != "stop":
            text = _("Run {run} has been changed {most} times; more is not kept. Train a new one.")
            raise RunError(text.format(run=self.id, most=number(records.COMMANDS)))
        if name in ("resume", "epochs") and not self.can_go_on():
            text = _("Run {run} cannot go on: the state of its optimiser is not here, only its result.")
            raise RunError(text.format(run=self.id))
        try:
            line = records.stored(Command(name, value, moments.now()).possible())
        except ValueError as error:
            raise RunError(str(error)) from error
        try:
            files.append(self.folder / "changes.jsonl", line)
        except OSError as error:
            text = _("This could not be stored, so nothing has changed: {why}.")
            raise RunError(text.format(why=error.strerror or error)) from error

    def can_go_on(self) -> bool:
        """Say whether training can go on where it ended: an imported run brings no checkpoint.

        Raises RunError where the history is damaged.
        """
        return not self.history() or self.has("checkpoint/state.npz")

    def commanded(self, name: str, default: float) -> float:
        """Return the last value asked for ("rate" or "epochs"), else the default.

        Raises RunError where the commands are damaged.
        """
        found = [command.value for command in self.commands() if command.name == name]
        return next((value for value in reversed(found) if value is not None), default)

    def require(self, who: Who) -> None:
        """Raise RunError unless the run belongs to this owner (a hash), or the teacher asks."""
        theirs = isinstance(who, TeacherPass) or secrets.compare_digest(self.owner().encode(), who.encode())
        if self.shipped or not theirs:
            raise RunError(
                _("Run {run} belongs to somebody else: you can look at it, not steer it.").format(run=self.id)
            )
