"""The teacher's page: who is here, what is being trained, the rules of the class, and its beginning."""

import secrets

import streamlit as st

from cnnlab import access
from cnnlab.i18n import _
from cnnlab.lessons.page_list import PAGES
from cnnlab.ui.classroom import address
from cnnlab.ui.classroom.answers import answers
from cnnlab.ui.classroom.class_rules import class_rules
from cnnlab.ui.classroom.link_maker import link_maker
from cnnlab.ui.classroom.new_class import new_class
from cnnlab.ui.classroom.now import pulse
from cnnlab.ui.classroom.people import people
from cnnlab.ui.classroom.storage import storage
from cnnlab.ui.classroom.training_runs import training_runs
from cnnlab.ui.classroom.workers import data, machines
from cnnlab.ui.session import projector, teacher_pass
from cnnlab.ui.widgets import lesson


def no_class() -> None:
    """Say how the class is switched on; the suggested PIN is another one for everybody who looks."""
    pin = st.session_state.setdefault("_teacher.suggested", secrets.randbelow(900_000) + 100_000)
    lesson.opening(
        _("Do you teach a class with this app?"),
        _(
            "Then start it with a PIN of your own choice. It opens this page: who is here, what is being "
            "trained, limits, votes, a board. Without a PIN there is no class, and nobody has a name."
        ),
    )
    st.code(f"export {access.PIN}={pin}\nstreamlit run app.py", language="shell")
    address.card()


def entrance() -> None:
    """Ask for the PIN."""
    lesson.opening(_("Who teaches here?"), _("This page is the teacher's: enter the PIN."))
    teacher_pass.ask()


def class_page() -> None:
    """Draw the class: what is needed at once, then the rest in tabs, each drawn while it is open."""
    lesson.opening(_("How is the class doing?"), _("Live: who is here and what is being trained."))
    with st.container(horizontal=True, vertical_alignment="center"):
        links()
        st.button(_("Leave"), icon=":material/logout:", key="_teacher.leave", on_click=teacher_pass.leave)
    pulse()
    parts = {
        _("Address"): address.card,
        _("Students"): people,
        _("Training runs"): training_runs,
        _("Rules"): class_rules,
        _("Answers"): answers,
        _("Lesson links"): lesson_links,
        _("This computer"): computer,
        _("New class"): new_class,
    }
    tabs = st.tabs(list(parts), key="teacher.tab", on_change="rerun")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def lesson_links() -> None:
    """Draw the maker of lesson links, with the address that students open."""
    given = address.address()
    if given is None:
        st.caption(_("This computer is in no network, so a link to it would reach nobody."))
    else:
        link_maker(given)


def computer() -> None:
    """Draw the pictures, the workers and the disk."""
    data()
    machines()
    storage()


def links() -> None:
    """Link to the other pages for the class."""
    st.page_link(PAGES["board"].file, label=_("Board"), icon=":material/leaderboard:")
    st.page_link(PAGES["vote"].file, label=_("Vote"), icon=":material/how_to_vote:")
    projector.link()


if not access.teaching():
    no_class()
elif teacher_pass.teacher() is None:
    entrance()
else:
    class_page()
