"""Does the page for making links show the link that was chosen, and does that link hold it?"""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from cnnlab.lesson_links import PAGES, LessonLink, read


def maker() -> AppTest:
    def script():
        from cnnlab.ui.link_maker import link_maker

        link_maker("http://192.168.1.5:8501/")

    return AppTest.from_function(script, default_timeout=30).run()


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
    for page in PAGES:
        at.selectbox(key="links.page").set_value(page).run()
        path, link = shown(at)
        assert path == ("/" if page == "home" else f"/{page}") and link == LessonLink(page)
