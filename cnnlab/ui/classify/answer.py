"""What does the network say, in bars and in the words of a careful person, and is the photo strange to it?"""

import streamlit as st

from cnnlab.data import datasets
from cnnlab.evaluation import reliability_record
from cnnlab.evaluation.measure_reliability import FEWEST, measure
from cnnlab.evaluation.reliability_record import ReliabilityRecord
from cnnlab.figures import tiles
from cnnlab.i18n import _, number
from cnnlab.runs import RunError
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.components.bars import Answer, bars
from cnnlab.ui.widgets import background_job, network_choice
from cnnlab.workers import pool


def answer(look: Look, reliability: ReliabilityRecord | None) -> None:
    """Draw what the network sees, the careful sentence, ten bars, and whether it may be none of the ten."""
    picture, words = st.columns([1, 2.4], vertical_alignment="center", wrap=False)
    picture.image(tiles.enlarge(look.seen, 128), _("What it sees: 32\u00a0×\u00a032"), width=128)
    strange = reliability is not None and reliability.familiar(look.outputs) < reliability.threshold
    with words:
        if look.photo is not None or look.truth is not None:  # of a drawing it is said above the pad
            text = network_choice.verdict(look.probabilities, look.net.classes)
            st.subheader(f"{text[:-1]} – {_('or none of these')}." if strange else text, anchor=False)
        st.caption(look.remark)
    bars([Answer(look.probabilities)], look.classes, key="_classify.bars", true=look.truth)
    if reliability is not None:
        familiar(look, reliability)


def familiar(look: Look, reliability: ReliabilityRecord) -> None:
    """Say how familiar the picture looks to the network, against ordinary pictures of its classes."""
    value = reliability.familiar(look.outputs)
    below = number(100 * reliability.share_below(value))
    if value < reliability.threshold:
        text = _(
            "**None of these?** Only {below} of 100 ordinary photos look as strange to this network: "
            "this one is unlike what it was trained on. Do not trust the bars."
        )
        st.warning(text.format(below=below), icon=":material/help:")
        return
    text = _(
        "**None of these?** No sign of it: {below} of 100 ordinary photos look stranger to this network. "
        "It notices few of the photos that it should (see *More*)."
    )
    st.caption(text.format(below=below))


def reliability_of(net: network_choice.Network) -> ReliabilityRecord | None:
    """Return what was measured about the network; have it measured where that can be done."""
    found = _read(str(net.run.folder), net.stamp, _written(net), net)
    if found is None and measurable(net):
        doing = _("Measuring what this network does not know: step {done} of {all}")
        about = (str(net.run.folder), net.stamp)
        root = str(net.run.folder.parent)
        done = background_job.answer(
            "classify.reliability", about, measure, root, net.run.id, doing=doing, long=True, shared=True
        )
        if done is not None:
            found = _read(str(net.run.folder), net.stamp, _written(net), net)
    return found


def measurable(net: network_choice.Network) -> bool:
    """Say whether a worker can measure this network now: at rest, its images here, some of them held out."""
    config = net.recipe.config
    if net.run.shipped or pool.current() is None or not datasets.find(config.dataset).present():
        return False
    if not config.validation or (config.limit is not None and config.limit * config.validation < FEWEST):
        return False
    try:
        return not net.run.state().phase.at_work
    except RunError:
        return False


def _written(net: network_choice.Network) -> int:
    try:
        return (net.run.folder / reliability_record.FILE).stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=16, show_spinner=False)
def _read(folder: str, stamp: int, written: int, _net: network_choice.Network) -> ReliabilityRecord | None:
    return reliability_record.read(_net.run, _net.checksum)
