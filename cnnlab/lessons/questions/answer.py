"""What does a student predict about a score, and about softmax?"""

from dataclasses import dataclass

import numpy as np

from cnnlab import ops

VISIBLE = 0.001  # a change of probability that a student can read from the page


@dataclass(frozen=True)
class Largest:
    """Which input of a dense unit has the largest value, the largest weight, and adds most (from 0)."""

    value: int
    weight: int
    product: int


@dataclass(frozen=True, eq=False)
class Rise:
    """One score alone rises; what becomes of the probabilities of the others."""

    raised: int
    watched: int
    other: int
    scores: np.ndarray  # (classes,) after the rise
    before: np.ndarray  # (classes,) probabilities
    after: np.ndarray

    @property
    def falls(self) -> bool:
        """Whether the watched class, whose score did not change, loses probability."""
        return bool(self.after[self.watched] < self.before[self.watched])

    @property
    def ratios(self) -> tuple[float, float]:
        """Watched : other, before and after."""
        before, after = (float(p[self.watched] / p[self.other]) for p in (self.before, self.after))
        return before, after

    @property
    def ratio_stays(self) -> bool:
        return bool(np.isclose(*self.ratios, rtol=1e-9, atol=0))


def largest_input(step: ops.DenseStep) -> Largest | None:
    """Return the three inputs to choose from, or None where they are not three different ones."""
    places = (np.abs(step.inputs).argmax(), np.abs(step.weights).argmax(), step.products.argmax())
    return Largest(*map(int, places)) if len(set(places)) == 3 else None


def telling_unit(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> int:
    """Return the unit with the largest score for which `largest_input` has a question, else the largest."""
    steps = sorted(ops.dense_steps(x, weights, bias), key=lambda step: -step.output)
    return next((step.unit for step in steps if largest_input(step)), steps[0].unit)


def one_score_rises(scores: np.ndarray, by: float = 1.0) -> Rise | None:
    """Let the second largest of the scores (classes,) rise; watch the largest, beside the third.

    None where there are fewer than three classes, or where the change would be too small to be read.
    """
    scores = np.asarray(scores, float)
    if len(scores) < 3:
        return None
    watched, raised, other = (int(place) for place in np.argsort(-scores, kind="stable")[:3])
    higher = scores.copy()
    higher[raised] += by
    rise = Rise(raised, watched, other, higher, ops.softmax(scores), ops.softmax(higher))
    seen = rise.before[watched] - rise.after[watched] >= VISIBLE and rise.after[other] >= VISIBLE
    return rise if seen else None
