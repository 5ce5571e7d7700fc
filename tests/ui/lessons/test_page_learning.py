"""Does the page on learning follow its settings, and does a step do what it says?"""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from tests.support.pages import answer, open_page, sound, words

pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "code", **state) -> AppTest:
    return open_page("learning", state={"lesson.level": level, **state})


def test_learning_opens_at_every_level():
    for level in ("numbers", "formulas", "code"):
        at = opened(level)
        assert bool(at.latex) == (level != "numbers")
        assert any(block.language == "python" for block in at.code) == (level == "code")
    sources = "\n".join(block.value for block in at.code)
    assert "def adam(" in sources and "def update(" in sources


def test_the_loss_on_the_page_is_that_of_the_pixels_and_the_class():
    at = opened()
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
def test_the_page_says_how_a_rate_does(rate, kind, sentence):
    at = opened(**{"learning.rate": rate})
    assert sentence in getattr(at, kind)[0].value
    at.select_slider(key="learning.rate").set_value(0.1)
    assert "Right" in sound(at.run()).success[0].value


def test_surely_wrong_in_two_losses():
    at = opened()
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


def test_doubling_is_revealed_only_after_the_prediction_and_asked_of_a_right_photo_too():
    at = opened()
    assert "largest score stays the largest" not in words(at)
    at = answer(at, "learning.doubled.wrong", "same answer, the loss falls")
    found = re.search(r"the loss goes from (\S+) to (\S+)\. It is as wrong as before", words(at))
    assert float(found[2]) > float(found[1])
    at = answer(at, "learning.doubled.right", "same answer, the loss falls")
    found = re.search(r"the loss goes from (\S+) to (\S+)\. Surer and right costs less", words(at))
    assert float(found[2]) < float(found[1])
    assert "Right first answers so far: 1 of 2" in words(at)


def test_another_step_is_another_question():
    at = opened()
    assert not [button for button in at.button if button.key == "_learning.another"]
    at = answer(at, "learning.step", "left, the loss falls")
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


def test_an_emptied_field_keeps_its_last_number():
    at = opened()
    before = words(at)
    at = sound(at.number_input(key="learning.score1").set_value(None).run())
    sentence = "“Score 1” is empty: type a number. Until then 10 stays."
    assert sentence in words(at)
    assert words(at).replace(sentence, "").split() == before.split()
