"""What has been trained, what is being trained, and what waits?

One folder a training run; the folder is the queue and the truth. Each file has one writer (see the README's
table) and is written as `cnnlab.files` does it, so a reader finds a whole file or none.
A run waits while no attempt has claimed it; an attempt is claimed by creating its file exclusively, and only
the newest attempt may write. Whether an attempt is alive is judged by its heartbeat, on the reader's own clock.
"""

import csv
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from cnnlab import files, moments, ops, reading
from cnnlab.access import TeacherPass, Who, teaching
from cnnlab.data.datasets import DATASETS
from cnnlab.i18n import _, number
from cnnlab.runs import history, records
from cnnlab.runs.history import Row
from cnnlab.runs.phase import Phase
from cnnlab.runs.records import PICTURE, AnswerPanel, Checkpoint, Claim, Command, Evaluation, Recipe, RunError, State

SILENCE = 10.0  # seconds without a new heartbeat until an attempt counts as dead
PATIENCE = 60.0  # the same for an attempt that has been claimed and has not begun: its worker may be starting
ABSENCE = 120.0  # who has not looked for so many seconds, as a laptop that slept, cannot say what was silent
NAME = re.compile(r"[a-z]{1,30}(-\d{3})?")  # of a run
ARCHIVE = ".archive-"  # how the folders begin in which the runs of earlier classes are
ASIDE = ".set-aside-"  # how the folders of damaged runs begin that were put out of the way
T = TypeVar("T")

_ATTEMPT, _KERNELS = re.compile(r"attempt-([1-9][0-9]{0,5})"), re.compile(r"epoch-([0-9]{4})\.npz")


class Run:
    """One run folder, for reading it and for leaving commands. Raises RunError with a sentence to show."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def shipped(self) -> bool:
        return self.folder.parent == records.SHIPPED

    # What was asked for

    def recipe(self) -> Recipe:
        try:
            stat = (self.folder / "config.json").stat()
        except OSError:
            return self._read_recipe()  # which says what is wrong
        return _known_recipe(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)

    def _read_recipe(self) -> Recipe:
        data = self._read("config.json", reading.content)
        schema = self._within("config.json", reading.checked, data, records.VERSION_FILE).schema
        if schema != records.SCHEMA:
            text = _("Run {run} was made by another version of the app (schema {theirs}, here {ours}).")
            raise RunError(text.format(run=self.id, theirs=schema, ours=records.SCHEMA))
        recipe = self._within("config.json", reading.checked, data, records.RECIPE_FILE)
        try:
            ops.output_shapes(recipe.layers(), PICTURE)
        except ops.GeometryError as error:
            text = _("The layers of run {run} do not fit together ({why}).")
            raise RunError(text.format(run=self.id, why=error)) from error
        return recipe

    def owner(self) -> str:
        """Return whose run it is (a hash), also where the rest of the recipe is damaged or from elsewhere."""
        try:
            return self.recipe().owner
        except RunError:
            return self._read("config.json", reading.value, records.OWNER_FILE).owner

    def created(self) -> datetime:
        """Return when the run was created; long ago where that cannot be read."""
        try:
            return moments.read(self.recipe().created, self.folder / "config.json")
        except RunError:
            return moments.read("")

    def look(self) -> tuple[Recipe, State]:
        """Return what every list tells of a run; RunError where a file is damaged that lists rely on."""
        self.history()
        return self.recipe(), self.state()

    # Commands

    def commands(self) -> list[Command]:
        """Return the commands in order; a half-written last line is not a command yet."""
        if not self._has("changes.jsonl"):
            return []
        return self._read("changes.jsonl", reading.lines, records.COMMAND_LINE, records.COMMANDS_BYTES)

    def command(self, name: str, who: Who, value: float | None = None) -> None:
        """Ask for "pause", "stop", "resume", or a new value of "rate" or "epochs"; owner and teacher may."""
        self.require(who)
        if len(self.commands()) >= records.COMMANDS and name != "stop":  # to a damaged file nothing is added at all
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
        """Say whether training can go on where it ended: an imported run brings no checkpoint."""
        return not self.history() or self._has("checkpoint/state.npz")

    def commanded(self, name: str, default: float) -> float:
        """Return the last value asked for ("rate" or "epochs"), else the default."""
        values = [command.value for command in self.commands() if command.name == name]
        return values[-1] if values else default

    def require(self, who: Who) -> None:
        """Raise RunError unless the run belongs to this owner (a hash), or the teacher asks."""
        theirs = isinstance(who, TeacherPass) or secrets.compare_digest(self.owner().encode(), who.encode())
        if self.shipped or not theirs:
            raise RunError(
                _("Run {run} belongs to somebody else: you can look at it, not steer it.").format(run=self.id)
            )

    # Attempts

    def attempt(self) -> int:
        """Return the newest attempt's number, 0 while the run has not been claimed."""
        found = (_ATTEMPT.fullmatch(path.name) for path in self.folder.glob("attempt-*"))
        return max((int(match[1]) for match in found if match), default=0)

    def claim(self, reason: str, after: str = "") -> int | None:
        """Claim the next attempt; return its number, or None where somebody else was quicker.

        The claim counts as later than the time `after`, even where a clock was set back meanwhile.
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
        """Return why and when an attempt was claimed."""
        return self._read(f"attempt-{number}", reading.value, records.CLAIM_FILE)

    def taken_up(self) -> str:
        """Return when a worker took the run up last, as a text that sorts by time; "" where none did yet."""
        number = self.attempt()
        if not number or self.claimed(number).reason == "import":
            return ""
        return moments.written(moments.read(self.claimed(number).at, self.folder / f"attempt-{number}"))

    def new_commands(self) -> list[str]:
        """Return the commands left since the newest attempt was claimed."""
        number = self.attempt()
        before = self.claimed(number).commands if number else 0
        return [command.name for command in self.commands()[before:]]

    def needs_attempt(self) -> str | None:
        """Return why this run wants a worker: "queued", "recovery" or "resume"; None where it does not.

        A run whose attempt fell silent goes on by itself once; when the attempt that recovered it falls
        silent too, it rests until its owner resumes it.
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
        which goes on as a new attempt; but an attempt that was such a recovery itself rests, and so does
        a run that its owner has meanwhile told to stop or pause.
        """
        if self.attempt() != number:
            return None
        written = self._written_state()
        if written is None or written.attempt != number:
            return number
        if self._resting_commands()[-1:] in (["pause"], ["stop"]):
            return None
        return self.claim("recovery") if self.claimed(number).reason != "recovery" else None

    # State, history, results

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
        return self._commanded_to(state)

    def _commanded_to(self, state: State) -> State:
        """Return what the last command makes of a run that no attempt is working on."""
        commands = self._resting_commands()
        if state.phase.at_work or not commands:
            return state
        if commands[-1] == "resume":
            return replace(state, phase=Phase.QUEUED)
        if state.phase is Phase.QUEUED or state.phase.is_suspended:
            return replace(state, phase={"pause": Phase.PAUSED, "stop": Phase.STOPPED}[commands[-1]])
        return state

    def _resting_commands(self) -> list[str]:
        return [command for command in self.new_commands() if command in ("pause", "resume", "stop")]

    def _written_state(self) -> State | None:
        return self._read("state.json", reading.value, records.STATE_FILE) if self._has("state.json") else None

    def history(self) -> list[Row]:
        """Return one row a finished epoch: `cnnlab.runs.history.COLUMNS`, NaN where there is no such value."""
        try:
            stat = (self.folder / "history.csv").stat()
        except OSError:
            return []
        rows = _known_history(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)
        return [dict(row) for row in rows]

    def _read_history(self) -> list[Row]:
        return self._within("history.csv", history.read, self._read("history.csv", reading.text))

    def weights(self) -> dict[str, np.ndarray]:
        """Return the arrays of the network, '<layer>/<array>' -> float32: final, else of the last epoch."""
        if self._has("weights.npz"):
            arrays = self.arrays("weights.npz")  # shipped ones are kept in float16
        elif checkpoint := self.checkpoint():
            arrays = checkpoint.weights
        else:
            text = _("Run {run} has not finished an epoch yet, so there are no weights to look at.")
            if self.has_weights():
                text = _(
                    "Run {run} was paused within an epoch by an earlier version of the app, which did not "
                    "keep the network of the epoch before. Resume it: after this epoch there is one to look "
                    "at."
                )
            raise RunError(text.format(run=self.id))
        return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}

    def written(self) -> int:
        """Return when the weights were written, in nanoseconds, 0 where there are none: caches go by it."""
        times = []
        for name in ("weights.npz", "checkpoint/state.npz"):
            with suppress(OSError):
                times.append((self.folder / name).stat().st_mtime_ns)
        return max(times, default=0)

    def trained(self) -> tuple[int, dict[str, np.ndarray]]:
        """Return the network and after how many epochs it stands; an epoch may end while it is read."""
        while True:
            written = self.written()
            try:
                found = self.trained_epochs(), self.weights()
            except RunError:
                if written == self.written():
                    raise
                continue
            if written == self.written():
                return found

    def trained_epochs(self) -> int:
        """Return after how many finished epochs the network of this run stands: that of `weights`.

        Its history is a row ahead for the moment between two writes, and for longer if its worker died then.
        """
        try:
            stat = (self.folder / "checkpoint" / "state.npz").stat()
            return _known_epoch(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)
        except (OSError, RunError):  # shipped, imported, cleaned up: training cannot go on
            return len(self.history())

    def checkpoint(self) -> Checkpoint | None:
        """Return the state after the last finished epoch, None before the first."""
        kept = self._kept("checkpoint/state.npz")
        return kept if kept and not kept.step else None  # earlier versions wrote a pause over it

    def within(self) -> Checkpoint | None:
        """Return the state in the midst of the epoch under way, where a pause has left one."""
        finished, within = self._kept("checkpoint/state.npz"), self._kept("checkpoint/within.npz")
        if within and within.epoch == (finished.epoch if finished else 0):
            return within
        return finished if finished and finished.step else None

    def _kept(self, name: str) -> Checkpoint | None:
        return self._within(name, records.checkpoint_of, self.arrays(name)) if self._has(name) else None

    def _read_epoch(self) -> int:
        name = "checkpoint/state.npz"
        return self._within(name, records.epoch_of, self._read(name, reading.arrays, "epoch"))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read one .npz of the folder, of numbers alone."""
        return self._read(name, reading.arrays)

    def has_weights(self) -> bool:
        return any(self._has(name) for name in ("weights.npz", "checkpoint/state.npz"))

    def kernel_epochs(self) -> list[int]:
        """Return the epochs after which kernels were kept; 0 is before training."""
        found = (_KERNELS.fullmatch(path.name) for path in self.folder.glob("kernels/epoch-*.npz"))
        return sorted(int(match[1]) for match in found if match)

    def kernels(self, epoch: int) -> dict[str, np.ndarray]:
        """Return the kernels kept after an epoch, '<layer>/kernel' -> (kh, kw, c_in, c_out) float16.

        They are those of all convolutions, or of the first alone.
        """
        return self._kernels(epoch)

    def kernel(self, epoch: int, layer: str) -> np.ndarray | None:
        """Return one layer's kernels kept after an epoch, None where they were not kept."""
        return self._kernels(epoch, f"{layer}/kernel").get(f"{layer}/kernel")

    def _kernels(self, epoch: int, only: str | None = None) -> dict[str, np.ndarray]:
        name = f"kernels/epoch-{epoch:04d}.npz"
        found = self._read(name, reading.arrays, only)
        shapes = {name: shape for name, shape in self.recipe().shapes().items() if len(shape) == 4}
        fits = all(shapes.get(kernel) == array.shape for kernel, array in found.items())
        if not fits or (only is None and next(iter(shapes), None) not in found):
            raise self._damaged(name)
        return {kernel: found[kernel] for kernel in shapes if kernel in found}

    def answer_panel(self) -> AnswerPanel | None:
        """Return the newest answers for a few held-out images, None before the first epoch."""
        if not self._has("probe.npz"):
            return None
        recipe = self.recipe()
        images = DATASETS[recipe.config.dataset].train_images
        return self._within("probe.npz", records.answer_panel_of, self.arrays("probe.npz"), len(recipe.classes), images)

    def evaluation(self) -> Evaluation | None:
        """Return what the opened test set said of this network, None while it is sealed.

        A run that has been trained further since is another network: for that one nobody has looked.
        """
        last = self.last_evaluation()
        return last if last and last.epochs in (None, self.trained_epochs()) else None

    def last_evaluation(self) -> Evaluation | None:
        """Return what the test set said when it was opened last, perhaps after fewer epochs."""
        if not self._has("evaluation.npz"):
            return None
        classes = len(self.recipe().classes)
        return self._within("evaluation.npz", records.evaluation_of, self.arrays("evaluation.npz"), classes)

    def save_evaluation(
        self, probabilities: np.ndarray, labels: np.ndarray, epochs: int | None = None
    ) -> None:
        """Record an opening of the test set: probabilities (n, classes), true labels (n,).

        epochs: after how many the network stood that was asked; None: that of now.
        """
        before = self.last_evaluation()
        openings = 1 + (before.openings if before else 0)
        epochs = self.trained_epochs() if epochs is None else epochs
        record = {"probabilities": probabilities.astype(np.float32), "labels": labels}
        record |= {"openings": openings, "epochs": epochs}
        try:
            files.write_arrays(self.folder / "evaluation.npz", record)
        except OSError as error:
            text = _("What the test set said could not be stored: {why}.")
            raise RunError(text.format(why=error.strerror or error)) from error

    def delete(self, who: Who) -> None:
        """Remove the folder; owner and teacher may."""
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
        """Put a damaged run out of everybody's way; nothing is deleted. Return where it is now."""
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

    def _has(self, name: str) -> bool:
        return reading.there(self.folder / name)

    def _read(self, name: str, read: Callable[..., T], *how) -> T:
        """Return what one of `cnnlab.reading` makes of a file that has to be there."""
        try:
            return self._within(name, read, self.folder / name, *how)
        except FileNotFoundError as error:
            if not reading.there(self.folder):
                raise missing(self.folder.parent, self.id) from error
            raise self._damaged(name) from error

    def _within(self, name: str, read: Callable[..., T], *what) -> T:
        """Return what is read of a file's content; where that is damaged, say it with the file's name."""
        try:
            return read(*what)
        except (ValueError, KeyError, csv.Error) as error:
            raise self._damaged(name) from error

    def _damaged(self, name: str) -> RunError:
        return RunError(
            _(
                "The file {file} of run {run} is missing or damaged, so this part of it cannot be shown."
            ).format(file=name, run=self.id)
        )


def missing(root: Path, id: str) -> RunError:
    """Return what to say of a run that is not there: it may have been put away with an earlier class."""
    if NAME.fullmatch(id) and any(root.glob(f"{ARCHIVE}*/{id}")):
        text = _("A new class has begun, and training run {run} was put away with the class before.")
        return RunError(text.format(run=id))
    return RunError(_("There is no run called {run} (any more).").format(run=id))


@lru_cache(maxsize=2048)
def _known_history(run: Run, *_written: int) -> list[Row]:
    """Read a history once while its file stays the same."""
    return run._read_history()


@lru_cache(maxsize=2048)
def _known_recipe(run: Run, *_written: int) -> Recipe:
    """Read and check a recipe once while its file stays the same: lists and turns ask for all of them."""
    return run._read_recipe()


@lru_cache(maxsize=2048)
def _known_epoch(run: Run, *_written: int) -> int:
    """Read the epoch of a checkpoint once while its file stays the same, without its arrays."""
    return run._read_epoch()


_heard: dict[tuple[Path, int], tuple[int, float, float]] = {}  # the last heartbeat, since when, when looked at


def _silent_for(folder: Path, attempt: int, heartbeat: int) -> float:
    """Return for how many seconds this process has seen no new heartbeat, by its own monotonic clock."""
    now = time.monotonic()
    known, since, looked = _heard.get((folder, attempt), (None, now, now))
    if heartbeat != known or now - looked > ABSENCE:
        since = now
    _heard[folder, attempt] = (heartbeat, since, now)
    return now - since
