"""Do the answers about one kernel agree with a count by hand, over many random pictures and settings?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.lessons.questions.convolution import PATCH, Setting, even_patch, feeds, two_windows

TRIES = 300


def random_setting(seed: int) -> Setting:
    """A picture, a kernel and settings of any kind that fit together."""
    rng = np.random.default_rng(seed)
    while True:
        channels = int(rng.choice([1, 3]))
        size, k = int(rng.integers(1, 14)), int(rng.integers(1, 8))
        kernel = rng.integers(-3, 4, (k, k, channels)).astype(float)
        if seed % 2 and k > 1:  # half of the kernels are balanced
            kernel[0, 0, 0] -= kernel.sum()
        image = rng.integers(0, 256, (size, size, channels)).astype(float)
        setting = Setting(
            image,
            kernel,
            float(rng.integers(-20, 21)),
            int(rng.integers(1, 5)),
            str(rng.choice(["valid", "same"])),
            int(rng.integers(1, 4)),
        )
        try:
            setting.index()
        except ops.GeometryError:
            continue
        return setting


def border(n: int, k: int, setting: Setting) -> tuple[int, int]:
    """Border cells before an axis, and how many windows there are, counted one by one."""
    span = setting.dilation * (k - 1) + 1
    if setting.padding == "valid":
        before = after = 0
    else:
        outputs = len(range(0, n, setting.stride))
        border = max(0, (outputs - 1) * setting.stride + span - n)
        before, after = border // 2, border - border // 2
    return before, len(range(0, n + before + after - span + 1, setting.stride))


def by_hand(setting: Setting, image, kernel, bias) -> list[list[float]]:
    """Every output as a plain sum over rows, columns and channels."""
    height, width, channels = image.shape
    k = kernel.shape[0]
    (top, rows), (left, cols) = border(height, k, setting), border(width, k, setting)
    outputs = []
    for i in range(rows):
        outputs.append([])
        for j in range(cols):
            total = bias
            for p in range(k):
                for q in range(k):
                    r = setting.stride * i + setting.dilation * p - top
                    c = setting.stride * j + setting.dilation * q - left
                    if 0 <= r < height and 0 <= c < width:
                        total += sum(image[r, c, z] * kernel[p, q, z] for z in range(channels))
            outputs[-1].append(float(total))
    return outputs


def first_largest(grid) -> tuple[int, int]:
    cells = [(i, j) for i in range(len(grid)) for j in range(len(grid[0]))]
    return max(cells, key=lambda cell: (grid[cell[0]][cell[1]], -cell[0], -cell[1]))


@pytest.mark.parametrize("part", range(3))
def test_the_stronger_window(part):
    asked, answers = 0, set()
    for seed in range(part, TRIES, 3):
        setting = random_setting(seed)
        sums = by_hand(setting, setting.image, setting.kernel, setting.bias)
        bright = by_hand(setting, setting.image, np.ones_like(setting.kernel), 0.0)
        a = first_largest(bright)
        b = first_largest([[abs(value) for value in line] for line in sums])
        y_a, y_b = sums[a[0]][a[1]], sums[b[0]][b[1]]
        total, size = float(setting.kernel.sum()), float(np.abs(setting.kernel).sum())
        holds = abs(total) < 0.1 * size and abs(y_b) >= 2 * abs(y_a) and y_b != 0
        question = two_windows(setting)
        assert (question is not None) == holds, seed
        if question:
            asked += 1
            assert (question.bright, question.strong) == (a, b), seed
            assert (question.sum_bright, question.sum_strong) == pytest.approx((y_a, y_b))
            answers.add(question.letters[1])
    assert answers == {"A", "B"}, "the right letter is not always the same"
    assert asked > 10  # the condition holds often enough for the test to mean something


def test_bright_is_not_asked_where_the_weights_add_up():
    image = np.arange(36.0).reshape(6, 6, 1)
    assert two_windows(Setting(image, np.ones((3, 3, 1)))) is None


def test_how_many_outputs_a_pixel_feeds():
    answers = set()
    for seed in range(TRIES):
        setting = random_setting(seed)
        height, width, channels = setting.image.shape
        k = setting.kernel.shape[0]
        question = feeds(setting)
        # A single bright pixel under a kernel of ones: the outputs that it feeds are those that are not 0.
        image = np.zeros((height, width, channels))
        image[question.row, question.col] = 1
        outputs = by_hand(setting, image, np.ones((k, k, channels)), 0.0)
        fed = [(i, j) for i, line in enumerate(outputs) for j, value in enumerate(line) if value]
        assert question.answer == len(fed), seed
        assert [(i, j) for i in question.rows for j in question.cols] == fed
        assert question.answer in question.options
        assert len(set(question.options)) == len(question.options) > 1
        answers.add(question.answer)
    assert {0, 1, 9} < answers


def test_the_same_settings_ask_about_the_same_pixel():
    setting = random_setting(7)
    assert feeds(setting) == feeds(setting)


@pytest.mark.parametrize("value", [PATCH, PATCH / 255])
def test_what_an_even_patch_gives(value):
    asked = 0
    for seed in range(TRIES):
        setting = random_setting(seed)
        question = even_patch(setting, value)
        k = setting.kernel.shape[0]
        patch = np.full(setting.image.shape, float(value))
        # Inside are the cells whose windows see no border: there, ones on the patch count all of it.
        ones = by_hand(setting, patch, np.ones_like(setting.kernel), 0.0)
        inside = [
            (i, j)
            for i, line in enumerate(ones)
            for j, total in enumerate(line)
            if total == pytest.approx(value * setting.kernel.size)
        ]
        assert (question is not None) == bool(inside), seed
        if question:
            asked += 1
            row, col = question.cell
            assert question.cell in inside
            expected = by_hand(setting, patch, setting.kernel, setting.bias)[row][col]
            assert question.answer == pytest.approx(expected)
            assert question.setting.sums()[row, col] == pytest.approx(expected)
            written = [f"{option:.2f}" for option in question.options]
            assert len(set(written)) == len(written) > 1, (seed, k)
            assert question.answer in question.options
    assert asked > TRIES / 2


def test_a_patch_smaller_than_the_window_is_not_asked():
    setting = Setting(np.zeros((2, 2, 1)), np.ones((5, 5, 1)), padding="same")
    assert even_patch(setting) is None
