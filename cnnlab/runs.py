"""What has been trained, what is being trained, and what waits?

One folder a training run; the folder is the queue and the truth. Each file has one writer (see the README's
table) and is written as `cnnlab.files` does it, so a reader finds a whole file or none.
A run waits while no attempt has claimed it; an attempt is claimed by creating its file exclusively, and only
the newest attempt may write. Whether an attempt is alive is judged by its beat, on the reader's own clock.
"""

import csv
import json
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from cnnlab import files, history, settings
from cnnlab.config import TrainConfig
from cnnlab.names import run_name
from cnnlab.rights import TeacherPass, Who
from cnnlab.text import _

SCHEMA = 1
SILENCE = 10.0  # seconds without a new beat until an attempt counts as dead
PATIENCE = 60.0  # the same for an attempt that has been claimed and has not begun: its worker may be starting
ABSENCE = 120.0  # who has not looked for so many seconds, as a laptop that slept, cannot say what was silent
NAME = re.compile(r"[a-z]{1,30}(-\d{3})?")  # of a run
ARCHIVE = ".archive-"  # how the folders begin in which the runs of earlier classes are
SHIPPED = Path(__file__).parent / "pretrained"
COLUMNS = history.COLUMNS
RESTING = ("queued", "paused", "stopped", "finished", "failed", "interrupted")  # no attempt is at work
ENDED = ("finished", "stopped")  # its student or its plan has ended it: this network can be tested


class RunError(RuntimeError):
    """Something about a run that a student should read: missing, damaged, or not theirs to steer."""


@dataclass(frozen=True)
class Recipe:
    """config.json: what was asked for, by whom (a hash), and when. Written once.

    The names of the classes stand here too, so that a network can be used without its dataset; `note` says
    of a shipped network what its images were.
    """

    config: TrainConfig
    classes: tuple[str, ...]
    preset: str
    owner: str
    created: str
    note: str = ""

    def layers(self) -> list[dict]:
        """Return the network's flat list of layers."""
        return self.config.model.layers(len(self.classes))


@dataclass(frozen=True)
class State:
    """state.json: how far the newest attempt is. `epoch` counts finished epochs; `step` batches within one.

    `accuracy` and `loss` are the running values of the epoch under way, None before its first batches.
    """

    phase: str
    attempt: int = 0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    accuracy: float | None = None
    loss: float | None = None
    learning_rate: float | None = None
    images_per_second: float | None = None
    message: str = ""
    beat: int = 0


class Run:
    """One run folder, for reading it and for leaving wishes. Raises RunError with a sentence to show."""

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
        return self.folder.parent == SHIPPED

    # What was asked for

    def recipe(self) -> Recipe:
        try:
            stat = (self.folder / "config.json").stat()
        except OSError:
            return self._read_recipe()  # which says what is wrong
        return _known_recipe(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)

    def _read_recipe(self) -> Recipe:
        data = self._json("config.json")
        try:
            if data["schema"] != SCHEMA:
                raise RunError(
                    _(
                        "Run {run} was made by another version of the app (schema {theirs}, here {ours})."
                    ).format(run=self.id, theirs=data["schema"], ours=SCHEMA)
                )
            config = TrainConfig.model_validate(data["config"])
            classes = tuple(str(name) for name in data["classes"])
            words = (str(data[name]) for name in ("preset", "owner", "created"))
            return Recipe(config, classes, *words, note=str(data.get("note", "")))
        except (KeyError, TypeError, ValidationError) as error:
            raise self._damaged("config.json") from error

    # Wishes

    def wishes(self) -> list[dict]:
        """Return the wishes in order; a half-written last line is not a wish yet."""
        try:
            text = files.read_text(self.folder / "changes.jsonl")
        except OSError:
            return []
        try:
            return [json.loads(line) for line in text.split("\n")[:-1]]
        except ValueError as error:
            raise self._damaged("changes.jsonl") from error

    def wish(self, wish: str, who: Who, value: float | None = None) -> None:
        """Ask for "pause", "stop", "resume", or a new value of "rate" or "epochs"; owner and teacher may."""
        self.require(who)
        if wish in ("resume", "epochs") and not self.can_go_on():
            text = _("Run {run} cannot go on: the state of its optimiser is not here, only its result.")
            raise RunError(text.format(run=self.id))
        try:
            line = json.dumps({"wish": wish, "value": value, "at": _now()})
            files.append(self.folder / "changes.jsonl", line)
        except OSError as error:
            text = _("This could not be stored, so nothing has changed: {why}.")
            raise RunError(text.format(why=error.strerror or error)) from error

    def can_go_on(self) -> bool:
        """Say whether training can go on where it ended: an imported run brings no checkpoint."""
        return not self.history() or (self.folder / "checkpoint" / "state.npz").exists()

    def wished(self, wish: str, default: float) -> float:
        """Return the last value wished for ("rate" or "epochs"), else the default."""
        values = [entry["value"] for entry in self.wishes() if entry["wish"] == wish]
        return values[-1] if values else default

    def require(self, who: Who) -> None:
        """Raise RunError unless the run belongs to this owner (a hash), or the teacher asks."""
        theirs = isinstance(who, TeacherPass) or secrets.compare_digest(self.recipe().owner, who)
        if self.shipped or not theirs:
            raise RunError(
                _("Run {run} belongs to somebody else: you can look at it, not steer it.").format(run=self.id)
            )

    # Attempts

    def attempt(self) -> int:
        """Return the newest attempt's number, 0 while the run has not been claimed."""
        numbers = [int(path.name.removeprefix("attempt-")) for path in self.folder.glob("attempt-*")]
        return max(numbers, default=0)

    def claim(self, reason: str, after: str = "") -> int | None:
        """Claim the next attempt; return its number, or None where somebody else was quicker.

        The claim counts as later than the time `after`, even where a clock was set back meanwhile.
        """
        number = self.attempt() + 1
        text = json.dumps({"reason": reason, "wishes": len(self.wishes()), "at": _later_than([after])})
        try:
            return number if files.create(self.folder / f"attempt-{number}", text) else None
        except OSError as error:
            text = _("Run {run} could not be taken up: {why}.")
            raise RunError(text.format(run=self.id, why=error.strerror or error)) from error

    def claimed(self, number: int) -> dict:
        """Return why and when an attempt was claimed: reason, number of wishes before it, time."""
        return self._json(f"attempt-{number}")

    def new_wishes(self) -> list[str]:
        """Return the wishes left since the newest attempt was claimed."""
        number = self.attempt()
        before = self.claimed(number)["wishes"] if number else 0
        return [wish["wish"] for wish in self.wishes()[before:]]

    def needs_attempt(self) -> str | None:
        """Return why this run wants a worker: "queued", "recovery" or "resume"; None where it does not.

        A run whose attempt fell silent goes on by itself once; when the attempt that recovered it falls
        silent too, it rests until its owner resumes it.
        """
        if self.shipped:
            return None
        phase = self.state().phase
        if phase == "queued":
            return "resume" if self.attempt() else "queued"
        if phase == "interrupted" and self.claimed(self.attempt())["reason"] != "recovery":
            return "recovery"
        return None

    def reclaim(self, number: int) -> int | None:
        """Return the attempt to work on when a worker is handed attempt `number`; None for none at all.

        That is `number` itself, unless it has begun before: then its worker died and this is a second try,
        which goes on as a new attempt; but an attempt that was such a recovery itself rests, and so does
        a run whose owner has meanwhile wished it to stop or pause.
        """
        if self.attempt() != number:
            return None
        written = self._written_state()
        if written is None or written.attempt != number:
            return number
        if self._steering()[-1:] in (["pause"], ["stop"]):
            return None
        return self.claim("recovery") if self.claimed(number)["reason"] != "recovery" else None

    # State, history, results

    def state(self) -> State:
        """Return what the run is doing now, derived from its files; a damaged file raises RunError."""
        number = self.attempt()
        if number == 0 and self.shipped:
            return State("finished", epoch=len(self.history()), epochs=len(self.history()))
        state = self._written_state()
        if number == 0:
            state = State("queued", epochs=self.recipe().config.epochs)
        elif state is None or state.attempt != number:
            epochs = int(self.wished("epochs", self.recipe().config.epochs))
            state = State("starting", attempt=number, epoch=len(self.history()), epochs=epochs)
        limit = PATIENCE if state.phase == "starting" else SILENCE
        if state.phase not in RESTING and _silent_for(self.folder, number, state.beat) > limit:
            state = replace(state, phase="interrupted")
        return self._steered(state)

    def _steered(self, state: State) -> State:
        """Return what the last wish makes of a run that no attempt is working on."""
        wishes = self._steering()
        if state.phase not in RESTING or not wishes:
            return state
        if wishes[-1] == "resume":
            return replace(state, phase="queued")
        if state.phase in ("queued", "paused", "interrupted"):
            return replace(state, phase={"pause": "paused", "stop": "stopped"}[wishes[-1]])
        return state

    def _steering(self) -> list[str]:
        return [wish for wish in self.new_wishes() if wish in ("pause", "resume", "stop")]

    def _written_state(self) -> State | None:
        if not (self.folder / "state.json").exists():
            return None
        try:
            return State(**self._json("state.json"))
        except TypeError as error:
            raise self._damaged("state.json") from error

    def history(self) -> list[history.Row]:
        """Return one row a finished epoch: `cnnlab.history.COLUMNS`, NaN where there is no such value."""
        path = self.folder / "history.csv"
        if not path.exists():
            return []
        try:
            return history.read(files.read_text(path))
        except (csv.Error, ValueError, OSError) as error:
            raise self._damaged("history.csv") from error

    def weights(self) -> dict[str, np.ndarray]:
        """Return the arrays of the network, '<layer>/<array>' -> float32: final, else of the last epoch."""
        if (self.folder / "weights.npz").exists():
            arrays = self.arrays("weights.npz")  # shipped ones are kept in float16
            return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
        if (self.folder / "checkpoint" / "state.npz").exists():
            return self.checkpoint().weights
        raise RunError(
            _("Run {run} has not finished an epoch yet, so there are no weights to look at.").format(
                run=self.id
            )
        )

    def checkpoint(self) -> "Checkpoint | None":
        """Return the state after the last finished epoch, None before the first."""
        if not (self.folder / "checkpoint" / "state.npz").exists():
            return None
        arrays = self.arrays("checkpoint/state.npz")
        try:
            return Checkpoint(
                epoch=int(arrays["epoch"]),
                weights=_under("weights/", arrays),
                rest=_under("rest/", arrays),
                step=int(arrays["step"]),
                so_far=tuple(float(value) for value in arrays["so_far"]),
            )
        except KeyError as error:
            raise self._damaged("checkpoint/state.npz") from error

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read one .npz of the folder; pickled content is refused by NumPy."""
        try:
            with files.opened(self.folder / name) as stored, np.load(stored, allow_pickle=False) as file:
                return dict(file)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise self._damaged(name) from error

    def has_weights(self) -> bool:
        return any((self.folder / name).exists() for name in ("weights.npz", "checkpoint/state.npz"))

    def kernel_epochs(self) -> list[int]:
        """Return the epochs after which kernels were kept; 0 is before training."""
        return sorted(
            int(path.stem.removeprefix("epoch-")) for path in self.folder.glob("kernels/epoch-*.npz")
        )

    def kernels(self, epoch: int) -> dict[str, np.ndarray]:
        """Return the kernels kept after an epoch, '<layer>/kernel' -> (kh, kw, c_in, c_out) float16."""
        return self.arrays(f"kernels/epoch-{epoch:04d}.npz")

    def kernel(self, epoch: int, layer: str) -> np.ndarray | None:
        """Return one layer's kernels kept after an epoch, None where they were not kept."""
        name = f"kernels/epoch-{epoch:04d}.npz"
        try:
            with files.opened(self.folder / name) as stored, np.load(stored, allow_pickle=False) as file:
                return file[f"{layer}/kernel"] if f"{layer}/kernel" in file.files else None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise self._damaged(name) from error

    def probe(self) -> "Probe | None":
        """Return the newest answers for a few held-out images, None before the first epoch."""
        if not (self.folder / "probe.npz").exists():
            return None
        arrays = self.arrays("probe.npz")
        try:
            probe = Probe(int(arrays["epoch"]), arrays["index"], arrays["probabilities"])
        except (KeyError, TypeError) as error:
            raise self._damaged("probe.npz") from error
        if probe.probabilities.shape != (len(probe.index), len(self.recipe().classes)):
            raise self._damaged("probe.npz")
        return probe

    def evaluation(self) -> "Evaluation | None":
        """Return what the opened test set said of this network, None while it is sealed.

        A run that has been trained further since is another network: for that one nobody has looked.
        """
        last = self.last_evaluation()
        return last if last and last.epochs in (None, len(self.history())) else None

    def last_evaluation(self) -> "Evaluation | None":
        """Return what the test set said when it was opened last, perhaps after fewer epochs."""
        if not (self.folder / "evaluation.npz").exists():
            return None
        arrays, classes = self.arrays("evaluation.npz"), len(self.recipe().classes)
        try:
            epochs = int(arrays["epochs"]) if "epochs" in arrays else None
            result = Evaluation(arrays["probabilities"], arrays["labels"], int(arrays["openings"]), epochs)
        except (KeyError, TypeError) as error:
            raise self._damaged("evaluation.npz") from error
        labels = result.labels
        fits = labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer)
        fits = fits and result.probabilities.shape == (len(labels), classes)
        if not fits or not ((labels >= 0) & (labels < classes)).all():
            raise self._damaged("evaluation.npz")
        return result

    def save_evaluation(self, probabilities: np.ndarray, labels: np.ndarray) -> None:
        """Record an opening of the test set: probabilities (n, classes), true labels (n,)."""
        before = self.last_evaluation()
        openings, epochs = 1 + (before.openings if before else 0), len(self.history())
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

    def _json(self, name: str) -> dict:
        try:
            data = json.loads(files.read_text(self.folder / name))
        except FileNotFoundError as error:
            if not self.folder.exists():
                raise _missing(self.folder.parent, self.id) from error
            raise self._damaged(name) from error
        except (OSError, ValueError) as error:
            raise self._damaged(name) from error
        if not isinstance(data, dict):
            raise self._damaged(name)
        return data

    def _damaged(self, name: str) -> RunError:
        return RunError(
            _(
                "The file {file} of run {run} is missing or damaged, so this part of it cannot be shown."
            ).format(file=name, run=self.id)
        )


def _missing(root: Path, id: str) -> RunError:
    """Return what to say of a run that is not there: it may have been put away with an earlier class."""
    if NAME.fullmatch(id) and any(root.glob(f"{ARCHIVE}*/{id}")):
        text = _("A new class has begun, and training run {run} was put away with the class before.")
        return RunError(text.format(run=id))
    return RunError(_("There is no run called {run} (any more).").format(run=id))


@lru_cache(maxsize=2048)
def _known_recipe(run: Run, *_written: int) -> Recipe:
    """Read and check a recipe once while its file stays the same: lists and turns ask for all of them."""
    return run._read_recipe()


@dataclass(frozen=True)
class Checkpoint:
    """The state after `epoch` finished epochs: the arrays of the network, and those of the optimiser.

    Within the next epoch, `step` counts its batches and `so_far` are their means (loss, accuracy, ...).
    """

    epoch: int
    weights: dict[str, np.ndarray]
    rest: dict[str, np.ndarray]
    step: int = 0
    so_far: tuple[float, ...] = ()


@dataclass(frozen=True)
class Probe:
    """Answers (n, classes) after an epoch for held-out images, by their index (n,) in the training set."""

    epoch: int
    index: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """The opened test set: probabilities (n, classes), true labels (n,), and how often it was opened.

    epochs: how many the network had finished then; None where training cannot go on (shipped, imported).
    """

    probabilities: np.ndarray
    labels: np.ndarray
    openings: int
    epochs: int | None = None

    @property
    def accuracy(self) -> float:
        return float((self.probabilities.argmax(1) == self.labels).mean())

    @property
    def loss(self) -> float:
        """Return the mean cross-entropy; probabilities below 1e-7 count as 1e-7, as in Keras."""
        true = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.clip(true, 1e-7, 1)).mean())


class Store:
    """The folder of all runs (CNNLAB_RUNS, else runs/), and the shipped networks beside it."""

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root).absolute() if root else settings.runs()

    def create(
        self, config: TrainConfig, classes: Sequence[str], *, preset: str, owner: str, note: str = ""
    ) -> Run:
        """Put a run into the queue; its folder appears whole, under a name not used before.

        It counts as created after all others, even where a clock was set back meanwhile.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        created = _later_than(_created(run) for run in self.runs())
        recipe = {"schema": SCHEMA, "preset": preset, "owner": owner, "created": created}
        recipe |= {"classes": list(classes), "note": note, "config": config.model_dump(mode="json")}
        part = self.root / f".new-{secrets.token_hex(8)}"
        try:
            part.mkdir()
            files.write_text(part / "config.json", json.dumps(recipe, indent=1))
            return self.adopt(part)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def adopt(self, part: Path) -> Run:
        """Move a whole run folder in, under a name not used before; it must lie on the same disk."""
        while not files.place(part, folder := self.root / run_name()):
            pass
        return Run(folder)

    def get(self, id: str) -> Run:
        """Return the run of that name, trained here or shipped; RunError where there is none."""
        if NAME.fullmatch(id):
            for root in (self.root, SHIPPED):
                if (root / id).is_dir():
                    return Run(root / id)
        raise _missing(self.root, id[:40])

    def runs(self) -> list[Run]:
        """Return all runs trained here, newest first (by creation; damaged ones last)."""
        if not self.root.is_dir():
            return []
        runs = [Run(path) for path in self.root.iterdir() if path.is_dir() and path.name[0] != "."]
        return sorted(runs, key=_created, reverse=True)

    def shipped(self) -> list[Run]:
        """Return the networks that come with the app."""
        return [Run(path) for path in sorted(SHIPPED.glob("*/")) if (path / "config.json").exists()]


_heard: dict[tuple[Path, int], tuple[int, float, float]] = {}  # the last beat, since when, when looked at


def _silent_for(folder: Path, attempt: int, beat: int) -> float:
    """Return for how many seconds this process has seen no new beat, by its own monotonic clock."""
    now = time.monotonic()
    known, since, looked = _heard.get((folder, attempt), (None, now, now))
    if beat != known or now - looked > ABSENCE:
        since = now
    _heard[folder, attempt] = (beat, since, now)
    return now - since


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _created(run: Run) -> str:
    try:
        return run.recipe().created
    except RunError:
        return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _later_than(times: Iterable[str]) -> str:
    """Return the time now; where a clock was set back, a moment after the latest of these, to keep order."""
    latest = max(map(_moment, times), default=None)
    now = _now()
    if latest is None or latest < _moment(now):
        return now
    return (latest + timedelta(microseconds=1)).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    """Return a time as it stands in a file; what is none counts as long ago."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)
