"""Are the answers about pooling right? Each is computed again with loops over pixels."""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.lessons.questions.pooling import CLEAR, Setting, loser, share_options, shift_room, shift_test

SETTINGS = range(300)


def random_setting(seed):
    """A photo with structure at several scales, a crop of it, and a geometry that fits."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(6, 22, 2)
    block = int(rng.integers(1, 5))
    coarse = rng.integers(0, 256, (-(-height // block), -(-width // block)))
    photo = np.kron(coarse, np.ones((block, block), int))[:height, :width].astype(np.uint8)
    size = int(rng.integers(4, min(height, width) + 1))
    row, col = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
    window, stride = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    crop = photo[row : row + size, col : col + size]
    return photo, row, col, Setting(crop, window, stride, "same" if rng.integers(2) else "valid")


def windows_by_hand(setting):
    """Every output cell with the pixels of its window, by Keras's rule for "same"."""
    n, k, s = len(setting.values), setting.window, setting.stride
    if setting.padding == "same":
        count = -(-n // s)
        before = max((count - 1) * s + k - n, 0) // 2
    else:
        count, before = (n - k) // s + 1, 0
    for i in range(count):
        for j in range(count):
            pixels = [
                (i * s - before + p, j * s - before + q)
                for p in range(k)
                for q in range(k)
                if 0 <= i * s - before + p < n and 0 <= j * s - before + q < n
            ]
            yield (i, j), pixels


def pooled_by_hand(setting, values, mode):
    result = {}
    for cell, pixels in windows_by_hand(setting):
        inside = [float(values[pixel]) for pixel in pixels]
        result[cell] = max(inside) if mode == "max" else sum(inside) / len(inside)
    return result


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_shift_test_is_found_again_by_loops(seed):
    photo, row, col, setting = random_setting(seed)
    n = len(setting.values)
    room = shift_room(photo, col, n)
    shifts = [step if room > 0 else -step for step in range(abs(room) + 1)]
    changes = shift_test(photo, row, col, setting, shifts)
    for place, shift in enumerate(shifts):
        moved = photo[row : row + n, col + shift : col + shift + n]
        assert moved.shape == (n, n), "both crops are cut from the photo"
        for mode in ("max", "average"):
            before = pooled_by_hand(setting, setting.values, mode)
            after = pooled_by_hand(setting, moved, mode)
            differences = [abs(after[cell] - before[cell]) for cell in before]
            assert changes[mode][place].mean == pytest.approx(sum(differences) / len(before))
            equal = sum(difference < 1e-9 for difference in differences)
            assert changes[mode][place].same == pytest.approx(equal / len(before), abs=1e-9)
        plain = [int(a) - int(b) for a, b in zip(moved.ravel(), setting.values.ravel(), strict=True)]
        assert changes["none"][place].mean == pytest.approx(sum(map(abs, plain)) / n**2)
        assert changes["none"][place].same == pytest.approx(plain.count(0) / n**2)
    assert all(change[0].mean == 0 and change[0].same == 1 for change in changes.values())


@pytest.mark.parametrize(
    ("width", "col", "room"), [(20, 0, 4), (20, 10, -4), (12, 2, -2), (10, 0, 0), (13, 0, 3)]
)
def test_the_crop_moves_to_the_side_with_room(width, col, room):
    assert shift_room(np.zeros((10, width)), col, 10) == room


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_share_is_one_of_different_options(seed):
    photo, row, col, setting = random_setting(seed)
    room = shift_room(photo, col, len(setting.values))
    if not room:
        return
    step = room // abs(room)
    changes = shift_test(photo, row, col, setting, [step])
    moved = photo[row : row + len(setting.values), col + step : col + step + len(setting.values)]
    before, after = (pooled_by_hand(setting, values, "max") for values in (setting.values, moved))
    share = 100 * sum(before[cell] == after[cell] for cell in before) / len(before)
    asked = share_options(changes, 0, len(before))
    if asked is None:
        assert share > 99.4
    else:
        options, answer = asked
        assert answer == round(share) and answer in options and 100 in options
        possible = {round(100 * n / len(before)) for n in range(len(before) + 1)}
        assert (
            set(options) <= possible and len(options) == len(set(options)) >= 2 and options == sorted(options)
        )


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_brighter_pixel_changes_what_loops_say(seed):
    setting = random_setting(seed)[3]
    asked = loser(setting)
    holders = {}
    for cell, pixels in windows_by_hand(setting):
        for pixel in pixels:
            holders.setdefault(pixel, []).append(cell)
    before = pooled_by_hand(setting, setting.values, "max")
    if asked is None:
        clear = [
            min(before[cell] for cell in cells) - setting.values[pixel] >= CLEAR
            and min(before[cell] for cell in cells) < 255
            for pixel, cells in holders.items()
        ]
        assert not any(clear)
        return
    pixel = asked.row, asked.col
    assert asked.cell in holders[pixel]
    assert asked.value == setting.values[pixel] and asked.largest == before[asked.cell]
    assert all(asked.value < before[cell] for cell in holders[pixel]), "it loses in every window"
    brighter = setting.values.astype(float)
    brighter[pixel] += asked.more
    assert brighter[pixel] <= 255
    changed = {}
    for mode in ("max", "average"):
        old = pooled_by_hand(setting, setting.values, mode)
        new = pooled_by_hand(setting, brighter, mode)
        changed[mode] = any(abs(old[cell] - new[cell]) > 1e-9 for cell in old)
        if mode == "average":
            assert (asked.average, asked.average_after) == pytest.approx((old[asked.cell], new[asked.cell]))
        else:
            assert asked.max_after == new[asked.cell]
    expected = {(0, 0): "neither", (1, 0): "max", (0, 1): "average", (1, 1): "both"}
    assert asked.outcome == expected[changed["max"], changed["average"]]


def test_both_cases_are_asked_about_half_the_time():
    asked = [loser(random_setting(seed)[3]) for seed in SETTINGS]
    outcomes = [question.outcome for question in asked if question]
    assert len(outcomes) > 150
    assert 0.35 < outcomes.count("both") / len(outcomes) < 0.65
    assert outcomes.count("both") + outcomes.count("average") == len(outcomes)


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("seed", range(40))
def test_the_gradient_through_pooling_is_the_slope(seed, mode):
    rng = np.random.default_rng(seed)
    maps = rng.permutation(49).reshape(7, 7, 1).astype(float)  # no two values alike: the slope exists
    geometry = {"mode": mode, "stride": int(rng.integers(1, 4)), "padding": "same" if seed % 2 else "valid"}
    window, small = int(rng.integers(2, 5)), 1e-3
    for step in ops.pool_steps(maps, window, **geometry):
        slopes = np.zeros((window, window))
        for p, q in np.argwhere(step.inside):
            moved = maps.copy()
            moved[step.rows[p], step.cols[q]] += small
            after = ops.pool_step(moved, window, row=step.row, col=step.col, **geometry)
            slopes[p, q] = (after.output - step.output) / small
        assert ops.pool_gradient(step, 2.0) == pytest.approx(2 * slopes, abs=1e-6)
