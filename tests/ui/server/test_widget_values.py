"""Does a session go on whatever a browser reports for its widgets? It is fed what none of ours would send."""

import random

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state import SessionState
from streamlit.testing.v1 import AppTest

from benchmarks.session import Session
from cnnlab.lessons.page_list import FOLDER
from cnnlab.ui.server.widget_values import PATCH, fits

ROUNDS = 2
EVENTS = ("cell", "at", "chosen", "picked", "pick", "place", "drawing", "typed")
PLACES = ("row", "col", "output", "step", "start", "name", "tile", "text")
TEXTS = ("", "no such option", "![x](http://127.0.0.1:9/x)", "\0", "9" * 5000, "nan")
NUMBERS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 0.5, -1.0)
WHOLE = (0, -1, 2**53, -(2**62), 10**6)
TOLD = (
    *(
        "null",
        "5",
        '"x"',
        "[]",
        "{}",
        "NaN",
        "1e999",
        "-1",
        "[[[]]]",
        "[0, 1e99]",
        '["a", "b"]',
        "[NaN, NaN, 1]",
    ),
    "[" * 900 + "]" * 900,
    "9" * 5000,
)


# The kind of a widget's element -> by which fields it reports.
FIELDS = {
    "Slider": ("double_array_value", "string_array_value"),
    "NumberInput": ("double_value", "int_value"),
    "Selectbox": ("string_value",),
    "Radio": ("string_value",),
    "TextInput": ("string_value",),
    "ButtonGroup": ("string_array_value",),
    "MultiSelect": ("string_array_value",),
    "Checkbox": ("bool_value",),
    "BidiComponent": ("json_value",),
    "FileUploader": ("file_uploader_state_value",),
    "events": ("json_trigger_value",),
}
ANY = sorted({field for fields in FIELDS.values() for field in fields} | {"int_array_value"})


def random_state(id: str, kind: str, rng: random.Random) -> WidgetState:
    """Return something for a widget, of a type that it reports or of another one."""
    state = WidgetState(id=id)
    field = rng.choice(FIELDS.get(kind, ANY) if rng.random() < 0.7 else ANY)
    match field:
        case "double_value":
            state.double_value = rng.choice(NUMBERS)
        case "int_value":
            state.int_value = rng.choice(WHOLE)
        case "bool_value":
            state.bool_value = rng.random() < 0.5
        case "string_value":
            state.string_value = rng.choice(TEXTS)
        case "double_array_value":
            state.double_array_value.data.extend(rng.choices(NUMBERS, k=rng.randrange(3)))
        case "string_array_value":
            state.string_array_value.data.extend(rng.choices(TEXTS, k=rng.randrange(4)))
        case "int_array_value":
            state.int_array_value.data.extend(rng.choices(WHOLE, k=rng.randrange(3)))
        case "json_value":
            told = ", ".join(f'"{name}": {value(rng)}' for name in EVENTS)
            state.json_value = rng.choice([f"{{{told}}}"] * 5 + [*TOLD, "{"])
        case "json_trigger_value":
            told = ", ".join(f'{{"event": "{name}", "value": {value(rng)}}}' for name in EVENTS)
            state.json_trigger_value = rng.choice([f"[{told}]"] * 5 + [*TOLD, "{"])
        case "file_uploader_state_value":
            state.file_uploader_state_value.uploaded_file_info.add(file_id="nobody's", name="x.exe", size=1)
    return state


def value(rng: random.Random) -> str:
    """Return what a view might tell as JSON: nearly right, or anything."""
    if rng.random() < 0.5:
        return rng.choice(TOLD)
    return "{" + ", ".join(f'"{name}": {rng.choice(TOLD)}' for name in PLACES) + "}"


class Browser(Session):
    """A session that knows of every widget on its page, whatever its kind, and can report anything for it."""

    def __init__(self, url: str):
        super().__init__(url, "hostile")
        self.kinds: dict[str, str] = {}  # id of a widget -> kind of its element

    def receive(self, data: bytes) -> str:
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "delta":
            self._walk(message.delta)
        return super().receive(data)

    def _walk(self, message) -> None:
        for field, content in message.ListFields():
            if field.name == "id" and isinstance(content, str) and content.startswith("$$"):
                self.kinds[content] = message.DESCRIPTOR.name
                if message.DESCRIPTOR.name == "BidiComponent":
                    self.kinds[f"$$STREAMLIT_INTERNAL_KEY_{content}__events"] = "events"  # what passes
            elif field.message_type and not field.message_type.GetOptions().map_entry:
                for each in content if field.is_repeated else [content]:
                    self._walk(each)

    def report(self, states: list[WidgetState]) -> None:
        request = BackMsg()
        request.rerun_script.query_string, request.rerun_script.page_name = self.query, self.page
        request.rerun_script.widget_states.widgets.extend(states)
        self._answer(request.SerializeToString())


@pytest.mark.parametrize("page", sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))
def test_a_session_survives_what_no_widget_could_have_sent(app, page):
    rng = random.Random(page)
    browser = Browser(app.url)
    browser.open("" if page == "home" else page, "level=code")
    browser.report([WidgetState(id=id, bool_value=True) for id in browser.kinds])  # what is folded unfolds
    for _round in range(ROUNDS):
        browser.report([random_state(*widget, rng) for widget in browser.kinds.items()])
        browser.report([])
    fresh = Browser(app.url)  # a session that has drawn nothing yet
    fresh.page, fresh.query = browser.page, browser.query
    fresh.report([random_state(*widget, rng) for widget in browser.kinds.items()])
    fresh.open("pooling")
    for session in (browser, fresh):
        session.close()
        assert not session.errors
    assert len(fresh.widgets) > 5


def every_kind_of_widget():
    import streamlit as st

    st.slider("slider", 0, 9, 1)
    st.slider("range", 0.0, 1.0, (0.2, 0.4))
    st.select_slider("steps", [4, 16, 64])
    st.number_input("whole", 1, 5)
    st.number_input("number", 0.0, 1.0, value=None)
    st.selectbox("choice", range(3), format_func="n {}".format)
    st.selectbox("typed", ["a", "b"], accept_new_options=True)
    st.radio("radio", [True, False])
    st.multiselect("several", ["a", "b", "c"], max_selections=2)
    st.pills("pills", [1.5, 2.5])
    st.segmented_control("one of", ["x", "y"], required=True, default="x")
    st.toggle("toggle")
    st.text_input("text")


def test_what_a_widget_reports_is_taken(monkeypatch):
    for part in ("set_widgets_from_proto", "register_widget"):
        monkeypatch.setattr(SessionState, part, getattr(SessionState, part))  # put back afterwards
    PATCH.install()
    at = AppTest.from_function(every_kind_of_widget, default_timeout=300).run()
    values = {"slider": [9, (0.1, 1.0)], "select_slider": [64], "number_input": [5, 0.25], "radio": [False]}
    values |= {"selectbox": [2, "b"], "multiselect": [["c", "a"]], "toggle": [True]}
    values |= {"button_group": [2.5, "y"], "text_input": ["<b>"]}
    for kind, wanted in values.items():
        for widget, value in zip(getattr(at, kind), wanted, strict=True):
            widget.set_value(value)
    at.run()
    assert not at.exception
    assert {kind: [widget.value for widget in getattr(at, kind)] for kind in values} == values
    known = at.session_state._state._state._new_widget_state.widget_metadata
    for label, may_be_typed in (("choice", False), ("typed", True)):
        [id] = [box.proto.id for box in at.selectbox if box.label == label]
        typed = WidgetState(id=id, string_value="typed by hand")
        assert fits(known[id], typed, PATCH.found["unpack"]) == may_be_typed
    for label, field, wrong in BEYOND:
        [id] = [number.proto.id for number in at.number_input if number.label == label]
        for value in wrong:
            assert not fits(known[id], WidgetState(id=id, **{field: value}), PATCH.found["unpack"]), value


# Numbers that a field for numbers cannot send: label, how it reports, what is beyond its limits or no number.
BEYOND = (
    ("whole", "int_value", (0, 6, -(2**62))),
    ("number", "double_value", (float("nan"), float("inf"), float("-inf"), -0.1, 1.1)),
)


ODD = {
    "color_scheme": ("evil", ""),
    "url": ("http://[::1", "http://x:99999/", "javascript:alert(1)", "http://![x](http://a/b)/"),
    "timezone": ("Mars/Olympus", ""),
    "locale": ("zz", ""),
}


@pytest.mark.parametrize("page", ["learning", "train", "teacher", "classify"])
def test_a_session_survives_what_a_browser_says_of_itself(app, page):
    session = Session(app.url, "hostile")
    session.page, session.query = page, "level=code"
    for said in zip(*(values * 2 for values in ODD.values()), strict=False):
        request = BackMsg.FromString(session.request())
        for name, value in zip(ODD, said, strict=True):
            setattr(request.rerun_script.context_info, name, value)
        session._answer(request.SerializeToString())
    session.close()
    assert not session.errors and len(session.widgets) > 3
