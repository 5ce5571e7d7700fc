"""Which learning rate held in which epoch, and over how many epochs was its schedule spread?

Commands carry no epoch; the history carries the rate that the last batch of each epoch was trained with. From
both together follows the epoch from which each command counted.
"""

import math
from collections.abc import Sequence

from cnnlab.config import TrainConfig, schedules
from cnnlab.runs import Command


def rates(
    config: TrainConfig, commands: Sequence[Command], recorded: Sequence[float], steps: int, epochs: int
) -> dict[int, tuple[float, int]]:
    """Return {epoch counted from 1: (learning rate, epochs of the schedule)} wherever either changes.

    recorded: the history's rate after each epoch; steps: batches an epoch (0: not known); epochs: how many
    epochs to plan for, those beyond the history at the latest command.
    """
    settings = _settings(config, commands)
    plan: dict[int, tuple[float, int]] = {}
    now = 0
    for epoch in range(epochs):
        measured = recorded[epoch] if epoch < len(recorded) else math.nan
        if epoch >= len(recorded):
            now = len(settings) - 1
        elif not math.isnan(measured):
            progress = epoch + (steps - 1) / steps if steps else epoch
            misses = [abs(_rate(config, setting, progress) - measured) for setting in settings[now:]]
            close = 1e-4 * config.learning_rate
            now += next(i for i, miss in enumerate(misses) if miss <= min(misses) + close)
        rate = settings[now][0]
        if config.schedule == "constant" and abs(rate - measured) > 1e-4 * rate:
            rate = measured  # what was measured counts, whatever was asked for
        chosen = (rate, settings[now][1])
        if not plan or list(plan.values())[-1] != chosen:
            plan[epoch + 1] = chosen
    return plan


def held_since(
    config: TrainConfig, commands: Sequence[Command], recorded: Sequence[float], steps: int
) -> int:
    """Return how many epochs had another rate than the one that holds now: the first ones, or all of them."""
    plan = rates(config, commands, recorded, steps, len(recorded) + 1)
    now = list(plan.values())[-1][0]
    others = [epoch for epoch, (rate, _epochs) in plan.items() if rate != now]
    return min(epoch for epoch in plan if epoch > max(others, default=0)) - 1


def _settings(config: TrainConfig, commands: Sequence[Command]) -> list[tuple[float, int]]:
    """Return (rate, epochs) as configured and after each command that changed one of them."""
    settings = [(config.learning_rate, config.epochs)]
    for command in commands:
        (rate, epochs), value = settings[-1], command.value
        if command.name == "rate" and value is not None:
            settings.append((float(value), epochs))
        elif command.name == "epochs" and value is not None:
            settings.append((rate, int(value)))
    return settings


def _rate(config: TrainConfig, setting: tuple[float, int], progress: float) -> float:
    base, epochs = setting
    return schedules.rate(config.schedule, base, progress, epochs)
