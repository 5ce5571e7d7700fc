"""Which training runs are there, and what should happen to some of them?"""

import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.runs import Phase, RunError
from cnnlab.ui.classroom import actions, address, now, overview
from cnnlab.ui.session import class_state, teacher_pass, widget_state
from cnnlab.ui.widgets.run_status import title_of

PLACE = "runs"
CHOSEN = "teacher.runs"


@st.fragment(run_every=4)
def training_runs() -> None:
    """Draw all training runs, those at work first, and what can be done with the chosen ones."""
    if teacher_pass.teacher() is None:
        st.rerun()
    try:
        rows, named = overview.rows(), overview.names(overview.students())
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        return
    if not rows:
        st.caption(_("There are no training runs yet."))
        return
    titles = {row.run.id: f"{row.run.id} · {overview.title(row, named)}" for row in rows}
    widget_state.default(CHOSEN, [])
    st.session_state[CHOSEN] = [id for id in st.session_state[CHOSEN] if id in titles]
    label = _("Choose training runs by their name or by their student")
    chosen = st.multiselect(label, list(titles), format_func=lambda id: titles.get(id, id), key=CHOSEN)
    _buttons([row for row in rows if row.run.id in chosen])
    teacher_pass.word(PLACE)
    _following()
    _table(rows, named)


def _buttons(chosen: list[overview.Row]) -> None:
    """Draw what can be done with the chosen runs; a button that would do nothing rests."""
    active = [row.run.id for row in chosen if row.working or row.ahead is not None]
    paused = [row.run.id for row in chosen if row.state and row.state.phase is Phase.PAUSED]
    resting = [row.run.id for row in chosen if row.resting]
    broken = [row.run.id for row in chosen if row.fault]
    with st.container(horizontal=True):
        _command(_("Stop"), "stop", ":material/stop:", active + paused)
        _command(_("Pause"), "pause", ":material/pause:", active)
        _command(_("Let them go on"), "resume", ":material/play_arrow:", resting)
        one = chosen[0].run.id if len(chosen) == 1 and not chosen[0].fault else None
        st.button(
            _("The class follows this one"),
            icon=":material/groups:",
            key="_teacher.runs.follow",
            disabled=one is None,
            on_click=teacher_pass.carry_out,
            args=(PLACE, actions.follow, one),
        )
        st.button(
            _("Set aside"),
            icon=":material/inventory_2:",
            key="_teacher.runs.aside",
            help=_("For damaged ones: they leave the lists, and nothing is deleted."),
            disabled=not broken,
            on_click=teacher_pass.carry_out,
            args=(PLACE, actions.set_aside, broken),
        )
        with st.popover(_("Delete"), icon=":material/delete:", disabled=not chosen):
            ids = [row.run.id for row in chosen]
            text = _("{runs}: the network, its curves and its answers are lost for good.")
            st.markdown(text.format(runs=", ".join(ids)))
            st.button(
                _("Delete {count} for good").format(count=number(len(ids))),
                key="_teacher.runs.delete",
                type="primary",
                on_click=teacher_pass.carry_out,
                args=(PLACE, actions.delete, ids),
            )


def _command(label: str, command: str, icon: str, ids: list[str]) -> None:
    st.button(
        label,
        icon=icon,
        key=f"_teacher.runs.{command}",
        disabled=not ids,
        on_click=teacher_pass.carry_out,
        args=(PLACE, actions.command, command, ids),
    )


def _following() -> None:
    """Say which run the class follows, and let it end."""
    id = class_state.rules().following
    if id is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        text = _(":material/groups: The class follows **{run}**: every student's page points to it.")
        st.markdown(text.format(run=id))
        arguments = (PLACE, actions.follow, None)
        st.button(_("End that"), key="_teacher.unfollow", on_click=teacher_pass.carry_out, args=arguments)


def _table(rows: list[overview.Row], named: dict[str, str]) -> None:
    """Draw one line a run; a click on its name opens it."""
    st.dataframe(
        {
            _("Training run"): [f"{address.path()}/train?run={row.run.id}" for row in rows],
            _("Student"): [named.get(row.owner, "–") for row in rows],
            _("What it is doing"): [_doing(row) for row in rows],
            _("Network"): [title_of(row.preset) for row in rows],
        },
        hide_index=True,
        key="_teacher.table",
        column_config={_("Training run"): st.column_config.LinkColumn(display_text=r"run=(.*)$")},
    )


def _doing(row: overview.Row) -> str:
    try:
        return row.fault if row.state is None else now.doing(row.run, row.state)
    except RunError as error:
        return str(error)
