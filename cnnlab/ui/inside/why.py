"""Which parts of a photo mattered for the answer? Five ways to ask a network."""

import numpy as np
import streamlit as st

from cnnlab.figures import tiles
from cnnlab.figures.overlay import overlay
from cnnlab.i18n import _, number, percent
from cnnlab.inspection.attribution import Ask, Attribution, attribute, explain
from cnnlab.inspection.grad_cam import grad_cam, layers_with_maps, on_photo
from cnnlab.inspection.gradients import Integrated, input_gradient, integrated_gradients, smooth_grad
from cnnlab.inspection.occlusion import occlusion
from cnnlab.training.models import SIDE
from cnnlab.ui.inside import covering, methods, picture, sanity_check
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import background_job, lesson, network_choice, number_text

CODE = {
    "occlusion": occlusion,
    "grad_cam": grad_cam,
    "gradient": input_gradient,
    "smooth_grad": smooth_grad,
    "integrated": integrated_gradients,
}


def why(net: network_choice.Network) -> None:
    """Draw the choice of picture, class and method, and what the method says."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        shown = picture.choose(net)
        if shown is None:
            return
        probabilities = net.probabilities(shown.seen)
        target = _class(net, shown, probabilities)
        ask = _ask(net, target)
    with right:
        if ask is None:
            return st.info(_("This network has no maps, so Grad-CAM has nothing to weigh. Ask another way."))
        words = methods.words(ask.method)
        st.markdown(words.does)
        if ask.method == "occlusion":
            covering.covering(net, shown, ask, probabilities)
        else:
            _map(net, shown, ask)
        st.caption(words.beware)
    lesson.formula(words.formula)
    lesson.code(CODE[ask.method], explain)


def _class(net: network_choice.Network, shown: picture.Picture, probabilities: np.ndarray) -> int:
    """Draw the choice of the class; another picture or network starts at the network's answer."""
    about = (net.run.id, net.stamp, shown.about)
    if st.session_state.get("why.about") != about:
        st.session_state["why.about"] = about
        st.session_state["why.class"] = int(probabilities.argmax())
    order = [int(place) for place in np.argsort(-probabilities, kind="stable")]
    names = [network_choice.class_name(name) for name in net.classes]
    return st.selectbox(
        _("What speaks for …"),
        order,
        format_func=lambda place: f"{names[place]} · {percent(probabilities[place], 0)}",
        key="why.class",
    )


def _ask(net: network_choice.Network, target: int) -> Ask | None:
    """Draw the choice of a method and its settings; None where the network gives it nothing to work on."""
    widget_state.default("why.method", "occlusion", CODE)
    label = _("How to ask")
    method = st.radio(label, list(CODE), format_func=lambda m: methods.words(m).title, key="why.method")
    match method:
        case "occlusion":
            return covering.settings(target)
        case "grad_cam":
            layers = layers_with_maps(net.layers)
            if not layers:
                return None
            titles = {layer["name"]: network_choice.layer_title(layer) for layer in net.layers}
            widget_state.default("why.layer", layers[-1], layers)
            layer = st.selectbox(_("Layer"), layers, format_func=titles.get, key="why.layer")
            return Ask(method, target, layer=layer)
        case "smooth_grad":
            widget_state.default("why.noise", 0.15)
            label = _("Noise, as a share of 255")
            return Ask(method, target, noise=st.slider(label, 0.05, 0.4, step=0.05, key="why.noise"))
        case "integrated":
            return _path(target)
    return Ask(method, target)


def _path(target: int) -> Ask:
    """Draw where integrated gradients start and in how many steps they go."""
    greys = {0.0: _("black"), 127.5: _("mid grey"), 255.0: _("white")}
    widget_state.default("why.baseline", 0.0, greys)
    widget_state.default("why.steps", 64)
    start = st.selectbox(
        _("Start from a picture all"), list(greys), format_func=greys.get, key="why.baseline"
    )
    steps = st.select_slider(_("Steps"), [4, 16, 64, 256], key="why.steps")
    return Ask("integrated", target, baseline=start, steps=steps)


def _map(net: network_choice.Network, shown: picture.Picture, ask: Ask) -> None:
    """Draw a method's map over the picture, with its numbers, once the worker has it."""
    about = (net.run.id, net.stamp, shown.about, ask)
    asked = str(net.run.folder.parent), net.run.id, shown.seen, ask
    doing = _("At work: {done} of {all}")
    found: Attribution | None = background_job.answer("inside.why", about, attribute, *asked, doing=doing)
    if found is None:
        return

    def draw(map: np.ndarray) -> np.ndarray:
        cells = ask.method == "grad_cam"
        values = on_photo(net.layers, ask.layer, map, SIDE) if cells else map
        return overlay(tiles.enlarge(shown.square, 256), values, float(np.abs(values).max()), smooth=cells)

    limit = float(np.abs(found.map).max())
    one, two, _rest = st.columns([2, 2, 1])
    one.image(draw(found.map), _legend(ask, limit), width="stretch")
    two.image(tiles.enlarge(shown.square, 256), f"“{shown.name}”", width="stretch")
    if not limit:
        st.info(_("Every value is 0: nothing that this method can see speaks for this class here."))
    if isinstance(found.more, Integrated):
        _completeness(found.more)
    with lesson.more(_("The same as text")):
        height, width = found.map.shape
        title = _("{height} × {width} values, without unit").format(height=height, width=width)
        number_text.grids(title, {shown.name: found.map})
    sanity_check.trust(about, asked, found.map, draw)


def _legend(ask: Ask, limit: float) -> str:
    digits = 2 if limit >= 1 else 3 if limit >= 0.1 else 5
    text = {
        "grad_cam": _("Orange speaks for the class; the densest is {limit}, without unit."),
        "integrated": _("Orange raised the score, blue lowered it; the densest is {limit} of its points."),
    }.get(
        ask.method,
        _(
            "Orange: brighter would raise the score; blue: darker would. The densest is {limit} for one "
            "step of 255."
        ),
    )
    return text.format(limit=number(limit, digits))


def _completeness(made: Integrated) -> None:
    """Show that the attributions add up, as far as the number of steps allows."""
    one, two, three = st.columns(3)
    one.metric(_("All attributions together"), number(made.total, 4))
    two.metric(_("The score rose by"), number(made.difference, 4))
    three.metric(_("Apart by"), number(abs(made.total - made.difference), 4))
    st.caption(_("With more and more steps the two become equal. Try 4 steps, then 256."))
