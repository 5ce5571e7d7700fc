"""No field hides the number that stands in it, whatever its size."""

import ast

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.i18n import plain
from cnnlab.lessons.page_list import CONTROLS, Numbers
from tests.conftest import ROOT

FILES = [*(ROOT / "cnnlab").rglob("*.py"), *(ROOT / "pages").glob("*.py")]


def calls(*names: str):
    """Yield (file, call) for each call of a method or function of one of these names in the app."""
    for path in FILES:
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if any(name in text for name in names) else ():
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in names:
                yield path, node


def literals(call: ast.Call) -> list:
    parts = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [node.value for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant)]


def test_decimal_numbers_are_typed_in_one_kind_of_field():
    """Streamlit's own shows 0.00001 as 0.00, and a format with fixed decimals hides what is smaller."""
    found = list(calls("number_input"))
    assert len(found) > 10
    own = [path for path, call in found if path.name == "number_field.py"]
    assert own, "the field itself"
    for path, call in found:
        if path not in own:
            here = f"{path.name}:{call.lineno}"
            assert "format" not in [keyword.arg for keyword in call.keywords], here
            assert not any(isinstance(value, float) for value in literals(call)), here


def test_a_slider_shows_as_many_decimals_as_its_steps_have():
    for path, call in calls("slider"):
        parts = {keyword.arg: keyword.value for keyword in call.keywords}
        options = {name: part.value for name, part in parts.items() if isinstance(part, ast.Constant)}
        shown, step = options.get("format"), options.get("step")
        if isinstance(shown, str) and shown.startswith("%"):
            assert float(shown % step) == step, f"{path.name}:{call.lineno}"
        elif step is not None and shown is None:
            assert float(f"{step:.2f}") == step, f"{path.name}:{call.lineno}: Streamlit shows two decimals"
    for control in CONTROLS.values():
        if isinstance(numbers := control.options, Numbers):
            assert float(f"{numbers.step:.{numbers.digits}f}") == numbers.step, control.key


@pytest.mark.parametrize(
    ("value", "step"), [(0.001, 0.0005), (0.00001, 0.000005), (0.00025, 0.00005), (0.1, 0.05), (10.0, 5.0)]
)
def test_plus_and_minus_go_by_the_size_of_the_number(value, step):
    def page(value):
        import streamlit as st

        from cnnlab.ui.widgets.number_field import decimal_field

        st.session_state["rate"] = value
        decimal_field("Rate", 0.0, 10.0, key="rate")

    [field] = AppTest.from_function(page, args=(value,)).run().number_input
    assert field.value == value
    assert field.step == pytest.approx(step)
    assert float(field.proto.format % value) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.00001, "0.00001"),
        (2.5e-4, "0.00025"),
        (0.1 + 0.2, "0.3"),
        (30.0, "30"),
        (-0.5, "−0.5"),
        (1e-7, "0.0000001"),
    ],
)
def test_numbers_of_any_size_are_written_without_an_exponent(value, written):
    assert plain(value) == written


STATEFUL = {"slider", "select_slider", "number_input", "decimal_field", "segmented_control", "selectbox"}
STATEFUL |= {"toggle", "pills", "radio", "text_input"}


def test_what_is_set_in_a_popover_shows_its_value_whenever_it_is_opened():
    """Streamlit draws its widgets when it opens, and tells the browser only once what the session set."""
    safe = 0
    for path in FILES:
        for block in ast.walk(ast.parse(text)) if "popover" in (text := path.read_text()) else ():
            if not isinstance(block, ast.With) or not isinstance(block.items[0].context_expr, ast.Call):
                continue
            opened = block.items[0].context_expr
            if getattr(opened.func, "attr", "") != "popover":
                continue
            inside = [node for node in ast.walk(block) if isinstance(node, ast.Call) and node is not opened]
            names = [ast.unparse(node.func) for node in inside]
            if any(name.split(".")[-1] in STATEFUL or name == "page_control.draw" for name in names):
                assert opened.func.value.id == "widget_state", f"{path.name}:{block.lineno}"
                safe += 1
    assert safe >= 5


@pytest.mark.parametrize("reruns", [0, 2])
def test_a_popover_is_told_in_each_run_what_its_widgets_show(reruns):
    def page():
        import streamlit as st

        from cnnlab.ui.session import widget_state

        with widget_state.popover("More", widget_state.default("test.size", 7)):
            st.slider("Size", 1, 9, key="test.size")

    at = AppTest.from_function(page).run()
    for _run in range(reruns):
        at.run()
    [slider] = at.slider
    assert slider.proto.set_value
    assert list(slider.proto.value) == [7]
