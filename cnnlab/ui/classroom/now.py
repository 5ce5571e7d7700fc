"""What does the teacher see at first sight: who is here, what trains, what waits, and how to stop it."""

import time
from datetime import datetime

import streamlit as st

from cnnlab.config.class_rules import Rules
from cnnlab.i18n import _, number, percent
from cnnlab.runs import Phase, Run, RunError, State
from cnnlab.ui.classroom import actions, overview
from cnnlab.ui.session import class_state, teacher_pass
from cnnlab.ui.train.run_view import seconds_left
from cnnlab.ui.widgets.run_status import duration, phase_text
from cnnlab.workers import pool

SHOWN = 4  # waiting runs at first sight
QUIET = 600.0  # seconds after which a wrong PIN is old news
PLACE = "pulse"


@st.fragment(run_every=3)
def pulse() -> None:
    """Draw the class as it is now, and again every three seconds."""
    if teacher_pass.teacher() is None:
        st.rerun()
    try:
        everybody, rows = overview.students(), overview.rows()
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        return
    rules = class_state.rules()
    if damaged := class_state.damaged_rules():
        st.error(damaged, icon=":material/broken_image:")
    working = [row for row in rows if row.working]
    waiting = [row for row in rows if row.ahead is not None]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.metric(_("Students here"), number(len(overview.here(everybody))), width=108)
        st.metric(_("Training"), number(len(working)), width=80)
        st.metric(_("Waiting"), number(len(waiting)), width=80)
        _switch(rules)
    if rules.queue_paused:
        st.warning(_("The queue is paused: nothing new begins. What is being trained goes on."))
    trouble()
    _guesses()
    teacher_pass.word(PLACE)
    named = overview.names(everybody)
    for row in working:
        _at_work(row, named)
    _queue(waiting, named)
    if not working and not waiting:
        st.caption(_("Nothing is being trained. A student's training run appears here by itself."))
    _lost(rows)


def trouble() -> None:
    """Say what keeps training runs from being handed out, if anything."""
    crew = pool.current()
    if crew is not None and crew.trouble:
        text = _("Training runs cannot be given to a worker now. {trouble}")
        st.error(text.format(trouble=crew.trouble), icon=":material/error:")


def _guesses() -> None:
    """Say that somebody tries PINs; smaller once they have let it be for a while."""
    if (found := teacher_pass.guesses()) is None:
        return
    text = _(
        "A wrong PIN was entered {count}× since {first}, the last time at {last}. If it was not you, "
        "somebody is guessing: a PIN of six digits or more will hold."
    )
    first, last = (f"{datetime.fromtimestamp(when):%H:%M}" for when in (found.first, found.last))
    words = text.format(count=number(found.count), first=first, last=last)
    if time.time() - found.last < QUIET:
        st.warning(words, icon=":material/password:")
    else:
        st.caption(words)


def _switch(rules: Rules) -> None:
    """Draw the button that pauses the queue, or lets it go on."""
    paused = rules.queue_paused
    st.button(
        _("Let the queue go on") if paused else _("Pause the queue"),
        icon=":material/play_arrow:" if paused else ":material/pause_circle:",
        type="primary" if paused else "secondary",
        key="_teacher.queue",
        on_click=teacher_pass.carry_out,
        args=(PLACE, actions.change, {"queue_paused": not paused}),
    )


def _at_work(row: overview.Row, named: dict[str, str]) -> None:
    """Draw a run that is being trained: how far it is, how fast, and the buttons."""
    run, state = row.run, row.state
    if state is None:  # a damaged run is never at work
        return
    with st.container(border=True):
        st.markdown(f"**{run.id}** · {overview.title(row, named)}")
        try:
            text = doing(run, state)
            done = (state.epoch + state.step / max(1, state.steps)) / max(1, state.epochs)
            st.progress(min(1.0, done), text=text)
            stopping = "stop" in run.new_commands()
        except RunError as error:
            st.warning(str(error))
            stopping = False
        with st.container(horizontal=True):
            button(_("Stopping …") if stopping else _("Stop"), "stop", run.id, disabled=stopping)
            button(_("Pause"), "pause", run.id)


def doing(run: Run, state: State) -> str:
    """Return how far a run is, how fast, and how long it still takes; else in which phase it is."""
    if state.phase is not Phase.RUNNING:
        return phase_text(run, state)
    now = min(state.epoch + 1, state.epochs)
    parts = [_("Epoch {now} of {all}").format(now=now, all=state.epochs)]
    if state.accuracy is not None:
        parts.append(_("accuracy so far {accuracy}").format(accuracy=percent(state.accuracy)))
    if state.images_per_second:
        parts.append(_("{speed} photos a second").format(speed=number(state.images_per_second)))
    if (left := seconds_left(run, state)) is not None:
        parts.append(_("about {time} left").format(time=duration(left)))
    return " · ".join(parts)


def _queue(waiting: list[overview.Row], named: dict[str, str]) -> None:
    """Draw the next runs of the queue, each with a button that takes it out."""
    for place, row in enumerate(waiting[:SHOWN], start=1):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            text = _("**{run}** · {title} · number {place} in the queue")
            words = text.format(place=number(place), run=row.run.id, title=overview.title(row, named))
            st.markdown(words, width="stretch")
            button(_("Stop"), "stop", row.run.id, place="queue")
    if len(waiting) > SHOWN:
        st.caption(_("… and {count} more, see *Training runs*.").format(count=len(waiting) - SHOWN))


def button(label: str, command: str, id: str, place: str = "work", disabled: bool = False) -> None:
    """Draw a button that stops or pauses one training run."""
    icon = {"stop": ":material/stop:", "pause": ":material/pause:"}[command]
    arguments = (PLACE, actions.command, command, [id])
    key = f"_teacher.{place}.{command}.{id}"
    st.button(label, icon=icon, key=key, on_click=teacher_pass.carry_out, args=arguments, disabled=disabled)


def _lost(rows: list[overview.Row]) -> None:
    """Say which runs need a look: failed, interrupted, damaged."""
    troubled = [
        row.run.id
        for row in rows
        if row.state is None or row.state.phase in (Phase.FAILED, Phase.INTERRUPTED)
    ]
    if troubled:
        text = _("Failed, interrupted or damaged: {runs}. See *Training runs*.")
        shown = ", ".join(troubled[:SHOWN]) + (" …" if len(troubled) > SHOWN else "")
        st.caption(text.format(runs=shown))
