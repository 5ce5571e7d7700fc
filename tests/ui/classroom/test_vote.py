"""The class vote: its stages, and what does not count."""

import pytest

from cnnlab.figures.votes import histogram
from cnnlab.lessons.votes import QUESTIONS, tally
from cnnlab.runs import RunError
from cnnlab.ui.session import teacher_pass
from tests.support.pages import again, open_page, owner, press, words

# ---- Counting


def test_a_ballot_that_names_no_option_does_not_count():
    assert tally({"a": 0, "b": 2, "c": 2, "d": 3, "e": 99}, 3) == [1, 0, 2]
    figure = histogram([1, 0, 2], right=2)
    assert [round(x, 1) for x in figure.data[0].x] == [33.3, 0.0, 66.7]
    assert figure.data[0].y[2] == "<b>✓ 3</b>" and list(histogram([0, 0]).data[0].x) == [0, 0]


def test_foreign_ballots_and_late_ones_are_refused_or_passed_over(classroom):
    vote = classroom.ask("relu").vote
    classroom.cast(owner("anna"), 1, vote)
    folder = classroom.folder / "votes" / f"{vote.id}-first"
    for place, content in enumerate((b"7", b"-1", b"1.5", b"\xff\xfe", b"", b"1" * 50)):
        (folder / f"{place}{'0' * 31}").write_bytes(content)
    assert tally(classroom.ballots(vote, "first"), 3) == [0, 1, 0]
    classroom.change(vote=vote.model_dump() | {"stage": "first_shown"})
    with pytest.raises(RunError, match="closed"):
        classroom.cast(owner("ben"), 0, vote)
    classroom.ask("even")  # a tap that was meant for the question before
    with pytest.raises(RunError, match="closed"):
        classroom.cast(owner("ben"), 0, vote)
    assert list(classroom.ballots(vote, "first")).count(owner("ben")) == 0


# ---- The page


def test_a_whole_vote_by_teacher_and_students(classroom):
    question = QUESTIONS["relu"]()
    anna, teacher = open_page("vote", "anna"), open_page("vote", "teacher")
    assert "No vote is open" in words(anna)
    teacher.selectbox(key="vote.question").set_value("relu")
    press(again(teacher), "Open the vote")
    assert "0 of 1 have voted" in words(teacher)
    assert not [button for button in teacher.button if question.options[0] in button.label]
    press(again(anna), f"1 · {question.options[0]}")
    assert "Your vote is in" in words(anna)
    press(anna, f"2 · {question.options[1]}")  # another thought
    assert "1 of 1 have voted" in words(again(teacher))
    assert not anna.get("plotly_chart") and not teacher.get("plotly_chart")

    press(teacher, "Show how the class voted")
    for at in (teacher, again(anna)):
        assert "talk to your neighbour" in words(at) and len(at.get("plotly_chart")) == 1
        assert question.reveal not in words(at) and "check_circle" not in words(at)
    assert not [button for button in anna.button if question.options[0] in button.label]

    press(teacher, "Open the second vote")
    assert "0 of 1 have voted" in words(teacher)
    press(again(anna), question.options[question.right])
    press(teacher, "Show both votes and the answer")
    for at in (teacher, again(anna)):
        assert question.reveal in words(at) and len(at.get("plotly_chart")) == 2
    vote = classroom.rules().vote
    assert [tally(classroom.ballots(vote, r), 3) for r in ("first", "second")] == [[0, 1, 0], [0, 1, 0]]
    press(teacher, "Another question")
    assert classroom.rules().vote is None and "No vote is open" in words(again(anna))


def test_a_tap_after_the_result_was_shown_does_not_count(classroom):
    vote = classroom.ask("relu").vote
    anna = open_page("vote", "anna")
    classroom.change(vote=vote.model_dump() | {"stage": "first_shown"})
    press(anna, "1 · ")
    assert classroom.ballots(vote, "first") == {}


def test_only_the_teacher_can_ask_and_go_on(classroom):
    assert not [b for b in open_page("vote", "anna").button if b.label == "Open the vote"]
    teacher = open_page("vote", "teacher")
    teacher_pass._inside.clear()  # the pass is gone: the next click does nothing
    press(teacher, "Open the vote")
    assert classroom.rules().vote is None
    classroom.ask("a question of another version")
    assert "does not know" in words(open_page("vote", "anna"))


def test_every_page_calls_to_the_vote_until_the_student_has_voted(classroom):
    anna = open_page("faq", "anna")
    assert "teacher asks" not in words(anna)
    vote = classroom.ask("relu").vote
    assert "teacher asks" in words(again(anna))
    assert "teacher asks" not in words(open_page("vote", "anna")), "not on the page of the vote itself"
    assert "teacher asks" not in words(open_page("faq", "teacher"))
    classroom.cast(owner("anna"), 0, vote)
    assert "teacher asks" not in words(again(anna))
    classroom.change(following="kite-421")
    assert "kite-421" not in words(again(anna)), "there is no such run"


def test_at_home_the_questions_are_ones_own(store):
    at = open_page("vote", "anna")
    assert "CNNLAB_TEACHER_PIN" in words(at) and QUESTIONS["sure"]().text in words(at)
