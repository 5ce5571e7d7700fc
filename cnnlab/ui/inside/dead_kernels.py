"""Which kernels stay silent on many photos? Asked on a button, told with the evidence."""

import streamlit as st

from cnnlab.i18n import _, fine, number
from cnnlab.inspection.dead_kernels import Silence, measure
from cnnlab.ui.widgets import background_job, network_choice


def ask(net: network_choice.Network, layer: str) -> Silence | None:
    """Draw the button, the bar or the result for one convolution; return what was found, if anything yet."""
    if not net.spec.present():
        st.caption(
            _(
                "Which kernels stay silent? That takes many photos of the dataset, and it is not on this "
                "computer."
            )
        )
        return None
    store = net.run.folder.parent
    found: Silence | None = background_job.answer(
        "inside.silence",
        (str(net.run.folder), net.stamp),
        measure,
        str(store),
        net.run.id,
        ask=_("Find silent kernels"),
        doing=_("Shown to the network: {done} of {all} photos"),
        shared=True,
    )
    if found is None:
        st.caption(_("Shows the network up to 1,000 photos and notes which kernels answer at all."))
        return None
    quiet = int((found.active[layer] == 0).sum())
    text = _("**{quiet} of {all} kernels** were silent on {photos}.")
    st.markdown(text.format(quiet=quiet, all=len(found.active[layer]), photos=these(found)))
    st.caption(
        _(
            "Silent: what the kernel passes on was 0 in every cell of every photo. A photo of another kind "
            "may still wake it."
        )
    )
    return found


def these(found: Silence) -> str:
    """Say which photos the evidence is from."""
    if found.held_out:
        text = _("these {count} photos (the first ones held out for validation: not learned from)")
    else:
        text = _("these {count} photos (training images: this network held none out)")
    return text.format(count=number(found.photos))


def mark(found: Silence | None, layer: str, place: int) -> str:
    """Return why a kernel is flagged, "" where it is not; place from 0."""
    if found is None or found.active[layer][place] > 0:
        return ""
    return _("silent on these {count} photos").format(count=number(found.photos))


def evidence(found: Silence, layer: str, place: int) -> str:
    """Say how often a kernel answered, and how strongly at most; place from 0."""
    text = _("Answered on {active} of {count} photos; largest magnitude {peak}")
    peak = fine(found.peak[layer][place], 2)
    return text.format(active=number(found.active[layer][place]), count=number(found.photos), peak=peak)
