"""What does *How weights change* ask? Loss is not error rate, and not every step improves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab import ops

CLEAR = 0.02  # a smaller change of the loss would be a quibble
DOUBLED = ("same_falls", "same_rises", "other_falls", "other_rises")
STEPPED = ("left_falls", "left_rises", "right_falls", "right_rises")


@dataclass(frozen=True)
class Doubled:
    """All scores of a photo twice as large: `answer` is one of DOUBLED."""

    answer: str
    named: int  # the class of the largest score
    right: bool  # is that the true class?
    before: float  # cross-entropy
    after: float


@dataclass(frozen=True)
class Stepped:
    """One step down (or up) the bowl loss(w) = curvature / 2 * (w - lowest)^2: `answer` is one of STEPPED."""

    answer: str
    curvature: float
    lowest: float
    weight: float
    rate: float
    slope: float
    new_weight: float
    before: float  # the loss
    after: float

    @property
    def stable(self) -> bool:
        """Do steps of this rate get nearer to the bottom? They do below 2 / curvature."""
        return self.rate * self.curvature < 2


def doubled(scores: np.ndarray | Sequence[float], label: int) -> Doubled | None:
    """Ask what doubling all scores (classes,) does to the answer and to the loss.

    None where two classes share the largest score, or where the loss hardly changes.
    """
    scores = np.asarray(scores, float)
    second, first = np.sort(scores)[-2:]
    before, after = (ops.cross_entropy(ops.softmax(z), label) for z in (scores, 2 * scores))
    if first - second < 0.01 or abs(after - before) < CLEAR or not np.isfinite(after):
        return None
    named = int(np.argmax(scores))
    same = "same" if named == int(np.argmax(2 * scores)) else "other"
    change = "falls" if after < before else "rises"
    return Doubled(f"{same}_{change}", named, named == label, before, after)


def stepped(curvature: float, lowest: float, weight: float, rate: float) -> Stepped | None:
    """Ask which way one step of gradient descent moves the weight, and whether the loss falls.

    None where the step or the change of the loss is too small to see.
    """
    slope = curvature * (weight - lowest)
    new_weight = weight - rate * slope
    before, after = (curvature / 2 * (w - lowest) ** 2 for w in (weight, new_weight))
    if abs(new_weight - weight) < 0.05 or abs(after - before) < 0.1 * before:
        return None
    way = "right" if new_weight > weight else "left"
    change = "falls" if after < before else "rises"
    return Stepped(f"{way}_{change}", curvature, lowest, weight, rate, slope, new_weight, before, after)


def draw_step(rng: np.random.Generator) -> Stepped:
    """Draw a question of `stepped` with round numbers; half of the cases lie beyond stability."""
    while True:
        curvature = float(rng.choice([1, 2, 4]))
        # rate * curvature: below 2 a step lands lower, above 2 higher on the other side.
        reach = float(rng.choice([0.4, 0.8, 1.2, 1.6] if rng.random() < 0.5 else [2.4, 2.8, 3.2]))
        lowest, away = float(rng.integers(-1, 2)), float(rng.choice([-1.5, -1, 1, 1.5]))
        question = stepped(curvature, lowest, lowest + away, reach / curvature)
        if question is not None:
            return question
