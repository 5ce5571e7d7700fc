"""The ways in which a learning rate can change while a network trains: one record each."""

import math
from collections.abc import Callable
from dataclasses import dataclass


def constant(progress: float) -> float:
    """Keep the rate."""
    return 1.0


def cosine(progress: float) -> float:
    """Fall from the full rate to 0 along half a cosine (Loshchilov and Hutter, *SGDR*, 2017)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(progress: float, warm_up: float = 0.3, first: float = 0.04, last: float = 0.001) -> float:
    """Rise to the full rate, then fall far below the first one (Smith, *Super-Convergence*, 2018)."""
    if progress < warm_up:
        return first + (1 - first) * (1 - cosine(progress / warm_up))
    return last + (1 - last) * cosine((progress - warm_up) / (1 - warm_up))


@dataclass(frozen=True)
class Schedule:
    """title: translated when shown. factor: of the rate, from the share of training done (0 to 1).

    An exported script shows the source of `factor`, and before it that of the functions that it `uses`.
    """

    title: str
    factor: Callable[[float], float]
    uses: tuple[Callable[[float], float], ...] = ()


SCHEDULES = {
    "constant": Schedule("constant", constant),
    "cosine": Schedule("cosine: falls to 0", cosine),
    "one_cycle": Schedule("one cycle: up, down", one_cycle, (cosine,)),
}


def rate(schedule: str, base: float, done: float, epochs: int) -> float:
    """Return the learning rate of the next step, when `done` of `epochs` epochs lie behind it."""
    return base * SCHEDULES[schedule].factor(min(1.0, done / epochs))
