"""Does the pooling page follow its settings, hide what is to be predicted, and say what cannot be?"""

import base64
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
from cnnlab.runs import records
from tests.conftest import ROOT

NAMES = {"max": "only the maximum", "average": "only the average", "both": "both", "neither": "neither"}


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    """Return a function that opens the page with these session values; there is no network at all."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "none")

    def open_page(level="numbers", photo=None, **settings) -> AppTest:
        at = AppTest.from_file(str(ROOT / "cnnlab/ui/shell/main.py"), default_timeout=300)
        at.session_state["lesson.level"] = level
        if photo is not None:
            at.session_state["photo.choice"], at.session_state["photo.own"] = "own", photo
        for name, value in settings.items():
            at.session_state["pooling." + name.replace("__", ".")] = value
        at.switch_page("../../../pages/home.py")
        at.switch_page("../../../pages/pooling.py")
        return sound(at.run())

    return open_page


def sound(at: AppTest) -> AppTest:
    assert not at.exception, at.exception[0].message
    return at


def sent(at: AppTest) -> dict:
    """Return what the step-through view was sent."""
    views = [view.proto for view in at.get("bidi_component") if view.proto.component_name == "cnnlab.windows"]
    assert len(views) == 1
    return json.loads(views[0].json)


def unpacked(array: dict) -> np.ndarray:
    kind = {"int16": "<i2", "int32": "<i4"}[array["type"]]
    numbers = np.frombuffer(base64.b64decode(array["base64"]), kind)
    return numbers.reshape(array["shape"]) / 10 ** array["digits"]


def crop_of(at: AppTest) -> np.ndarray:
    return unpacked(sent(at)["inputs"][0]["values"])


def asked(at: AppTest, question: str):
    return next((p for p in at.button_group if (p.key or "").startswith(f"_pooling.{question}:")), None)


def answer(at: AppTest, question: str, option: str) -> AppTest:
    return sound(asked(at, question).set_value(option).run())


def choose(at: AppTest, name: str, value) -> AppTest:
    return sound(at.button_group(key=f"pooling.{name}").set_value(value).run())


def texts(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


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
    data = sent(at)
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


def test_both_maps_are_those_of_the_crop_and_follow_every_setting(open_page):
    at = open_page()
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


def test_the_size_line_is_the_maps_size(open_page):
    at = open_page("formulas", crop__size=10, window=3, stride=2)
    line = next(c.value for c in at.caption if c.value.startswith("A window"))
    assert line == (
        "A window of 3, moved by 2, fits **4** times into 10 cells. Output size: ⌊(10 − 3) / 2⌋ + 1 = **4**"
    )
    assert sent(at)["outputs"][0]["values"]["shape"] == [4, 4]
    at = choose(at, "padding", "same")
    line = next(c.value for c in at.caption if c.value.startswith("A window"))
    assert line == (
        "A window of 3, moved by 2, fits **5** times into 10 cells and 1 of border. "
        "Output size: ⌊(10 + 0 + 1 − 3) / 2⌋ + 1 = **5**"
    )


def test_the_crop_is_cut_from_the_photo(open_page):
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    at = open_page(photo=photo)
    at = sound(at.slider(key="pooling.crop.row").set_value(11).run())
    at = sound(at.slider(key="pooling.crop.col").set_value(21).run())
    assert np.array_equal(crop_of(at), photos.grey(photo)[10:18, 20:28])


# ---- predictions


def test_the_cells_of_the_brighter_pixel_are_hidden_until_it_is_predicted(open_page):
    at = open_page(window=3, stride=1)  # windows overlap, so one pixel has a part in several outputs
    question = asked(at, "brighter")
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
    assert [np.flatnonzero(holders).tolist()] * 2 == [output["hidden"] for output in sent(at)["outputs"]]
    mark = sent(at)["marks"][0]
    assert (mark["on"], mark["row"], mark["col"], mark["text"]) == ("input", row - 1, col - 1, "P")

    right = NAMES[OUTCOMES[changed["max"], changed["average"]]]
    at = answer(at, "brighter", next(name for name in NAMES.values() if name != right))
    assert f"right is **{right}**" in texts(at)
    data = sent(at)
    assert not data["outputs"][0]["hidden"] and not data["outputs"][1]["hidden"]
    assert holders[tuple(data["start"])], "the view goes to a window that holds the pixel"
    i, j = data["start"]
    means = (by_hand(values, 3, 1, False, "average")[i, j] for values in (pixels, brighter))
    assert "{:.2f} → {:.2f}".format(*means) in texts(at)


def test_the_view_opens_with_a_window_that_can_be_read(open_page):
    for photo in ("cat", "coffee", "rocket"):
        at = open_page()
        at = sound(at.selectbox(key="photo.choice").set_value(photo).run())
        assert asked(at, "brighter") and 0 not in sent(at)["outputs"][0]["hidden"]


def test_the_shift_test_appears_after_its_prediction_and_counts_on_the_photo(open_page):
    photo = np.random.default_rng(1).integers(0, 4, (20, 30, 3), dtype=np.uint8) * 60
    photo[..., 1:] = photo[..., :1]
    at = open_page(photo=photo)
    row, col = (at.slider(key=f"pooling.crop.{name}").value - 1 for name in ("row", "col"))
    grey = photos.grey(photo).astype(float)
    sign = 1 if col + 8 + 4 <= 30 else -1
    crops = [grey[row : row + 8, col + sign * n : col + sign * n + 8] for n in range(5)]
    assert not at.metric and not at.table
    maxima = [by_hand(crop, 2, 2, False, "max") for crop in crops]
    same = f"{round(100 * np.mean(maxima[0] == maxima[1]))}\u00a0%"
    question = asked(at, "shift")
    assert same in question.options and "100\u00a0%" in question.options
    assert len(set(question.options)) == len(question.options)
    at = answer(at, "shift", same)
    assert f":green[:material/check_circle:] **{same}**" in texts(at)
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


def test_an_even_photo_asks_nothing_that_has_no_answer(open_page):
    at = open_page(photo=np.full((30, 30, 3), 90, np.uint8))
    assert asked(at, "brighter") is None and asked(at, "shift") is None
    assert [metric.value for metric in at.metric] == ["0.0"] * 3


# ---- what cannot be


@pytest.mark.parametrize("size", [1, 2])
def test_a_photo_of_a_few_pixels_gets_a_sentence(open_page, size):
    at = open_page(photo=np.full((size, size, 3), 200, np.uint8), window=3, stride=3)
    assert f"a window of 3 cells does not fit into an input of {size}" in at.error[0].value
    at = open_page(photo=np.full((size, size, 3), 200, np.uint8), window=2, stride=2, padding="same")
    assert not at.error and crop_of(at).shape == (size, size)
    assert "The photo is no wider than the crop" in texts(at)


def test_an_impossible_window_keeps_the_last_picture(open_page):
    photo = np.random.default_rng(2).integers(0, 256, (3, 9, 3), dtype=np.uint8)
    at = open_page(photo=photo)
    before = sent(at)
    at = choose(at, "window", 4)
    assert at.error[0].value == (
        "This does not fit: a window of 4 cells does not fit into an input of 3. The last picture stays."
    )
    assert sent(at)["outputs"] == before["outputs"] and crop_of(at).shape == (3, 3)
    at = choose(at, "window", 3)
    assert not at.error and sent(at)["outputs"] != before["outputs"]


# ---- more, levels, the article


def more(at: AppTest, tab: str = "") -> AppTest:
    at.session_state["pooling.more"] = True
    if tab:
        at.session_state["pooling.more.tab"] = tab
    return sound(at.run())


def test_the_gradient_goes_to_the_winner_or_is_shared(open_page):
    at = more(open_page(row=2, col=3))
    values, winner, share = (
        [value for value in json.loads(chart.proto.spec)["data"][1]["text"]]
        for chart in at.get("plotly_chart")
    )
    window = crop_of(at)[2:4, 4:6].ravel()
    assert [int(value) for value in values] == list(window)
    assert winner == ["1.00" if place == window.argmax() else "0.00" for place in range(4)]
    assert share == ["0.25"] * 4


def test_the_text_says_what_the_view_shows_and_hides(open_page):
    at = more(open_page(), "The same as text")
    pixels, largest, mean = ([line.split() for line in block.value.split("\n")] for block in at.code)
    assert np.array_equal(np.array(pixels, float), crop_of(at))
    for lines, mode in ((largest, "max"), (mean, "average")):
        expected = by_hand(crop_of(at), 2, 2, False, mode).ravel()
        hidden = sent(at)["outputs"][0]["hidden"]
        for place, text in enumerate(text for line in lines for text in line):
            assert (
                text == "?" if place in hidden else float(text) == pytest.approx(expected[place], abs=0.006)
            )
        assert len(hidden) == 1


def test_a_convolution_of_equal_weights_is_average_pooling(open_page):
    at = more(open_page(), "What could stand instead")
    assert "(largest difference here: 0.0)" in texts(at)
    at = choose(at, "window", 3)
    at = choose(at, "padding", "same")
    assert "(largest difference here: 0.0)" not in texts(at)
    assert "At the border they differ" in texts(at)


def test_the_article_is_set_right_with_counted_parameters(open_page):
    def dense_parameters(model: ModelConfig) -> int:
        layers = model.layers(10)
        names = [layer["name"] for layer in layers]
        return ops.parameters(layers, (32, 32, 3))[names.index("dense_1")]

    bare = ARTICLE.model_copy(
        update={"blocks": tuple(block.model_copy(update={"pool": "none"}) for block in ARTICLE.blocks)}
    )
    text = texts(open_page())
    assert (dense_parameters(ARTICLE), dense_parameters(bare)) == (65_600, 2_768_960)
    assert "65,600 parameters with both poolings and 2,768,960 without" in text
    assert "2k + 1 wide" in text


def test_formulas_and_code_come_with_their_level(open_page):
    assert not open_page().latex
    at = open_page("formulas")
    window = crop_of(at)[:2, :2].ravel().astype(int)
    plain = [formula.value.replace(r"\div", "÷") for formula in at.latex]
    largest, mean = (re.sub(r"[^\d+.,()=÷]", "", text) for text in plain)
    assert largest.endswith(f"({','.join(map(str, window))})={window.max()}")
    assert f"({'+'.join(map(str, window))})÷4={window.mean():g}" in mean
    assert "def max_pool(" in "\n".join(block.value for block in open_page("code").code)
