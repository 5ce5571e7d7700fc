"""Are the answers of *A layer* those of counting, and of Keras's ReLU?"""

import numpy as np

from cnnlab import ops
from cnnlab.lessons.questions.layer import passed, weights


def test_weights_are_counted_in_the_arrays():
    rng = np.random.default_rng(0)
    asked = 0
    for _ in range(2000):
        shape = tuple(int(size) for size in rng.integers(1, 8, size=4))
        question = weights(shape)
        one_kernel = np.zeros(shape)[..., 0].size
        if question is None:
            assert shape[2] == 1 or len({shape[0] * shape[1], np.zeros(shape).size, one_kernel}) < 3
            continue
        asked += 1
        assert question.answer == one_kernel in question.options
        assert {shape[0] * shape[1], np.zeros(shape).size} <= set(question.options)
        assert list(question.options) == sorted(set(question.options)) and len(question.options) > 2
    assert asked > 1000


def test_the_pages_own_layer():
    assert weights((3, 3, 3, 4)).options == (9, 27, 36, 108)
    assert weights((3, 3, 3, 4)).answer == 27


def test_passed_is_what_an_activation_makes_of_the_most_negative_sum():
    import keras

    rng, asked = np.random.default_rng(1), 0
    for _ in range(500):
        image = rng.integers(0, 256, size=(*rng.integers(3, 9, size=2), 3))
        kernels, bias = rng.normal(size=(3, 3, 3, 1)), rng.normal(scale=400, size=1)
        sums = ops.conv2d(image, kernels, bias)[..., 0]
        question = passed(sums)
        if question is None:
            assert sums.min() >= -0.05 * np.abs(sums).max() - 1e-12
            continue
        asked += 1
        assert question.value == sums[question.row, question.col] == min(sums.ravel().tolist()) < 0
        assert question.answer in question.options and len(set(question.options)) == 3
    assert asked > 200
    assert float(keras.ops.relu(np.float32(-37))) == passed(np.array([[-37.0, 12.0]])).answer == 0


def test_without_a_negative_sum_there_is_no_question():
    assert passed(np.ones((3, 3))) is None
    assert passed(np.zeros((3, 3))) is None
    assert passed(np.array([[-1.0, 1000.0]])) is None
