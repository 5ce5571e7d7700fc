"""Do the common questions and the glossary say what is so?"""

import re

import numpy as np
import pytest

from cnnlab.i18n import fine
from tests.support.pages import charts, open_page, sound, words

pytestmark = pytest.mark.usefixtures("store")


def test_pooling_saves_parameters(store):
    at = open_page("faq", state={"faq.question": "pooling"})
    assert [m.value for m in at.metric] == ["1,024", "65,600"]
    sound(at.get("button_group")[0].set_value(0).run())
    assert [m.value for m in at.metric] == ["43,264", "2,768,960"]


def test_a_kernel_needs_far_fewer_parameters_and_its_map_moves_along(store):
    at = open_page("faq", state={"faq.question": "kernels"})
    assert [m.value for m in at.metric] == [
        f"{3 * 3 * 3 * 32 + 32:,}",
        f"{(32 * 32 * 3 + 1) * 30 * 30 * 32:,}",
    ]
    assert "s·(i − 1) + d·(p − 1) + 1 − P" in words(at), "counted from 1, as every formula of the app"
    for shift in (0, 1, 8):
        sound(at.slider(key="faq.shift").set_value(shift).run())
        assert "**100\u00a0%** of the values" in words(at)


def test_cross_entropy_pushes_where_the_squared_error_does_not(store):
    at = open_page("faq", state={"faq.question": "entropy"})
    p = np.exp([10.0, 0, 0]) / np.exp([10.0, 0, 0]).sum()
    assert [m.value for m in at.metric] == [f"{-np.log(p[2]):.3f}", f"{np.mean((p - [0, 0, 1]) ** 2):.3f}"]
    table = at.table[0].value
    assert table.iloc[2, 2] == "−0.99995" and table.iloc[2, 3] == "−0.00006"
    at.slider(key="faq.score.0").set_value(-2.0)
    sound(at.slider(key="faq.score.2").set_value(3.5).run())
    p = np.exp([-2, 0, 3.5]) / np.exp([-2, 0, 3.5]).sum()
    assert at.metric[0].value == f"{-np.log(p[2]):.3f}"


@pytest.mark.parametrize(("rate", "word"), [(0.2, "walks down"), (0.9, "to and fro"), (1.1, "too long")])
def test_the_rate_decides_how_the_walk_goes(store, rate, word):
    at = open_page("faq", state={"faq.question": "descent", "faq.rate": rate})
    assert word in words(at)
    end = 2 - 5 * (1 - 2 * rate) ** 8  # w - 2 shrinks by the factor 1 - 2 * rate a step
    assert f"**{fine((end - 2) ** 2, 2)}** after 8 steps" in words(at)
    path = charts(at)[0]["data"][1]
    inside = [w for w in (2 - 5 * (1 - 2 * rate) ** step for step in range(9)) if -5 <= w <= 9]
    assert np.allclose(path["x"], inside)


def test_a_dense_layer_weighs_every_finding_for_every_class(store):
    at = open_page("faq", state={"faq.question": "dense"})
    table = at.table[0].value
    scores = np.array([1.5 * 2 + 1, -1.5 + 1.5, -1.5 - 2])
    shown = [float(re.sub("[*]", "", cell).replace("−", "-")) for cell in table.iloc[3, 1:]]
    assert shown == pytest.approx(scores)
    p = np.exp(scores) / np.exp(scores).sum()
    assert [cell.strip("*") for cell in table.iloc[4, 1:]] == [f"{100 * x:.1f}\u00a0%" for x in p]


def test_the_glossary_explains_every_word_and_has_no_gaps(store):
    words = open_page("faq").table[-1].value
    assert words.shape[1] == 3 and len(words) >= 40
    english, meanings, chinese = (words.iloc[:, place] for place in range(3))
    assert english.is_unique and meanings.is_unique and chinese.is_unique
    assert all(len(meaning.split()) >= 4 for meaning in meanings)
    assert all(re.search("[a-z]", word) for word in english)
    assert all(re.search("[\u4e00-\u9fff]", word) for word in chinese)
