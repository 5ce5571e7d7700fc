"""What can a student do with a training run now? Pause, go on, stop, one more epoch, another rate, delete."""

import streamlit as st

from cnnlab.config import LARGEST_RATE, schedules
from cnnlab.i18n import _, percent, plain
from cnnlab.runs import Run, RunError, State, Store
from cnnlab.ui.session import class_state
from cnnlab.ui.train import fields
from cnnlab.ui.widgets import lesson
from cnnlab.ui.widgets.number_field import decimal_field
from cnnlab.workers import pool

FACTORS = {"÷ 10": 0.1, "÷ 2": 0.5, "× 2": 2.0, "× 10": 10.0}  # by which a click changes the learning rate


def look_inside(run: Run) -> None:
    label, query = _("Look inside this very network"), {"run": run.id}
    lesson.page_link("inside", label, ":material/visibility:", query_params=query)


def controls(run: Run, state: State) -> None:
    """Draw what the owner can do now; others are told why they cannot."""
    if problem := st.session_state.pop("_train.problem", None):
        st.error(problem)
    if run.shipped:
        st.caption(_("This network comes with the app: it has been trained already."))
        return
    if not class_state.owns(run):
        st.caption(_("This training run is not yours: you can look at it, not steer it."))
        return
    phase, can_go_on = state.phase, run.can_go_on()
    buttons = {
        "pause": (phase.active, _("Pause"), ":material/pause:"),
        "resume": (phase.can_resume and can_go_on, _("Resume"), ":material/play_arrow:"),
        "stop": (phase.can_stop, _("Stop and keep"), ":material/stop:"),
        "more": (phase.ended and can_go_on, _("One more epoch"), ":material/plus_one:"),
    }
    with st.container(horizontal=True):
        for command, (possible, label, icon) in buttons.items():
            if possible:
                st.button(label, icon=icon, key=f"_train.{command}", on_click=_command, args=(run, command))
        if phase.can_stop:
            with st.popover(_("Learning rate"), icon=":material/tune:"):
                _change_rate(run, state)
        with st.popover(_("Delete"), icon=":material/delete:"):
            _offer_deletion(run, state)


def _offer_deletion(run: Run, state: State) -> None:
    """Ask before a training run is deleted; one at work has to be stopped first."""
    if state.phase.at_work:
        st.markdown(_("A worker is busy with it: stop it first."))
        return
    text = _("**{run}** goes for good, with its network, its curves and its kernels.")
    st.markdown(text.format(run=run.id))
    st.button(_("Delete it"), icon=":material/delete:", key="_train.delete", on_click=_delete, args=(run,))


def _delete(run: Run) -> None:
    try:
        run.require(class_state.who())
        if run.state().phase.at_work:
            raise RunError(_("A worker has just begun with it: stop it first."))
        run.delete(class_state.who())
    except RunError as error:
        st.session_state["_train.problem"] = str(error)
    except OSError as error:
        text = _("It could not be deleted: {why}.")
        st.session_state["_train.problem"] = text.format(why=error.strerror or error)
    else:
        st.query_params.pop("run", None)
        st.session_state.update({"_train.left": True, "_train.gone": run.id})


def _change_rate(run: Run, state: State) -> None:
    """Show the rate of the next step, and let the owner set another; a schedule goes on multiplying it."""
    config = run.recipe().config
    base = run.commanded("rate", config.learning_rate)
    st.markdown(_rate_now(config.schedule, base, state))
    with st.container(horizontal=True, gap="xsmall"):
        for label, factor in FACTORS.items():
            rate = float(f"{factor * base:.6g}")  # without the noise of binary fractions
            st.button(
                label,
                help=f"{plain(base)} → {plain(rate)}",
                disabled=not 0 < rate <= LARGEST_RATE,
                key=f"_train.rate.{label}",
                on_click=_command,
                args=(run, "rate", rate),
            )
    key = f"_train.new_rate.{run.id}.{base}"  # another rate, set by a button or elsewhere, is another field
    typed = decimal_field(_("From now on"), 0.0, LARGEST_RATE, value=base, key=key)
    idle = not typed or typed == base
    st.button(_("Set it"), key="_train.rate", disabled=idle, on_click=_command, args=(run, "rate", typed))


def _rate_now(schedule: str, base: float, state: State) -> str:
    """Say which rate the next step takes, and what the schedule has to do with it."""
    done = state.epoch + state.step / max(1, state.steps)
    rate = schedules.rate(schedule, base, done, max(1, state.epochs))
    text = _("Now **{rate}** in every step.")
    if schedule != "constant":
        text = _("Now **{rate}**: the schedule ({schedule}) makes {factor} of {base}.")
    words = {
        "schedule": fields.option_words()[schedule],
        "factor": percent(rate / base),
        "base": plain(base),
    }
    return text.format(rate=plain(rate, 3), **words)


def _command(run: Run, command: str, value: float | None = None) -> None:
    """Carry out a click. A callback comes before the page is drawn again, so no click is lost to a redraw."""
    try:
        more: dict[str, float | None] = {"epochs": len(run.history()) + 1, "resume": None}
        commands = more if command == "more" else {command: value}
        class_state.classroom().command(Store(), run, class_state.who(), commands)
    except RunError as error:
        st.session_state["_train.problem"] = str(error)
    except OSError as error:
        text = _("That could not be written: {why}.")
        st.session_state["_train.problem"] = text.format(why=error.strerror or error)
    if workers := pool.current():
        workers.wake()
