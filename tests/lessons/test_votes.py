"""Is every answer of a class vote right? Each once more with loops, from the pictures that the class sees."""

import math
import re

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.data.datasets import class_name
from cnnlab.figures import number_grid
from cnnlab.i18n import number, percent
from cnnlab.lessons.page_list import LESSONS
from cnnlab.lessons.votes import QUESTIONS, answer, home, learning, pooling, sights


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
    kernels = sights.shipped().weights()["conv_2/kernel"]
    assert right(question) == number(kernels[..., 0].size)
    assert str(kernels.shape[2]) in question.text


def test_the_share_of_max_values_that_stay():
    question = QUESTIONS["shift"]()
    name, row, col, size = pooling.POOLED
    photo = sights.grey_crop(name, 0, 0, sights.SHRUNK)
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
    run = sights.shipped()
    return ops.forward(run.recipe().layers(), run.weights(), sights.network_photo(name))[-2].values.astype(
        float
    )


def test_the_network_is_most_sure_of_the_photo_with_the_largest_probability():
    question = QUESTIONS["sure"]()
    tops = []
    for name in home.SURE:
        exponentials = [math.exp(score) for score in scores_of(name)]
        tops.append(max(exponentials) / sum(exponentials))
    assert question.right == tops.index(max(tops))
    assert all(percent(top, 0) in question.reveal for top in tops)


def test_what_adds_most_to_a_score():
    question = QUESTIONS["adds"]()
    weights = sights.shipped().weights()["scores/kernel"]
    inputs = sights.outputs(answer.ADDS)[-3].values
    classes = [class_name(name) for name in sights.shipped().recipe().classes]
    unit = next(place for place, name in enumerate(classes) if f"**{name}**" in question.text)
    products = [float(x) * float(w) for x, w in zip(inputs, weights[:, unit], strict=True)]
    most = products.index(max(products))
    assert right(question) == "neither of these two"
    assert most not in (int(np.argmax(inputs)), int(np.argmax(abs(weights[:, unit]))))
    assert f"= {number(products[most], 2)}:" in question.reveal


def test_one_score_rises_and_all_scores_double():
    question, scores = QUESTIONS["rises"](), scores_of(answer.RISES)
    watched, raised, other = sorted(range(len(scores)), key=lambda place: -scores[place])[:3]
    higher = [score + (place == raised) for place, score in enumerate(scores)]
    before, after = ([math.exp(z) / sum(map(math.exp, row)) for z in row] for row in (scores, higher))
    falls = after[watched] < before[watched]
    stays = math.isclose(after[watched] / after[other], before[watched] / before[other], rel_tol=1e-9)
    assert (falls, stays) == (True, True) and right(question) == "it falls; the ratio stays"

    question, scores = QUESTIONS["double"](), scores_of(learning.DOUBLED)
    _named, true = sorted(range(len(scores)), key=lambda place: -scores[place])[:2]
    losses = [-math.log(math.exp(f * scores[true]) / sum(math.exp(f * z) for z in scores)) for f in (1, 2)]
    assert losses[1] > losses[0] and right(question) == "same answer, the loss rises"
    assert all(number(loss, 3) in question.reveal for loss in losses)


def test_how_far_a_deep_cell_sees_by_changing_pixels():
    """A pixel reaches the cell if changing it changes the cell: tried on every column of one row."""
    question, run = QUESTIONS["reach"](), sights.shipped()
    layers = run.recipe().layers()
    layers = layers[: 1 + [layer.name for layer in layers].index("conv_3")]
    ones = {
        f"{layer.name}/{part}": np.ones(run.weights()[f"{layer.name}/{part}"].shape, np.float32)
        for layer in layers
        if layer.kind == "conv"
        for part in ("kernel", "bias")
    }
    linear = [layer for layer in layers if layer.kind != "activation"]
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
    assert question.lesson in LESSONS
    assert "{" not in question.text + question.reveal + "".join(question.options)
    for sight in question.sights:
        assert (
            sight.role == "photo"
            or number_grid.grid(sight.values, sight.role).count("<text") == sight.values.size
        )
