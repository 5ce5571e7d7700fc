"""The ways to ask which parts of a photo mattered: what is said of each, and how it is set."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cnnlab.i18n import _
from cnnlab.inspection.attribution import Method
from cnnlab.inspection.grad_cam import GradCam, layers_with_maps
from cnnlab.inspection.gradients import InputGradient, IntegratedGradients, SmoothGrad
from cnnlab.inspection.occlusion import Occlusion
from cnnlab.ui.inside import covering
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import layer_words, network_choice


@dataclass(frozen=True)
class Shown:
    """A method as the page shows it, in the session's language.

    title, what it does, its caveat, and its formula in LaTeX. settings: draws them for a network and returns
    the method with them, None where the network gives it nothing to work on. legend: of its map, with
    {limit}; without one, that of a gradient.
    """

    method: type[Method]
    title: str
    does: str
    beware: str
    formula: str
    settings: Callable[[network_choice.Network], Method | None] | None = None
    legend: str = ""

    def choose(self, net: network_choice.Network) -> Method | None:
        """Draw the settings, if there are any, and return the method."""
        return self.settings(net) if self.settings else self.method()


def _occlusion() -> Shown:
    return Shown(
        Occlusion,
        _("Cover parts"),
        _(
            "Cover a part of the photo and let the network answer again. Where its answer suffers, it had "
            "been looking."
        ),
        _(
            "Beware: the network never saw plain squares while it learned; two parts that can stand in for "
            "each other both look unimportant; and another size of cover gives another map."
        ),
        r"\text{drop}(i,j) = p_c(x) - p_c(x \text{ covered at } (i,j))",
        covering.settings,
    )


def _grad_cam() -> Shown:
    return Shown(
        GradCam,
        _("Grad-CAM: cells of a layer"),
        _(
            "Each map of a layer gets a weight: how much the class's score rises with its values, on "
            "average. The weighted maps are added up, and what speaks against the class is left out."
        ),
        _(
            "Beware: deep maps are coarse, so the edges of the orange mean nothing; it shows where, not "
            "what; and two layers of the same network can disagree."
        ),
        r"\mathrm{map}(i,j) = \mathrm{ReLU}\Big(\sum_k \alpha_k A_k(i,j)\Big), \quad "
        r"\alpha_k = \frac{1}{HW} \sum_{i,j} \frac{\partial z_c}{\partial A_k(i,j)}",
        _layer,
        _("Orange speaks for the class; the densest is {limit}, without unit."),
    )


def _layer(net: network_choice.Network) -> GradCam | None:
    """Draw the choice of a layer that makes maps."""
    layers = layers_with_maps(net.layers)
    if not layers:
        return None
    titles = {layer.name: layer_words.title(layer) for layer in net.layers}
    widget_state.default("why.layer", layers[-1], layers)
    return GradCam(st.selectbox(_("Layer"), layers, format_func=titles.__getitem__, key="why.layer"))


def _gradient() -> Shown:
    return Shown(
        InputGradient,
        _("Gradient: pixels"),
        _(
            "Make one pixel a little brighter: does the class's score rise or fall, and how fast? Asked for "
            "every pixel at once, by going backwards through the network as training does."
        ),
        _(
            "Beware: it says what would *change* the score, not what made it. Where the network is already "
            "sure, slopes can be flat at the very pixels that convinced it."
        ),
        r"g(i,j) = \sum_{\text{channel}} \frac{\partial z_c}{\partial x(i,j,\text{channel})}",
    )


def _smooth_grad() -> Shown:
    return Shown(
        SmoothGrad,
        _("SmoothGrad: pixels, averaged"),
        _(
            "The gradient jumps from pixel to pixel. So add noise to the photo, take the gradient, do that "
            "many times, and average."
        ),
        _(
            "Beware: the noise is chosen by hand, and another amount gives another map. Smoother is not "
            "truer."
        ),
        r"\bar g = \frac{1}{n} \sum_{i=1}^{n} \nabla_x z_c(x + \varepsilon_i)",
        _noise,
    )


def _noise(_net: network_choice.Network) -> SmoothGrad:
    """Draw how strong the noise is."""
    widget_state.default("why.noise", 0.15)
    label = _("Noise, as a share of 255")
    return SmoothGrad(st.slider(label, 0.05, 0.4, step=0.05, key="why.noise"))


def _integrated() -> Shown:
    return Shown(
        IntegratedGradients,
        _("Integrated gradients · University"),
        _(
            "Let the photo appear step by step out of a plain picture and collect each pixel's gradient on "
            "the way. Then the pixels' shares **add up** to what the whole photo did to the score."
        ),
        _(
            "Beware: a pixel just as bright as the start gets 0, however much it matters: from black, a "
            "black cat's fur counts for nothing. Adding up does not make a map right."
        ),
        r"a = (x - x_0) \cdot \frac{1}{m} \sum_{n=1}^{m} \nabla_x z_c\Big(x_0 + \tfrac{n - 1/2}{m} "
        r"(x - x_0)\Big), \quad \sum a \approx z_c(x) - z_c(x_0)",
        _path,
        _("Orange raised the score, blue lowered it; the densest is {limit} of its points."),
    )


def _path(_net: network_choice.Network) -> IntegratedGradients:
    """Draw where integrated gradients start and in how many steps they go."""
    greys = {0.0: _("black"), 127.5: _("mid grey"), 255.0: _("white")}
    widget_state.default("why.baseline", 0.0, greys)
    widget_state.default("why.steps", 64)
    start = st.selectbox(
        _("Start from a picture all"), list(greys), format_func=greys.__getitem__, key="why.baseline"
    )
    steps = st.select_slider(_("Steps"), [4, 16, 64, 256], key="why.steps")
    return IntegratedGradients(start, steps)


METHODS = {
    "occlusion": _occlusion,
    "grad_cam": _grad_cam,
    "gradient": _gradient,
    "smooth_grad": _smooth_grad,
    "integrated": _integrated,
}
