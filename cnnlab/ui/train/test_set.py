"""How good is the network really? The sealed test set of a run, and who has looked into it how often."""

import numpy as np
import streamlit as st

from cnnlab.config import losses
from cnnlab.data import datasets
from cnnlab.data.datasets import class_name
from cnnlab.evaluation.test_set import open_test_set
from cnnlab.i18n import _, in_epochs, number, percent
from cnnlab.runs import Evaluation, Run
from cnnlab.ui.session import class_state
from cnnlab.ui.widgets import background_job
from cnnlab.workers import pool


def test_set(run: Run) -> None:
    """Draw the sealed test set, or what it said."""
    with st.container(border=True):
        st.markdown(_("**The sealed test set**"))
        seen = class_state.as_seen(run)
        evaluation, before = seen.evaluation(), seen.last_evaluation()
        if before is None:
            text = _(
                "These photos played no part so far. Open the envelope when you are sure that this is your "
                "network: whoever looks, changes something and looks again has begun to train on the test."
            )
            st.markdown(text)
        elif evaluation is None:
            text = _(
                "The envelope was opened after {epochs}. Training has gone on since, so that result "
                "was another network's. The first look was honest, each further one is less."
            )
            # None: training could not go on then, so it is still the number of now.
            epochs = run.trained_epochs() if before.epochs is None else before.epochs
            st.markdown(text.format(epochs=in_epochs(epochs)))
        else:
            right, all = (
                int((evaluation.probabilities.argmax(1) == evaluation.labels).sum()),
                len(evaluation.labels),
            )
            config = run.recipe().config
            penalty = _penalty(str(run.folder), run.written(), run) if config.model.l2 else 0.0
            found = losses.of(evaluation.probabilities, evaluation.labels, config, penalty)
            with st.container(horizontal=True):
                st.metric(_("Test accuracy"), percent(evaluation.accuracy), width=150)
                st.metric(_("Test loss"), losses.written(found.loss), width=150)
                if not losses.is_cross_entropy(config):
                    st.metric(_("Test cross-entropy"), losses.written(found.cross_entropy), width=150)
            st.caption(losses.explained(config, penalty))
            text = _(
                "{right} of {all} right, by the network after {epochs}. In this training run the test "
                "set was opened {times}×: the first look is honest, each further one less."
            )
            words = {"right": number(right), "all": number(all), "epochs": in_epochs(run.trained_epochs())}
            st.caption(text.format(times=evaluation.openings, **words))
            _per_class(run, evaluation)
        _opening(run, before)


@st.cache_data(max_entries=64, show_spinner=False)
def _penalty(folder: str, written: int, _run: Run) -> float:
    return losses.penalty(_run.weights(), _run.recipe().config.model.l2)


def _per_class(run: Run, evaluation: Evaluation) -> None:
    """Draw the share of right answers for each true class, in the classes' order."""
    right = evaluation.probabilities.argmax(1) == evaluation.labels
    names = [class_name(name) for name in run.recipe().classes]
    st.markdown(_("**Right answers, class by class**"))
    with st.container(horizontal=True, gap="small"):
        for c in np.unique(evaluation.labels):
            share = percent(float(right[evaluation.labels == c].mean()), 0)
            st.metric(names[c], share, width=104)


def _opening(run: Run, before: Evaluation | None) -> None:
    """Let who may do so open the test set, and wait for the *look* worker."""
    if run.shipped or not class_state.owns(run):
        return
    if not (class_state.rules().students_open or class_state.is_teacher()):
        text = _("In this class the envelopes are opened together: your teacher opens them on the board.")
        st.caption(f":material/lock: {text}")
        return
    label, icon = _("Open it again") if before else _("Open the envelope"), ":material/drafts:"
    present, crew = datasets.find(run.recipe().config.dataset).present(), pool.current()
    trouble = crew.lost("look") if crew is not None else ""
    if trouble:
        st.caption(_("The test set cannot be opened now. {trouble}").format(trouble=trouble))
    able = present and crew is not None and crew.ready("look")
    if not able and not background_job.under_way("test_set"):
        st.button(label, icon=icon, key="_test_set.open", disabled=True)
        return
    class_state.classroom().may_open(run, class_state.who())
    openings = before.openings if before else 0
    opened = background_job.answer(
        "test_set",
        (str(run.folder), run.written(), openings),
        open_test_set,
        str(run.folder.parent),
        run.id,
        ask=label,
        icon=icon,
        meanwhile=_("The network is looking at the test photos …"),
        long=True,
    )
    now = run.last_evaluation() if opened is not None else None
    if now is not None and now.openings != openings:
        st.rerun()
