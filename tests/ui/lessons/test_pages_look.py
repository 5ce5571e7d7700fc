"""Do home, inside, classify and the questions show what the networks really say? Damaged runs included."""

import base64
import hashlib
import json
import math
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import files, ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.data import datasets, photos
from cnnlab.data.datasets import CIFAR10_CLASSES
from cnnlab.i18n import fine
from cnnlab.runs import Checkpoint, Phase, Store, records
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.ui.lessons.home.exhibit import four_photos
from tests.conftest import ROOT

ME = hashlib.sha256(b"me").hexdigest()[:32]
DIGITS = tuple("0123456789")
SMALL = ModelConfig(
    blocks=(ConvBlock(filters=4, pool="max"), ConvBlock(filters=5, normalise=True, activation="tanh")),
    head="global_average",
    dense=(DenseBlock(units=6),),
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty run folder, and no shipped networks."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "none")
    return Store()


def network(store, dataset="cifar10", owner=ME, seed=0, done=3, evaluated=False):
    """Put a run with random weights into the store, as a trainer would have left it after `done` epochs."""
    config = TrainConfig(model=SMALL, dataset=dataset, epochs=3)
    classes = CIFAR10_CLASSES if dataset == "cifar10" else DIGITS
    run = store.create(config, classes, preset="article", owner=owner)
    rng, shape, weights = np.random.default_rng(seed), (32, 32, 3), {}
    for layer, output in zip(
        run.recipe().layers(), ops.output_shapes(run.recipe().layers(), shape), strict=True
    ):
        for part, size in ops.weight_shapes(layer, shape).items():
            values = rng.normal(0.1, 0.5, size)
            weights[f"{layer['name']}/{part}"] = np.abs(values) if part == "variance" else values
        shape = output
    row = dict.fromkeys(COLUMNS, 0.5)
    with Attempt(run, run.claim("test")) as attempt:
        attempt.write_history([row | {"epoch": epoch} for epoch in range(1, done + 1)])
        if done:
            attempt.write_result({name: array.astype(np.float32) for name, array in weights.items()})
        attempt.enter(Phase.FINISHED if done == 3 else Phase.STOPPED)
    if evaluated:
        labels = datasets.load(dataset).test_labels
        run.save_evaluation(rng.dirichlet(np.ones(10), len(labels)), labels)
    return run


def open_page(name, run=None, **state) -> AppTest:
    """Open a page of the app, in the browser of `ME`; a page that fails fails the test."""
    at = AppTest.from_file(str(ROOT / "cnnlab/ui/shell/main.py"), default_timeout=300)
    at.session_state["identity.token"] = "me"
    at.switch_page("../../../pages/home.py")
    at.run()
    at.switch_page(f"../../../pages/{name}.py")
    for key, value in state.items():
        at.session_state[key.replace("__", ".")] = value
    if run:
        at.query_params["run"] = run
    return again(at.run())


def again(at: AppTest) -> AppTest:
    assert not at.exception, at.exception
    return at


def texts(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.subheader, at.title)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def charts(at: AppTest) -> list[dict]:
    """Return the Plotly charts of a page as plain data, packed arrays unpacked."""

    def plain(thing):
        if isinstance(thing, dict) and "bdata" in thing:
            array = np.frombuffer(base64.b64decode(thing["bdata"]), np.dtype(thing["dtype"]))
            return array.reshape([int(side) for side in str(thing.get("shape", len(array))).split(",")])
        if isinstance(thing, dict):
            return {name: plain(part) for name, part in thing.items()}
        return [plain(part) for part in thing] if isinstance(thing, list) else thing

    return [plain(json.loads(chart.proto.spec)) for chart in at.get("plotly_chart")]


def galleries(at: AppTest) -> list[list[np.ndarray]]:
    """Return for each gallery the large grids of its chosen tile, as they are at the last step."""
    return [[unpacked(grid["values"])[-1] for grid in view["grids"]] for view in sent(at, "gallery")]


def sent(at: AppTest, name: str) -> list[dict]:
    """Return what the views of this name were sent."""
    views = [view.proto for view in at.get("bidi_component")]
    return [json.loads(view.json) for view in views if view.component_name == f"cnnlab.{name}"]


def unpacked(array: dict) -> np.ndarray:
    kind = {"int16": "<i2", "int32": "<i4"}[array["type"]]
    whole = np.frombuffer(base64.b64decode(array["base64"]), kind).reshape(array["shape"])
    return whole / 10 ** array["digits"]


def bars(at: AppTest) -> list[float]:
    """Return the lengths of the bars on Classify, in per cent."""
    return sent(at, "bars")[0]["columns"][0]["lengths"]


def seen_of(image: np.ndarray) -> np.ndarray:
    """The central square at 32 x 32, written out once more."""
    rows, cols = image.shape[:2]
    side = min(rows, cols)
    left, top = (cols - side) // 2, (rows - side) // 2
    cut = Image.fromarray(image).crop((left, top, left + side, top + side))
    return np.asarray(cut.resize((32, 32), Image.Resampling.BOX))


def answer(run, image) -> np.ndarray:
    return ops.forward(run.recipe().layers(), run.weights(), image)[-1].values


# ---- which network


def test_ones_own_network_comes_first_and_is_named_in_the_address(store):
    theirs, mine = network(store, owner="somebody"), network(store)
    network(store, owner="somebody else")
    at = open_page("inside")
    choice = at.selectbox(key="network.run")
    assert choice.value == mine.id and at.query_params["run"] == mine.id
    assert choice.options[0].startswith(mine.id) and "yours" in choice.options[0]
    assert len(choice.options) == 3 and "yours" not in choice.options[1] + choice.options[2]
    again(choice.select(theirs.id).run())
    assert at.query_params["run"] == theirs.id
    at.switch_page("../../../pages/classify.py")
    again(at.run())
    assert at.selectbox(key="network.run").value == theirs.id  # one choice for all pages


def test_a_link_decides_and_a_new_link_decides_anew(store):
    one, other = network(store), network(store)
    at = open_page("classify", run=one.id)
    assert at.selectbox(key="network.run").value == one.id
    at.query_params["run"] = other.id
    assert again(at.run()).selectbox(key="network.run").value == other.id


@pytest.mark.parametrize("name", ["inside", "classify"])
@pytest.mark.parametrize("link", ["nosuch-123", "../../etc", "x" * 3000])
def test_an_unknown_run_gets_a_sentence_and_another_network(store, name, link):
    mine = network(store)
    at = open_page(name, run=link)
    assert "There is no run called" in at.warning[0].value
    assert at.selectbox(key="network.run").value == mine.id == at.query_params["run"]
    assert not again(at.run()).warning  # said once


def test_a_run_without_an_epoch_gets_a_sentence(store):
    network(store)
    empty = network(store, done=0)
    at = open_page("inside", run=empty.id)
    assert f"Run {empty.id} has not finished an epoch yet" in at.warning[0].value


@pytest.mark.parametrize(
    ("file", "content"), [("weights.npz", b"PK\x03\x04"), ("config.json", b"{"), ("weights.npz", b"")]
)
def test_a_damaged_run_gets_a_sentence_and_another_network(store, file, content):
    sound, broken = network(store), network(store)
    (broken.folder / file).write_bytes(content)
    at = open_page("classify", run=broken.id)
    assert f"The file {file} of run {broken.id} is missing or damaged" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id
    assert math.isclose(sum(bars(at)), 100, abs_tol=0.06)


def test_weights_that_do_not_fit_get_a_sentence(store):
    sound, broken = network(store), network(store)
    weights = broken.weights()
    weights["conv_1/kernel"] = np.zeros((5, 5, 3, 4), np.float32)
    files.write_arrays(broken.folder / "weights.npz", weights)
    at = open_page("inside", run=broken.id)
    assert "do not fit its configuration" in at.warning[0].value and "(5, 5, 3, 4)" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id


def test_a_run_deleted_while_it_is_looked_at_gets_a_sentence(store):
    sound, gone = network(store), network(store)
    at = open_page("inside", run=gone.id)
    shutil.rmtree(gone.folder)
    again(at.run())
    assert f"There is no run called {gone.id}" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id


@pytest.mark.parametrize("name", ["home", "inside", "classify"])
def test_without_any_network_the_way_to_train_is_shown(store, name):
    at = open_page(name)
    assert "No network has been trained here yet" in at.info[0].value
    assert any("Train" in link.proto.label for link in at.get("page_link"))


def test_without_an_own_network_a_shipped_one_is_shown_before_others(store, monkeypatch):
    network(store, owner="somebody")
    monkeypatch.setattr(records, "SHIPPED", ROOT / "cnnlab" / "pretrained")
    at = open_page("classify")
    choice = at.selectbox(key="network.run")
    shipped = Store().shipped()[0]
    assert choice.value == shipped.id and "comes with the app" in choice.options[-1]
    assert bars(at) == pytest.approx(100 * answer(shipped, seen_of(photos.sample("cat"))), abs=0.006)


def test_a_run_is_shown_while_it_trains_and_its_next_epoch_too(store):
    weights = network(store, seed=1, owner="somebody").weights()
    config = TrainConfig(model=SMALL, epochs=3)
    run = store.create(config, CIFAR10_CLASSES, preset="article", owner=ME)
    with Attempt(run, run.claim("test")) as attempt:
        attempt.write_checkpoint(Checkpoint(1, weights, {}))
        at = open_page("inside", run=run.id)
        assert "Still training" in texts(at)
        assert np.allclose(galleries(at)[0][0], weights["conv_1/kernel"][:, :, 0, 0], atol=0.006)
        later = {name: 2 * array for name, array in weights.items()}
        attempt.write_checkpoint(Checkpoint(2, later, {}))
        again(at.run())
        assert np.allclose(galleries(at)[0][0], later["conv_1/kernel"][:, :, 0, 0], atol=0.006)
        attempt.enter(Phase.STOPPED)
    assert "Still training" not in texts(again(at.run()))


# ---- home


@pytest.mark.parametrize("present", [True, False])
def test_the_vote_is_answered_by_the_network(store, monkeypatch, present):
    run = network(store, dataset="digits" if present else "cifar10")
    if not present:
        monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    at = open_page("home")
    four = four_photos(run.recipe().config.dataset, run.recipe().classes, present)
    truths = [truth for _photo, truth in four]
    assert truths.count(None) == (1 if present else 3)
    answers = [answer(run, photo) for photo, _truth in four]
    assert "✓" not in texts(at) and "wrong:" not in texts(at)  # hidden until the vote
    vote = at.get("button_group")[0]
    again(vote.set_value("Photo 1").run())
    most = int(np.argmax([p.max() for p in answers]))
    assert f"**Photo {most + 1}**" in texts(at)
    classes = run.recipe().classes
    for p, truth in zip(answers, truths, strict=True):
        said = int(p.argmax())
        assert f"**{classes[said]}**, {100 * p.max():.0f}\u00a0% sure" in texts(at)
        if truth is not None:
            verdict = "check_circle: right: ✓" if said == truth else "cancel: wrong: it is ✓"
            assert f":material/{verdict} {classes[truth]}" in texts(at)
    assert texts(at).count("wrong: it is none of its kinds") == truths.count(None)


def test_the_path_ahead_leads_to_pages_that_exist_in_their_order(store):
    links = [link.proto.page for link in open_page("home").get("page_link")]
    order = "pixels convolution layer pooling answer network learning train inside classify faq"
    order = order.split()
    path = [name for name in links if name in order]
    main = (ROOT / "cnnlab/ui/shell/main.py").read_text()
    expected = [name for name in order if f'page("{name}"' in main]
    assert "train" in expected
    assert path[-len(expected) :] == expected


# ---- common questions


def test_pooling_saves_parameters(store):
    at = open_page("faq", faq__question="pooling")
    assert [m.value for m in at.metric] == ["1,024", "65,600"]
    again(at.get("button_group")[0].set_value(0).run())
    assert [m.value for m in at.metric] == ["43,264", "2,768,960"]


def test_a_kernel_needs_far_fewer_parameters_and_its_map_moves_along(store):
    at = open_page("faq", faq__question="kernels")
    assert [m.value for m in at.metric] == [
        f"{3 * 3 * 3 * 32 + 32:,}",
        f"{(32 * 32 * 3 + 1) * 30 * 30 * 32:,}",
    ]
    assert "s·(i − 1) + d·(p − 1) + 1 − P" in texts(at), "counted from 1, as every formula of the app"
    for shift in (0, 1, 8):
        again(at.slider(key="faq.shift").set_value(shift).run())
        assert "**100\u00a0%** of the values" in texts(at)


def test_cross_entropy_pushes_where_the_squared_error_does_not(store):
    at = open_page("faq", faq__question="entropy")
    p = np.exp([10.0, 0, 0]) / np.exp([10.0, 0, 0]).sum()
    assert [m.value for m in at.metric] == [f"{-np.log(p[2]):.3f}", f"{np.mean((p - [0, 0, 1]) ** 2):.3f}"]
    table = at.table[0].value
    assert table.iloc[2, 2] == "−0.99995" and table.iloc[2, 3] == "−0.00006"
    at.slider(key="faq.score.0").set_value(-2.0)
    again(at.slider(key="faq.score.2").set_value(3.5).run())
    p = np.exp([-2, 0, 3.5]) / np.exp([-2, 0, 3.5]).sum()
    assert at.metric[0].value == f"{-np.log(p[2]):.3f}"


@pytest.mark.parametrize(("rate", "word"), [(0.2, "walks down"), (0.9, "to and fro"), (1.1, "too long")])
def test_the_rate_decides_how_the_walk_goes(store, rate, word):
    at = open_page("faq", faq__question="descent", faq__rate=rate)
    assert word in texts(at)
    end = 2 - 5 * (1 - 2 * rate) ** 8  # w - 2 shrinks by the factor 1 - 2 * rate a step
    assert f"**{fine((end - 2) ** 2, 2)}** after 8 steps" in texts(at)
    path = charts(at)[0]["data"][1]
    inside = [w for w in (2 - 5 * (1 - 2 * rate) ** step for step in range(9)) if -5 <= w <= 9]
    assert np.allclose(path["x"], inside)


def test_a_dense_layer_weighs_every_finding_for_every_class(store):
    at = open_page("faq", faq__question="dense")
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
