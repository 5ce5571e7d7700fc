"""In what do several runs differ, and which is better? Ranked by validation, never by the test set."""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlab import ops
from cnnlab.config import OPTIMIZERS, TrainConfig
from cnnlab.config.losses import is_cross_entropy
from cnnlab.data.spec import SIDE
from cnnlab.runs import Run, precision

FEW = 4  # settings of a network that are told one by one
RACERS = ("sgd", "momentum", "rmsprop", "adam")


@dataclass(frozen=True)
class Entry:
    """A run as it enters a comparison: its history, and what it took.

    `validation` is the validation accuracy of its network, which is that of its last finished epoch, not of
    its best one; nan without validation. `seconds` of all epochs together, nan
    where another computer trained it: its seconds are not this one's. `precision` says which was really used.
    """

    run: Run
    owner: str
    config: TrainConfig
    rows: list[dict[str, float]]
    parameters: int
    seconds: float
    validation: float
    precision: str


def entry(run: Run) -> Entry:
    """Read what a comparison needs; RunError where the run is damaged."""
    recipe, rows = run.recipe(), run.history()
    if is_cross_entropy(recipe.config):  # an older run kept it under one name alone
        rows = [row | {"cross_entropy": row["loss"]} for row in rows]
    return Entry(
        run,
        recipe.owner,
        recipe.config,
        rows,
        parameters=sum(ops.parameters(recipe.layers(), (SIDE, SIDE, 3))),
        seconds=math.nan if recipe.note else float(np.sum([row["seconds"] for row in rows])),
        validation=rows[-1]["val_accuracy"] if rows else math.nan,
        precision=precision.words(run),
    )


def ranked(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, the highest validation accuracy first; those without validation last."""
    return sorted(
        entries, key=lambda entry: -entry.validation if math.isfinite(entry.validation) else math.inf
    )


def grouped(entries: Sequence[Entry], by: Callable[[TrainConfig], Hashable]) -> dict[Hashable, list[Entry]]:
    """Return the entries by what must be equal for their figures to be comparable, in the order given."""
    groups: dict[Hashable, list[Entry]] = {}
    for one in entries:
        groups.setdefault(by(one.config), []).append(one)
    return groups


def data(config: TrainConfig) -> str:
    """Return what two runs must share for their accuracies to be comparable."""
    return config.dataset


def loss(config: TrainConfig) -> tuple[str, float, float]:
    """Return what two runs must share for their losses to be comparable: its kind, smoothing, L2 penalty."""
    return config.loss, config.label_smoothing, config.model.l2


def differences(configs: Sequence[TrainConfig], precisions: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Return only the settings in which the configurations differ: 'model.blocks.1.filters' -> values.

    precisions: those really used, instead of those asked for.
    A setting that a configuration does not have (a block fewer) is None there. Networks that differ in more
    than FEW settings are told as wholes: 'model' -> ModelConfig.
    """
    flat = [dict(_flat(config.model_dump(mode="json"))) for config in configs]
    for settings, used in zip(flat, precisions, strict=False):
        settings["precision"] = used
    names = list(dict.fromkeys(name for settings in flat for name in settings))
    table = {name: [settings.get(name) for settings in flat] for name in names}
    table = {name: values for name, values in table.items() if any(value != values[0] for value in values)}
    network = [name for name in table if name.startswith("model.")]
    if len(network) <= FEW:
        return table
    rest = {name: values for name, values in table.items() if name not in network}
    return {"model": [config.model for config in configs]} | rest


def race(config: TrainConfig) -> list[TrainConfig]:
    """Return the same configuration once for each optimiser, with its own default rate.

    Equal seeds give them the same initial weights and the same batches.
    """
    return [
        config.model_copy(update={"optimizer": name, "learning_rate": OPTIMIZERS[name].rate})
        for name in RACERS
    ]


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield (dotted name, plain value) for everything within nested dicts and lists."""
    if isinstance(value, dict | list):
        parts: Iterable[tuple[object, object]] = (
            value.items() if isinstance(value, dict) else enumerate(value, start=1)
        )
        for key, part in parts:
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
