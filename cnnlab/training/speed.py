"""How long does a step of training take on a computer? The sum of its layers, by what some of each kind took.

A worker that trains times a few layers of each kind once (`cnnlab.training.timing`), while nobody trains, and
keeps what it found beside the runs: one file a computer. What a layer takes grows with its arithmetic and
with the numbers that it reads and writes; convolutions with few channels make less of a processor than
others.
"""

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from cnnlab import files, ops, reading, system
from cnnlab.config import OPTIMIZERS, TrainConfig, steps_per_epoch
from cnnlab.data.spec import SIDE
from cnnlab.training.augmentation import AUGMENTATIONS
from cnnlab.training.layers import FORWARD, TRAINING, kind_of, measures

INPUT = (SIDE, SIDE, 3)
MEASURES = {"conv": 5, "dense": 3, "norm": 2, "pool_max": 2, "pool_average": 2, "plain": 2, "curved": 2}
MEASURES |= {"dropout": 2}  # kind of layer -> how many measures its time depends on
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


@dataclass(frozen=True)
class Speed:
    """What was timed on one computer, in seconds.

    costs: precision -> kind of layer -> seconds for each of its `measures`; changes: kind of augmentation ->
    seconds an image; weight: of one that Adam changes. A network takes `together` times as long as its layers
    alone, and `step` and `epoch` are what there is beside, for every one.
    """

    costs: dict[str, dict[str, list[Seconds]]]
    changes: dict[str, Seconds]
    weight: Seconds
    together: Annotated[float, Field(gt=0, le=100)]
    step: Seconds
    epoch: Seconds
    bfloat16: bool  # whether this computer has it
    threads: int
    version: Literal[1] = 1  # of this table; another one is timed again

    def layers(self, layers: Sequence[ops.Layer], batch: int, precision: str) -> float:
        """Return the seconds of a network's layers for one batch, forwards and backwards.

        Raises GeometryError where the layers do not fit together.
        """
        shapes = [INPUT, *ops.output_shapes(layers, INPUT)]
        seconds = 0.0
        for place, (layer, before) in enumerate(zip(layers, shapes, strict=False)):
            last = place == len(layers) - 1  # as in `models.build`
            costs = self.costs["float32" if last else precision]
            first = place == 1  # nothing before it learns, so its gradient goes no further
            seconds += float(np.dot(costs[kind_of(layer)], measures(layer, before, batch, first)))
        return seconds * self.together

    def epoch_seconds(
        self, config: TrainConfig, layers: Sequence[ops.Layer], training: int, held: int
    ) -> float:
        """Return the seconds of an epoch that learns from `training` images and judges `held` ones.

        Raises GeometryError where the layers do not fit together.
        """
        precision, batch = self.used(config.precision), config.batch_size
        weights = sum(ops.parameters(layers, INPUT))
        step = self.step + self.layers(layers, batch, precision)
        step += self.weight * weights * numbers_per_weight(config.optimizer) / numbers_per_weight("adam")
        step += batch * sum(
            self.changes[name] for name in AUGMENTATIONS if getattr(config.augmentation, name)
        )
        judged = self.step + self.layers(layers, batch, "float32") * FORWARD / TRAINING
        epochs = 2 if held else 1  # to judge is to go through images once more
        full = training / batch  # the last batch may be smaller
        return full * step + steps_per_epoch(held, batch) * judged + epochs * self.epoch

    def used(self, precision: str) -> str:
        """Return the precision in which this computer computes what asks for this one."""
        return precision if self.bfloat16 else "float32"


def numbers_per_weight(optimizer: str) -> int:
    """Return how many numbers a step handles for each weight: it, its gradient, what the optimiser keeps."""
    return 2 + OPTIMIZERS[optimizer].kept


# Kept beside the runs

_SPEED = TypeAdapter(Speed)
TYPICAL = Path(__file__).with_name("typical_speed.json")  # two cores of an AMD EPYC, processor time


def path(root: Path, computer: str | None = None) -> Path:
    """Return where the speed of a computer (without a name: this one) is kept."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", computer or platform.node())[:80]
    return root / f".speed-{name}.json"


def save(speed: Speed, root: Path) -> None:
    """Keep the speed of this computer among the runs in `root`. Raises OSError where it cannot be written."""
    files.write_text(path(root), json.dumps(asdict(speed)))


def load(file: Path) -> Speed | None:
    """Return what a file tells; None where it tells nothing that can be used: then it is timed again."""
    try:
        found = reading.value(file, _SPEED)
    except (FileNotFoundError, reading.Damaged):
        return None
    return found if _is_whole(found) else None


def of_trainers(root: Path) -> tuple[Speed, bool]:
    """Return the speed of this computer, else (in a cluster) of one that trains; and whether it was timed.

    Where none was timed yet it is a guess: that of a typical computer.
    """
    for file in (path(root), *sorted(root.glob(".speed-*.json"))):
        if found := load(file):
            return found, True
    typical: Speed = reading.value(TYPICAL, _SPEED)
    return replace(typical, bfloat16=system.bfloat16_is_native()), False


def _is_whole(speed: Speed) -> bool:
    """Say whether nothing is missing for any network on that computer."""
    tables = [speed.costs.get(name, {}) for name in ("float32", "bfloat16")[: 1 + speed.bfloat16]]
    counts = [{kind: len(table.get(kind, ())) for kind in MEASURES} for table in tables]
    return set(AUGMENTATIONS) <= set(speed.changes) and all(one == MEASURES for one in counts)


def fitted(timed: Sequence[tuple[list[float], float]]) -> list[float]:
    """Return the seconds for each measure that fit what was timed, (measures, seconds), none below 0.

    Relative errors count: a small layer is as important as a large one, of which a step has fewer.
    """
    from scipy.optimize import nnls

    values = np.array([np.asarray(measured) / seconds for measured, seconds in timed])
    scale = np.abs(values).max(axis=0)
    found, _rest = nnls(values / scale, np.ones(len(timed)))
    return [float(one) for one in found / scale]
