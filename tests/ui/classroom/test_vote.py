"""The class vote: every answer of the bank computed a second way, the stages, and what does not count."""

import math
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.access import TeacherPass
from cnnlab.classroom import Classroom
from cnnlab.figures import number_grid
from cnnlab.figures.votes import histogram
from cnnlab.i18n import number, percent
from cnnlab.lessons import votes
from cnnlab.lessons.votes import QUESTIONS, tally
from cnnlab.runs import RunError, Store
from cnnlab.ui.session import teacher_pass
from tests.conftest import ROOT
from tests.pages import open_page, owner, run, words

# ---- The bank: each answer with loops, from the pictures that the class sees


def right(question) -> str:
    return question.options[question.right]


def product_sum(window, kernel) -> int:
    return sum(int(w) * int(k) for w, k in zip(window.ravel(), kernel.ravel(), strict=True))


def windows(values, size: int):
    """Every window with its place, by slicing."""
    height, width = values.shape
    for row in range(height - size + 1):
        for col in range(width - size + 1):
            yield (row, col), values[row : row + size, col : col + size]


def test_bright_is_not_strong():
    question = QUESTIONS["bright"]()
    pixels, kernel = (sight.values for sight in question.sights)
    marks = {mark.letter: (mark.row, mark.col) for mark in question.sights[0].marks}
    sums = {place: product_sum(window, kernel) for place, window in windows(pixels, 3)}
    light = {place: int(window.sum()) for place, window in windows(pixels, 3)}
    strong = max(marks, key=lambda letter: abs(sums[marks[letter]]))
    bright = max(marks, key=lambda letter: light[marks[letter]])
    assert strong != bright and right(question) == f"window {strong}"
    assert light[marks[bright]] == max(light.values())
    assert number(sums[marks[strong]]) in question.reveal and number(sums[marks[bright]]) in question.reveal


def test_a_pixel_feeds_as_many_outputs_as_there_are_windows_around_it():
    question = QUESTIONS["feeds"]()
    [sight] = question.sights
    [mark] = sight.marks
    places = np.arange(sight.values.size).reshape(sight.values.shape)
    holding = [place for place, window in windows(places, 3) if places[mark.row, mark.col] in window]
    assert right(question) == str(len(holding))


def test_an_even_patch_and_relu():
    for name, change in (("even", lambda total: total), ("relu", lambda total: max(0, total))):
        question = QUESTIONS[name]()
        window, kernel = (sight.values for sight in question.sights)
        total = product_sum(window, kernel)
        assert right(question) == number(change(total))
        if name == "relu":
            assert total < 0 and number(total) in question.text


def test_one_kernel_has_a_slice_for_every_map():
    question = QUESTIONS["weights"]()
    kernels = votes.shipped().weights()["conv_2/kernel"]
    assert right(question) == number(kernels[..., 0].size)
    assert str(kernels.shape[2]) in question.text


def test_the_share_of_max_values_that_stay():
    question = QUESTIONS["shift"]()
    name, row, col, size = votes.POOLED
    photo = votes.grey_crop(name, 0, 0, votes.SHRUNK)
    before, after = (photo[row : row + size, col + s : col + s + size] for s in (0, 1))
    assert np.array_equal(question.sights[0].values, before)
    corners = range(0, size, 2)
    same = [
        max(int(v) for v in before[i : i + 2, j : j + 2].ravel())
        == max(int(v) for v in after[i : i + 2, j : j + 2].ravel())
        for i in corners
        for j in corners
    ]
    assert right(question) == percent(sum(same) / len(same), 0)


def test_a_brighter_loser():
    question = QUESTIONS["brighter"]()
    [sight] = question.sights
    [mark] = sight.marks
    before = sight.values.astype(int)
    after = before.copy()
    after[mark.row, mark.col] += int(re.search(r"\*\*(\d+) brighter", question.text)[1])
    assert before[mark.row, mark.col] < before.max() and after.max() <= 255
    maximum, average = before.max() != after.max(), before.mean() != after.mean()
    names = {(1, 0): "only the maximum", (0, 1): "only the average", (1, 1): "both", (0, 0): "neither"}
    assert right(question) == names[maximum, average]


def scores_of(name: str) -> np.ndarray:
    """Send a photo through the shipped network layer by layer, with the operations one by one."""
    run = votes.shipped()
    return ops.forward(run.recipe().layers(), run.weights(), votes.network_photo(name))[-2].values.astype(
        float
    )


def test_the_network_is_most_sure_of_the_photo_with_the_largest_probability():
    question = QUESTIONS["sure"]()
    tops = []
    for name in votes.SURE:
        exponentials = [math.exp(score) for score in scores_of(name)]
        tops.append(max(exponentials) / sum(exponentials))
    assert question.right == tops.index(max(tops))
    assert all(percent(top, 0) in question.reveal for top in tops)


def test_what_adds_most_to_a_score():
    question = QUESTIONS["adds"]()
    weights = votes.shipped().weights()["scores/kernel"]
    inputs = votes.outputs(votes.ADDS)[-3].values
    classes = [votes.class_name(name) for name in votes.shipped().recipe().classes]
    unit = next(place for place, name in enumerate(classes) if f"**{name}**" in question.text)
    products = [float(x) * float(w) for x, w in zip(inputs, weights[:, unit], strict=True)]
    most = products.index(max(products))
    assert right(question) == "neither of these two"
    assert most not in (int(np.argmax(inputs)), int(np.argmax(abs(weights[:, unit]))))
    assert f"= {number(products[most], 2)}:" in question.reveal


def test_one_score_rises_and_all_scores_double():
    question, scores = QUESTIONS["rises"](), scores_of(votes.RISES)
    watched, raised, other = sorted(range(len(scores)), key=lambda place: -scores[place])[:3]
    higher = [score + (place == raised) for place, score in enumerate(scores)]
    before, after = ([math.exp(z) / sum(map(math.exp, row)) for z in row] for row in (scores, higher))
    falls = after[watched] < before[watched]
    stays = math.isclose(after[watched] / after[other], before[watched] / before[other], rel_tol=1e-9)
    assert (falls, stays) == (True, True) and right(question) == "it falls; the ratio stays"

    question, scores = QUESTIONS["double"](), scores_of(votes.DOUBLED)
    _named, true = sorted(range(len(scores)), key=lambda place: -scores[place])[:2]
    losses = [-math.log(math.exp(f * scores[true]) / sum(math.exp(f * z) for z in scores)) for f in (1, 2)]
    assert losses[1] > losses[0] and right(question) == "same answer, the loss rises"
    assert all(number(loss, 3) in question.reveal for loss in losses)


def test_how_far_a_deep_cell_sees_by_changing_pixels():
    """A pixel reaches the cell if changing it changes the cell: tried on every column of one row."""
    question, run = QUESTIONS["reach"](), votes.shipped()
    layers = run.recipe().layers()
    layers = layers[: 1 + [layer["name"] for layer in layers].index("conv_3")]
    ones = {
        f"{layer['name']}/{part}": np.ones(run.weights()[f"{layer['name']}/{part}"].shape, np.float32)
        for layer in layers
        if layer["kind"] == "conv"
        for part in ("kernel", "bias")
    }
    linear = [layer for layer in layers if layer["kind"] != "activation"]
    dark = np.zeros((32, 32, 3), np.uint8)
    plain = ops.forward(linear, ones, dark)[-1].values[2, 2]
    reached = []
    for col in range(32):
        lit = dark.copy()
        lit[:, col] = 255
        reached.append(not np.array_equal(ops.forward(linear, ones, lit)[-1].values[2, 2], plain))
    assert right(question) == f"{sum(reached)} pixels"


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_can_be_asked_and_points_to_its_lesson(name):
    question = QUESTIONS[name]()
    assert 2 <= len(question.options) == len(set(question.options)) <= 6
    assert (ROOT / "pages" / f"{question.lesson}.py").exists()
    assert "{" not in question.text + question.reveal + "".join(question.options)
    for sight in question.sights:
        assert (
            sight.role == "photo"
            or number_grid.grid(sight.values, sight.role).count("<text") == sight.values.size
        )


# ---- Counting


def test_a_ballot_that_names_no_option_does_not_count():
    assert tally({"a": 0, "b": 2, "c": 2, "d": 3, "e": 99}, 3) == [1, 0, 2]
    figure = histogram([1, 0, 2], right=2)
    assert [round(x, 1) for x in figure.data[0].x] == [33.3, 0.0, 66.7]
    assert figure.data[0].y[2] == "<b>✓ 3</b>" and list(histogram([0, 0]).data[0].x) == [0, 0]


@pytest.fixture
def classroom(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "4711")
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(teacher_pass, "_inside", {owner("teacher"): TeacherPass()})
    return Classroom(Store().root)


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


def press(at: AppTest, label: str) -> AppTest:
    [found] = [button for button in at.button if label in button.label]
    found.click()
    return run(at)


def test_a_whole_vote_by_teacher_and_students(classroom):
    question = QUESTIONS["relu"]()
    anna, teacher = open_page("anna", "vote"), open_page("teacher", "vote")
    assert "No vote is open" in words(anna)
    teacher.selectbox(key="vote.question").set_value("relu")
    press(run(teacher), "Open the vote")
    assert "0 of 1 have voted" in words(teacher)
    assert not [button for button in teacher.button if question.options[0] in button.label]
    press(run(anna), f"1 · {question.options[0]}")
    assert "Your vote is in" in words(anna)
    press(anna, f"2 · {question.options[1]}")  # another thought
    assert "1 of 1 have voted" in words(run(teacher))
    assert not anna.get("plotly_chart") and not teacher.get("plotly_chart")

    press(teacher, "Show how the class voted")
    for at in (teacher, run(anna)):
        assert "talk to your neighbour" in words(at) and len(at.get("plotly_chart")) == 1
        assert question.reveal not in words(at) and "check_circle" not in words(at)
    assert not [button for button in anna.button if question.options[0] in button.label]

    press(teacher, "Open the second vote")
    assert "0 of 1 have voted" in words(teacher)
    press(run(anna), question.options[question.right])
    press(teacher, "Show both votes and the answer")
    for at in (teacher, run(anna)):
        assert question.reveal in words(at) and len(at.get("plotly_chart")) == 2
    vote = classroom.rules().vote
    assert [tally(classroom.ballots(vote, r), 3) for r in ("first", "second")] == [[0, 1, 0], [0, 1, 0]]
    press(teacher, "Another question")
    assert classroom.rules().vote is None and "No vote is open" in words(run(anna))


def test_a_tap_after_the_result_was_shown_does_not_count(classroom):
    vote = classroom.ask("relu").vote
    anna = open_page("anna", "vote")
    classroom.change(vote=vote.model_dump() | {"stage": "first_shown"})
    press(anna, "1 · ")
    assert classroom.ballots(vote, "first") == {}


def test_only_the_teacher_can_ask_and_go_on(classroom):
    assert not [b for b in open_page("anna", "vote").button if b.label == "Open the vote"]
    teacher = open_page("teacher", "vote")
    teacher_pass._inside.clear()  # the pass is gone: the next click does nothing
    press(teacher, "Open the vote")
    assert classroom.rules().vote is None
    classroom.ask("a question of another version")
    assert "does not know" in words(open_page("anna", "vote"))


def test_every_page_calls_to_the_vote_until_the_student_has_voted(classroom):
    anna = open_page("anna", "faq")
    assert "teacher asks" not in words(anna)
    vote = classroom.ask("relu").vote
    assert "teacher asks" in words(run(anna))
    assert "teacher asks" not in words(open_page("anna", "vote")), "not on the page of the vote itself"
    assert "teacher asks" not in words(open_page("teacher", "faq"))
    classroom.cast(owner("anna"), 0, vote)
    assert "teacher asks" not in words(run(anna))
    classroom.change(following="kite-421")
    assert "kite-421" not in words(run(anna)), "there is no such run"


def test_at_home_the_questions_are_ones_own(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNLAB_TEACHER_PIN", raising=False)
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    at = open_page("anna", "vote")
    assert "CNNLAB_TEACHER_PIN" in words(at) and QUESTIONS["sure"]().text in words(at)
