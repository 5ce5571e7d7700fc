"""Does the pooling page follow its settings, hide what is to be predicted, and say what cannot be?"""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.config import ModelConfig
from cnnlab.config.presets import ARTICLE
from cnnlab.data import photos
from cnnlab.lessons.questions.pooling import OUTCOMES
from tests.support.pages import answer, asked, open_page, sent, sound, unpacked, words

NAMES = {"max": "only the maximum", "average": "only the average", "both": "both", "neither": "neither"}


pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "numbers", photo: np.ndarray | None = None, **settings) -> AppTest:
    """Open the page with these settings ("__" for a dot), and a photo of one's own."""
    state = {"pooling." + name.replace("__", "."): value for name, value in settings.items()}
    own = {} if photo is None else {"photo.choice": "own", "photo.own": photo}
    return open_page("pooling", state={"lesson.level": level, **own, **state})


def stepper(at: AppTest) -> dict:
    """Return what the step-through view was sent."""
    [view] = sent(at, "windows")
    return view


def crop_of(at: AppTest) -> np.ndarray:
    return unpacked(stepper(at)["inputs"][0]["values"])


def choose(at: AppTest, name: str, value) -> AppTest:
    return sound(at.button_group(key=f"pooling.{name}").set_value(value).run())


def numbers(text: str) -> list[str]:
    """Return the numbers of a sentence in their order, a formula as one."""
    return re.findall(r"⌊.*|\*\*\d+\*\*|\d+", text)


def by_hand(values: np.ndarray, window: int, stride: int, border: bool, mode: str) -> np.ndarray:
    """Pool with loops; with a border by Keras's rule, which leaves border cells out."""
    n = len(values)
    count = -(-n // stride) if border else (n - window) // stride + 1
    before = max((count - 1) * stride + window - n, 0) // 2 if border else 0
    result = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            rows = slice(max(i * stride - before, 0), i * stride - before + window)
            cols = slice(max(j * stride - before, 0), j * stride - before + window)
            result[i, j] = values[rows, cols].max() if mode == "max" else values[rows, cols].mean()
    return result


def check_maps(at: AppTest, window: int, stride: int, border: bool) -> None:
    """Compare both maps that were sent with loops; hidden cells must have travelled as zeros."""
    data = stepper(at)
    for output, mode in zip(data["outputs"], ("max", "average"), strict=True):
        expected = by_hand(crop_of(at), window, stride, border, mode)
        shown = unpacked(output["values"])
        hidden = np.isin(np.arange(expected.size), output["hidden"]).reshape(expected.shape)
        assert shown[~hidden] == pytest.approx(expected[~hidden], abs=0.051)
        assert not shown[hidden].any()
        if mode == "max":
            winners = np.array(output["winner"]).reshape(*expected.shape, 2)[~hidden]
            assert crop_of(at)[tuple(winners.T)] == pytest.approx(expected[~hidden])


# ---- settings


def test_both_maps_are_those_of_the_crop_and_follow_every_setting():
    at = opened()
    check_maps(at, 2, 2, False)
    at = choose(at, "window", 3)
    check_maps(at, 3, 3, False)  # a new window brings its stride, so that windows touch
    at = choose(at, "stride", 1)
    check_maps(at, 3, 1, False)
    at = choose(at, "padding", "same")
    check_maps(at, 3, 1, True)
    at = choose(at, "stride", 4)
    check_maps(at, 3, 4, True)
    before = crop_of(at)
    at = sound(at.slider(key="pooling.crop.row").set_value(3).run())
    assert not np.array_equal(crop_of(at), before)
    check_maps(at, 3, 4, True)
    at = sound(at.select_slider(key="pooling.crop.size").set_value(32).run())
    assert crop_of(at).shape == (32, 32)
    check_maps(at, 3, 4, True)


def test_the_size_line_is_the_maps_size():
    at = opened("formulas", crop__size=10, window=3, stride=2)
    line = next(c.value for c in at.caption if c.value.startswith("A window"))
    assert numbers(line) == ["3", "2", "**4**", "10", "⌊(10 − 3) / 2⌋ + 1 = **4**"]
    assert stepper(at)["outputs"][0]["values"]["shape"] == [4, 4]
    at = choose(at, "padding", "same")
    line = next(c.value for c in at.caption if c.value.startswith("A window"))
    assert numbers(line) == ["3", "2", "**5**", "10", "1", "⌊(10 + 0 + 1 − 3) / 2⌋ + 1 = **5**"]


def test_the_crop_is_cut_from_the_photo():
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    at = opened(photo=photo)
    at = sound(at.slider(key="pooling.crop.row").set_value(11).run())
    at = sound(at.slider(key="pooling.crop.col").set_value(21).run())
    assert np.array_equal(crop_of(at), photos.grey(photo)[10:18, 20:28])


# ---- predictions


def test_the_cells_of_the_brighter_pixel_are_hidden_until_it_is_predicted():
    at = opened(window=3, stride=1)  # windows overlap, so one pixel has a part in several outputs
    question = asked(at, "pooling.brighter:")
    assert list(question.options) == list(NAMES.values())
    text = next(m.value for m in at.markdown if "Pixel **P**" in m.value)
    row, col, value, more = (int(n) for n in re.findall(r"\d+", text)[:4])
    pixels = crop_of(at)
    assert pixels[row - 1, col - 1] == value
    brighter = pixels.copy()
    brighter[row - 1, col - 1] += more
    changed, holders = {}, np.zeros((6, 6), bool)
    for mode in ("max", "average"):
        before, after = (by_hand(values, 3, 1, False, mode) for values in (pixels, brighter))
        changed[mode] = not np.array_equal(before, after)
        holders |= (
            by_hand((np.indices((8, 8)).T[..., ::-1] == (row - 1, col - 1)).all(-1) * 1.0, 3, 1, False, mode)
            > 0
        )
    assert [np.flatnonzero(holders).tolist()] * 2 == [output["hidden"] for output in stepper(at)["outputs"]]
    mark = stepper(at)["marks"][0]
    assert (mark["on"], mark["row"], mark["col"], mark["text"]) == ("input", row - 1, col - 1, "P")

    right = NAMES[OUTCOMES[changed["max"], changed["average"]]]
    at = answer(at, "pooling.brighter:", next(name for name in NAMES.values() if name != right))
    assert f"right is **{right}**" in words(at)
    data = stepper(at)
    assert not data["outputs"][0]["hidden"] and not data["outputs"][1]["hidden"]
    assert holders[tuple(data["start"])], "the view goes to a window that holds the pixel"
    i, j = data["start"]
    means = (by_hand(values, 3, 1, False, "average")[i, j] for values in (pixels, brighter))
    assert "{:.2f} → {:.2f}".format(*means) in words(at)


def test_the_view_opens_with_a_window_that_can_be_read():
    for photo in ("cat", "coffee", "rocket"):
        at = opened()
        at = sound(at.selectbox(key="photo.choice").set_value(photo).run())
        assert asked(at, "pooling.brighter:") and 0 not in stepper(at)["outputs"][0]["hidden"]


def test_the_shift_test_appears_after_its_prediction_and_counts_on_the_photo():
    photo = np.random.default_rng(1).integers(0, 4, (20, 30, 3), dtype=np.uint8) * 60
    photo[..., 1:] = photo[..., :1]
    at = opened(photo=photo)
    row, col = (at.slider(key=f"pooling.crop.{name}").value - 1 for name in ("row", "col"))
    grey = photos.grey(photo).astype(float)
    sign = 1 if col + 8 + 4 <= 30 else -1
    crops = [grey[row : row + 8, col + sign * n : col + sign * n + 8] for n in range(5)]
    assert not at.metric and not at.table
    maxima = [by_hand(crop, 2, 2, False, "max") for crop in crops]
    same = f"{round(100 * np.mean(maxima[0] == maxima[1]))}\u00a0%"
    question = asked(at, "pooling.shift:")
    assert same in question.options and "100\u00a0%" in question.options
    assert len(set(question.options)) == len(question.options)
    at = answer(at, "pooling.shift:", same)
    assert f":green[:material/check_circle:] **{same}**" in words(at)
    for step in (1, 4, 0):
        at = choose(at, "shift", step)
        moved = [np.abs(crops[step] - crops[0]).mean()]
        moved += [
            np.abs(by_hand(crops[step], 2, 2, False, mode) - by_hand(crops[0], 2, 2, False, mode)).mean()
            for mode in ("max", "average")
        ]
        assert [float(metric.value) for metric in at.metric] == pytest.approx(moved, abs=0.051)
    table = at.table[0].value
    means = [np.abs(m - maxima[0]).mean() for m in maxima]
    assert [float(x) for x in table["Max pooling"]] == pytest.approx(means, abs=0.051)


def test_an_even_photo_asks_nothing_that_has_no_answer():
    at = opened(photo=np.full((30, 30, 3), 90, np.uint8))
    assert asked(at, "pooling.brighter:") is None and asked(at, "pooling.shift:") is None
    assert [metric.value for metric in at.metric] == ["0.0"] * 3


# ---- what cannot be


@pytest.mark.parametrize("size", [1, 2])
def test_a_photo_of_a_few_pixels_gets_a_sentence(size):
    at = opened(photo=np.full((size, size, 3), 200, np.uint8), window=3, stride=3)
    assert f"a window of 3 cells does not fit into an input of {size}" in at.error[0].value
    at = opened(photo=np.full((size, size, 3), 200, np.uint8), window=2, stride=2, padding="same")
    assert not at.error and crop_of(at).shape == (size, size)
    assert "The photo is no wider than the crop" in words(at)


def test_an_impossible_window_keeps_the_last_picture():
    photo = np.random.default_rng(2).integers(0, 256, (3, 9, 3), dtype=np.uint8)
    at = opened(photo=photo)
    before = stepper(at)
    at = choose(at, "window", 4)
    assert numbers(at.error[0].value) == ["4", "3"], "the window, and what it does not fit into"
    assert stepper(at)["outputs"] == before["outputs"] and crop_of(at).shape == (3, 3)
    at = choose(at, "window", 3)
    assert not at.error and stepper(at)["outputs"] != before["outputs"]


# ---- more, levels, the article


def more(at: AppTest, tab: str = "") -> AppTest:
    at.session_state["pooling.more"] = True
    if tab:
        at.session_state["pooling.more.tab"] = tab
    return sound(at.run())


def test_the_gradient_goes_to_the_winner_or_is_shared():
    at = more(opened(row=2, col=3))
    values, winner, share = (
        [value for value in json.loads(chart.proto.spec)["data"][1]["text"]]
        for chart in at.get("plotly_chart")
    )
    window = crop_of(at)[2:4, 4:6].ravel()
    assert [int(value) for value in values] == list(window)
    assert winner == ["1.00" if place == window.argmax() else "0.00" for place in range(4)]
    assert share == ["0.25"] * 4


def test_the_text_says_what_the_view_shows_and_hides():
    at = more(opened(), "The same as text")
    pixels, largest, mean = ([line.split() for line in block.value.split("\n")] for block in at.code)
    assert np.array_equal(np.array(pixels, float), crop_of(at))
    for lines, mode in ((largest, "max"), (mean, "average")):
        expected = by_hand(crop_of(at), 2, 2, False, mode).ravel()
        hidden = stepper(at)["outputs"][0]["hidden"]
        for place, text in enumerate(text for line in lines for text in line):
            assert (
                text == "?" if place in hidden else float(text) == pytest.approx(expected[place], abs=0.006)
            )
        assert len(hidden) == 1


def test_a_convolution_of_equal_weights_is_average_pooling():
    at = more(opened(), "What could stand instead")
    assert "(largest difference here: 0.0)" in words(at)
    at = choose(at, "window", 3)
    at = choose(at, "padding", "same")
    assert "(largest difference here: 0.0)" not in words(at)
    assert "At the border they differ" in words(at)


def test_the_article_is_set_right_with_counted_parameters():
    def dense_parameters(model: ModelConfig) -> int:
        layers = model.layers(10)
        names = [layer.name for layer in layers]
        return ops.parameters(layers, (32, 32, 3))[names.index("dense_1")]

    bare = ARTICLE.model_copy(
        update={"blocks": tuple(block.model_copy(update={"pool": "none"}) for block in ARTICLE.blocks)}
    )
    text = words(opened())
    assert (dense_parameters(ARTICLE), dense_parameters(bare)) == (65_600, 2_768_960)
    assert "65,600 parameters with both poolings and 2,768,960 without" in text
    assert "2k + 1 wide" in text


def test_formulas_and_code_come_with_their_level():
    assert not opened().latex
    at = opened("formulas")
    window = crop_of(at)[:2, :2].ravel().astype(int)
    plain = [formula.value.replace(r"\div", "÷") for formula in at.latex]
    largest, mean = (re.sub(r"[^\d+.,()=÷]", "", text) for text in plain)
    assert largest.endswith(f"({','.join(map(str, window))})={window.max()}")
    assert f"({'+'.join(map(str, window))})÷4={window.mean():g}" in mean
    assert "def max_pool(" in "\n".join(block.value for block in opened("code").code)
