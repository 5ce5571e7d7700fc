"""Who works on a run: attempts, which are claimed, and the phase that follows from them and the commands.

A run waits while no attempt has claimed it; an attempt is claimed by creating its file exclusively, and only
the newest attempt may write. Whether an attempt is alive shows its heartbeat, on the reader's own clock.
"""

import re
import time
from dataclasses import replace
from pathlib import Path

from cnnlab import files, moments, reading
from cnnlab.i18n import _
from cnnlab.runs import records
from cnnlab.runs.commands import Commands
from cnnlab.runs.phase import Phase
from cnnlab.runs.records import Claim, RunError, State

SILENCE = 10.0  # seconds without a new heartbeat until an attempt counts as dead
PATIENCE = 60.0  # the same for an attempt that has been claimed and has not begun: its worker may be starting
ABSENCE = 120.0  # who has not looked for so many seconds, as a laptop that slept, cannot say what was silent

_ATTEMPT = re.compile(r"attempt-([1-9][0-9]{0,5})")


class Claims(Commands):
    """The part of a run that is about attempts: claims and state."""

    def attempt(self) -> int:
        """Return the newest attempt's number, 0 while the run has not been claimed."""
        found = (_ATTEMPT.fullmatch(path.name) for path in self.folder.glob("attempt-*"))
        return max((int(match[1]) for match in found if match), default=0)

    def claim(self, reason: str, after: str = "") -> int | None:
        """Claim the next attempt; return its number, or None where somebody else was quicker.

        The claim counts as later than the time `after`, even where a clock was set back meanwhile. Raises
        RunError where it cannot be stored or the commands are damaged.
        """
        number = self.attempt() + 1
        claim = Claim(reason, len(self.commands()), moments.later_than([moments.read(after)]))
        try:
            created = files.create(self.folder / f"attempt-{number}", records.stored(claim))
            return number if created else None
        except OSError as error:
            text = _("Run {run} could not be taken up: {why}.")
            raise RunError(text.format(run=self.id, why=error.strerror or error)) from error

    def claimed(self, number: int) -> Claim:
        """Return why and when an attempt was claimed. Raises RunError where the claim is damaged."""
        claim: Claim = self.read(f"attempt-{number}", reading.value, records.CLAIM_FILE)
        return claim

    def taken_up(self) -> str:
        """Return when a worker took the run up last, as a text that sorts by time; "" where none did yet.

        Raises RunError where the claim is damaged.
        """
        number = self.attempt()
        if not number or self.claimed(number).reason == "import":
            return ""
        return moments.written(moments.read(self.claimed(number).at, self.folder / f"attempt-{number}"))

    def new_commands(self) -> list[str]:
        """Return the commands left since the newest attempt was claimed.

        Raises RunError where the claim or the commands are damaged.
        """
        number = self.attempt()
        before = self.claimed(number).commands if number else 0
        return [command.name for command in self.commands()[before:]]

    def needs_attempt(self) -> str | None:
        """Return why this run wants a worker: "queued", "recovery" or "resume"; None where it does not.

        A run whose attempt fell silent goes on by itself once; when the attempt that recovered it falls
        silent too, it rests until its owner resumes it. Raises RunError where a file is damaged.
        """
        if self.shipped:
            return None
        phase = self.state().phase
        if phase is Phase.QUEUED:
            return "resume" if self.attempt() else "queued"
        if phase is Phase.INTERRUPTED and self.claimed(self.attempt()).reason != "recovery":
            return "recovery"
        return None

    def reclaim(self, number: int) -> int | None:
        """Return the attempt to work on when a worker is handed attempt `number`; None for none at all.

        That is `number` itself, unless it has begun before: then its worker died and this is a second try,
        which goes on as a new attempt; but an attempt that was such a recovery itself rests, and so does a
        run that its owner has meanwhile told to stop or pause. Raises RunError where a file is damaged.
        """
        if self.attempt() != number:
            return None
        written = self._written_state()
        if written is None or written.attempt != number:
            return number
        if self._phase_commands()[-1:] in (["pause"], ["stop"]):
            return None
        return self.claim("recovery") if self.claimed(number).reason != "recovery" else None

    def state(self) -> State:
        """Return what the run is doing now, derived from its files; a damaged file raises RunError."""
        number = self.attempt()
        if number == 0 and self.shipped:
            return State(Phase.FINISHED, epoch=len(self.history()), epochs=len(self.history()))
        state = self._written_state()
        if number == 0:
            state = State(Phase.QUEUED, epochs=self.recipe().config.epochs)
        elif state is None or state.attempt != number:
            epochs = int(self.commanded("epochs", self.recipe().config.epochs))
            state = State(Phase.STARTING, attempt=number, epoch=len(self.history()), epochs=epochs)
        limit = PATIENCE if state.phase is Phase.STARTING else SILENCE
        if state.phase.at_work and _silent_for(self.folder, number, state.heartbeat) > limit:
            state = replace(state, phase=Phase.INTERRUPTED)
        return self._after_commands(state)

    def _after_commands(self, state: State) -> State:
        """Return what the last command makes of a run that no attempt is working on."""
        commands = self._phase_commands()
        if state.phase.at_work or not commands:
            return state
        if commands[-1] == "resume":
            return replace(state, phase=Phase.QUEUED)
        if state.phase is Phase.QUEUED or state.phase.is_suspended:
            return replace(state, phase={"pause": Phase.PAUSED, "stop": Phase.STOPPED}[commands[-1]])
        return state

    def _phase_commands(self) -> list[str]:
        """Return those of the new commands that lead to another phase."""
        return [command for command in self.new_commands() if command in ("pause", "resume", "stop")]

    def _written_state(self) -> State | None:
        return self.read("state.json", reading.value, records.STATE_FILE) if self.has("state.json") else None


_heard: dict[tuple[Path, int], tuple[int, float, float]] = {}  # last heartbeat, since when, looked at when


def _silent_for(folder: Path, attempt: int, heartbeat: int) -> float:
    """Return for how many seconds this process has seen no new heartbeat, by its own monotonic clock."""
    now = time.monotonic()
    known, since, looked = _heard.get((folder, attempt), (None, now, now))
    if heartbeat != known or now - looked > ABSENCE:
        since = now
    _heard[folder, attempt] = (heartbeat, since, now)
    return now - since
