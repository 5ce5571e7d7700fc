"""Is the number of numbers right that reach the network, and are those that should come out?"""

import numpy as np

from cnnlab.data import photos
from cnnlab.lessons.questions.pixels import count, targets


def test_the_answer_is_what_resize_returns():
    rng = np.random.default_rng(0)
    for _ in range(200):
        height, width = (int(side) for side in rng.integers(1, 90, size=2))
        question = count(height, width)
        photo = np.zeros((height, width, 3), np.uint8)
        assert question.answer == photos.resize(photos.square(photo)).size
        assert question.answer in question.options
        assert {1024, 96} <= set(question.options)
        assert list(question.options) == sorted(set(question.options))


def test_a_photo_that_has_32_by_32_pixels_needs_no_option_twice():
    assert count(32, 32).options == (96, 1024, 3072)
    assert count(300, 451).options == (96, 1024, 3072, 405_900)


def test_the_right_numbers_are_one_at_the_class_and_nothing_else():
    for classes in (2, 3, 10):
        for label in range(classes):
            options, answer = targets(label, classes)
            assert [place for place, value in enumerate(answer) if value] == [label] and sum(answer) == 1
            assert options.count(answer) == 1 and len(set(options)) == len(options) >= 2
            assert all(len(option) == classes for option in options)
