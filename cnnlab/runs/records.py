"""What stands in the files of a run folder: one record a file, checked when it is read."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter

from cnnlab import ops, reading
from cnnlab.config import LARGEST_RATE, TrainConfig, losses
from cnnlab.i18n import Sentence, _, number
from cnnlab.runs import history
from cnnlab.runs.phase import Phase

SCHEMA = 1
SHIPPED = Path(__file__).parents[1] / "pretrained"  # networks that come with the app
PICTURE = (32, 32, 3)  # what a network looks at
OPENINGS = 10**6  # of a test set, at most
COMMANDS, COMMANDS_BYTES = 500, 128 * 2**10  # left for one run; every look at the queue reads them all

Count = Annotated[int, Field(ge=0, lt=2**63)]
Epochs = Annotated[int, Field(ge=0, le=history.EPOCHS)]
Steps = Annotated[int, Field(ge=0, le=reading.STEPS)]


class RunError(Sentence, RuntimeError):
    """Something about a run that a student should read: missing, damaged, or not theirs to steer."""


@dataclass(frozen=True)
class Recipe:
    """config.json: what was asked for, by whom (a hash), and when. Written once.

    The names of the classes stand here too, so that a network can be used without its dataset; `note` says
    of a shipped network what its images were.
    """

    config: TrainConfig
    classes: Annotated[tuple[reading.Word, ...], Field(min_length=1, max_length=1000)]
    preset: reading.Word
    owner: reading.Word
    created: reading.Word
    note: reading.Word = ""

    @property
    def foreign(self) -> bool:
        """Whether it was trained elsewhere: then its times say nothing about this machine."""
        return bool(self.note)

    def layers(self) -> list[ops.Layer]:
        """Return the network's flat list of layers."""
        return self.config.model.layers(len(self.classes))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array of the network, by its name in weights.npz.

        Raises GeometryError where the layers do not fit together.
        """
        return ops.network_shapes(self.layers(), PICTURE)


@dataclass(frozen=True)
class _Version:
    schema: int


@dataclass(frozen=True)
class _Owned:
    owner: reading.Word


@dataclass(frozen=True)
class Command:
    """A line of changes.jsonl: "pause", "stop", "resume", or a new value of "rate" or "epochs" (the name).

    A stop may tell the limit in minutes that asked for it. Those of later versions are kept and mean nothing.
    """

    name: Annotated[reading.Word, Field(alias="wish")]
    value: int | float | None = None
    at: reading.Word = ""

    def possible(self) -> "Command":
        """Return the command. Raises ValueError, with a sentence to show, where its value is impossible."""
        value = self.value
        if self.name == "rate" and not (value and 0 < value <= LARGEST_RATE):
            raise ValueError(
                _("A learning rate is above 0 and at most {most}.").format(most=number(LARGEST_RATE))
            )
        if self.name == "epochs" and value not in range(1, history.EPOCHS + 1):
            text = _("A training run has from 1 to {most} epochs.")
            raise ValueError(text.format(most=number(history.EPOCHS)))
        if self.name == "stop" and not (value is None or 0 < value < math.inf):
            raise ValueError(_("A limit in minutes is more than 0."))
        return self


@dataclass(frozen=True)
class Claim:
    """attempt-N: why it was claimed, how many commands came before it, and when."""

    reason: reading.Word
    commands: Annotated[Count, Field(alias="wishes")]
    at: reading.Word = ""


@dataclass(frozen=True)
class State:
    """state.json: how far the newest attempt is. `epoch` counts finished epochs; `step` batches within one.

    `accuracy` and `loss` are the running values of the epoch under way, None before its first batches.
    `undefined` says that training failed because the loss left the range of numbers.
    """

    phase: Phase
    attempt: Count = 0
    epoch: Epochs = 0
    epochs: Epochs = 0
    step: Steps = 0
    steps: Steps = 0
    accuracy: reading.Share | None = None
    loss: reading.Loss | None = None
    learning_rate: reading.Rate | None = None
    images_per_second: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    message: reading.Text = ""
    heartbeat: Annotated[Count, Field(alias="beat")] = 0
    undefined: bool = False


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
class AnswerPanel:
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
        """The share of right answers, 0 to 1."""
        return float((self.probabilities.argmax(1) == self.labels).mean())

    @property
    def cross_entropy(self) -> float:
        """The mean of -ln p of the true class: not the loss, where that is another one."""
        return losses.cross_entropy(self.probabilities, self.labels)


# What must hold of the files


def epoch_of(arrays: Mapping[str, np.ndarray]) -> int:
    """Return after how many epochs a checkpoint or panel stands. Raises Damaged where it does not say."""
    return reading.whole_number(arrays["epoch"], 0, history.EPOCHS)


def checkpoint_of(arrays: Mapping[str, np.ndarray]) -> Checkpoint:
    """Return the checkpoint in these arrays: weights and the rest of any shape, `so_far` (n,).

    Raises Damaged where they are something else.
    """
    epoch = epoch_of(arrays)
    step = reading.whole_number(arrays["step"], 0, reading.STEPS)
    weights, rest = _under("weights/", arrays), _under("rest/", arrays)
    so_far = arrays["so_far"]
    if so_far.ndim != 1 or not all(array.dtype.kind == "f" for array in weights.values()):
        raise reading.Damaged("other arrays")
    return Checkpoint(epoch, weights, rest, step, tuple(map(float, so_far)))


def answer_panel_of(arrays: Mapping[str, np.ndarray], classes: int, images: int) -> AnswerPanel:
    """Return the answer panel in these arrays: `index` (n,), `probabilities` (n, classes).

    images: how many the training set has. Raises Damaged where the arrays are something else.
    """
    index, probabilities = arrays["index"], arrays["probabilities"]
    _answers(probabilities, index, classes)
    if not (index < images).all():
        raise reading.Damaged("answers for images that there are not")
    return AnswerPanel(epoch_of(arrays), index.astype(np.int64), probabilities)


def evaluation_of(arrays: Mapping[str, np.ndarray], classes: int) -> Evaluation:
    """Return the evaluation in these arrays: `probabilities` (n, classes), `labels` (n,).

    Raises Damaged where they are something else.
    """
    probabilities, labels = arrays["probabilities"], arrays["labels"]
    _answers(probabilities, labels, classes)
    if not len(labels) or not (labels < classes).all():
        raise reading.Damaged("labels of other classes")
    epochs = reading.whole_number(arrays["epochs"], 0, history.EPOCHS) if "epochs" in arrays else None
    openings = reading.whole_number(arrays["openings"], 1, OPENINGS)
    return Evaluation(probabilities, labels.astype(np.int64), openings, epochs)


def _answers(probabilities: np.ndarray, numbers: np.ndarray, classes: int) -> None:
    """Raise Damaged unless these are probabilities of so many classes for images with these numbers."""
    fits = numbers.ndim == 1 and numbers.dtype.kind in "iu" and bool((numbers >= 0).all())
    fits = fits and probabilities.dtype.kind == "f" and probabilities.shape == (len(numbers), classes)
    if not fits:
        raise reading.Damaged("answers of another kind")


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


VERSION_FILE, OWNER_FILE, RECIPE_FILE = TypeAdapter(_Version), TypeAdapter(_Owned), TypeAdapter(Recipe)
STATE_FILE, CLAIM_FILE = TypeAdapter(State), TypeAdapter(Claim)
COMMAND_LINE = TypeAdapter(Command)


def stored(record: Command | Claim | State) -> str:
    """Return a record as it stands in its file, in JSON; there some fields have the names of earlier days."""
    kinds: dict[type, TypeAdapter[Any]] = {Command: COMMAND_LINE, Claim: CLAIM_FILE, State: STATE_FILE}
    return json.dumps(kinds[type(record)].dump_python(record, by_alias=True))
