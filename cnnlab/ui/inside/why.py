"""Which parts of a photo mattered for the answer? Several ways to ask a network."""

import numpy as np
import streamlit as st

from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.figures import tiles
from cnnlab.figures.overlay import overlay
from cnnlab.i18n import _, number, percent
from cnnlab.inspection.attribution import Attribution, Method, attribute
from cnnlab.inspection.grad_cam import on_photo
from cnnlab.inspection.gradients import Integrated
from cnnlab.inspection.occlusion import Occlusion
from cnnlab.ui.inside import covering, methods, picture, sanity_check
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import background_job, lesson, network_choice, number_text


def why(net: network_choice.Network) -> None:
    """Draw the choice of picture, class and method, and what the method says."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        shown = picture.choose(net)
        if shown is None:
            return
        probabilities = net.probabilities(shown.seen)
        target = _class(net, shown, probabilities)
        way = _way()
        method = way.choose(net)
    with right:
        if method is None:
            st.info(_("This network has no maps, so Grad-CAM has nothing to weigh. Ask another way."))
            return
        st.markdown(way.does)
        if isinstance(method, Occlusion):
            covering.covering(net, shown, target, method, probabilities)
        else:
            _map(net, shown, target, method, way.legend)
        st.caption(way.beware)
    lesson.formula(way.formula)
    lesson.code(way.method, Attribution)


def _class(net: network_choice.Network, shown: picture.Picture, probabilities: np.ndarray) -> int:
    """Draw the choice of the class; another picture or network starts at the network's answer."""
    about = (net.run.id, net.stamp, shown.about)
    if st.session_state.get("why.about") != about:
        st.session_state["why.about"] = about
        st.session_state["why.class"] = int(probabilities.argmax())
    order = [int(place) for place in np.argsort(-probabilities, kind="stable")]
    names = [datasets.class_name(name) for name in net.classes]
    return st.selectbox(
        _("What speaks for …"),
        order,
        format_func=lambda place: f"{names[place]} · {percent(probabilities[place], 0)}",
        key="why.class",
    )


def _way() -> methods.Shown:
    """Draw the choice of a method."""
    ways = {name: shown() for name, shown in methods.METHODS.items()}
    widget_state.default("why.method", "occlusion", ways)
    label = _("How to ask")
    return ways[st.radio(label, list(ways), format_func=lambda name: ways[name].title, key="why.method")]


def _map(
    net: network_choice.Network, shown: picture.Picture, target: int, method: Method, legend: str
) -> None:
    """Draw a method's map over the picture, with its numbers, once the worker has it."""
    about = (net.run.id, net.stamp, shown.about, target, method)
    asked = str(net.run.folder.parent), net.run.id, shown.seen, target, method
    doing = _("At work: {done} of {all}")
    found: Attribution | None = background_job.answer("inside.why", about, attribute, *asked, doing=doing)
    if found is None:
        return

    def draw(map: np.ndarray) -> np.ndarray:
        values = on_photo(net.layers, found.layer, map, SIDE) if found.layer else map
        limit = float(np.abs(values).max())
        return overlay(tiles.enlarge(shown.square, 256), values, limit, smooth=bool(found.layer))

    limit = float(np.abs(found.map).max())
    one, two, _rest = st.columns([2, 2, 1])
    one.image(draw(found.map), _legend(legend, limit), width="stretch")
    two.image(tiles.enlarge(shown.square, 256), f"“{shown.name}”", width="stretch")
    if not limit:
        st.info(_("Every value is 0: nothing that this method can see speaks for this class here."))
    if isinstance(found, Integrated):
        _completeness(found)
    with lesson.more(_("The same as text")):
        height, width = found.map.shape
        title = _("{height} × {width} values, without unit").format(height=height, width=width)
        number_text.grids(title, {shown.name: found.map})
    sanity_check.trust(about, asked, found.map, draw)


def _legend(text: str, limit: float) -> str:
    digits = 2 if limit >= 1 else 3 if limit >= 0.1 else 5
    gradient = _(
        "Orange: brighter would raise the score; blue: darker would. The densest is {limit} for one "
        "step of 255."
    )
    return (text or gradient).format(limit=number(limit, digits))


def _completeness(made: Integrated) -> None:
    """Show that the attributions add up, as far as the number of steps allows."""
    one, two, three = st.columns(3)
    one.metric(_("All attributions together"), number(made.total, 4))
    two.metric(_("The score rose by"), number(made.difference, 4))
    three.metric(_("Apart by"), number(abs(made.total - made.difference), 4))
    st.caption(_("With more and more steps the two become equal. Try 4 steps, then 256."))
