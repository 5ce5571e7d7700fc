"""What do a run's curves say, in plain words, with the evidence, and what might one try?

A verdict needs evidence that chance, the schedule or the settings do not explain; often there is none.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from cnnlab import ops
from cnnlab.config import OPTIMIZERS, TrainConfig
from cnnlab.config.losses import written
from cnnlab.data import datasets
from cnnlab.evaluation import advice
from cnnlab.evaluation.advice import Advice
from cnnlab.i18n import _, number, percent

WINDOW = 3  # epochs over which a rise, a fall or rest is judged
SILENT = 1 / 3  # share of silent outputs from which on a layer is worth a word
CREEPING = 0.006  # of what guessing costs: by so much at most a loss that creeps falls in an epoch
SURE = 2  # standard deviations beyond which a difference is not taken for chance

Rows = Sequence[dict[str, float]]


@dataclass(frozen=True)
class Finding:
    """One observation: what it is, the numbers it rests on, what to try, and that as changed settings.

    Where nothing can be changed, or what should be is not known, `change` is empty, and `advice` may be.
    """

    kind: str
    says: str
    evidence: str
    advice: str = ""
    change: dict[str, Any] = field(default_factory=dict)


def diagnose(
    rows: Rows, config: TrainConfig, classes: int, failed: bool = False, since: int = 0
) -> list[Finding]:
    """Return what the history (one row a finished epoch) shows, the most urgent; often nothing.

    config: with the learning rate and the epochs that hold now; the rows from `since` (counted from 0) on
    were trained at these. failed: training ended with an undefined loss.
    """
    now = rows[since:]
    checks: tuple[Callable[[], Finding | None], ...] = (
        lambda: _undefined(rows, config) if failed else None,
        lambda: _diverging(now, config, classes),
        lambda: _not_learning(now, config, classes),
        lambda: _overfitting(rows, config, classes),
        lambda: _plateau(now, config),
    )
    findings = (check() for check in checks)
    return [finding for finding in findings if finding is not None][:1]


def _finding(kind: str, says: str, evidence: str, what: Advice | None) -> Finding:
    return Finding(kind, says, evidence, what.words, what.change) if what else Finding(kind, says, evidence)


def _undefined(rows: Rows, config: TrainConfig) -> Finding:
    text = _("It became infinite or undefined in epoch {epoch}.")
    says, evidence = _("The loss left the range of numbers."), text.format(epoch=len(rows) + 1)
    return _finding("undefined", says, evidence, advice.smaller_steps(config))


def _diverging(rows: Rows, config: TrainConfig, classes: int) -> Finding | None:
    """The training loss has risen twice in a row, clearly, and accuracy has not."""
    if len(rows) < WINDOW:
        return None
    losses, low = [row["loss"] for row in rows], min(row["loss"] for row in rows)
    rising = losses[-3] < losses[-2] < losses[-1] and rows[-1]["accuracy"] <= rows[-3]["accuracy"]
    if not rising or losses[-1] < max(1.2 * low, low + guessing_loss(config, classes) / 20):
        return None
    says, text = _("It is getting worse instead of better."), _("The training loss rose from {low} to {now}.")
    evidence = text.format(low=written(low), now=written(losses[-1]))
    return _finding("diverging", says, evidence, advice.smaller_steps(config))


def _not_learning(rows: Rows, config: TrainConfig, classes: int) -> Finding | None:
    """After two epochs or more, one of them at more than half its rate, training is hardly above guessing.

    Steps too small and steps too large look alike in accuracy. The loss tells them apart: with small steps it
    creeps down from what guessing costs, with large ones it is thrown above that. Where it falls faster than
    creeping, the network has just begun; and where neither is so, the rate is not known to be the fault.
    """
    if len(rows) < 2 or rows[-1]["accuracy"] > above_guessing(classes):
        return None
    losses, guessing = [_of_answers(row, "loss") for row in rows[-WINDOW:]], guessing_loss(config, classes)
    warming_up = config.schedule != "constant" and max(_rates(rows[:-1], config)) < config.learning_rate / 2
    begun = losses[-1] < min(guessing, losses[-2] - CREEPING * guessing)
    if warming_up or begun:
        return None
    size = config.learning_rate / OPTIMIZERS[config.optimizer].rate
    small = size <= 0.1 or (_falling(losses) and losses[-1] < guessing and size < 30)
    text = _("After {epochs} epochs the training accuracy is {accuracy}; guessing gives {chance}.")
    words = {"accuracy": percent(rows[-1]["accuracy"]), "chance": percent(1 / classes)}
    evidence, says = text.format(epochs=len(rows), **words), _("It is not learning.")
    if small and losses[-1] < losses[0]:
        says, text = _("It is learning very slowly."), _("The loss does fall, from {first} to {last}.")
        digits = max(3, 1 - math.floor(math.log10(losses[0] - losses[-1])))
        evidence += " " + text.format(first=number(losses[0], digits), last=number(losses[-1], digits))
    what = advice.gentler(config)
    if small or size >= 3:
        what = advice.larger_steps(config) if small else advice.smaller_steps(config)
    if what is None and len(rows) < WINDOW:
        return None
    return _finding("not learning", says, evidence, what)


def _overfitting(rows: Rows, config: TrainConfig, classes: int) -> Finding | None:
    """Validation has been clearly worse than its best for some epochs, while training has got better.

    The gap between the two says little: dropout, augmentation and the average over an epoch make one too. And
    while a schedule keeps the rate high, validation jumps; it settles once the steps have become small.
    """
    loss, val = (np.array([_of_answers(row, name) for row in rows]) for name in ("loss", "val_loss"))
    held_out = images_of(config)[1]
    if len(rows) <= WINDOW or not held_out or not np.isfinite(val).all():
        return None
    best = int(val.argmin())
    if len(rows) - 1 - best < WINDOW or rows[best]["val_accuracy"] < above_guessing(classes, clearly=True):
        return None
    if not loss[-1] < loss[best]:
        return None
    rates = _rates(rows, config)
    if config.schedule != "constant" and rates[-1] > max(rates) / 2:
        return None
    worse = val[-WINDOW:].mean() - val[best]
    if worse <= SURE * max(_jumps(val), val[-1] / math.sqrt(held_out)):
        return None
    text = _(
        "Validation loss was lowest after epoch {best} ({low}) and is {now} now; training loss has fallen "
        "from {before} to {after} since."
    )
    losses = {"low": val[best], "now": val[-1], "before": loss[best], "after": loss[-1]}
    evidence = text.format(best=best + 1, **{name: written(value) for name, value in losses.items()})
    if config.model.l2:
        evidence += " " + _("(The L2 penalty is not counted.)")
    return _finding(
        "overfitting", _("It is starting to overfit."), evidence, advice.against_overfitting(config)
    )


def _plateau(rows: Rows, config: TrainConfig) -> Finding | None:
    """At one rate, neither curve has moved by more than chance over the window, and training is not perfect.

    Where a schedule makes the steps small in the end, rest is what it is for; where the loss still creeps
    down, it has not come to rest.
    """
    what = advice.shrinking_steps(config)
    if what is None or len(rows) <= WINDOW + 1 or rows[-1]["accuracy"] > 0.98:
        return None
    window = rows[-1 - WINDOW :]
    losses = [row["loss"] for row in window]
    if _falling(losses):
        return None
    for name, images in zip(("accuracy", "val_accuracy"), images_of(config), strict=True):
        values, little = [row[name] for row in window], max(0.005, _chance(window[-1][name], images))
        if _range(values) > little or values[-1] - values[0] > little / 2:
            return None
    text = _("Over {epochs} epochs training accuracy moved by {moved} points.")
    moved = _range([row["accuracy"] for row in window])
    evidence = text.format(epochs=WINDOW, moved=number(100 * moved, 1))
    return _finding("plateau", _("It has come to rest."), evidence, what)


def guessing_loss(config: TrainConfig, classes: int) -> float:
    """Return the loss of an answer that gives each class the same probability.

    For cross-entropy that is ln(classes), with label smoothing too; for the mean squared error that of 1 /
    classes.
    """
    if config.loss == "mse":
        return (1 - 1 / classes) / classes
    return math.log(classes)  # with label smoothing too


def above_guessing(classes: int, clearly: bool = False) -> float:
    """Return an accuracy that is above guessing: by half of that, at most a twentieth of what is missing."""
    guessing = 1 / classes
    return guessing + (2 if clearly else 1) * min(guessing / 2, (1 - guessing) / 20)


def images_of(config: TrainConfig) -> tuple[int, int]:
    """Return how many images it learns from, and how many validation judges by.

    Raises DatasetError where there is no such dataset.
    """
    spec = datasets.find(config.dataset)
    held_out = spec.held_out(config.limit, config.validation)
    return spec.used(config.limit) - held_out, held_out


def _of_answers(row: dict[str, float], name: str) -> float:
    """Return the part of a loss that is for the answers: without the L2 penalty, where that is known."""
    penalty = row.get("l2", math.nan)
    return row[name] - (0.0 if math.isnan(penalty) else penalty)


def _rates(rows: Rows, config: TrainConfig) -> list[float]:
    return [row.get("learning_rate", config.learning_rate) for row in rows]


def _falling(losses: Sequence[float]) -> bool:
    return all(later < earlier for earlier, later in pairwise(losses))


def _jumps(values: np.ndarray) -> float:
    """Return the standard deviation of what jumps up and down about a smooth curve.

    Second differences of independent values with deviation s have the deviation s √6, and their mean size is
    √(2/π) of that.
    """
    return float(np.abs(np.diff(values, 2)).mean() / math.sqrt(12 / math.pi))


def _chance(accuracy: float, images: int) -> float:
    """Return the standard error of an accuracy over so many images; 0 where there is none."""
    return math.sqrt(accuracy * (1 - accuracy) / images) if images and 0 < accuracy < 1 else 0.0


def _range(values: Sequence[float]) -> float:
    """Return how far these values are apart; 0 where they are not known."""
    return 0.0 if math.isnan(values[-1]) else max(values) - min(values)


def silent_shares(
    layers: list[ops.Layer], weights: dict[str, np.ndarray], images: np.ndarray
) -> dict[str, float]:
    """Return for each ReLU layer the share of its maps (or units) that are 0 on all of these images.

    weights: '<layer>/<array>' -> array; images: (n, 32, 32, 3) uint8. Raises GeometryError where they do not
    fit the layers.
    """
    alive: dict[str, np.ndarray] = {}
    for image in images:
        for output in ops.forward(layers, weights, image):
            if isinstance(output.layer, ops.Activation) and output.layer.function == "relu":
                active = (output.values > 0).reshape(-1, output.values.shape[-1]).any(axis=0)
                alive[output.name] = alive.get(output.name, np.zeros_like(active)) | active
    return {name: float(1 - active.mean()) for name, active in alive.items()}


def silence(
    shares: dict[str, float], config: TrainConfig, images: int, title: Callable[[str], str]
) -> Finding | None:
    """Return a finding where a third or more of a layer's outputs is silent on so many images.

    title: the words for a layer of `shares`, such as "conv_2_relu".
    """
    silent = {name: share for name, share in shares.items() if share >= SILENT}
    if not silent:
        return None
    part = _("{share} of {layer}")
    parts = [part.format(share=percent(share, 0), layer=title(name)) for name, share in silent.items()]
    text = _("{parts} is 0 on all of {images} photos looked at.")
    evidence = text.format(parts=", ".join(parts), images=number(images))
    return _finding("silent", _("Part of the network is silent."), evidence, advice.waking(config, silent))
