"""Which training runs are there? The student's own first, each a link."""

import streamlit as st

from cnnlab.runs import Run, RunError, Store
from cnnlab.text import _
from cnnlab.ui import class_state, identity, lesson
from cnnlab.ui.phases import phase_text, title_of


def latest() -> None:
    """Link to the newest training run of this browser, where there is one."""
    me = identity.owner()
    mine = next((run.id for run in Store().runs() if _owned(run, me)), None)
    if mine:
        text = _("Your latest training run: {run}").format(run=mine)
        lesson.page_link("train", text, ":material/person:", query_params={"run": mine})


def others(shown: Run | None) -> None:
    """List the training runs, the student's own first, each a link that watches it."""
    me, runs, marks = identity.owner(), Store().runs(), class_state.shown_names()
    if not runs:
        return
    with st.expander(_("All training runs ({count})").format(count=len(runs)), icon=":material/list:"):
        for run in sorted(runs, key=lambda run: not _owned(run, me)):
            try:
                recipe = run.recipe()
                words = [run.id, marks.get(recipe.owner), title_of(recipe.preset)]
                text = " · ".join([*filter(None, words), phase_text(run, run.state())])
            except RunError as error:
                text = str(error)
            lesson.page_link(
                "train",
                text,
                ":material/person:" if _owned(run, me) else ":material/visibility:",
                query_params={"run": run.id},
                disabled=shown is not None and run.id == shown.id,
            )


def _owned(run: Run, owner: str) -> bool:
    try:
        return run.recipe().owner == owner
    except RunError:
        return False
