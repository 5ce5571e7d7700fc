"""Does the page on a layer add up channels and bias, for kernels of one's own and of a network?"""

import re

import numpy as np
import pytest
from scipy import signal
from streamlit.testing.v1 import AppTest

from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.runs import Store
from cnnlab.ui.widgets import crop
from tests.support.pages import answer, captions, open_page, sound, words
from tests.support.runs import network

pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "code", **state) -> AppTest:
    return open_page("layer", state={"lesson.level": level, **state})


def crop_of(at: AppTest) -> np.ndarray:
    """The pixels under the crop's settings, cut out once more."""
    row, col, size = (at.session_state[f"layer.crop.{name}"] for name in ("row", "col", "size"))
    shrunk = tiles.shrink(photos.sample("cat"), crop.SIDE)
    return shrunk[row - 1 : row - 1 + size, col - 1 : col - 1 + size].astype(float)


SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def summed(crop: np.ndarray, kernel: np.ndarray, bias: float) -> np.ndarray:
    """The sums of one kernel (3, 3, 3) before ReLU, by SciPy."""
    return signal.correlate(crop, kernel, mode="valid")[..., 0] + bias


def cell_formula(at: AppTest) -> tuple[tuple[int, int], float, list[float]]:
    """The cell (from 0), its sum, and the summands, from the LaTeX of this step."""
    text = at.latex[1].value.replace("{,}", "").split(",")
    row, col = (int(re.search(r"\d+", part)[0]) for part in text[:2])
    _name, summands, total = re.split(r"=|\\approx", text[2])
    plain = [float(part.strip("() ")) for part in summands.split(" + ")]
    return (row - 1, col - 1), float(total), plain


def test_layer_opens_at_every_level():
    for level in ("numbers", "formulas", "code"):
        at = opened(level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")


def test_a_cell_is_the_sum_of_three_channels_and_the_bias():
    at = opened()
    for bias in (-50, 0, 200):
        at = sound(at.slider(key="layer.bias").set_value(bias).run())
        (row, col), total, summands = cell_formula(at)
        window = crop_of(at)[row : row + 3, col : col + 3]
        assert summands == [*(window * SOBEL[..., None]).sum(axis=(0, 1)).tolist(), bias]
        assert total == sum(summands)


def test_relu_is_asked_of_the_most_negative_sum_and_only_while_it_is_on():
    at = opened()
    sums = summed(crop_of(at), np.repeat(SOBEL[..., None], 3, axis=2), -50)
    value = f"{sums.min():,.0f}".replace("-", "−")
    assert f"add up to **{value}**. What does ReLU pass on?" in words(at)
    assert "ReLU is max(0, z)" not in words(at)
    at = answer(at, "layer.relu", value)
    assert f"You said “{value}”; right is **0**" in words(at) and "ReLU is max(0, z)" in words(at)
    at = sound(at.toggle(key="layer.relu").set_value(False).run())
    assert "What does ReLU pass on?" not in words(at)


def test_weights_of_one_kernel():
    at = opened()
    assert "a slice for each input channel" not in words(at)
    at = answer(at, "layer.weights", "9")
    assert "You said “9”; right is **27**" in words(at)
    assert "The 4 kernels here: 108, plus 4 biases." in words(at)


def test_parameter_arithmetic():
    at = opened()
    assert "3×3×32×64 + 64 = **18,496**" in words(at)
    at.number_input(key="layer.size").set_value(5)
    at.number_input(key="layer.inputs").set_value(3)
    at = sound(at.number_input(key="layer.outputs").set_value(10).run())
    assert f"5×5×3×10 + 10 = **{5 * 5 * 3 * 10 + 10}**" in words(at)


def test_without_a_network_the_page_says_so_and_keeps_its_kernels():
    at = opened(**{"layer.source": "trained"})
    assert "No network has been trained here yet" in words(at)
    assert at.slider(key="layer.bias").value == -50


def test_a_trained_kernel_is_shown_on_inputs_from_0_to_1_with_its_bias():
    at = opened()
    run = network(Store())
    at.session_state["layer.source"] = "trained"
    at = sound(at.run())
    assert "inputs from 0 to 1, with their bias" in words(at)
    weights = run.weights()
    kernel, bias = weights["conv_1/kernel"][..., 0], weights["conv_1/bias"][0]
    (row, col), total, summands = cell_formula(at)
    window = crop_of(at)[row : row + 3, col : col + 3] / 255
    expected = [*(window * kernel).sum(axis=(0, 1)).tolist(), bias]
    assert summands == pytest.approx(expected, abs=0.006)
    assert total == pytest.approx(sum(expected), abs=0.006)
    at = sound(at.multiselect(key="layer.kernels").set_value([]).run())
    assert "Choose at least one kernel" in words(at)
    at = sound(at.multiselect(key="layer.kernels").set_value([2]).run())
    assert any("Map 1: Kernel 3" in caption for caption in captions(at))
    assert not any("Map 2" in caption for caption in captions(at))


@pytest.mark.parametrize(
    ("shape", "fits"), [((2, 2), False), ((1, 1), False), ((4, 300), True), ((40, 3), True)]
)
def test_small_and_thin_photos(shape, fits):
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    at = opened(**{"photo.choice": "own", "photo.own": photo})
    assert ("smaller than a kernel" in words(at)) != fits
    assert any("Map 4" in caption for caption in captions(at)) == fits


def test_the_text_holds_the_numbers_of_the_view_and_hides_what_it_hides():
    at = opened("numbers")
    sums = summed(crop_of(at), np.repeat(SOBEL[..., None], 3, axis=2), -50)
    written = at.code[1].value.split("\n\n")[-1].splitlines()[1:]
    shown = [[text.replace(",", "") for text in line.split()] for line in written]
    row, col = np.unravel_index(sums.argmin(), sums.shape)
    assert shown[row][col] == "?"
    shown[row][col] = "0"
    np.testing.assert_array_equal(np.array(shown, float), np.maximum(sums, 0))
    at = answer(at, "layer.relu", "0")
    assert "?" not in at.code[1].value


def test_an_emptied_field_keeps_its_last_number():
    at = opened()
    before = words(at)
    at = sound(at.number_input(key="layer.outputs").set_value(None).run())
    sentence = "“Number of kernels” is empty: type a number. Until then 64 stays."
    assert sentence in words(at)
    assert words(at).replace(sentence, "").split() == before.split()
