"""What does the class think? One question for everybody, voted on twice."""

import streamlit as st

from cnnlab.access import teaching
from cnnlab.i18n import _
from cnnlab.lessons.votes import QUESTIONS
from cnnlab.ui.classroom import vote
from cnnlab.ui.session import class_state, lesson_link_state, teacher_pass
from cnnlab.ui.widgets import lesson

lesson.opening(
    _("What does the class think?"),
    _("Vote, talk to your neighbour, vote again: then the answer comes, and why."),
)
if not teaching():
    vote.alone()
else:
    now, teacher = class_state.rules().vote, teacher_pass.teacher() is not None
    if now and now.question in QUESTIONS:
        if teacher:
            vote.controls(now)
        vote.card(now, teacher=teacher)
    else:
        if now:
            st.info(_("The class votes on a question that this version of the app does not know."))
        elif not teacher:
            st.info(_("No vote is open. When your teacher opens one, it appears here by itself."))
        if teacher:
            vote.choose()
        vote.follow(now)
if link := lesson_link_state.current():
    lesson.next_lesson(link.page, _("Back to the lesson"))
