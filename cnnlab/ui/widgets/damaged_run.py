"""What can be done about a training run that cannot be read? Set aside, it is in nobody's way any more."""

import streamlit as st

from cnnlab.i18n import _
from cnnlab.runs import Run, RunError
from cnnlab.ui.session import class_state


def offer(run: Run) -> None:
    """Draw the button that sets a damaged run aside, for whoever may do that."""
    if run.may_set_aside(class_state.who()):
        st.button(
            _("Set {run} aside").format(run=run.id),
            icon=":material/inventory_2:",
            key=f"_damaged.{run.id}",
            on_click=_set_aside,
            args=(run,),
            help=_("Its folder stays on the computer, hidden beside the others; nothing is deleted."),
        )


def _set_aside(run: Run) -> None:
    try:
        run.set_aside(class_state.who())
    except RunError as error:
        st.toast(str(error), icon=":material/error:")
        return
    if st.query_params.get("run") == run.id:
        st.query_params.pop("run")
    text = _("Training run {run} is set aside; nothing of it was deleted.")
    st.toast(text.format(run=run.id), icon=":material/inventory_2:")
