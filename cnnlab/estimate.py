"""How long will a training run take on this machine, and how much memory?

Time: the arithmetic of an epoch divided by the speed that finished runs were measured at. Memory: numbers of
four bytes that a step has to hold. Both are estimates; the page says so.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median

import psutil

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.models import SIDE
from cnnlab.runs import Run, RunError

INPUT = (SIDE, SIDE, 3)
FORWARD, TRAINING = 2, 6  # operations a multiplication: with its addition; and twice more for gradients
# Speed before anything was measured, in operations a second: the article's network on CIFAR-10, batches of
# 64, on two cores that had other work too; median of 18 epochs of two runs.
DEFAULT_SPEED = 100e9
PREPARING = 2.0  # seconds more for the first epoch: Keras traces the network (Digits, many runs: 1.2 to 5 s)
BYTES = 4  # of a number in float32
# How many numbers an optimiser keeps for each weight, beside the weight and its gradient.
KEPT = {"sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2}


@dataclass(frozen=True)
class Measured:
    """What one run has shown: its network, the operations and seconds of its epochs (the first left out)."""

    layers: list[dict]
    precision: str
    operations: float
    seconds: float


def flops(layers: Sequence[dict]) -> list[int]:
    """Return the floating-point operations of each layer for one photo, forwards: multiply and add."""
    return [FORWARD * count for count in ops.multiplications(layers, INPUT)]


def epoch_operations(layers: Sequence[dict], training: int, validation: int) -> float:
    """Return the operations of one epoch: images learned from, forwards and backwards, and images judged."""
    multiplications = sum(ops.multiplications(layers, INPUT))
    return multiplications * (TRAINING * training + FORWARD * validation)


def measure(run: Run, dataset: str, images: int) -> Measured | None:
    """Return what a run with this data has shown of this machine's speed, None where it has no two epochs.

    `images`: how many training images the dataset has. The first epoch is left out: it includes preparations.
    """
    try:
        recipe, seconds = run.recipe(), [row["seconds"] for row in run.history()[1:]]
    except RunError:
        return None
    config = recipe.config
    if config.dataset != dataset or recipe.foreign:  # seconds of another machine
        return None
    operations = epoch_operations(recipe.layers(), *_parts(config, images)) * len(seconds)
    return (
        Measured(recipe.layers(), config.precision, operations, sum(seconds))
        if seconds and sum(seconds) > 0
        else None
    )


def speed(layers: Sequence[dict], precision: str, measured: Sequence[Measured]) -> tuple[float, str]:
    """Return operations a second, and from what: "same" network, "other" networks, or the "default"."""
    measured = [one for one in measured if one.precision == precision]
    same = [one for one in measured if one.layers == list(layers)]
    for basis, runs in (("same", same), ("other", measured)):
        if runs:
            return sum(one.operations for one in runs) / sum(one.seconds for one in runs), basis
    return DEFAULT_SPEED, "default"


def epoch_seconds(
    config: TrainConfig, layers: Sequence[dict], images: int, measured: Sequence[Measured]
) -> tuple[float, str]:
    """Return how long an epoch will take, and what that rests on (see `speed`).

    images: how many training images the dataset has.
    """
    operations, basis = speed(layers, config.precision, measured)
    training, held = _parts(config, images)
    return epoch_operations(layers, training, held) / operations, basis


def seconds_left(run: Run, images: int, measured: Sequence[Measured]) -> float:
    """Return how long the run will still be trained: its epochs to come, each like the median of its last.

    Before its first epoch has ended, the speed of other runs says how long one takes. RunError if damaged.
    """
    recipe, state, rows = run.recipe(), run.state(), run.history()
    config = recipe.config
    done = state.epoch + state.step / max(1, state.steps)
    epochs = max(0.0, run.wished("epochs", config.epochs) - done)
    if rows:
        return epochs * median(row["seconds"] for row in rows[-3:])
    return epochs * epoch_seconds(config, recipe.layers(), images, measured)[0] + PREPARING


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


def memory(config: TrainConfig, layers: Sequence[dict]) -> int:
    """Return the bytes that training holds: weights, gradients, the optimiser's numbers, activations.

    Each layer's output is kept for the way back, and its gradient stands beside it.
    """
    weights = sum(ops.parameters(layers, INPUT)) * (2 + KEPT[config.optimizer])
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
