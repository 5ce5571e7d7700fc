"""How does the learning rate change while a network trains? By a factor, over the share of training done."""

import math
from collections.abc import Callable


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


def rate(schedule: str, base: float, done: float, epochs: int) -> float:
    """Return the learning rate of the next step, when `done` of `epochs` epochs lie behind it."""
    return base * SCHEDULES[schedule](min(1.0, done / epochs))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one_cycle": one_cycle,
}
