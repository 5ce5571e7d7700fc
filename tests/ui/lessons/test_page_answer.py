"""Does the way from maps to an answer show what the network computes, and what is missing or damaged?"""

import json
import math
import os
import re
import shutil

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cnnlab import files
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.data import photos
from cnnlab.data.cifar10 import CLASSES as CIFAR10_CLASSES
from tests.support.networks import outputs
from tests.support.pages import answer, asked, centre, number, open_page, sent, sound, words
from tests.support.runs import network

BLOCKS = (ConvBlock(filters=4, pool="max"), ConvBlock(filters=6, pool="max"))
HIDDEN = ModelConfig(blocks=BLOCKS, dense=(DenseBlock(units=16),))
DIRECT = ModelConfig(blocks=BLOCKS, dense=())
GLOBAL = ModelConfig(blocks=BLOCKS, head="global_average", dense=())


pytestmark = pytest.mark.usefixtures("store", "nothing_shipped")


def opened(level: str = "numbers", run: str | None = None, **state) -> AppTest:
    """Open the page; `state` with "__" for a dot."""
    settings = {name.replace("__", "."): value for name, value in state.items()}
    return open_page("answer", query={"run": run} if run else {}, state={"lesson.level": level, **settings})


def tables(at: AppTest) -> dict[str, dict]:
    """Return what the step-through tables were sent, by title."""
    found = enumerate(sent(at, "terms"))
    return {table["title"] + ("" if place == 0 else f" {place}"): table for place, table in found}


def column(table: dict, title: str) -> list[str]:
    place = next(i for i, column in enumerate(table["columns"]) if column["title"] == title)
    return [row["cells"][place]["text"] for row in table["rows"] if row["kind"] == "term"]


def seen(sample: str = "cat") -> np.ndarray:
    return centre(photos.sample(sample))


def shares(scores) -> list[float]:
    exponentials = [math.exp(float(score) - float(max(scores))) for score in scores]
    return [e / sum(exponentials) for e in exponentials]


# ---- scores and softmax


def test_the_scores_are_the_networks_and_softmax_is_theirs(store):
    run = network(store, HIDDEN)
    at = opened(run=run.id)
    for photo in ("cat", "coffee"):
        at = sound(at.selectbox(key="photo.choice").set_value(photo).run())
        scores = outputs(run, seen(photo))["scores"]
        table = tables(at)["Softmax"]
        assert column(table, "class") == list(CIFAR10_CLASSES)
        assert [number(text) for text in column(table, "score")] == pytest.approx(list(scores), abs=0.06)
        expected = [100 * p for p in shares(scores)]
        assert [number(text) for text in column(table, "÷ total")] == pytest.approx(expected, abs=0.02)
        bars = [row["cells"][5]["width"] for row in table["rows"] if row["kind"] == "term"]
        assert bars == pytest.approx(expected, abs=0.02), "bars run from 0 to 100 %, not to the largest"


def test_without_any_network_the_scores_are_sliders(store):
    at = opened()
    assert "No network has been trained here yet" in words(at)
    before = tables(at)["Softmax"]
    scores = [slider.value for slider in at.slider]
    assert [number(text) for text in column(before, "score")] == scores
    at = sound(at.slider(key="answer.score.2").set_value(5.0).run())
    scores[2] = 5.0
    after = [number(text) for text in column(tables(at)["Softmax"], "÷ total")]
    assert after == pytest.approx([100 * p for p in shares(scores)], abs=0.01)
    assert asked(at, "answer.rise:") and not asked(at, "answer.largest:")


def test_a_rising_score_is_stepped_through_once_it_is_predicted(store):
    at = opened()
    assert list(tables(at)) == ["Softmax"], "the table after the rise would give the answer away"
    scores = [slider.value for slider in at.slider]
    order = sorted(range(3), key=lambda place: -scores[place])
    raised = [score + (place == order[1]) for place, score in enumerate(scores)]
    at = answer(at, "answer.rise:", "Both stay as they are")
    assert "You said “Both stay as they are”; right is **It falls; the ratio stays**" in words(at)
    table = tables(at)["Softmax 1"]
    after = [number(text) for text in column(table, "÷ total")]
    assert after == pytest.approx([100 * p for p in shares(raised)], abs=0.01)
    step = table["steps"][table["start"]]
    assert step["row"] == order[0] and [order[0], 4] in step["reveal"], "the step of that very cell"
    ratio = shares(scores)[order[0]] / shares(scores)[order[2]]
    assert f"{ratio:,.3f} before and {ratio:,.3f} after" in words(at)


# ---- contributions


@pytest.mark.parametrize("model", [HIDDEN, DIRECT, GLOBAL])
def test_contributions_appear_after_the_prediction_and_add_up_to_the_score(store, model):
    run = network(store, model)
    at = opened(run=run.id)
    if question := asked(at, "answer.largest:"):
        assert list(tables(at)) == ["Softmax"]
        at = answer(at, "answer.largest:", question.options[0])
    unit = at.selectbox(key="answer.class").value
    made, weights = outputs(run, seen()), run.weights()
    names = [layer.name for layer in run.recipe().layers()]
    inputs = made[names[names.index("scores") - 1]].astype(float)
    products = inputs * weights["scores/kernel"][:, unit].astype(float)
    table = next(t for title, t in tables(at).items() if title.startswith("score of"))
    shown = [number(text) for text in column(table, "= adds")]
    assert sum(shown) == pytest.approx(float(made["scores"][unit]), abs=0.02 * len(shown))
    order = np.argsort(-np.abs(products))
    assert [abs(x) for x in shown[:3]] == pytest.approx(list(np.abs(products)[order[:3]]), abs=0.02)
    first = column(table, "input")[0]
    if model is HIDDEN:
        assert first == f"unit {order[0] + 1}"
    elif model is GLOBAL:
        assert first == f"map {order[0] + 1}"
    else:
        shape = made[names[names.index("flatten") - 1]].shape
        row, col, channel = (int(n) + 1 for n in np.unravel_index(order[0], shape))
        assert first == f"map {channel}, row {row}, column {col}"
    if question:
        best = int(np.argmax(products))
        assert table["start"] == list(order).index(best)
        a, w = np.abs(inputs).argmax(), np.abs(weights["scores/kernel"][:, unit]).argmax()
        assert len({a, w, best}) == 3 and len(question.options) == 3


def test_some_first_sight_asks_which_input_adds_most(store):
    """The question's condition is met for some class of most networks, and the page starts there."""
    found = [asked(opened(run=network(store, HIDDEN, seed=seed).id), "answer.largest:") for seed in range(3)]
    assert any(found)


def test_another_class_is_another_score(store):
    run = network(store, HIDDEN)
    at = opened(run=run.id)
    titles = set()
    for unit in (0, 7):
        at = sound(at.selectbox(key="answer.class").set_value(unit).run())
        if question := asked(at, "answer.largest:"):
            at = answer(at, "answer.largest:", question.options[0])
        table = next(t for title, t in tables(at).items() if title.startswith("score of"))
        total = number(table["rows"][-1]["cells"][4]["text"])
        assert total == pytest.approx(float(outputs(run, seen())["scores"][unit]), abs=0.06)
        titles.add(table["title"])
    assert titles == {"score of airplane", "score of horse"}


def test_an_answer_is_kept_under_what_names_the_network_on_every_server_and_at_every_time(store):
    run = network(store, DIRECT)
    weights = run.folder / "weights.npz"

    def recorded() -> str:
        st.cache_resource.clear()  # as another server would, read it for the first time
        at = answer(opened(run=run.id), "answer.rise:", "Both stay as they are")
        [(question, settings, _partner)] = at.session_state["lesson.answers"]
        assert question == "answer.rise"
        return settings

    first = recorded()
    assert re.fullmatch(rf"{run.id}, weights [0-9a-f]{{8}}, picture [0-9a-f]{{8}}", first)
    os.utime(weights, (0, 0))
    assert recorded() == first
    arrays = run.weights()
    arrays["scores/bias"][0] += 0.001
    files.write_arrays(weights, arrays)
    assert recorded() != first


# ---- flatten


def test_a_cell_leads_to_its_position_and_a_position_to_its_cell(store):
    run = network(store, HIDDEN)
    at = opened(run=run.id)
    names = [layer.name for layer in run.recipe().layers()]
    maps = outputs(run, seen())[names[names.index("flatten") - 1]]
    height, width, channels = maps.shape
    for row, col, channel in ((0, 0, 0), (height - 1, width - 1, channels - 1), (1, 2, 3)):
        for key, place in (("row", row), ("col", col), ("map", channel)):
            at.session_state[f"answer.{key}"] = place + 1
        at = sound(at.run())
        position = int(np.ravel_multi_index((row, col, channel), maps.shape)) + 1
        assert at.number_input(key="answer.position").value == position
        assert f"= {position}**" in words(at)
    for position in (1, maps.size, 50):
        at = sound(at.number_input(key="answer.position").set_value(position).run())
        cell = [at.session_state[f"answer.{key}"] - 1 for key in ("row", "col", "map")]
        assert tuple(cell) == tuple(np.unravel_index(position - 1, maps.shape))
    grid, strip = sent(at, "pick")
    assert len(grid["lines"]) == height and len(grid["lines"][0]["texts"]) == width
    line, place = strip["chosen"]
    assert strip["lines"][line]["head"] == "50" and place == 0
    written = strip["lines"][line]["texts"][0]
    assert number(written) == pytest.approx(float(maps.reshape(-1)[49]), abs=0.0051)
    row, col = grid["chosen"]
    assert grid["lines"][row]["texts"][col] == written


def test_a_smaller_network_keeps_the_cell_within_its_maps(store):
    run = network(store, HIDDEN)
    at = opened(run=run.id, answer__map=6, answer__row=99, answer__position=10**6)
    assert at.number_input(key="answer.map").value == 6
    maps = outputs(run, seen())["pool_2"]
    assert at.session_state["answer.row"] <= len(maps)
    assert at.number_input(key="answer.position").value <= maps.size


def test_a_network_without_flatten_says_what_it_does_instead(store):
    at = opened(run=network(store, GLOBAL).id)
    assert "This network has no Flatten" in words(at)
    assert not [box for box in at.number_input if box.key == "answer.position"]


# ---- more


def more(at: AppTest, tab: str = "") -> AppTest:
    at.session_state["answer.more"] = True
    if tab:
        at.session_state["answer.more.tab"] = tab
    return sound(at.run())


def test_scores_of_one_thousand_overflow_as_written_and_not_when_shifted(store):
    at = more(opened(), "Scores of 1,000")
    scores = [number(text) for text in column(tables(at)["Softmax"], "score")]
    expected = [100 * p for p in shares(scores)]

    def halves() -> tuple[list[str], list[float]]:
        table = at.table[0].value
        shifted = [number(text.split("→")[1]) for text in table["e^(score − largest) → share"]]
        return list(table["e^score → share"]), shifted

    naive, shifted = halves()
    assert naive == ["inf → nan"] * 3
    assert shifted == pytest.approx(expected, abs=0.01)
    at = sound(at.button_group(key="answer.shift").set_value(0).run())
    naive, shifted = halves()
    assert [number(text.split("→")[1]) for text in naive] == pytest.approx(expected, abs=0.01)
    assert shifted == pytest.approx(expected, abs=0.01)


def test_temperature_and_own_scores_move_the_bars(store):
    at = more(opened())
    scores = [at.slider(key=f"answer.own.{place}").value for place in range(3)]

    def bars() -> list[float]:
        data = json.loads(at.get("plotly_chart")[-1].proto.spec)["data"][0]
        return [number(re.sub("<.*?>", "", text)) for text in data["text"]]

    assert bars() == pytest.approx([100 * p for p in shares(scores)], abs=0.06)
    at = sound(at.slider(key="answer.temperature").set_value(4.0).run())
    assert bars() == pytest.approx([100 * p for p in shares([s / 4 for s in scores])], abs=0.06)
    at = sound(at.slider(key="answer.own.0").set_value(9.0).run())
    assert bars() == pytest.approx([100 * p for p in shares([s / 4 for s in [9.0, *scores[1:]]])], abs=0.06)
    at = sound(at.button(key="_answer.take").click().run())
    assert [at.slider(key=f"answer.own.{place}").value for place in range(3)] == scores


# ---- levels, missing and damaged things


def test_formulas_and_code_come_with_their_level(store):
    run = network(store, HIDDEN)
    assert not opened(run=run.id).latex
    at = opened("formulas", run=run.id)
    scores = outputs(run, seen())["scores"]
    exponential = math.exp(float(scores[0] - scores.max()))
    assert rf"\approx {exponential:.4f}" in "\n".join(formula.value for formula in at.latex)
    code = "\n".join(block.value for block in opened("code", run=run.id).code)
    assert "def softmax_steps(" in code and "def map_index(" in code


def test_the_articles_two_mistakes_are_set_right(store):
    text = words(opened())
    assert "software threshold" in text and "mistranslation of **softmax**" in text
    assert re.search(r"softmax\([−\d.]+\) = 1\.00", text)


def test_a_digits_network_gets_a_digit(store):
    at = opened(run=network(store, HIDDEN, dataset="digits").id)
    assert "trained on Digits: it judges no photos" in words(at)
    before = column(tables(at)["Softmax"], "score")
    at = sound(at.number_input(key="network.digit").set_value(2).run())
    assert column(tables(at)["Softmax"], "score") != before
    assert column(tables(at)["Softmax"], "class") == list("0123456789")


def test_a_run_deleted_while_the_page_is_open_gets_a_sentence(store):
    kept, gone = network(store, HIDDEN), network(store, HIDDEN, seed=1)
    at = opened(run=gone.id)
    shutil.rmtree(gone.folder)
    at = sound(at.run())
    assert at.query_params["run"] == [kept.id] or at.query_params["run"] == kept.id
    assert f"There is no run called {gone.id} (any more)" in words(at)
    scores = [number(text) for text in column(tables(at)["Softmax"], "score")]
    assert scores == pytest.approx(list(outputs(kept, seen())["scores"]), abs=0.06)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut off"])
def test_damaged_weights_get_a_sentence_and_sliders(store, damage):
    run = network(store, HIDDEN)
    (run.folder / "weights.npz").write_bytes(damage)
    at = opened(run=run.id)
    assert f"The file weights.npz of run {run.id} is missing or damaged" in words(at)
    assert at.slider(key="answer.score.0").value and "Softmax" in tables(at)
