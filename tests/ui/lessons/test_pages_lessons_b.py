"""Do the pages on pixels, layers and learning follow their settings, and say so where something cannot be?"""

import base64
import re

import numpy as np
import pytest
from scipy import signal
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.runs import Store, records
from cnnlab.ui.widgets import crop
from tests.conftest import ROOT
from tests.ui.lessons.test_pages_look import network


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    """Return a function that opens a page at a level; there is no network but one that a test makes."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "none")

    def open_page(name: str, level: str = "code", **settings) -> AppTest:
        at = AppTest.from_file(str(ROOT / "cnnlab/ui/shell/main.py"), default_timeout=300)
        at.session_state["lesson.level"] = level
        at.switch_page("../../../pages/home.py").run()
        at.switch_page(f"../../../pages/{name}.py")
        for key, value in settings.items():
            at.session_state[key] = value
        return sound(at.run())

    return open_page


def sound(at: AppTest) -> AppTest:
    assert not at.exception, at.exception[0].message
    return at


def words(at: AppTest) -> str:
    """All text of a page, as far as it stands in Markdown, captions and boxes."""
    kinds = (at.markdown, at.caption, at.success, at.warning, at.error, at.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def answer(at: AppTest, question: str, option: str) -> AppTest:
    """Commit to an option of the prediction whose question contains these words."""
    places = [pills for pills in at.button_group if pills.key and pills.key.startswith(question)]
    assert places, f"no prediction {question} among {[pills.key for pills in at.button_group]}"
    return sound(places[0].set_value(option).run())


# ---- How weights change ------------------------------------------------------------------------------


def test_learning_opens_at_every_level(open_page):
    for level in ("numbers", "formulas", "code"):
        at = open_page("learning", level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")
    sources = "\n".join(block.value for block in at.code)
    assert "def adam(" in sources and "def update(" in sources


def test_the_loss_on_the_page_is_that_of_the_pixels_and_the_class(open_page):
    at = open_page("learning")
    seen = set()
    for pixel, label in ((0.9, 0), (0.9, 1), (0.1, 1), (0.0, 2)):
        at = sound(at.slider(key="learning.pixel1").set_value(pixel).run())
        at.session_state["learning.class"] = label
        at = sound(at.run())
        weights = np.array([[-0.4, 0.9, 0.2], [0.8, 0.1, -0.5], [0.4, -0.2, 0.3]])
        scores = np.array([pixel, 0.4, 0.2]) @ weights + [0.1, 0, -0.1]
        loss = np.log(np.exp(scores).sum()) - scores[label]
        assert f"the loss is **{loss:.3f}**" in words(at)
        seen.add(round(loss, 3))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("rate", "kind", "sentence"),
    [
        (0.005, "warning", "Too small"),
        (0.1, "success", "Right"),
        (0.5, "success", "a single step"),
        (0.98, "warning", "jumps across"),
        (1.1, "error", "diverges"),
    ],
)
def test_the_page_says_how_a_rate_does(open_page, rate, kind, sentence):
    at = open_page("learning", **{"learning.rate": rate})
    assert sentence in getattr(at, kind)[0].value
    at.select_slider(key="learning.rate").set_value(0.1)
    assert "Right" in sound(at.run()).success[0].value


def test_surely_wrong_in_two_losses(open_page):
    at = open_page("learning")
    text = words(at)
    assert "**−0.99995** with cross-entropy, and **−0.00006** with squares" in text
    assert "The answer is surely wrong" in text
    at.number_input(key="learning.score1").set_value(0.0)
    at = sound(at.run())
    p = ops.softmax([0, 0, 0])
    assert f"**−{1 - p[2]:.5f}** with cross-entropy" in words(at)
    assert "The answer is surely wrong" not in words(at)
    at.number_input(key="learning.score1").set_value(30.0)
    assert "cross-entropy **30.000**" in words(sound(at.run()))


def test_doubling_is_revealed_only_after_the_prediction_and_asked_of_a_right_photo_too(open_page):
    at = open_page("learning")
    assert "largest score stays the largest" not in words(at)
    at = answer(at, "_learning.doubled.wrong", "same answer, the loss falls")
    found = re.search(r"the loss goes from (\S+) to (\S+)\. It is as wrong as before", words(at))
    assert float(found[2]) > float(found[1])
    at = answer(at, "_learning.doubled.right", "same answer, the loss falls")
    found = re.search(r"the loss goes from (\S+) to (\S+)\. Surer and right costs less", words(at))
    assert float(found[2]) < float(found[1])
    assert "Right first answers so far: 1 of 2" in words(at)


def test_another_step_is_another_question(open_page):
    at = open_page("learning")
    assert not [button for button in at.button if button.key == "_learning.another"]
    at = answer(at, "_learning.step", "left, the loss falls")
    before = [text for text in words(at).splitlines() if "Another weight" in text]
    at.button(key="_learning.another").click()
    after = [text for text in words(sound(at.run())).splitlines() if "Another weight" in text]
    assert before != after


@pytest.mark.parametrize("surface", ops.SURFACES)
@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_every_race_can_be_shown(surface, factor):
    from cnnlab.ui.components.race import payload
    from cnnlab.ui.lessons.learning.steps import RACE_STEPS, RACERS, racers

    land = ops.SURFACES[surface]
    runners = racers(surface, factor)
    data = payload(title="", surface=land, racers=runners)
    assert len(runners) == len(RACERS)
    for racer, sent in zip(runners, data["racers"], strict=True):
        assert len(sent["points"]) == len(sent["losses"]) == RACE_STEPS + 1
        across, down = (float(part) for part in sent["points"][0].split(","))
        assert (across / 50 - 1) * land.reach == pytest.approx(land.start[0], abs=0.01)
        assert (1 - down / 50) * land.reach == pytest.approx(land.start[1], abs=0.01)
        places = np.array([[float(part) for part in point.split(",")] for point in sent["points"]])
        assert np.isfinite(places).all()
        if not np.isfinite(racer.losses[-1]):
            assert sent["losses"][-1] == "exploded"
    assert len({sent["letter"] for sent in data["racers"]}) == len(runners)


# ---- A picture is numbers ----------------------------------------------------------------------------


def test_pixels_opens_at_every_level(open_page):
    for level in ("numbers", "formulas", "code"):
        at = open_page("pixels", level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")


def test_the_formula_holds_a_value_of_the_crop_and_follows_it(open_page):
    at = open_page("pixels")
    seen = set()
    for row in (1, 20, 40):
        at = sound(at.slider(key="pixels.crop.row").set_value(row).run())
        value, share = re.search(r"\\frac\{(\d+)\}\{255\} \\approx ([\d.]+)", at.latex[0].value).groups()
        size = at.session_state["pixels.crop.size"]
        shrunk = tiles.shrink(photos.sample("cat"), crop.SIDE)
        col = at.session_state["pixels.crop.col"] - 1
        assert int(value) == shrunk[row - 1 + size // 2, col + size // 2, 0]
        assert share == f"{int(value) / 255:.3f}"
        seen.add(value)
    assert len(seen) > 1


def test_the_count_stays_hidden_until_the_prediction(open_page):
    at = open_page("pixels")
    assert any("32 × 32 pixels" in caption for caption in captions(at))
    assert "3,072" not in words(at) + "".join(captions(at))
    at = answer(at, "_pixels.count", "1,024")
    assert "You said “1,024”; right is **3,072**" in words(at)
    assert any("32 × 32 pixels, 3,072 numbers" in caption for caption in captions(at))


def captions(at: AppTest) -> list[str]:
    return [image.caption for element in at.get("image") for image in element.proto.imgs]


def test_one_hot_follows_the_class(open_page):
    at = open_page("pixels")
    assert not at.table and "one-hot" not in words(at)
    row = "\N{NO-BREAK SPACE}".join
    at = answer(at, "_pixels.label", row("0004000000"))
    assert f"right is **{row('0001000000')}**" in words(at), "the cat is the fourth class"
    for label in (3, 0, 9):
        at.session_state["pixels.class"] = label
        at = sound(at.run())
        truth = at.table[0].value.iloc[:, 1].astype(float).tolist()
        assert truth == [float(c == label) for c in range(10)]
    at = sound(at.selectbox(key="photo.choice").set_value("astronaut").run())
    assert not at.table and "no right answer for such a photo" in words(at)


def test_planes_send_the_pixels_as_they_are():
    from cnnlab.ui.components.planes import payload

    image = np.random.default_rng(5).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    for divided in (False, True):
        data = payload(image, start=(2, 3), divided=divided)
        assert data["colours"] == [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in image.reshape(-1, 3).tolist()]
        for place, plane in enumerate(data["planes"]):
            values = image[..., place].ravel()
            assert unpacked(plane["values"]).tolist() == values.tolist()
            assert unpacked(plane["shares"]).tolist() == [round(v / 255, 3) for v in values.tolist()]
            np.testing.assert_allclose(unpacked(plane["widths"]), values / 2.55, atol=0.051)
            written = unpacked(plane["cells"])
            np.testing.assert_allclose(written, values / 255 if divided else values, atol=0.0051)


def unpacked(packed: dict) -> np.ndarray:
    kind = {"int16": "<i2", "int32": "<i4"}[packed["type"]]
    return np.frombuffer(base64.b64decode(packed["base64"]), kind) / 10 ** packed["digits"]


def test_a_tiny_photo_is_shown_whole_and_the_page_says_so(open_page):
    tiny = np.full((3, 5, 3), 200, np.uint8)
    at = open_page("pixels", **{"photo.choice": "own", "photo.own": tiny})
    assert "has only" in words(at)
    assert r"\frac{200}{255} \approx 0.784" in at.latex[0].value


# ---- A layer -----------------------------------------------------------------------------------------


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


def test_layer_opens_at_every_level(open_page):
    for level in ("numbers", "formulas", "code"):
        at = open_page("layer", level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")


def test_a_cell_is_the_sum_of_three_channels_and_the_bias(open_page):
    at = open_page("layer")
    for bias in (-50, 0, 200):
        at = sound(at.slider(key="layer.bias").set_value(bias).run())
        (row, col), total, summands = cell_formula(at)
        window = crop_of(at)[row : row + 3, col : col + 3]
        assert summands == [*(window * SOBEL[..., None]).sum(axis=(0, 1)).tolist(), bias]
        assert total == sum(summands)


def test_relu_is_asked_of_the_most_negative_sum_and_only_while_it_is_on(open_page):
    at = open_page("layer")
    sums = summed(crop_of(at), np.repeat(SOBEL[..., None], 3, axis=2), -50)
    value = f"{sums.min():,.0f}".replace("-", "−")
    assert f"add up to **{value}**. What does ReLU pass on?" in words(at)
    assert "ReLU is max(0, z)" not in words(at)
    at = answer(at, "_layer.relu", value)
    assert f"You said “{value}”; right is **0**" in words(at) and "ReLU is max(0, z)" in words(at)
    at = sound(at.toggle(key="layer.relu").set_value(False).run())
    assert "What does ReLU pass on?" not in words(at)


def test_weights_of_one_kernel(open_page):
    at = open_page("layer")
    assert "a slice for each input channel" not in words(at)
    at = answer(at, "_layer.weights", "9")
    assert "You said “9”; right is **27**" in words(at)
    assert "The 4 kernels here: 108, plus 4 biases." in words(at)


def test_parameter_arithmetic(open_page):
    at = open_page("layer")
    assert "3×3×32×64 + 64 = **18,496**" in words(at)
    at.number_input(key="layer.size").set_value(5)
    at.number_input(key="layer.inputs").set_value(3)
    at = sound(at.number_input(key="layer.outputs").set_value(10).run())
    assert f"5×5×3×10 + 10 = **{5 * 5 * 3 * 10 + 10}**" in words(at)


def test_without_a_network_the_page_says_so_and_keeps_its_kernels(open_page):
    at = open_page("layer", **{"layer.source": "trained"})
    assert "No network has been trained here yet" in words(at)
    assert at.slider(key="layer.bias").value == -50


def test_a_trained_kernel_is_shown_on_inputs_from_0_to_1_with_its_bias(open_page):
    at = open_page("layer")
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
def test_small_and_thin_photos(open_page, shape, fits):
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    at = open_page("layer", **{"photo.choice": "own", "photo.own": photo})
    assert ("smaller than a kernel" in words(at)) != fits
    assert any("Map 4" in caption for caption in captions(at)) == fits


def test_the_text_holds_the_numbers_of_the_view_and_hides_what_it_hides(open_page):
    at = open_page("layer", "numbers")
    sums = summed(crop_of(at), np.repeat(SOBEL[..., None], 3, axis=2), -50)
    written = at.code[1].value.split("\n\n")[-1].splitlines()[1:]
    shown = [[text.replace(",", "") for text in line.split()] for line in written]
    row, col = np.unravel_index(sums.argmin(), sums.shape)
    assert shown[row][col] == "?"
    shown[row][col] = "0"
    np.testing.assert_array_equal(np.array(shown, float), np.maximum(sums, 0))
    at = answer(at, "_layer.relu", "0")
    assert "?" not in at.code[1].value


@pytest.mark.parametrize(
    ("page", "key", "sentence"),
    [
        ("layer", "layer.outputs", "“Number of kernels” is empty: type a number. Until then 64 stays."),
        ("learning", "learning.score1", "“Score 1” is empty: type a number. Until then 10 stays."),
    ],
)
def test_an_emptied_field_keeps_its_last_number(open_page, page, key, sentence):
    at = open_page(page)
    before = words(at)
    at = sound(at.number_input(key=key).set_value(None).run())
    assert sentence in words(at)
    assert words(at).replace(sentence, "").split() == before.split()


def test_every_path_of_the_race_stands_out_from_the_map():
    from cnnlab.figures.colours import rgb
    from cnnlab.figures.contour import HIGH, LOW
    from cnnlab.ui.components.race import STYLES

    def luminance(colour):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour / 255]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour, _dash in STYLES:
        for ground in (LOW, HIGH):
            assert (luminance(ground) + 0.05) / (luminance(rgb(colour)) + 0.05) >= 3, colour
