"""Optimisers that race over a surface of two weights, played in the browser.

The map is a picture and the paths are points, both computed here; the browser only shows as much of each path
as has been played. What travels (see `payload`):

    labels    translated sentences
    title     what the surface is, with the range of its weights
    map       the surface from above, as a PNG in a data: address
    says      for each step what a screen reader hears
    places    for each step "step 3 of 80"
    goals     the surface's minima, [across, down] in percent of the map; the first is the deepest
    racers    letter, name, rate, colour, ink (of the letter), dash, drawn (at first); points, for each step
              "across,down" in percent of the map; losses, for each step a text
    start, speed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnlab.figures.colours import rgb, text_on
from cnnlab.figures.contour import contour
from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import _, number
from cnnlab.ops import Surface
from cnnlab.ui.components.sources import player_labels, sources

_component = st.components.v2.component("cnnlab.race", **sources("race"))

CELLS = 420  # pixels of the map
FAR = 400.0  # percent of the map: a racer that has left it is drawn no farther away
# Not orange, blue, violet or teal, which mean something elsewhere. Letters tell racers apart without colour.
# Relatives share a hue, and one of them is dashed.
STYLES = (
    ("#1d1d1d", False),
    ("#5f5f5f", True),
    ("#a3006d", False),
    ("#a8428a", True),
    ("#6b5500", False),
    ("#00692f", False),
    ("#2c702e", True),
)


@dataclass(frozen=True)
class Racer:
    """An optimiser and its path (steps + 1, 2) of weights; the losses (steps + 1,) along it.

    `drawn`: whether the path is on the map at first; the student can draw each or leave it out.
    """

    name: str
    rate: str
    path: np.ndarray
    losses: np.ndarray
    drawn: bool = True


def race(
    *, key: str, title: str, surface: Surface, racers: Sequence[Racer], start: int = 0, speed: float = 4
) -> None:
    """Show the race. Another `title` begins it anew at `start`; otherwise the student's place is kept."""
    _component(key=key, data=payload(title=title, surface=surface, racers=racers, start=start, speed=speed))


def payload(
    *, title: str, surface: Surface, racers: Sequence[Racer], start: int = 0, speed: float = 4
) -> dict[str, object]:
    """The data that `race` sends, as described at the top of this file."""
    steps = len(racers[0].path)
    last = number(steps - 1)
    losses = [[loss_text(value) for value in racer.losses] for racer in racers]
    places = [_("step {step} of {last}").format(step=number(step), last=last) for step in range(steps)]
    return {
        "labels": _labels(),
        "title": title,
        "map": picture(surface),
        "says": [
            f"{place}: "
            + ", ".join(f"{racer.name} {texts[step]}" for racer, texts in zip(racers, losses, strict=True))
            for step, place in enumerate(places)
        ],
        "places": places,
        "goals": _percent(np.array(surface.lowest, float), surface.reach).tolist(),
        "racers": [
            _racer(place, racer, texts, surface.reach)
            for place, (racer, texts) in enumerate(zip(racers, losses, strict=True))
        ],
        "start": start,
        "speed": speed,
    }


@st.cache_data(
    max_entries=16, show_spinner=False, hash_funcs={Surface: lambda surface: surface.value.__name__}
)
def picture(surface: Surface) -> str:
    """The map as a data: address; the vertical axis points up."""
    across = (np.arange(CELLS) + 0.5) / CELLS * 2 * surface.reach - surface.reach
    x, y = np.meshgrid(across, -across)
    return data_uri(contour(surface.value(np.stack([x, y], axis=-1))))


def _racer(place: int, racer: Racer, losses: list[str], reach: float) -> Mapping[str, object]:
    points = np.nan_to_num(_percent(racer.path, reach), nan=FAR).clip(-FAR, FAR)
    colour, dash = STYLES[place % len(STYLES)]
    return {
        "letter": chr(ord("A") + place),
        "name": racer.name,
        "rate": racer.rate,
        "colour": colour,
        "ink": text_on(rgb(colour)),
        "dash": dash,
        "drawn": racer.drawn,
        "points": [f"{across:.2f},{down:.2f}" for across, down in points],
        "losses": losses,
    }


def _percent(places: np.ndarray, reach: float) -> np.ndarray:
    """Weights (n, 2) -> places on the map (n, 2), across and down in percent."""
    with np.errstate(over="ignore", invalid="ignore"):
        percent: np.ndarray = 50 + 50 * places * np.array([1, -1]) / reach
    return percent


def loss_text(value: float) -> str:
    """Write a loss; one that has left every scale is said to have exploded."""
    if not np.isfinite(value) or value > 1e6:
        return _("exploded")
    return number(value, 3 if abs(value) < 100 else 0)


def _labels() -> dict[str, str]:
    return player_labels() | {
        "view": _("Race of the optimisers"),
        "racers": _("Optimisers: choose which are drawn"),
        "loss": _("loss"),
        "across": _("first weight"),
        "down": _("second weight"),
        "goal": _("× lowest places · darker is lower"),
    }
