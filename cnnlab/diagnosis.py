"""What do a run's curves say, in plain words, with the evidence, and what might one try?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.text import _, number, percent

WINDOW = 3  # epochs over which a rise or fall is judged
SILENT = 1 / 3  # share of silent outputs from which on a layer is worth a word


@dataclass(frozen=True)
class Finding:
    """One observation: what it is, the numbers it rests on, what to try, and that as changed settings."""

    kind: str
    says: str
    evidence: str
    advice: str
    change: dict = field(default_factory=dict)


def diagnose(
    rows: Sequence[dict[str, float]], config: TrainConfig, classes: int, failed: bool = False
) -> list[Finding]:
    """Return what the history (one row a finished epoch) shows, the most urgent first; often nothing.

    `failed` says that training ended with an undefined loss.
    """
    checks = (
        _undefined(rows, config, failed),
        _diverging(rows, config),
        _not_learning(rows, config, classes),
    )
    findings = [finding for finding in checks if finding is not None][:1]
    if not findings:
        checks = (_overfitting(rows, config, classes), _plateau(rows, config))
        findings = [finding for finding in checks if finding is not None][:1]
    return findings


def _undefined(rows, config: TrainConfig, failed: bool) -> Finding | None:
    if not failed:
        return None
    rate = config.learning_rate / 10
    return Finding(
        "undefined",
        _("The loss left the range of numbers."),
        _("It became infinite or undefined after {epochs} finished epochs.").format(epochs=len(rows)),
        _("The steps were too large. Try a tenth of the learning rate: {rate}.").format(rate=f"{rate:g}"),
        {"learning_rate": rate},
    )


def _diverging(rows, config: TrainConfig) -> Finding | None:
    """The training loss is clearly above its lowest value, and has risen twice in a row."""
    losses = [row["loss"] for row in rows]
    if len(losses) < 3 or not losses[-3] < losses[-2] < losses[-1] or losses[-1] < 1.2 * min(losses):
        return None
    rate = config.learning_rate / 10
    text = _("The training loss rose from {low} to {now}.")
    return Finding(
        "diverging",
        _("It is getting worse instead of better."),
        text.format(low=number(min(losses), 3), now=number(losses[-1], 3)),
        _("Steps that overshoot do this. Try a tenth of the learning rate: {rate}.").format(rate=f"{rate:g}"),
        {"learning_rate": rate},
    )


def _not_learning(rows, config: TrainConfig, classes: int) -> Finding | None:
    """After two epochs the training accuracy is hardly above guessing."""
    if len(rows) < 2 or rows[-1]["accuracy"] > 1.5 / classes:
        return None
    rate = config.learning_rate / 10 if config.learning_rate >= 0.003 else config.learning_rate * 10
    text = _("After {epochs} epochs the training accuracy is {accuracy}; guessing gives {chance}.")
    evidence = {
        "epochs": len(rows),
        "accuracy": percent(rows[-1]["accuracy"]),
        "chance": percent(1 / classes),
    }
    advice = _("The learning rate is too large or too small. Try {rate} instead of {now}.")
    return Finding(
        "not learning",
        _("It is not learning."),
        text.format(**evidence),
        advice.format(rate=f"{rate:g}", now=f"{config.learning_rate:g}"),
        {"learning_rate": rate},
    )


def _overfitting(rows, config: TrainConfig, classes: int) -> Finding | None:
    """Training has risen by three points or more over the window, validation by a third of that or less."""
    if len(rows) <= WINDOW or math.isnan(rows[-1]["val_accuracy"]):
        return None
    now, before = rows[-1], rows[-1 - WINDOW]
    training = now["accuracy"] - before["accuracy"]
    validation = now["val_accuracy"] - before["val_accuracy"]
    if now["accuracy"] <= now["val_accuracy"] or training < 0.03 or validation > training / 3:
        return None
    if min(now["val_accuracy"], before["val_accuracy"]) < 2 / classes:
        return None  # near guessing it has learned nothing yet that it could lean on too much
    text = _("Over {epochs} epochs training rose {training} points, validation {validation}.")
    evidence = text.format(
        epochs=WINDOW, training=number(100 * training, 1), validation=number(100 * validation, 1)
    )
    augmentation = config.augmentation
    if not (augmentation.flip or augmentation.shift):
        flip = config.dataset != "digits"  # a mirrored digit is no digit
        change = {"augmentation": augmentation.model_copy(update={"flip": flip, "shift": 2})}
        advice = _("Show it more: try augmentation, random changes of each image.")
    else:
        model = config.model
        blocks = tuple(block.model_copy(update={"dropout": 0.3}) for block in model.blocks)
        change = {"model": model.model_copy(update={"blocks": blocks})}
        advice = _("Make it lean on more than a few maps: try dropout 0.3.")
    return Finding("overfitting", _("It is starting to overfit."), evidence, advice, change)


def _plateau(rows, config: TrainConfig) -> Finding | None:
    """Neither curve has moved by half a point over the window, and training is not perfect."""
    if len(rows) <= WINDOW + 1 or rows[-1]["accuracy"] > 0.98:
        return None
    names = ["accuracy"] if math.isnan(rows[-1]["val_accuracy"]) else ["accuracy", "val_accuracy"]
    moved = max(
        max(row[name] for row in rows[-1 - WINDOW :]) - min(row[name] for row in rows[-1 - WINDOW :])
        for name in names
    )
    if moved >= 0.005:
        return None
    text = _("Over {epochs} epochs accuracy moved by {moved} points.")
    change, advice = {"learning_rate": config.learning_rate / 3}, _("Try smaller steps from here on.")
    if config.schedule == "constant":
        change = {"schedule": "cosine"}
        advice = _("Try a schedule that makes the steps smaller towards the end (cosine).")
    return Finding(
        "plateau",
        _("It has come to rest."),
        text.format(epochs=WINDOW, moved=number(100 * moved, 1)),
        advice,
        change,
    )


def silent_shares(layers: list[dict], weights: dict[str, np.ndarray], images: np.ndarray) -> dict[str, float]:
    """Return for each ReLU layer the share of its maps (or units) that are 0 on all of these images.

    images: (n, 32, 32, 3) uint8.
    """
    alive: dict[str, np.ndarray] = {}
    for image in images:
        for output in ops.forward(layers, weights, image):
            if output.spec.get("function") == "relu":
                active = (output.values > 0).reshape(-1, output.values.shape[-1]).any(axis=0)
                alive[output.name] = alive.get(output.name, False) | active
    return {name: float(1 - active.mean()) for name, active in alive.items()}


def silence(shares: dict[str, float], config: TrainConfig, images: int) -> Finding | None:
    """Return a finding where a third or more of a layer's outputs is silent on so many images.

    `shares` has the layers' titles (words for a learner) as keys.
    """
    title, share = max(shares.items(), key=lambda item: item[1], default=("", 0.0))
    if share < SILENT:
        return None
    text = _("{share} of {layer} is 0 on all of {images} photos looked at.")
    blocks = tuple(block.model_copy(update={"activation": "leaky_relu"}) for block in config.model.blocks)
    return Finding(
        "silent",
        _("Part of the network is silent."),
        text.format(share=percent(share, 0), layer=title, images=number(images)),
        _("A ReLU that is always 0 passes no gradient, so its weights rest. Try leaky ReLU."),
        {"model": config.model.model_copy(update={"blocks": blocks})},
    )
