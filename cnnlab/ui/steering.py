"""What can a student do with a training run now? Pause, go on, stop, one more epoch, another rate."""

import streamlit as st

from cnnlab import workers
from cnnlab.runs import Run, RunError, State
from cnnlab.text import _
from cnnlab.ui import identity, lesson
from cnnlab.ui import state as page_state


def look_inside(run: Run) -> None:
    label, query = _("Look inside this very network"), {"run": run.id}
    lesson.page_link("inside", label, ":material/visibility:", query_params=query)


def controls(run: Run, state: State) -> None:
    """Draw what the owner can do now; others are told why they cannot."""
    if run.shipped:
        st.caption(_("This network comes with the app: it has been trained already."))
        return
    if run.recipe().owner != identity.owner():
        st.caption(_("This training run is not yours: you can look at it, not steer it."))
        return
    active = state.phase in ("queued", "starting", "running")
    rested = not active and run.can_go_on()
    buttons = {
        "pause": (active, _("Pause"), ":material/pause:"),
        "resume": (rested and state.phase != "finished", _("Resume"), ":material/play_arrow:"),
        "stop": (active or state.phase == "paused", _("Stop and keep"), ":material/stop:"),
        "more": (
            rested and state.phase in ("finished", "stopped"),
            _("One more epoch"),
            ":material/plus_one:",
        ),
    }
    with st.container(horizontal=True):
        for wish, (possible, label, icon) in buttons.items():
            if possible:
                st.button(label, icon=icon, key=f"_train.{wish}", on_click=_wish, args=(run, wish))
        if active or state.phase == "paused":
            with st.popover(_("Learning rate"), icon=":material/tune:"):
                _change_rate(run)
    if problem := st.session_state.pop("_train.problem", None):
        st.error(problem)


def _change_rate(run: Run) -> None:
    """Let the owner set another learning rate for what follows; a schedule goes on multiplying it."""
    now, key = run.wished("rate", run.recipe().config.learning_rate), f"train.new_rate.{run.id}"
    page_state.default(key, now)
    rate = st.number_input(_("From now on"), 0.0, 10.0, step=0.0005, format="%.4f", key=key)
    idle = rate == now or not rate
    st.button(_("Set it"), key="_train.rate", disabled=idle, on_click=_wish, args=(run, "rate", rate))


def _wish(run: Run, wish: str, value: float | None = None) -> None:
    """Carry out a click. A callback comes before the page is drawn again, so no click is lost to a redraw."""
    try:
        if wish == "more":
            run.wish("epochs", identity.owner(), len(run.history()) + 1)
        run.wish("resume" if wish == "more" else wish, identity.owner(), value)
    except RunError as error:
        st.session_state["_train.problem"] = str(error)
    if workers.current():
        workers.current().wake()
