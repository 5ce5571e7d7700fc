"""Which kernel has the student chosen, from the named ones, at random, from a trained network, or edited?"""

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.i18n import _
from cnnlab.lessons.page_list import CONTROLS
from cnnlab.ui.components.cells import cells
from cnnlab.ui.components.data import written
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import network_choice, page_control
from cnnlab.ui.widgets.number_field import decimal_field

FIRST = ("sobel_x", "sobel_y", "gaussian", "sharpen")  # at first sight
SIZES = range(1, 8)
LARGEST = 1000  # the largest magnitude of a weight or bias
EDITS = "convolution.edits"


class Kernel(NamedTuple):
    """Weights (k, k, c), bias, and the factor that brings pixels of 0-255 to what the kernel expects."""

    weights: np.ndarray
    bias: float
    scale: float


def explained() -> dict[str, str]:
    """Return every choice with what it does."""
    about = {
        "sobel_x": _("Vertical edges (Sobel x)"),
        "sobel_y": _("Horizontal edges (Sobel y)"),
        "gaussian": _("Blur (Gaussian): a mean that favours the middle"),
        "identity": _("Identity: nothing changes"),
        "box_blur": _("Box blur: the mean of the window"),
        "laplacian": _("Laplacian: how a pixel differs from its neighbours"),
        "emboss": _("Emboss: lit from a corner"),
        "random": _("Random weights"),
        "trained": _("One that a trained network has learned"),
    }
    return CONTROLS["convolution.kernel"].options() | about


def few() -> None:
    """Draw the choice among four kernels, and the one chosen under *More*."""
    also = {"trained": _("Trained")}
    chosen = page_control.value("convolution.kernel", also)
    page_control.draw("convolution.kernel", also=also, only=FIRST if chosen in FIRST else (*FIRST, chosen))


def held() -> bool:
    """Whether a lesson link holds the kernel: then its size, seed, weights and bias stay as well."""
    return widget_state.locked("convolution.kernel")


def all_settings(channels: int) -> Kernel | None:
    """Draw every choice of a kernel; return it, or None (with a sentence) while it cannot be computed.

    channels: 1 on a grey picture, 3 in colour; a trained network's first layer always reads 3.
    """
    chosen = st.session_state["convolution.all"] = st.session_state["convolution.kernel"]
    words = explained()
    label = _("All kernels")
    st.selectbox(
        label,
        list(words),
        format_func=words.__getitem__,
        key="convolution.all",
        on_change=_take,
        disabled=held(),
    )
    if chosen == "trained":
        found = _trained()
        if found is None:
            return None
        weights, bias, scale, about = found
    else:
        weights, about = _named(chosen, channels)
        bias, scale = 0.0, 1.0
    return _edited(Kernel(weights, bias, scale), (chosen, weights.shape, about))


def _take() -> None:
    st.session_state["convolution.kernel"] = st.session_state["convolution.all"]


def _named(name: str, channels: int) -> tuple[np.ndarray, Hashable]:
    """Draw size and seed; the same slice reads every channel, only random slices differ."""
    widget_state.default("convolution.size", 3, SIZES)
    label = _("Kernel size, k × k")
    st.segmented_control(label, SIZES, key="convolution.size", required=True, disabled=held())
    size: int = st.session_state["convolution.size"]
    if name != "random":
        return np.repeat(ops.KERNELS[name](size)[:, :, np.newaxis], channels, axis=2), None
    widget_state.default("convolution.seed", 1)
    label = _("Seed: the same seed draws the same weights")
    seed = st.number_input(label, 0, 9999, key="convolution.seed", disabled=held())
    weights = np.random.default_rng(seed).uniform(-1, 1, (size, size, channels)).round(1)
    return weights + 0.0, seed  # + 0.0 makes a negative zero a plain one


def _trained() -> tuple[np.ndarray, float, float, Hashable] | None:
    """Draw the choice of a network and of one kernel of its first convolution."""
    net = network_choice.choose()
    if net is None:
        return None
    first = next((layer for layer in net.layers if isinstance(layer, ops.Conv)), None)
    if first is None:
        st.info(_("This network has no convolution, so it has no kernel to borrow."))
        return None
    weights = net.weights[f"{first.name}/kernel"].astype(float)  # (k, k, 3, count)
    count = weights.shape[-1]
    widget_state.default("convolution.number", 1, range(1, count + 1))
    label = _("Kernel of its first convolution, 1 to {count}")
    place = st.number_input(label.format(count=count), 1, count, key="convolution.number") - 1
    biases = net.weights.get(f"{first.name}/bias")
    scale = next((layer.scale for layer in net.layers if isinstance(layer, ops.Rescale)), 1.0)
    st.caption(_("It learned on colour pixels divided by 255, so it is shown on inputs from 0 to 1."))
    bias = 0.0 if biases is None else float(biases[place])
    return weights[..., place], bias, scale, (net.run.id, net.stamp, place)


def _edited(kernel: Kernel, about: Hashable) -> Kernel | None:
    """Draw the weights and the bias to edit; edits are kept until another kernel is chosen."""
    if st.session_state.get("convolution.about") != about:
        st.session_state["convolution.about"] = about
        st.session_state["convolution.bias"] = kernel.bias
        for name in list(st.session_state):
            if str(name).startswith(EDITS):
                del st.session_state[name]
    weights = kernel.weights.copy()
    channels = weights.shape[2]
    channel = 0
    if channels > 1:
        widget_state.default("convolution.channel", 0, range(channels))
        names = (_("red"), _("green"), _("blue"))
        st.segmented_control(
            _("Edit the slice that reads"),
            range(channels),
            format_func=names.__getitem__,
            key="convolution.channel",
            required=True,
        )
        channel = st.session_state["convolution.channel"]
    for place in range(channels):
        for (row, col), value in st.session_state.get(f"{EDITS}.{place}", {}).items():
            weights[row, col, place] = value
    st.caption(_("Weights: click one and type; Enter takes it."))
    store = f"{EDITS}.{channel}"
    cells(
        _("Weights"),
        weights[:, :, channel],
        key=f"_convolution.cells.{channel}",
        store=store,
        role="signed",
        low=-LARGEST,
        high=LARGEST,
        disabled=held(),
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    step = 1.0 if kernel.scale == 1 else 0.01
    widget_state.default("convolution.bias", kernel.bias)
    most = float(LARGEST)
    with left:
        bias = decimal_field(_("Bias"), -most, most, step=step, key="convolution.bias", disabled=held())
    label, icon = _("Undo my changes"), ":material/undo:"
    right.button(label, key="_convolution.undo", icon=icon, on_click=_forget, disabled=held())
    if bias is None:
        st.error(_("The bias is empty: type a number, such as 0. The picture stays as it was."))
        return None
    st.caption(_("The weights add up to {sum}.").format(sum=written(weights.sum())))
    return Kernel(weights, float(bias), kernel.scale)


def _forget() -> None:
    st.session_state.pop("convolution.about", None)
