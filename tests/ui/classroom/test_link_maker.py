"""Does the page for making links show the link that was chosen, and does that link hold it?"""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from cnnlab.lessons.lesson_link import LessonLink, read, write
from cnnlab.lessons.page_list import LESSONS
from tests.support.pages import open_part


def maker(token: str = "somebody") -> AppTest:
    def script():
        from cnnlab.ui.classroom.link_maker import link_maker

        link_maker("http://192.168.1.5:8501/")

    return open_part(script, token=token)


def shown(at: AppTest) -> tuple[str, LessonLink]:
    """Return the path of the link on show, and what it opens."""
    assert not at.exception
    parts = urlsplit(at.code[0].value)
    assert parts.netloc == "192.168.1.5:8501"
    return parts.path, read(parse_qs(parts.query)["lesson"][0])


def test_what_is_chosen_is_in_the_link():
    at = maker()
    at.selectbox(key="links.page").set_value("pooling").run()
    assert shown(at) == ("/pooling", LessonLink("pooling"))
    at.selectbox(key="links.pooling.window").set_value(3)
    at.selectbox(key="links.pooling.photo").set_value("coffee").run()
    at.toggle(key="links.pooling.window.lock").set_value(True).run()
    made = LessonLink("pooling", {"photo": "coffee", "window": 3}, frozenset({"window"}))
    assert shown(at) == ("/pooling", made)
    at.selectbox(key="links.pooling.window").set_value(None).run()  # as usual: nothing to lock
    assert shown(at) == ("/pooling", LessonLink("pooling", {"photo": "coffee"}))
    at.toggle(key="links.projector").set_value(True).run()
    assert at.code[0].value.endswith("&projector=1")


def test_every_page_has_a_link():
    at = maker()
    for page in LESSONS:
        at.selectbox(key="links.page").set_value(page).run()
        path, link = shown(at)
        assert path == ("/" if page == "home" else f"/{page}") and link == LessonLink(page)


def test_what_is_chosen_is_offered_to_the_class_and_taken_back(classroom):
    assert not maker().button, "for the teacher alone"
    at = maker("teacher")
    at.selectbox(key="links.page").set_value("pooling").run()
    at.selectbox(key="links.pooling.window").set_value(3)
    at.toggle(key="links.projector").set_value(True).run()  # is for the teacher's own screen
    at.button(key="_lesson.offer").click().run()
    assert read(classroom.rules().offered) == shown(at)[1] == LessonLink("pooling", {"window": 3})
    assert "The class is offered **Pooling**: every" in at.markdown[0].value
    assert [button.label for button in at.button] == ["Take the offer back"]
    # Another link can take its place, and the one that is offered can be taken back from there.
    at.selectbox(key="links.page").set_value("layer").run()
    assert [button.label for button in at.button] == ["Offer this to the class", "Take the offer back"]
    at.button(key="_lesson.offer").click().run()
    assert classroom.rules().offered == write(LessonLink("layer"))
    classroom.ask("relu")
    assert "**A layer** as soon as the vote is over" in at.run().markdown[0].value
    at.selectbox(key="links.page").set_value("home").run()
    at.button(key="_lesson.take_back").click().run()
    assert classroom.rules().offered is None and not at.markdown and not at.exception
