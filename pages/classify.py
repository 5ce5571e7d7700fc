"""What is on this photo? A trained network answers, with probabilities on a true scale."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from cnnlab import ops
from cnnlab.data.spec import DatasetError
from cnnlab.evaluation.reliability_record import ReliabilityRecord
from cnnlab.i18n import _, number
from cnnlab.runs import RunError
from cnnlab.ui.classify import several, smaller, tally, trials, trust, why
from cnnlab.ui.classify import subject as looking
from cnnlab.ui.classify.answer import answer, reliability_of
from cnnlab.ui.widgets import lesson, network_choice


def shown(part: Callable[..., None], *arguments: Any) -> None:
    """Draw one part; a damaged file or a missing dataset spoils that part alone."""
    try:
        part(*arguments)
    except (RunError, DatasetError) as error:
        st.warning(str(error), icon=":material/broken_image:")


def measured_reliability(net: network_choice.Network) -> ReliabilityRecord | None:
    """Return what was measured about a network of photos; a damaged file gets a sentence."""
    try:
        return reliability_of(net)
    except RunError as error:
        st.warning(str(error), icon=":material/broken_image:")
        return None


lesson.opening(
    _("What is on this photo?"),
    _(
        "A network answers with a probability for each of its classes. They always add up to 100\u00a0%, "
        "even for a photo of something else: whether it is **none of these** has to be asked in another way."
    ),
)
net = network_choice.choose()
if net is None:
    st.stop()
left, right = st.columns([1.2, 1.6], gap="medium")
with left:
    look = looking.at_digit(net) if net.spec.pictures == "digits" else looking.at_photo(net)
with right, st.container(border=True):
    measured = None
    if look is None:
        st.info(_("Draw a digit, and the network says which one it is."))
    else:
        said = st.container()  # above the bar that shows a measurement under way
        measured = measured_reliability(net) if look.photo is not None else None
        with said:
            answer(look, measured)
        tally.rate(look)
if net.spec.pictures == "photos":
    text = _(
        "Photos stay in this server's memory, in your session alone; none is written to disk or to a log."
    )
    st.caption(f"{net.spec.words().caution} {text}", width=760)
if look is not None:
    if look.photo is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            looking.by_numbers(look)
            why.links(look)
    with st.container(border=True):
        st.subheader(_("Does the answer hold?"), anchor=False)
        trials.first(look)
    parts = {
        _("More tests"): partial(trials.more, look),
        _("Which parts mattered?"): partial(why.why, look),
        _("Several networks"): partial(several.several, look),
        _("None of these"): partial(trust.none_of_these, look, measured),
        _("How sure, really?"): partial(trust.confidence, look, measured),
        _("Made small"): partial(smaller.smaller, look),
        _("Your tally"): partial(tally.tally, look),
    }
    if look.photo is None:
        parts.pop(_("Made small"))
        parts.pop(_("None of these"))
        parts.pop(_("How sure, really?"))
    lesson.unfold({title: partial(shown, part) for title, part in parts.items()}, key="_classify.more")
weights = sum(array.size for array in net.weights.values())
changed = network_choice.changed_by_use(str(net.run.folder), net.stamp, net)
lesson.predict(
    "classify.changed",
    _("The network classifies 100 photos. How many of its {weights} weights have changed afterwards?").format(
        weights=number(weights)
    ),
    [number(n) for n in (0, 100, net.weights["scores/kernel"].size, weights)],
    number(changed),
    _(
        "Counted: it has just classified 100 crops of the sample photos, and {changed} of {weights} weights "
        "differ. Only training changes weights. The network keeps no photo files; still, its weights can "
        "reveal something about the photos it was trained on."
    ).format(changed=number(changed), weights=number(weights)),
    about=net.run.id,
)
lesson.formula(r"P(c) = \frac{e^{z_c}}{\sum_k e^{z_k}}, \qquad z_c = \sum_i w_{ic}\, a_i + b_c")
lesson.article(
    _("Outlook: generalisation and privacy."),
    _(
        "Generalisation: give it photos unlike its training images, such as a coin or a galaxy. Privacy: a "
        "network keeps weights, no photo files; still, weights can reveal something about training photos."
    ),
)
lesson.code(ops.forward, ops.softmax)
lesson.way_on("classify")
