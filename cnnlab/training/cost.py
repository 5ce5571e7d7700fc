"""How long will a training run take on this machine, and how much memory?

Time: what its layers take on this computer (`cnnlab.training.speed`), and how many times as long finished
runs really took. Memory: numbers of four bytes that a step has to hold. Both are estimates; the page says so.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median

import psutil

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.runs import Run, RunError, precision
from cnnlab.training.layers import FORWARD
from cnnlab.training.speed import INPUT, Speed, numbers_per_weight

PREPARING = 2.0  # seconds more for the first epoch: Keras traces the network (Digits, many runs: 1.2 to 5 s)
BYTES = 4  # of a number in float32
# How many times too long an estimate may be, by what it rests on; None: nobody knows.
UNSURE = {"same": 1.2, "other": 1.5, "timed": 1.5, "guess": None}


@dataclass(frozen=True)
class Measured:
    """What one run has shown: its network and precision, and how many times as long as expected it took."""

    layers: list[ops.Layer]
    precision: str
    factor: float


@dataclass(frozen=True)
class Known:
    """What is known of how fast it goes here: its speed, whether it was timed, and finished runs."""

    speed: Speed
    timed: bool
    runs: Sequence[Measured] = ()


def flops(layers: Sequence[ops.Layer]) -> list[int]:
    """Return the floating-point operations of each layer for one photo, forwards: multiply and add.

    Raises GeometryError where the layers do not fit together.
    """
    return [FORWARD * count for count in ops.multiplications(layers, INPUT)]


def measure(run: Run, dataset: str, images: int, speed: Speed) -> Measured | None:
    """Return what a run with this data has shown of this machine's speed, None where it has no two epochs.

    `images`: how many training images the dataset has. The first epoch is left out: it includes preparations.
    What comes from elsewhere says nothing of this machine.
    """
    try:
        recipe, rows = run.recipe(), run.history()
        used = precision.of_rows(run, rows)
    except RunError:
        return None
    seconds = [row["seconds"] for row, name in zip(rows, used, strict=True) if name == used[-1]]
    seconds = seconds[1:] if used[:1] == used[-1:] else seconds
    if recipe.foreign or recipe.config.dataset != dataset or not seconds or not median(seconds) > 0:
        return None
    layers = recipe.layers()
    config = recipe.config.model_copy(update={"precision": used[-1]})
    try:
        expected = speed.epoch_seconds(config, layers, *_parts(config, images))
    except ValueError:  # its layers do not fit
        return None
    return Measured(layers, used[-1], median(seconds) / expected)


def epoch_seconds(
    config: TrainConfig, layers: Sequence[ops.Layer], images: int, known: Known
) -> tuple[float, str]:
    """Return the seconds that an epoch will take, and what that rests on.

    That is runs of the "same" network, those of "other" networks, layers that were "timed" here, or a
    "guess". images: how many training images the dataset has. Raises GeometryError where the layers do not
    fit together.
    """
    expected = known.speed.epoch_seconds(config, layers, *_parts(config, images))
    runs = [one for one in known.runs if one.precision == known.speed.used(config.precision)]
    same = [one for one in runs if one.layers == list(layers)]
    for basis, found in (("same", same), ("other", runs)):
        if found:
            return expected * median(one.factor for one in found), basis
    return expected, "timed" if known.timed else "guess"


def seconds(config: TrainConfig, layers: Sequence[ops.Layer], images: int, known: Known) -> tuple[float, str]:
    """Return the seconds that a whole training run will take, and what that rests on.

    The arguments and errors (GeometryError) are those of `epoch_seconds`.
    """
    epoch, basis = epoch_seconds(config, layers, images, known)
    return PREPARING + epoch * config.epochs, basis


def seconds_left(run: Run, images: int, known: Known) -> float:
    """Return the seconds that the run will still be trained: its epochs to come, each like the last ones.

    That is the median of the last three. Before its first epoch has ended, the speed of other runs says how
    long one takes. Raises RunError where the run is damaged.
    """
    recipe, state, rows = run.recipe(), run.state(), run.history()
    config = recipe.config
    done = state.epoch + state.step / max(1, state.steps)
    epochs = max(0.0, run.commanded("epochs", config.epochs) - done)
    if rows:
        return epochs * median(row["seconds"] for row in rows[-3:])
    return epochs * epoch_seconds(config, recipe.layers(), images, known)[0] + PREPARING


def wait(at_work: Sequence[float], ahead: Sequence[float]) -> float:
    """Return in how many seconds the next run begins, when each worker is busy and takes up what comes next.

    at_work: the seconds that each run under way still takes; ahead: those of each waiting run that comes
    before, in order.
    """
    free = list(at_work) or [0.0]  # when each worker will be free
    heapq.heapify(free)
    for seconds in ahead:
        heapq.heapreplace(free, free[0] + seconds)
    return free[0]


def memory(config: TrainConfig, layers: Sequence[ops.Layer]) -> int:
    """Return the bytes that training holds: weights, gradients, the optimiser's numbers, activations.

    Each layer's output is kept for the way back, and its gradient stands beside it. Raises GeometryError
    where the layers do not fit together.
    """
    weights = sum(ops.parameters(layers, INPUT)) * numbers_per_weight(config.optimizer)
    outputs = sum(prod(shape) for shape in ops.output_shapes(layers, INPUT))
    return BYTES * (weights + 2 * config.batch_size * (prod(INPUT) + outputs))


def free_memory() -> int:
    """Return how many bytes this machine can still give without swapping."""
    return int(psutil.virtual_memory().available)


def _parts(config: TrainConfig, images: int) -> tuple[int, int]:
    """Return how many of a dataset's training images are learned from, and how many are held out."""
    used = min(images, config.limit or images)
    held = round(config.validation * used)
    return used - held, held
