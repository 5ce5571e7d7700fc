"""Does the page on pixels show the numbers of the picture, and ask before it tells?"""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.data import photos
from cnnlab.figures import tiles
from cnnlab.ui.widgets import crop
from tests.support.pages import answer, captions, open_page, sound, unpacked, words

pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "code", **state) -> AppTest:
    return open_page("pixels", state={"lesson.level": level, **state})


def test_pixels_opens_at_every_level():
    for level in ("numbers", "formulas", "code"):
        at = opened(level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")


def test_the_formula_holds_a_value_of_the_crop_and_follows_it():
    at = opened()
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


def test_the_count_stays_hidden_until_the_prediction():
    at = opened()
    assert any("32 × 32 pixels" in caption for caption in captions(at))
    assert "3,072" not in words(at) + "".join(captions(at))
    at = answer(at, "pixels.count", "1,024")
    assert "You said “1,024”; right is **3,072**" in words(at)
    assert any("32 × 32 pixels, 3,072 numbers" in caption for caption in captions(at))


def test_one_hot_follows_the_class():
    at = opened()
    assert not at.table and "one-hot" not in words(at)
    row = "\N{NO-BREAK SPACE}".join
    at = answer(at, "pixels.label", row("0004000000"))
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
            assert unpacked(plane["values"]).ravel().tolist() == values.tolist()
            assert unpacked(plane["shares"]).ravel().tolist() == [round(v / 255, 3) for v in values.tolist()]
            np.testing.assert_allclose(unpacked(plane["widths"]).ravel(), values / 2.55, atol=0.051)
            written = unpacked(plane["cells"]).ravel()
            np.testing.assert_allclose(written, values / 255 if divided else values, atol=0.0051)


def test_a_tiny_photo_is_shown_whole_and_the_page_says_so():
    tiny = np.full((3, 5, 3), 200, np.uint8)
    at = opened(**{"photo.choice": "own", "photo.own": tiny})
    assert "has only" in words(at)
    assert r"\frac{200}{255} \approx 0.784" in at.latex[0].value
