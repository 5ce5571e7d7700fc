"""Does a lesson link open what it says, and nothing else, whatever has become of its text?"""

from hashlib import sha256

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnnlab.config.presets import PRESETS
from cnnlab.lessons.lesson_link import LIMIT, LessonLink, LessonLinkError, read, read_or_none, write
from cnnlab.lessons.page_list import LESSONS
from tests.support.pages import again, drawn, open_page, widget

# ---- text and back ----------------------------------------------------------------------------------


@st.composite
def links(draw) -> LessonLink:
    """Any page with any of its settings, any of them locked."""
    page = draw(st.sampled_from(list(LESSONS)))
    names = draw(st.lists(st.sampled_from(list(LESSONS[page].controls)), unique=True))
    chosen = {name: draw(st.sampled_from(list(LESSONS[page].controls[name].options()))) for name in names}
    locked = draw(st.sets(st.sampled_from(names))) if names else set()
    return LessonLink(page, chosen, frozenset(locked))


@given(links())
def test_a_link_reads_as_it_was_written(link):
    found = read(write(link))
    assert found == link == read_or_none(write(link))
    assert [type(value) for value in found.settings.values()] == [type(v) for v in link.settings.values()]


@pytest.mark.parametrize("page", LESSONS)
def test_the_longest_link_of_a_page_fits_easily(page):
    longest = {name: max(control.texts(), key=len) for name, control in LESSONS[page].controls.items()}
    values = {name: LESSONS[page].controls[name].texts()[text] for name, text in longest.items()}
    assert len(write(LessonLink(page, values, frozenset(values)))) < LIMIT / 2


@given(links(), st.data())
def test_any_changed_character_is_refused(link, data):
    text = write(link)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != text[place]))
    with pytest.raises(LessonLinkError):
        read(text[:place] + other + text[place + 1 :])


@given(links(), st.data())
def test_a_link_torn_off_is_refused(link, data):
    text = write(link)
    with pytest.raises(LessonLinkError):
        read(text[: data.draw(st.integers(0, len(text) - 1))])


def signed(body: str) -> str:
    """Give a body the checksum that fits: anybody can, it has no key."""
    return f"{body}~{sha256(body.encode('utf-8', 'replace')).hexdigest()[:8]}"


@settings(max_examples=300)
@given(st.text() | st.lists(st.text()).map("~".join) | st.text().map("pooling~window:".__add__))
@example("train~preset:__class__")
@example("../../app")
@example("pooling~window:3~window:4")
@example("pooling~window:True")
@example("pixels~divided:1")
@example("layer~bias:-50.0")
@example("layer~bias:−50")
@example("convolution~stride:3!!")
@example("pooling~lesson.level:code")
@example("\ud800")
@example("pooling" * 1000)
def test_hostile_texts_are_refused_whether_or_not_their_checksum_fits(body):
    for text in (body, signed(body)):
        try:
            link = read(text)
        except LessonLinkError as error:
            assert str(error) and read_or_none(text) is None
        else:  # by chance a true link: then it can be written as well
            assert read(write(link)) == link


@pytest.mark.parametrize(
    "link",
    [
        LessonLink("kitchen"),
        LessonLink("teacher"),
        LessonLink("pooling", {"window": 5}),
        LessonLink("pooling", {"window": "3!"}),
        LessonLink("pooling", {"temperature": 1.0}),
        LessonLink("pooling", {}, frozenset({"window"})),
        LessonLink("convolution", {"relu": 1}),
    ],
)
def test_what_no_page_has_cannot_be_written(link):
    with pytest.raises(LessonLinkError):
        write(link)


# ---- the pages --------------------------------------------------------------------------------------


pytestmark = pytest.mark.usefixtures("store")


def visit(page: str, **query: str) -> AppTest:
    return open_page(page, query=query)


def test_a_locked_kernel_stays_whichever_way_one_tries():
    text = write(LessonLink("convolution", {"kernel": "random"}, frozenset({"kernel"})))
    at = visit("convolution", lesson=text)
    for key in ("all", "size", "seed", "bias"):
        assert widget(at, f"convolution.{key}").disabled, key
    assert widget(at, "_convolution.undo").disabled
    at.session_state["convolution.all"] = at.session_state["convolution.kernel"] = "gaussian"
    assert widget(again(at), "convolution.kernel").value == "random"


def test_a_locked_stride_survives_a_window_that_brings_its_own():
    link = LessonLink("pooling", {"window": 2, "stride": 1}, frozenset({"stride"}))
    at = visit("pooling", lesson=write(link))
    widget(at, "pooling.window").set_value(4)
    again(at)
    assert (widget(at, "pooling.window").value, widget(at, "pooling.stride").value) == (4, 1)


def test_on_train_a_locked_preset_leaves_the_train_button_alone():
    link = LessonLink("train", {"data": "digits", "preset": "tiny"}, frozenset({"data", "preset"}))
    at = visit("train", lesson=write(link), config='{"preset":"article","epochs":77}')
    assert at.session_state["train.epochs"] == PRESETS["tiny"].config.epochs
    assert {one.key for one in drawn(at) if "train." in one.key and not one.disabled} == {"_train.start"}


def test_the_way_out_keeps_the_settings_and_gives_the_app_back():
    at = visit("pooling", lesson=write(LessonLink("pooling", {"window": 3}, frozenset({"window"}))))
    widget(at, "_lesson.leave").click()
    again(at)
    shown = widget(at, "pooling.window")
    assert (shown.value, shown.disabled) == (3, False)
    assert "lesson" not in at.query_params and at.sidebar.radio(key="lesson.level")


@pytest.mark.parametrize("text", ["", "pooling~window:3!~00000000", signed("pooling~window:9"), "<b>" * 500])
def test_a_changed_link_falls_back_to_the_page_as_it_usually_is(text):
    at = visit("pooling", lesson=text)
    assert len(at.warning) == 1 and "was not followed" in at.warning[0].value
    shown = widget(at, "pooling.window")
    assert (shown.value, shown.disabled) == (2, False)
    assert at.sidebar.radio(key="lesson.level")


def test_a_link_opens_its_own_page_under_any_address():
    at = visit("home", lesson=write(LessonLink("pooling", {"stride": 3}, frozenset({"stride"}))))
    assert widget(at, "pooling.stride").value == 3
