"""Which training runs are there? The student's own first, each a link; what is damaged can be set aside."""

import streamlit as st

from cnnlab.i18n import _
from cnnlab.runs import Run, Store
from cnnlab.runs.survey import sound, survey
from cnnlab.ui.session import browser, class_state
from cnnlab.ui.widgets import damaged_run, lesson
from cnnlab.ui.widgets.run_status import phase_text, title_of


def latest() -> None:
    """Link to the newest training run of this browser, where there is one."""
    me = browser.owner()
    mine = next((run.id for run, owner in sound(Store().runs(), Run.owner) if owner == me), None)
    if mine:
        text = _("Your latest training run: {run}").format(run=mine)
        lesson.page_link("train", text, ":material/person:", query_params={"run": mine})


def others(shown: Run | None) -> None:
    """List the training runs, the student's own first, each a link that watches it."""
    me, marks = browser.owner(), class_state.shown_names()

    def read(run: Run) -> str:
        recipe, state = run.look()
        words = [run.id, marks.get(recipe.owner), title_of(recipe.preset)]
        return " · ".join([*filter(None, words), phase_text(run, state)])

    found = list(survey(Store().runs(), read))
    if not found:
        return
    own = {run.id for run, owner in sound((one.run for one in found), Run.owner) if owner == me}
    with st.expander(_("All training runs ({count})").format(count=len(found)), icon=":material/list:"):
        for one in sorted(found, key=lambda one: one.run.id not in own):
            lesson.page_link(
                "train",
                one.value or one.fault,
                ":material/broken_image:" if one.fault else _mark(one.run.id in own),
                query_params={"run": one.run.id},
                disabled=shown is not None and one.run.id == shown.id,
            )
            if one.fault and one.run != shown:  # above, beside its sentence, that one has the button
                damaged_run.offer(one.run)


def _mark(own: bool) -> str:
    return ":material/person:" if own else ":material/visibility:"
