"""Does the answer hold when the photo is changed? Perturbations with the probabilities following."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.figures import tiles
from cnnlab.i18n import _, number, percent
from cnnlab.inspection import perturbations
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.components.bars import Answer, bars
from cnnlab.ui.components.frame import frame
from cnnlab.ui.components.sweep import Sweep, sweep
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import lesson, network_choice

QUICK = 40e6  # multiplications a photo up to which every strength is computed; beyond, every other one
COVERS = (4, 20)  # pixels of the network's: the smallest and the largest cover


@st.fragment
def first(look: Look) -> None:
    """Turn the photo, make it lighter or darker, or cover a part: one at a time."""
    kinds = {"rotate": _("Turn it"), "brightness": _("Light"), "cover": _("Cover a part")}
    widget_state.default("classify.trial", "rotate", kinds)
    kind = st.segmented_control(
        _("Change the photo"), list(kinds), format_func=kinds.__getitem__, key="classify.trial", required=True
    )
    kind = kind or "rotate"  # it is required, which its type does not say
    _cover(look) if kind == "cover" else _sweep(look, kind)


def more(look: Look) -> None:
    """Everything else that can be done to a photo, and a step against the network."""
    kinds = {name: one.label() for name, one in perturbations.PERTURBATIONS.items()}
    kinds = {name: label for name, label in kinds.items() if name not in ("rotate", "brightness")}
    kinds["against"] = _("A step against the network")
    widget_state.default("classify.perturbation", "shift", kinds)
    kind = st.pills(
        _("Test"), list(kinds), format_func=kinds.__getitem__, key="classify.perturbation", required=True
    )
    kind = kind or "shift"
    _against(look) if kind == "against" else _sweep(look, kind)


def _sweep(look: Look, kind: str) -> None:
    perturbation = perturbations.PERTURBATIONS[kind]
    pictures, answers = _swept(kind, _every(look), look.about, look.scene, look.net, look.net.stamp)
    strengths = _thinned(perturbation, _every(look))
    written = [perturbation.written(strength) for strength in strengths]
    swept = Sweep(perturbation.label(), written, pictures, answers, strengths.index(perturbation.nothing))
    sweep(swept, look.classes, key=f"_classify.sweep.{kind}", true=look.truth)


def _every(look: Look) -> int:
    """Return 1 where all strengths are computed, 2 for every other one in a larger network."""
    cost = sum(ops.multiplications(look.net.layers, look.seen.shape))
    return 1 if cost <= QUICK else 2


def _thinned(perturbation: perturbations.Perturbation, every: int) -> list[float]:
    """Return every `every`-th strength, counted so that the one without a change is among them."""
    return list(perturbation.strengths[perturbation.strengths.index(perturbation.nothing) % every :: every])


@st.cache_data(scope="session", max_entries=12, show_spinner=False)
def _swept(
    kind: str, every: int, about: int, _scene: perturbations.Scene, _net: network_choice.Network, stamp: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the network sees at each strength and its probabilities; the photo is named by `about`."""
    perturbation = perturbations.PERTURBATIONS[kind]
    pictures = np.stack([perturbation.apply(_scene, strength) for strength in _thinned(perturbation, every)])
    return pictures, np.stack([_net.probabilities(picture) for picture in pictures])


def _cover(look: Look) -> None:
    """A grey square that is dragged over what the network sees."""
    for name, value in {"row": 11, "col": 11, "size": 10}.items():
        widget_state.default(f"classify.cover.{name}", value)
    place = {name: st.session_state[f"classify.cover.{name}"] for name in ("row", "col", "size")}

    def moved(row: int, col: int, size: int) -> None:
        for name, value in {"row": row, "col": col, "size": size}.items():
            st.session_state[f"classify.cover.{name}"] = value

    left, right = st.columns([1, 1.5], gap="large")
    with left:
        label = _("A cover on what the network sees. Drag it, or its corner; arrow keys move it.")
        at = (place["row"], place["col"])
        picture = tiles.png(tiles.enlarge(look.seen, 256))
        frame(
            picture, (32, 32), at, place["size"], key="_classify.cover", moved=moved, sizes=COVERS,
            label=label, cover="#808080", live=True,
        )  # fmt: skip
        st.caption(label)
    probabilities = look.net.probabilities(perturbations.cover(look.seen, **place))
    name, before = look.classes[look.answer], look.probabilities[look.answer]
    words = _("{name}: {before} without the cover, {after} with it")
    after = probabilities[look.answer]
    with right:
        title = network_choice.verdict(probabilities, look.net.classes)
        told = words.format(name=name, before=percent(float(before)), after=percent(float(after)))
        bars([Answer(probabilities, title, told)], look.classes, key="_classify.covered", true=look.truth)


def _against(look: Look) -> None:
    """The fast gradient sign method, away from the answer that the network gives now."""
    st.markdown(
        _(
            "Every value of the photo moves by the same small step, each in the direction in which the "
            "network's answer becomes *less* likely. To our eyes almost nothing changes. Such photos are "
            "called *adversarial*."
        ),
        width=760,
    )
    truth = ops.one_hot(look.answer, len(look.classes))
    gradient = ops.input_gradient(look.net.layers, look.net.weights, look.seen, lambda p: p - truth)
    pictures = perturbations.against(look.seen, gradient, perturbations.EPSILONS)
    answers = np.stack([look.net.probabilities(picture) for picture in pictures])
    magnified = np.rint(127.5 + 127.5 * np.sign(gradient)).astype(np.uint8)
    caption = _("What a step of 1 adds, magnified {times} times").format(times=number(127.5, 1))
    strengths = [number(epsilon) for epsilon in perturbations.EPSILONS]
    swept = Sweep(_("Step: grey levels"), strengths, pictures, answers, 0, (magnified, caption))
    sweep(swept, look.classes, key="_classify.sweep.against", true=look.truth)
    lesson.formula(r"x' = x + \varepsilon\,\operatorname{sign}\!\left(\nabla_x\,\bigl(-\ln P(c)\bigr)\right)")
    lesson.code(perturbations.against, ops.input_gradient)
