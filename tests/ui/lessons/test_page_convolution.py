"""Does the page on one kernel follow its settings, and say clearly what cannot be?"""

import re
import shutil

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.lessons.questions.convolution import Setting
from cnnlab.ui.components.windows.payload import Plane, convolved, payload
from cnnlab.ui.lessons.convolution import steps as view
from cnnlab.ui.widgets.crop import SIDE, busiest
from tests.support.pages import answer, asked, open_page, sent, sound, unpacked, words

pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "numbers", photo: np.ndarray | None = None, **settings) -> AppTest:
    """Open the page with these settings, and a photo of one's own."""
    state = {f"convolution.{name}": value for name, value in settings.items()}
    own = {} if photo is None else {"photo.choice": "own", "photo.own": photo}
    return open_page("convolution", state={"lesson.level": level, **own, **state})


def stepper(at: AppTest) -> dict:
    """Return what the step-through view was sent."""
    [view] = sent(at, "windows")
    return view


def output(at: AppTest) -> np.ndarray:
    return unpacked(stepper(at)["outputs"][0]["values"])


def cat() -> np.ndarray:
    """The crop that the page shows at first, grey (12, 12)."""
    small = tiles.shrink(photos.sample("cat"), SIDE)
    row, col = busiest(small, 12)
    return photos.grey(small)[row : row + 12, col : col + 12].astype(float)


def choose_kernel(at: AppTest, name: str) -> AppTest:
    return sound(at.selectbox(key="convolution.all").set_value(name).run())


# ---- the steps -------------------------------------------------------------------------------------


def test_at_first_sight_a_sobel_kernel_lies_on_the_cat():
    at = opened(question="feeds")
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    crop = cat()
    expected = [[float((crop[i : i + 3, j : j + 3] * kernel).sum()) for j in range(10)] for i in range(10)]
    assert output(at).tolist() == expected
    assert unpacked(stepper(at)["inputs"][0]["values"]).tolist() == crop.tolist()


@pytest.mark.parametrize(
    ("settings", "side", "line"),
    [
        ({"stride": 2}, 5, "⌊(12 + 0 + 0 − 1·(3 − 1) − 1) / 2⌋ + 1 = **5**"),
        ({"padding": "same"}, 12, "⌊(12 + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1 = **12**"),
        ({"dilation": 3}, 6, "⌊(12 + 0 + 0 − 3·(3 − 1) − 1) / 1⌋ + 1 = **6**"),
        ({"size": 4, "padding": "same"}, 12, "⌊(12 + 1 + 2 − 1·(4 − 1) − 1) / 1⌋ + 1 = **12**"),
        ({"crop.size": 32, "size": 7, "stride": 4}, 7, "⌊(32 + 0 + 0 − 1·(7 − 1) − 1) / 4⌋ + 1 = **7**"),
    ],
)
def test_the_size_follows_the_settings_with_its_numbers(settings, side, line):
    at = opened(question="patch", **settings)
    assert output(at).shape == (side, side)
    assert line in words(at)


def test_relu_flip_and_bias_change_the_numbers():
    at = opened(question="feeds")
    plain = output(at)
    at = sound(at.toggle(key="convolution.relu").set_value(True).run())
    assert output(at).tolist() == np.maximum(plain, 0).tolist()
    at.toggle(key="convolution.relu").set_value(False)
    at = sound(at.toggle(key="convolution.flip").set_value(True).run())
    assert output(at).tolist() == (-plain).tolist()  # Sobel, turned by half a turn, changes its sign
    at = sound(at.number_input(key="convolution.bias").set_value(7.0).run())
    assert output(at).tolist() == (7 - plain).tolist()


@pytest.mark.parametrize("name", [*ops.KERNELS, "random"])
@pytest.mark.parametrize("source", ["grey", "colour", "own"])
def test_every_kernel_on_every_input(name, source):
    at = opened(question="feeds", kernel=name, input=source, size=4, padding="same")
    data = stepper(at)
    assert len(data["inputs"]) == (3 if source == "colour" else 1)
    kernel = unpacked(data["outputs"][0]["kernel"])
    assert kernel.shape == (4, 4, len(data["inputs"]))
    if name != "random":
        assert np.abs(kernel[..., 0] - ops.KERNELS[name](4)).max() < 0.006  # rounded for reading


def test_a_seed_draws_the_same_weights_again():
    at = opened(question="feeds", kernel="random")
    first = output(at)
    second = output(sound(at.number_input(key="convolution.seed").set_value(2).run()))
    again = output(sound(at.number_input(key="convolution.seed").set_value(1).run()))
    assert first.tolist() == again.tolist() != second.tolist()


def test_edited_weights_and_pixels_are_used_until_another_kernel_is_chosen():
    at = opened(question="feeds", input="own", kernel="identity")
    before = output(at)
    at.session_state["convolution.edits.0"] = {(1, 1): 2.0}
    at.session_state["convolution.pixels"] = {(2, 2): 100.0}
    changed = output(sound(at.run()))
    expected = 2 * before
    expected[1, 1] = 200
    assert changed.tolist() == expected.tolist()
    at = choose_kernel(choose_kernel(at, "box_blur"), "identity")
    expected /= 2
    assert output(at).tolist() == expected.tolist()  # the weight is back, the pixel stays


def test_a_kernel_of_a_trained_network_reads_colours_from_0_to_1(digits_run, tmp_path):
    store, run = digits_run
    shutil.copytree(store.root, tmp_path / "runs")
    at = opened(question="feeds", kernel="trained", number=3)
    data = stepper(at)
    weights = run.weights()
    assert len(data["inputs"]) == 3 and "0–1" in data["inputs"][0]["note"]
    assert unpacked(data["inputs"][0]["values"]).max() <= 1
    kernel = unpacked(data["outputs"][0]["kernel"])
    assert np.abs(kernel - weights["conv_1/kernel"][..., 2]).max() < 0.006
    assert at.session_state["convolution.bias"] == pytest.approx(float(weights["conv_1/bias"][2]))
    # The run is deleted while the page is open: a sentence, and the last picture stays.
    shown = output(at)
    shutil.rmtree(tmp_path / "runs")
    at = sound(at.run())
    assert "No network has been trained here yet" in words(at)
    assert output(at).tolist() == shown.tolist()


def test_without_a_network_the_last_picture_stays():
    at = opened(question="feeds")
    shown = output(at)
    at = choose_kernel(at, "trained")
    assert "No network has been trained here yet" in words(at)
    assert output(at).tolist() == shown.tolist()


# ---- what cannot be --------------------------------------------------------------------------------


def test_an_impossible_setting_names_its_numbers_and_keeps_the_last_picture():
    at = opened(question="feeds", size=7)
    shown = output(at)
    at.session_state["convolution.dilation"] = 3
    at = sound(at.run())
    assert "a window of 7 cells with dilation 3 covers 19 cells, but the input has 12" in words(at)
    assert len(at.error) == 2  # at the control under More, and beside the stepper
    assert output(at).tolist() == shown.tolist()
    at.session_state["convolution.padding"] = "same"
    at = sound(at.run())
    assert not at.error and output(at).shape == (12, 12)


def test_a_photo_of_one_pixel():
    dot = np.full((1, 1, 3), 90, np.uint8)
    at = opened(photo=dot)
    assert "The photo has only 1 × 1 pixels, so the crop is 1 × 1." in words(at)
    assert "a window of 3 cells does not fit into an input of 1" in words(at)
    at.session_state["convolution.size"] = 1
    at = choose_kernel(at, "identity")
    assert not at.error and output(at).tolist() == [[90]]


def test_after_a_photo_of_one_pixel_the_last_picture_stays():
    at = opened(question="feeds")
    shown = output(at)
    at.session_state["photo.own"] = np.full((1, 1, 3), 90, np.uint8)
    at.session_state["photo.choice"] = "own"
    at = sound(at.run())
    assert "does not fit into an input of 1" in words(at)
    assert output(at).tolist() == shown.tolist()


def test_a_crop_larger_than_the_photo_becomes_as_large_as_the_photo():
    photo = np.random.default_rng(0).integers(0, 256, (9, 30, 3)).astype(np.uint8)
    at = opened(photo=photo, question="feeds", **{"crop.size": 32})
    assert "The photo has only 9 × 30 pixels, so the crop is 9 × 9." in words(at)
    assert output(at).shape == (7, 7)
    assert at.session_state["convolution.crop.size"] == 32  # the wish is kept for the next photo


def test_an_empty_bias_keeps_the_picture():
    at = opened(question="feeds")
    shown = output(at)
    at = sound(at.number_input(key="convolution.bias").set_value(None).run())
    assert "The bias is empty" in words(at)
    assert output(at).tolist() == shown.tolist()


def test_too_many_products_to_send_shrink_the_crop_and_say_so():
    large = {"kernel": "sobel_x", "size": 7, "input": "colour", "padding": "same", "crop.size": 32}
    at = opened(question="feeds", **large)
    assert output(at).shape == (32, 32)
    for place in range(3):
        at.session_state[f"convolution.edits.{place}"] = {(0, 0): 999.9}
    at = sound(at.run())
    side = output(at).shape[0]
    assert side < 32
    assert f"you see the first {side} × {side} pixels of the crop" in words(at)


@pytest.mark.parametrize("largest", [1, 37.5, 128, 1000])
def test_what_counts_as_sendable_can_be_sent(largest):
    rng = np.random.default_rng(int(largest))
    for size, k, channels in ((32, 7, 3), (32, 7, 1), (28, 5, 3), (32, 4, 3), (12, 3, 1)):
        image = rng.integers(0, 256, (size, size, channels)).astype(float)
        kernel = rng.uniform(-largest, largest, (k, k, channels))
        setting = view.sendable(Setting(image, kernel, padding="same"))
        assert setting.image.shape[0] == size or largest > 100
        output = convolved(setting.steps(), "Output")
        planes = [Plane(setting.image[..., c], "Input") for c in range(channels)]
        rows, cols = setting.index()
        payload(inputs=planes, outputs=[output], index_rows=rows, index_cols=cols)  # raises if too large


# ---- the questions ---------------------------------------------------------------------------------


def test_two_windows_stay_hidden_until_the_prediction_and_then_the_step_is_there():
    at = opened()
    data = stepper(at)
    hidden, marks = data["outputs"][0]["hidden"], {mark["text"]: mark for mark in data["marks"]}
    assert sorted(hidden) == sorted(10 * mark["row"] + mark["col"] for mark in marks.values())
    assert data["start"] == [0, 0]
    at = answer(at, "convolution.windows:", "B")
    data = stepper(at)
    assert data["outputs"][0]["hidden"] == []
    values = {letter: output(at)[mark["row"], mark["col"]] for letter, mark in marks.items()}
    strong = max(values, key=lambda letter: abs(values[letter]))
    assert data["start"] == [marks[strong]["row"], marks[strong]["col"]]
    for letter, value in values.items():
        assert re.search(rf"{letter}\b[^;.]* gives {value:.0f}".replace("-", "−"), words(at))


def test_the_text_hides_what_the_view_hides():
    at = opened(level="code")
    table = [block.value for block in at.code if "?" in block.value]
    assert len(table) == 1 and table[0].count("?") == 2
    at = answer(at, "convolution.windows:", "B")
    assert not [block.value for block in at.code if "?" in block.value.split("\n")[0]]


def test_what_a_pixel_feeds_is_hidden_with_the_size_until_the_prediction():
    at = opened(question="feeds")
    assert stepper(at)["hide_fed"] and "Output cells along one side" not in words(at)
    options = asked(at, "convolution.feeds:").options
    at = answer(at, "convolution.feeds:", options[0])
    data = stepper(at)
    assert not data["hide_fed"] and "Output cells along one side" in words(at)
    mark = data["marks"][0]
    first = data["fed_rows"][mark["row"]][0], data["fed_cols"][mark["col"]][0]
    assert data["start"] == list(first)


def test_an_even_patch_is_stepped_through_once_predicted():
    at = opened(question="patch")
    data = stepper(sound(at.number_input(key="convolution.bias").set_value(3.0).run()))
    assert unpacked(data["inputs"][0]["values"]).tolist() == np.full((12, 12), 200).tolist()
    assert len(data["outputs"][0]["hidden"]) == 100
    at = answer(at, "convolution.patch:", "3")
    assert set(output(at).ravel()) == {3}
    assert "200 × the sum of the weights 0 + bias 3 = 3" in words(at)


def test_a_question_whose_condition_fails_is_not_offered():
    at = opened(kernel="gaussian", question="windows")
    choice = at.button_group(key="convolution.question")
    assert choice.value == "feeds"
    assert len(choice.options) == 2


def test_another_setting_asks_anew_and_counts_first_answers():
    at = answer(opened(question="patch"), "convolution.patch:", "0")
    assert "Right first answers so far: 1 of 1" in words(at)
    at = choose_kernel(at, "box_blur")
    assert len(stepper(at)["outputs"][0]["hidden"]) == 100
    at = answer(at, "convolution.patch:", "0")
    assert "Right first answers so far: 1 of 2" in words(at)


# ---- levels and photos -----------------------------------------------------------------------------


def test_formulas_carry_this_steps_numbers():
    at = answer(opened(level="formulas"), "convolution.windows:", "B")
    row, col = stepper(at)["start"]
    crop, value = cat(), output(at)[row, col]
    formula = at.latex[-1].value
    assert f"z({row + 1},{col + 1})" in formula
    assert rf"{crop[row, col]:.0f} \cdot (-1)" in formula
    assert f"= {value:.0f}" in formula
    assert not opened(level="numbers").latex


def test_code_shows_the_source_of_what_is_taught():
    sources = "\n".join(block.value for block in opened(level="code").code)
    assert "def conv2d(" in sources and "def window_index(" in sources


def test_moving_the_crop_moves_the_pixels():
    at = opened(question="feeds")
    at = sound(at.slider(key="convolution.crop.row").set_value(1).run())
    at = sound(at.slider(key="convolution.crop.col").set_value(3).run())
    small = photos.grey(tiles.shrink(photos.sample("cat"), SIDE))
    assert unpacked(stepper(at)["inputs"][0]["values"]).tolist() == small[:12, 2:14].tolist()


def test_another_photo_starts_at_its_own_busiest_place():
    at = opened(question="feeds")
    at.selectbox(key="photo.choice").set_value("coins")
    at = sound(at.run())
    small = tiles.shrink(photos.sample("coins"), SIDE)
    row, col = busiest(small, 12)
    expected = photos.grey(small)[row : row + 12, col : col + 12]
    assert unpacked(stepper(at)["inputs"][0]["values"]).tolist() == expected.tolist()


def test_the_busiest_place_is_where_edges_of_both_directions_meet():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 4:6] = 255  # a long edge of one direction
    image[25:28, 25:28] = 255  # a small square: edges of both
    row, col = busiest(image, 8)
    assert row <= 25 <= row + 8 and col <= 25 <= col + 8
