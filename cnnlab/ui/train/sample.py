"""How does a network do on images that it has learned from, and why does validation stand above training?"""

import math

import streamlit as st

from cnnlab.config import TrainConfig
from cnnlab.data import datasets
from cnnlab.i18n import _, number, percent
from cnnlab.runs.history import Row
from cnnlab.training import sample


def explain(row: Row, config: TrainConfig) -> None:
    """Say what was measured after this epoch; why validation stands above training, where it does."""
    above = row["val_accuracy"] > row["accuracy"]
    if math.isfinite(row["sample_accuracy"]):
        st.caption(" ".join([measured(row, config), *(reasons(row, config) if above else [])]))
    elif above:
        st.caption(how(config))


def measured(row: Row, config: TrainConfig) -> str:
    """Return what the sample said, and under which conditions."""
    text = {
        (False, False): _("With its final weights it names **{accuracy}** of {n} training images rightly."),
        (True, False): _("Without dropout it names **{accuracy}** of {n} training images rightly."),
        (False, True): _("Without augmentation it names **{accuracy}** of {n} training images rightly."),
        (True, True): _(
            "Without dropout and augmentation it names **{accuracy}** of {n} training images rightly."
        ),
    }[sample.drops_out(config), sample.augments(config)]
    return text.format(n=number(row["sample_images"]), accuracy=percent(row["sample_accuracy"]))


def how(config: TrainConfig) -> str:
    """Return what is certain before anything was measured: how the two values come about."""
    text = {
        (False, False): _("The training value is a mean over the epoch, while the weights still changed."),
        (True, False): _(
            "The training value is a mean over the epoch, while the weights still changed and values were "
            "dropped out."
        ),
        (False, True): _(
            "The training value is a mean over the epoch, while the weights still changed, on images changed "
            "at random."
        ),
        (True, True): _(
            "The training value is a mean over the epoch, while the weights still changed and values were "
            "dropped out, on images changed at random."
        ),
    }[sample.drops_out(config), sample.augments(config)]
    end = _("Validation is measured at its end, without all that.")
    return " ".join([_("Validation stands above training here."), text, end])


def reasons(row: Row, config: TrainConfig) -> list[str]:
    """Return why validation stands above training, in sentences, the main reason first."""
    count = datasets.find(config.dataset).held_out(config.limit, config.validation)
    points = {part.kind: number(100 * part.share, 1) for part in sample.parts(row, count)}
    words = {
        "changing": _("it is a mean over the epoch, while the weights still changed ({points} points)")
        if not any(block.normalise for block in config.model.blocks)
        else _(
            "it is a mean over the epoch, while the weights still changed and each batch was normalised by "
            "itself ({points} points)"
        ),
        "dropout": _("values were dropped out while it learned ({points} points)"),
        "augmentation": _("it learned from changed images, which are harder ({points} points)"),
    }
    below = [words[kind].format(points=value) for kind, value in points.items() if kind in words]
    sentences = []
    if below:
        text = _("The training curve shows {shown}, because {reasons}.")
        sentences.append(text.format(shown=percent(row["accuracy"]), reasons=_(" and because ").join(below)))
    still = {
        "chance": _("Validation is {points} points above that; with {n} images, chance can do so."),
        "easier": _("Validation is {points} points above that: its {n} images are easier for this network."),
    }
    return sentences + [
        still[kind].format(points=value, n=number(count)) for kind, value in points.items() if kind in still
    ]
