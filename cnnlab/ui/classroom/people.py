"""Who is in the class, since when not seen, and what has each of them done?"""

import time

import streamlit as st

from cnnlab.i18n import _, number
from cnnlab.runs import RunError
from cnnlab.ui.classroom import overview
from cnnlab.ui.session import teacher_pass


@st.fragment(run_every=5)
def people() -> None:
    """Draw a line for everybody who has a name in this class: who is here by name, then who was seen last."""
    try:
        everybody = [one for one in overview.students() if not teacher_pass.holds(one.owner)]
        rows, answers = overview.rows(), overview.answers()
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        return
    if not everybody:
        st.caption(_("Nobody has opened the app yet. Each browser gets a name of its own by itself."))
        return
    here = sorted(overview.here(everybody), key=lambda one: one.nickname)
    listed = here + [one for one in everybody if one not in here]
    text = _("{here} here in the last two minutes, {all} in all. A name is a browser's, drawn by lot.")
    st.caption(text.format(here=number(len(here)), all=number(len(everybody))))
    runs, now = overview.counted(rows), time.time()
    right: dict[str, list[bool]] = {}
    for nickname, answer in answers:
        right.setdefault(nickname, []).append(answer.right)
    st.table(
        {
            _("Student"): [one.nickname for one in listed],
            _("Seen"): [overview.ago(now - one.seen) for one in listed],
            _("Training runs"): [number(runs[one.owner]) for one in listed],
            _("Right first answers"): [_share(right.get(one.nickname, [])) for one in listed],
        },
        border="horizontal",
        hide_index=True,
    )


def _share(answers: list[bool]) -> str:
    if not answers:
        return "–"
    return _("{right} of {all}").format(right=number(sum(answers)), all=number(len(answers)))
