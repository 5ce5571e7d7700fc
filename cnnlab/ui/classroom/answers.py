"""How did the class predict? Each question's share of right first answers, and all answers as a file."""

from collections.abc import Callable
from contextvars import copy_context

import streamlit as st

from cnnlab.classroom import answer_sheet
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.page_list import PAGES
from cnnlab.runs import RunError
from cnnlab.ui.classroom import overview
from cnnlab.ui.session import browser, class_state, teacher_pass


def answers() -> None:
    """Draw how each question went, the hardest first, and the download of all first answers."""
    with st.container(horizontal=True):
        st.download_button(
            _("All first answers (CSV)"),
            data=_sheet(),
            file_name="answers.csv",
            mime="text/csv",
            icon=":material/download:",
            key="_teacher.csv",
            on_click="ignore",
        )
    text = _("Names are the generated ones; nothing in the file says whose browser it was.")
    st.caption(text)
    _outcomes()


@st.fragment(run_every=5)
def _outcomes() -> None:
    try:
        found = answer_sheet.outcomes(overview.answers())
    except RunError as error:
        st.error(str(error), icon=":material/broken_image:")
        return
    if not found:
        st.caption(_("Nobody has answered a question yet."))
        return
    st.table(
        {
            _("Question"): [_asked(one.question) for one in found],
            _("First answers"): [number(one.answers) for one in found],
            _("Right"): [percent(one.right / one.answers, 0) for one in found],
            _("Commonest mistake"): [_mistake(one) for one in found],
        },
        border="horizontal",
        hide_index=True,
    )


def _asked(question: str) -> str:
    """Return the page of a question and its name there: "pooling.shift" -> "Pooling · shift"."""
    page, _dot, name = question.partition(".")
    title = _(PAGES[page].title) if page in PAGES else page
    return f"{title} · {name}" if name else question


def _mistake(one: answer_sheet.Outcome) -> str:
    if not one.mistake:
        return "–"
    return _("{answer} ({count}×)").format(answer=one.mistake, count=number(one.mistaken))


def _sheet() -> Callable[[], bytes]:
    """Return what makes the file once it is asked for: in this session's language, if the pass holds then."""
    owner, classroom, context = browser.owner(), class_state.classroom(), copy_context()

    def content() -> bytes:
        if not teacher_pass.holds(owner):
            return _("Only the teacher can do this.").encode()
        try:
            return answer_sheet.table(classroom.answers())
        except (RunError, OSError) as error:  # at that time no page is there to say it
            return str(error).encode()

    return lambda: context.copy().run(content)
