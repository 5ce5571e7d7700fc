"""Do several networks agree on the same picture?"""

import numpy as np
import streamlit as st

from cnnlab.i18n import _, percent
from cnnlab.runs import Run, RunError
from cnnlab.ui.classify.subject import Look
from cnnlab.ui.components.bars import Answer, bars
from cnnlab.ui.session import widget_state
from cnnlab.ui.widgets import network_choice

MOST = 4


def several(look: Look) -> None:
    """Show the answers of chosen networks side by side, and say how far they agree."""
    trained = {run.id: run for run in network_choice.trained() if run.id != look.net.run.id}
    others = {name: net for name, run in trained.items() if (net := _fitting(run, look.net)) is not None}
    if not others:
        st.info(_("There is no second network for the same classes yet. Train one, and compare."))
        return
    widget_state.default("classify.others", list(others)[:1])
    st.session_state["classify.others"] = [n for n in st.session_state["classify.others"] if n in others]
    chosen = st.multiselect(
        _("Compare with"), list(others), format_func=lambda name: network_choice.label(others[name].run),
        key="classify.others", max_selections=MOST - 1,
    )  # fmt: skip
    nets = [look.net, *(others[name] for name in chosen)]
    answers = [
        Answer(p, network_choice.label(net.run), network_choice.verdict(p, net.classes))
        for net in nets
        for p in [net.probabilities(look.seen)]
    ]
    if len(nets) > 1:
        st.markdown(agreement([answer.probabilities for answer in answers], look.classes))
    bars(answers, look.classes, key="_classify.several", true=look.truth)


def agreement(answers: list[np.ndarray], classes: list[str]) -> str:
    """Say how many networks give the same answer, and how much of their probabilities they share."""
    tops = [int(p.argmax()) for p in answers]
    best = max(set(tops), key=tops.count)
    shared = percent(float(np.min(answers, axis=0).sum()), 0)
    if tops.count(best) == len(tops):
        text = _("All {all} say **{name}**; they share {shared} of their probability.")
    elif len(tops) == 2:
        text = _("They disagree; they share {shared} of their probability.")
    elif tops.count(best) == 1:
        text = _("No two of {all} agree; they share {shared} of their probability.")
    else:
        text = _("{count} of {all} say **{name}**; together they share {shared} of their probability.")
    return text.format(count=tops.count(best), all=len(tops), name=classes[best], shared=shared)


def _fitting(run: Run, net: network_choice.Network) -> network_choice.Network | None:
    """Load a run's network if it judges the same classes."""
    try:
        other = network_choice.load(run)
    except RunError:
        return None
    return other if other.classes == net.classes and other.dataset == net.dataset else None
