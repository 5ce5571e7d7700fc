"""Is each page what the list says of it: its controls, their options, and the way to the next page?"""

import re

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.lessons.lesson_link import LessonLink, write
from cnnlab.lessons.page_list import CONTROLS, FOLDER, LESSONS, PAGES, Control, Numbers, Value, after
from tests.support.pages import again, open_page, widget

FOLDED = {"answer": {"temperature": 0.5}}  # a link that sets it unfolds it
WHOLE = {"convolution.kernel": "convolution.all"}  # the page shows a few, and below them all
MORE = {"photo.choice": ["A photo of yours …"]}  # options beyond those of a link
SOME = 12  # numbers of a slider that are tried


pytestmark = pytest.mark.usefixtures("store")


def visit(link: LessonLink) -> AppTest:
    return open_page(link.page, query={"lesson": write(link)})


def tried(control: Control) -> list[Value]:
    """Return every option; of a slider the ends and some numbers between them."""
    options = list(control.options())
    if not isinstance(control.options, Numbers):
        return options
    return [*options[:: len(options) // SOME], options[-1]]


# ---- The list


def test_every_file_of_the_folder_is_listed_and_every_page_is_a_file():
    assert {path.stem for path in FOLDER.glob("[a-z]*.py")} == set(PAGES)
    assert [page.url for page in PAGES.values() if not page.url] == [""]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_says_what_one_does_there_and_how_one_comes_there(name):
    page = LESSONS[name]
    assert page.title and bool(page.deed) == bool(page.invitation) == (name != "home")


@pytest.mark.parametrize("key", CONTROLS)
def test_a_record_is_whole(key):
    control = CONTROLS[key]
    pages = [page.name for page in LESSONS.values() if control in page.controls.values()]
    assert len(pages) > 1 or key.startswith(f"{pages[0]}.")
    options, texts = control.options(), control.texts()
    assert len(texts) == len(options) == len(set(options.values())) > 1
    assert all(re.fullmatch(r"[\w.-]+", text) for text in texts), "it stands in addresses"
    assert control.first is None or control.first in options
    assert (control.kind == "slider") == isinstance(control.options, Numbers)


def test_every_kernel_of_the_reference_mathematics_can_be_chosen():
    assert set(CONTROLS["convolution.kernel"].options()) == {*ops.KERNELS, "random"}


# ---- The pages


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_draws_its_controls_with_their_options_and_first_values(name):
    at, controls = visit(LessonLink(name, FOLDED.get(name, {}))), LESSONS[name].controls
    for part, control in controls.items():
        shown, words = widget(at, control.key), list(control.options().values())
        assert shown.label and not shown.disabled, part
        if part not in FOLDED.get(name, {}) and control.first is not None:
            assert shown.value == control.first, part
        if isinstance(control.options, Numbers):
            numbers = control.options
            assert (shown.min, shown.max, shown.step) == (numbers.low, numbers.high, numbers.step), part
        elif control.kind == "switch":
            assert shown.type == "toggle" and set(control.options()) == {False, True}, part
        elif control.key in WHOLE:
            assert set(shown.options) < set(words)
            assert len(widget(at, WHOLE[control.key]).options) == len(words) + 1  # and a trained one
        else:
            assert shown.options == words + MORE.get(control.key, []), part


@pytest.mark.parametrize("name", LESSONS)
def test_every_option_of_every_control_works(name):
    """Every control of a page goes on to its next option at once: as many runs as the longest list has."""
    controls = LESSONS[name].controls
    at = visit(LessonLink(name, FOLDED.get(name, {})))
    columns = {control.key: tried(control) for control in controls.values()}
    for turn in range(max(map(len, columns.values()))):
        wanted = {key: values[turn % len(values)] for key, values in columns.items()}
        for key, value in wanted.items():
            if key in WHOLE:
                widget(at, WHOLE[key]).set_value(value)
            else:
                at.session_state[key] = value
        again(at)
        assert {key: widget(at, key).value for key in wanted} == wanted


@pytest.mark.parametrize("name", LESSONS)
def test_a_locked_control_shows_the_value_of_the_link_and_keeps_it(name):
    controls = LESSONS[name].controls
    free = visit(LessonLink(name, FOLDED.get(name, {})))
    usual = {part: widget(free, control.key).value for part, control in controls.items()}
    wanted = {
        part: next(value for value in reversed(list(control.options())) if value != usual[part])
        for part, control in controls.items()
    }
    at = visit(LessonLink(name, wanted, frozenset(wanted)))
    for part, control in controls.items():
        shown = widget(at, control.key)
        assert (shown.value, shown.disabled) == (wanted[part], True), part
        at.session_state[control.key] = usual[part]  # as a button or another widget may do
    again(at)
    assert {part: widget(at, control.key).value for part, control in controls.items()} == wanted


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_leads_on_to_the_one_that_follows(name):
    following = after(name)
    at = open_page(name, query={"run": "article"} if name == "train" else {})
    links = [(link.proto.label, link.proto.page) for link in at.get("page_link")]
    if following:
        assert (following.invitation, following.url) in links
    else:
        assert name == list(LESSONS)[-1]
