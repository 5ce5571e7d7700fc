"""Which learning rate held in which epoch, and over how many epochs was its schedule spread?

Wishes carry no epoch; the history carries the rate that the last batch of each epoch was trained with. From
both together follows the epoch from which each wish counted.
"""

import math
from collections.abc import Sequence

from cnnlab import schedules
from cnnlab.config import TrainConfig


def rates(
    config: TrainConfig, wishes: Sequence[dict], recorded: Sequence[float], steps: int, epochs: int
) -> dict[int, tuple[float, int]]:
    """Return {epoch counted from 1: (learning rate, epochs of the schedule)} wherever either changes.

    recorded: the history's rate after each epoch; steps: batches an epoch (0: not known); epochs: how many
    epochs to plan for, those beyond the history at the latest wish.
    """
    settings = _settings(config, wishes)
    plan, now = {}, 0
    for epoch in range(epochs):
        if epoch < len(recorded):
            progress = epoch + (steps - 1) / steps if steps else epoch
            misses = [abs(_rate(config, setting, progress) - recorded[epoch]) for setting in settings[now:]]
            close = 1e-4 * config.learning_rate
            fitting = [i for i, miss in enumerate(misses) if miss <= min(misses) + close]
            now += fitting[0]
            rate = settings[now][0]
            if config.schedule == "constant" and not math.isclose(rate, recorded[epoch], rel_tol=1e-4):
                rate = recorded[epoch]  # what was measured counts, whatever was wished
        else:
            now = len(settings) - 1
            rate = settings[now][0]
        chosen = (rate, settings[now][1])
        if not plan or list(plan.values())[-1] != chosen:
            plan[epoch + 1] = chosen
    return plan


def _settings(config: TrainConfig, wishes: Sequence[dict]) -> list[tuple[float, int]]:
    """Return (rate, epochs) as configured and after each wish that changed one of them."""
    settings = [(config.learning_rate, config.epochs)]
    for wish in wishes:
        rate, epochs = settings[-1]
        if wish["wish"] == "rate":
            settings.append((float(wish["value"]), epochs))
        elif wish["wish"] == "epochs":
            settings.append((rate, int(wish["value"])))
    return settings


def _rate(config: TrainConfig, setting: tuple[float, int], progress: float) -> float:
    base, epochs = setting
    return schedules.rate(config.schedule, base, progress, epochs)
