"""What does a kernel contribute? Switch it off, or change a weight, and see what the network says then."""

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data import datasets
from cnnlab.i18n import _, fine, number, percent, plain
from cnnlab.inspection.ablation import Accuracy, Edit, Off, Weight, accuracy, edited, left_by_off
from cnnlab.ui.inside import picture
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import background_job, layer_words, lesson, network_choice
from cnnlab.ui.widgets.number_field import decimal_field

EDITS = "inside.edits"  # session key: (network and its stamp, the edits made to it so far)


def parts(net: network_choice.Network) -> None:
    """Let the student edit a copy of the network; show its answer for the photo, and its accuracy."""
    convolutions = layer_words.convolutions(net.layers)
    if not convolutions:
        st.info(_("This network has no convolution, so there is no kernel to switch off."))
        return
    st.markdown(_("Here you change a **copy**: the stored training run stays as it is."))
    left, right = st.columns([1, 2], gap="large")
    with left:
        shown = picture.choose(net, at="parts")
        _controls(net, convolutions)
    edits = _edits(net)
    with right:
        st.markdown(_told(edits, convolutions) if edits else _("**Nothing is changed yet.**"))
        _undo(net, edits)
        if shown is not None:
            _answers(net, edits, shown)
        _accuracy(net, edits)
    lesson.code(edited)


def _controls(net: network_choice.Network, convolutions: dict[str, str]) -> None:
    widget_state.default("inside.edit.layer", next(iter(convolutions)), convolutions)
    layer = st.selectbox(
        _("Layer"), list(convolutions), format_func=convolutions.__getitem__, key="inside.edit.layer"
    )
    kernels = net.weights[f"{layer}/kernel"]
    side, _side, depth, count = kernels.shape
    widget_state.default("inside.edit.kernel", 1, range(1, count + 1))
    label = _("Kernel, 1 to {count}").format(count=count)
    kernel = st.number_input(label, 1, count, key="inside.edit.kernel") - 1
    off = Off(layer, kernel)
    st.button(
        _("Switch kernel {n} off").format(n=kernel + 1),
        key="_inside.off",
        icon=":material/toggle_off:",
        disabled=off in _edits(net),
        on_click=_add,
        args=(net, off),
    )
    st.caption(_off(net, layer))
    keys = [f"inside.edit.{place}" for place in ("row", "col", "channel")]
    with widget_state.popover(_("Change one weight"), *keys, icon=":material/edit:"):
        places = {"row": side, "col": side, "channel": depth}
        names = {"row": _("Row"), "col": _("Column"), "channel": _("Input channel")}
        where = {}
        for place, most in places.items():
            key = widget_state.default(f"inside.edit.{place}", 1, range(1, most + 1))
            where[place] = st.number_input(f"{names[place]}, 1–{most}", 1, most, key=key) - 1
        now = edited(net.weights, _edits(net))[f"{layer}/kernel"]
        text = _("It is {value}; the layer's largest magnitude is {limit}.")
        value = fine(now[where["row"], where["col"], where["channel"], kernel], 3)
        st.caption(text.format(value=value, limit=fine(np.abs(kernels).max(), 3)))
        new = decimal_field(_("New value"), -100.0, 100.0, value=0.0, step=0.1, key="_inside.edit.value")
        edit = Weight(layer, kernel, **where, value=new or 0.0)
        st.button(_("Set this weight"), key="_inside.weight", on_click=_add, args=(net, edit))


def _off(net: network_choice.Network, layer: str) -> str:
    """Say what a kernel of this convolution passes on when it is off."""
    left = left_by_off(net.layers, layer)
    taken = _("no weights and no bias")
    if f"{layer}_norm" in left:
        taken = _("no weights, and its normalisation neither scale nor shift")
    last = next(layer for layer in net.layers if layer.name == list(left)[-1])
    value = left[last.name]
    if value == 0 or not isinstance(last, ops.Activation):
        text = _("A kernel that is off has {taken}: its map is 0 everywhere, whatever the photo.")
        return text.format(taken=taken)
    text = _(
        "A kernel that is off has {taken}: its sum is 0 everywhere, and {function} makes {value} of that. So "
        "its map is {value} everywhere, whatever the photo."
    )
    function = ops.ACTIVATIONS[last.function].title
    return text.format(taken=taken, function=function, value=number(value, 1))


def _edits(net: network_choice.Network) -> tuple[Edit, ...]:
    """Return the edits made to this network in this session; another network starts without any."""
    of, edits = st.session_state.get(EDITS, (None, ()))
    return edits if of == _identity(net) else ()


def _add(net: network_choice.Network, edit: Edit) -> None:
    st.session_state[EDITS] = (_identity(net), (*_edits(net), edit))


def _keep(net: network_choice.Network, count: int) -> None:
    """Keep the first so many edits."""
    st.session_state[EDITS] = (_identity(net), _edits(net)[:count])


def _identity(net: network_choice.Network) -> tuple[str, int]:
    return str(net.run.folder), net.stamp


def _undo(net: network_choice.Network, edits: tuple[Edit, ...]) -> None:
    with st.container(horizontal=True):
        for label, icon, count in (
            (_("Undo"), ":material/undo:", len(edits) - 1),
            (_("Undo all"), ":material/restart_alt:", 0),
        ):
            key = f"_inside.undo.{icon}"
            st.button(label, icon=icon, key=key, disabled=not edits, on_click=_keep, args=(net, count))


def _told(edits: tuple[Edit, ...], convolutions: dict[str, str]) -> str:
    """List the edits in words."""
    off, weight = _("{layer}: kernel {n} is off"), _("{layer}, kernel {n}: one weight is {value}")
    words = [
        off.format(layer=convolutions[edit.layer], n=edit.kernel + 1)
        if isinstance(edit, Off)
        else weight.format(layer=convolutions[edit.layer], n=edit.kernel + 1, value=plain(edit.value))
        for edit in edits
    ]
    return "**" + _("Changed") + "**: " + " · ".join(words)


def _answers(net: network_choice.Network, edits: tuple[Edit, ...], shown: picture.Picture) -> None:
    """Show the probabilities for the photo before and after, the largest first."""
    before = picture.outputs(net, shown)[-1].values
    after = ops.forward(net.layers, edited(net.weights, edits), shown.seen)[-1].values if edits else before
    order = np.argsort(-np.maximum(before, after), kind="stable")[:5]
    classes = [datasets.class_name(net.classes[place]) for place in order]
    table = {
        _("“{photo}”").format(photo=shown.name): classes,
        _("as trained"): [_percent(before[p], p == before.argmax()) for p in order],
        _("with your changes"): [_percent(after[p], p == after.argmax()) for p in order],
    }
    st.table(table, border="horizontal", hide_index=True)
    if before.argmax() != after.argmax():
        text = _("The answer has changed: **{before}** became **{after}**.")
        names = [datasets.class_name(net.classes[p.argmax()]) for p in (before, after)]
        st.markdown(text.format(before=names[0], after=names[1]))


def _percent(share: float, largest: bool) -> str:
    return f"**{percent(share)}**" if largest else percent(share)


def _accuracy(net: network_choice.Network, edits: tuple[Edit, ...]) -> None:
    """Show the accuracy on the fixed photos before and after, each by a *look* worker."""
    if not net.spec.present():
        st.caption(_("How many photos it still gets right cannot be counted without the dataset."))
        return
    root, about = str(net.run.folder.parent), _identity(net)
    doing = _("Photos judged: {done} of {all}")
    whole = background_job.answer(
        "inside.whole", about, accuracy, root, net.run.id, (), doing=doing, shared=True
    )
    if whole is None:
        return
    now = whole
    if edits:
        now = background_job.answer(
            "inside.edited", (about, edits), accuracy, root, net.run.id, edits, doing=doing
        )
    if now is not None:
        _compared(net, whole, now)


def _compared(net: network_choice.Network, whole: Accuracy, now: Accuracy) -> None:
    st.markdown(_("**Right, of {count} photos**").format(count=number(whole.photos)))
    before, after = st.columns(2)
    before.metric(_("as trained"), percent(whole.right / whole.photos))
    after.metric(_("with your changes"), percent(now.right / now.photos))
    if whole.held_out:
        st.caption(_("Always the same photos: the first ones held out for validation, not learned from."))
    else:
        st.caption(_("Always the same photos: training images, for this network held none out."))
    falls = np.array(whole.by_class) - np.array(now.by_class)
    if np.nanmax(falls, initial=0) > 0:
        worst = int(np.nanargmax(falls))
        text = _("Hit hardest: {name}, from {before} to {after} of its photos.")
        name = datasets.class_name(net.classes[worst])
        shares = [percent(one.by_class[worst], 0) for one in (whole, now)]
        st.markdown(text.format(name=name, before=shares[0], after=shares[1]))
