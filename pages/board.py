"""Whose network is best so far? The class's board, for the projector and for everybody's own screen."""

import streamlit as st

from cnnlab.access import teaching
from cnnlab.i18n import _
from cnnlab.runs import RunError
from cnnlab.ui.classroom import board
from cnnlab.ui.session import class_state, teacher_pass
from cnnlab.ui.widgets import lesson

lead = _("The best network of each student, and what it cost. The board follows the training by itself.")
if class_state.rules().test_sets_opened:
    lead = _("The best network of each student, what it cost, and what its sealed test photos said.")
lesson.opening(_("Whose network is best so far?"), lead)
if not teaching():
    text = _(
        "The board belongs to a class. A teacher starts the app with a PIN in `CNNLAB_TEACHER_PIN`; then "
        "everybody gets a name by lot and stands here. At home, compare your training runs instead:"
    )
    st.info(text)
    lesson.next_lesson("train", _("Train and compare"))
    st.stop()
drawn = board.seen()
try:
    found, opened = board.now()
except RunError as error:
    st.error(str(error))
else:
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        dataset = board.choose(found)
        if teacher_pass.teacher() and not opened:
            with st.container(width="content"):
                board.test_sets()
    if class_state.rules().test_sets_wait and not opened and not teacher_pass.teacher():
        board.expect_opening()
    board.show(found, opened, dataset)
board.follow(drawn)
