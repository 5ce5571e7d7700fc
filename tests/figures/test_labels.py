"""Do labels keep off each other, off the points, and within their chart?"""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.figures import labels
from cnnlab.figures.labels import apart, within

GAP, TOP = 16, 240
PLACES = st.tuples(st.floats(0, labels.WIDTH), st.floats(0, labels.HEIGHT))


@settings(deadline=None)
@given(st.lists(PLACES, min_size=1, max_size=30), st.lists(PLACES, max_size=10))
def test_no_label_lies_on_another_or_on_a_point(points, tests):
    names = [f"Merry Otter {n}" for n in range(len(points))]
    boxes = labels.beside(points, names, tests)
    half = labels.MARK / 2
    marks = [(x - half, y - half, x + half, y + half) for x, y in points + tests]
    drawn = [box for box in boxes if box]
    for place, (left, top, right, bottom) in enumerate(drawn):
        assert 0 <= left < right <= labels.WIDTH and 0 <= top < bottom <= labels.HEIGHT
        assert right - left == pytest.approx(labels.LETTER * len(names[boxes.index(drawn[place])]))
        for other in [*marks, *drawn[:place], *drawn[place + 1 :]]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, "two texts, or a text and a point, on the same pixels"


def test_a_point_alone_has_its_label_beside_it_and_one_without_a_name_has_none():
    boxes = labels.beside([(100, 100), (200, 200)], ["Merry Otter", ""])
    assert boxes[1] is None and boxes[0][0] > 100 and boxes[0][1] < 100 < boxes[0][3]


@given(st.lists(st.floats(-50, 300), max_size=6))
def test_names_stay_beside_their_chart_and_off_each_other(wanted):
    placed = within(apart(sorted(wanted), GAP), GAP, TOP)
    assert all(0 <= place <= TOP for place in placed)
    assert all(upper - lower >= GAP - 1e-9 for lower, upper in pairwise(placed))


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [
        ([], []),
        ([0, 16, 40], [0, 16, 40]),
        ([5, 5], [-3, 13]),
        ([0, 0, 10, 100], [-38 / 3, 10 / 3, 58 / 3, 100]),
        ([0, 20, 24], [-4 / 3, 44 / 3, 92 / 3]),  # the upper two push the lowest
    ],
)
def test_names_that_touch_move_apart_around_their_middle(wanted, placed):
    assert apart(wanted, 16) == pytest.approx(placed)
