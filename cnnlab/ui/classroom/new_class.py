"""How does the next class begin? One click, confirmed: what was made is put away, and nothing is deleted."""

import streamlit as st

from cnnlab.access import TeacherPass
from cnnlab.i18n import _
from cnnlab.runs import Store, queue
from cnnlab.ui.classroom import actions
from cnnlab.ui.session import class_state, teacher_pass

PLACE = "class"
# In the session while the last training runs of the old class are stopping: the rules to return to.
RENEWING = "_teacher.renewing"


def new_class() -> None:
    """Draw what a new class means, and the button."""
    text = _(
        "**A new class** begins empty. Names, answers, votes and all training runs of this class are put "
        "away into an archive on this computer; nothing is deleted until you do that under *This computer*. "
        "Limits and switches stay as they are. Every browser gets a new name."
    )
    st.markdown(text, width=760)
    teacher_pass.word(PLACE)
    if RENEWING in st.session_state:
        _renewing()
        return
    busy = queue.at_work(Store())
    if busy:
        text = _("At work now: {runs}. They are stopped first, and what they have learned is kept.")
        st.markdown(text.format(runs=", ".join(run.id for run in busy)))
    label = _("Stop them and begin a new class") if busy else _("Begin a new class")
    with st.popover(_("New class …"), icon=":material/restart_alt:"):
        st.markdown(_("Download the answers first if you need them: they leave this page."))
        arguments = (PLACE, _begin)
        st.button(
            label, type="primary", key="_teacher.new_class", on_click=teacher_pass.carry_out, args=arguments
        )


def _begin(teacher: TeacherPass) -> str:
    """Begin the new class at once, or as soon as what is being trained has stopped."""
    if queue.at_work(Store()):
        before = {"queue_paused": class_state.rules().queue_paused}
        st.session_state.setdefault(RENEWING, before)
        actions.clear_the_way(teacher)
        return ""
    st.session_state.pop(RENEWING, None)
    return actions.new_class(teacher)


@st.fragment(run_every=1)
def _renewing() -> None:
    """Wait until nothing is being trained, then begin; meanwhile it can be called off."""
    busy = [run.id for run in queue.at_work(Store())]
    if not busy:
        before = st.session_state.pop(RENEWING, None)
        if before is not None:  # it was not called off this very moment
            teacher_pass.carry_out(PLACE, _begin)
    if RENEWING not in st.session_state:
        st.rerun()
    text = _("Waiting for {runs} to stop; then the new class begins. The queue is paused meanwhile.")
    st.info(text.format(runs=", ".join(busy)), icon=":material/hourglass_empty:")
    st.button(_("Call it off"), key="_teacher.keep_class", on_click=_call_off)


def _call_off() -> None:
    before = st.session_state.pop(RENEWING, None)
    if before is not None:
        teacher_pass.carry_out(PLACE, actions.change, before)
