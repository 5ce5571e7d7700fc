"""What becomes of what a student types into a grid of numbers?"""

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.ui.components import cells


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), ("1,5", 1.5), (" −2 ", -2), ("-2", -2), ("1/9", 1 / 9), ("1e2", 100)]
)
def test_numbers_as_students_write_them(text, value):
    assert cells.parse(text, -1000, 1000) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("abc", "“abc” is not a number"),
        ("1/0", "not a number"),
        ("1/2/3", "not a number"),
        ("nan", "not between −1,000 and 1,000"),
        ("inf", "not between"),
        ("1e400", "not between"),
        ("1001", "“1001” is not between −1,000 and 1,000"),
        ("9" * 5000, "not between"),
        ("__import__('os')", "not a number"),
    ],
)
def test_everything_else_gets_a_sentence(text, says):
    with pytest.raises(cells.CellError) as caught:
        cells.parse(text, -1000, 1000)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 100


def test_a_wrong_text_changes_nothing_and_leaves_when_it_is_put_right():
    edits, wrong = {(0, 0): 4.0}, {}
    cells.enter(edits, wrong, (0, 0), "four", -10, 10)
    assert edits == {(0, 0): 4.0} and wrong[0, 0][0] == "four"
    cells.enter(edits, wrong, (0, 0), "5", -10, 10)
    assert edits == {(0, 0): 5.0} and not wrong


def test_the_sentence_stands_at_the_grid():
    def page():
        import numpy as np
        import streamlit as st

        from cnnlab.ui.components.cells import cells

        st.session_state["store.wrong"] = {(1, 2): ("x", "“x” is not a number.")}
        cells("Weights", np.eye(3), key="grid", store="store", role="signed", low=-9, high=9)

    app = AppTest.from_function(page, default_timeout=300).run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "Row 2, column 3: “x” is not a number. The picture stays as it was."
    ]
