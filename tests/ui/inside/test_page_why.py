"""Do *Which parts mattered?* and *Made to please a kernel* say what the network really does?"""

import base64
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.config import DenseBlock, ModelConfig, TrainConfig
from cnnlab.data import cifar10, photos
from cnnlab.figures.colours import NEGATIVE, POSITIVE, rgb
from cnnlab.figures.overlay import overlay
from cnnlab.files import write_arrays
from cnnlab.inspection import activation_maximisation
from cnnlab.ui.components.film import Cells, Cover, payload
from cnnlab.ui.inside.methods import METHODS
from cnnlab.ui.inside.sanity_check import conclusion
from cnnlab.ui.widgets import background_job
from tests.support.networks import probabilities
from tests.support.pages import again, centre, open_part, sent, words
from tests.support.runs import network

pytest.importorskip("keras")
NAN = float("nan")


pytestmark = pytest.mark.usefixtures("nothing_shipped")


@pytest.fixture(autouse=True)
def on_the_spot(monkeypatch) -> None:
    """Answers are computed on the spot instead of by a worker."""
    monkeypatch.setattr(
        background_job, "answer", lambda _kind, _about, function, *rest, **_options: function(*rest)
    )


def page(part: str) -> None:
    """One part of Inside alone, as AppTest runs it: it imports what it needs."""
    from importlib import import_module

    from cnnlab.ui.widgets import network_choice

    getattr(import_module(f"cnnlab.ui.inside.{part}"), part)(network_choice.choose())


def opened(part: str, state: dict | None = None) -> AppTest:
    return open_part(page, part, state={"lesson.level": "code", **(state or {})})


def commit(at: AppTest) -> AppTest:
    """Answer the question, where one is asked."""
    for pills in at.get("button_group"):
        pills.set_value(pills.options[0])
    return again(at)


# ---- which parts mattered


def test_the_cover_shows_what_the_network_says_of_covered_photos(store):
    run = network(store, seed=4)
    at = opened("why", {"photo.choice": "coffee", "why.window": 16, "why.stride": 8})
    view = sent(commit(at), "film")[0]
    seen = centre(photos.sample("coffee"))
    whole = probabilities(run, seen)
    target = int(whole.argmax())
    name = run.recipe().classes[target]
    colour = np.rint(seen.mean((0, 1)))
    assert len(view["facts"]) == len(view["boxes"]) == 25
    for step in (0, 7, 12, 24):
        row, col = -8 + 8 * (step // 5), -8 + 8 * (step % 5)
        covered = seen.copy()
        covered[max(row, 0) : row + 16, max(col, 0) : col + 16] = colour
        share = 100 * probabilities(run, covered)[target]
        place = f"Rows {max(row, 0) + 1}–{min(row + 16, 32)}, columns {max(col, 0) + 1}–{min(col + 16, 32)}"
        expected = f"{place} covered: “{name}” {share:.1f}\u00a0% instead of {100 * whole[target]:.1f}\u00a0%"
        assert view["facts"][step] == expected
        assert view["cells"]["texts"][step] == f"{share:.0f}"
        top, left, height, width = np.array(view["boxes"][step]) * 0.32
        assert (top, left) == (max(row, 0), max(col, 0))
        assert (top + height, left + width) == (min(row + 16, 32), min(col + 16, 32))
    assert "The costliest cover lies on rows" in words(at)
    assert "Ask networks" not in words(at) and "Similarity" in words(at), "answered on the spot here"


def test_where_covering_costs_most_has_to_be_predicted_first(store):
    """A network that counts red, and a photo that is red in one quarter alone."""
    config = TrainConfig(model=ModelConfig(blocks=()), dataset="cifar10")
    run = store.create(config, cifar10.CLASSES, preset="own", owner="anna")
    kernel = np.zeros((3072, 10), np.float32)
    kernel[0::3, 3] = 0.02
    write_arrays(
        run.folder / "weights.npz", {"scores/kernel": kernel, "scores/bias": np.zeros(10, np.float32)}
    )
    photo = np.zeros((32, 32, 3), np.uint8)
    photo[18:30, 2:14, 0] = 255
    state = {"photo.own": photo, "photo.choice": "own"}
    at = opened("why", state)
    assert "In which quarter of the photo does a cover cost “cat” most?" in words(at)
    assert not sent(at, "film")
    [pills] = at.get("button_group")
    assert list(pills.options) == ["top left", "top right", "bottom left", "bottom right"]
    pills.set_value("bottom left")
    again(at)
    assert list(at.session_state["lesson.answers"].values()) == [True]
    assert sent(at, "film")


@pytest.mark.parametrize("method", [name for name in METHODS if name != "occlusion"])  # that is a film
def test_every_method_draws_its_map_and_its_caveat(store, method):
    network(store, seed=2)
    at = opened("why", {"why.method": method})
    captions = [image.captions[0] for image in at.get("image")]
    assert len(captions) == 2 + 4, "the map, the photo; the check: as trained and three at random"
    assert re.search(r"[Tt]he densest is 0*[\d,]*\.\d", captions[0])
    assert all(caption.startswith("random weights: ") for caption in captions[3:])
    assert "Beware: " in words(at)
    assert at.get("code"), "at this level the source is shown"


def test_integrated_gradients_show_both_numbers(store):
    run = network(store, seed=3)
    at = opened("why", {"why.method": "integrated", "why.steps": 256})
    together, rose, apart = (float(metric.value.replace("−", "-")) for metric in at.metric)
    seen = centre(photos.sample(next(iter(photos.samples()))))
    outputs = [ops.forward(run.recipe().layers(), run.weights(), x) for x in (seen, np.zeros_like(seen))]
    after, before = (out[-2].values for out in outputs)
    target = outputs[0][-1].values.argmax()
    assert rose == pytest.approx(after[target] - before[target], abs=1e-3)
    assert together == pytest.approx(rose, abs=0.02 + 0.02 * abs(rose))
    assert apart == pytest.approx(abs(together - rose), abs=2e-4)


@pytest.mark.parametrize("part", ["why", "patterns"])
def test_a_network_without_convolutions_says_so_and_offers_the_rest(store, part):
    config = TrainConfig(
        model=ModelConfig(blocks=(), dense=(DenseBlock(units=4),)), dataset="digits", limit=60
    )
    run = store.create(config, tuple("0123456789"), preset="own", owner="anna")
    rng = np.random.default_rng(0)
    shapes = {"dense_1": (3072, 4), "scores": (4, 10)}
    arrays = {f"{name}/kernel": rng.normal(0, 0.1, shape) for name, shape in shapes.items()}
    arrays |= {f"{name}/bias": np.zeros(shape[1]) for name, shape in shapes.items()}
    write_arrays(run.folder / "weights.npz", {name: a.astype(np.float32) for name, a in arrays.items()})
    at = opened(part, {"why.method": "grad_cam"})
    if part == "why":
        assert "This network has no maps" in words(at)
        assert "it judges no photos" in words(at), "a network of digits gets digits"
    else:
        assert at.selectbox(key="patterns.layer").options == ["The classes"]
        assert len(sent(at, "film")) == 1


@pytest.mark.parametrize(
    ("similarities", "says"),
    [
        ([0.9, 0.6, NAN], "**hardly changes**"),
        ([0.5, 0.4, 0.3], "**part of the map**"),
        ([0.1, -0.3, 0.2], "**becomes another one**"),
        ([NAN, NAN, NAN], "**no map at all**"),
    ],
)
def test_the_check_concludes_from_its_numbers(similarities, says):
    assert says in conclusion(np.array(similarities))


def test_an_overlay_is_orange_above_and_blue_below_and_clear_at_nought():
    photo = np.full((40, 40, 3), 200, np.uint8)
    laid = overlay(photo, np.array([[1.0, 0.0], [-1.0, 0.25]]), 1.0, smooth=False)
    assert laid.shape == photo.shape
    base = laid[5, 35].astype(float)
    assert base.std() == 0, "nothing but grey"
    for corner, colour in (((5, 5), POSITIVE), ((35, 5), NEGATIVE)):
        np.testing.assert_allclose(laid[corner], 0.85 * rgb(colour) + 0.15 * base, atol=1)
    np.testing.assert_allclose(laid[35, 35], 0.2125 * rgb(POSITIVE) + 0.7875 * base, atol=1)


# ---- made to please a kernel


def test_a_kernel_gets_a_picture_and_patches_of_the_size_of_its_field(store, monkeypatch):
    monkeypatch.setattr(activation_maximisation, "EVERY", 64)
    network(store, dataset="digits", seed=1)
    at = opened("patterns", {"patterns.layer": "conv_1", "patterns.kernel": 2})
    assert "**3 × 3 pixels** of the 32 × 32: its receptive field" in words(at)
    view = sent(at, "film")[0]
    assert view["frames"] == len(view["facts"]) == 3
    assert view["title"] == "Made for kernel 2 of Convolution 1"
    assert "The 3 × 3 pixels that the middle cell sees" in view["note"]
    captions = [image.captions[0] for image in at.get("image")]
    values = [float(caption.split()[0].replace("−", "-")) for caption in captions]
    assert len(values) == 9 and values == sorted(values, reverse=True)
    assert "images that it learned from" in words(at)


def test_a_class_gets_a_whole_picture(store, monkeypatch):
    monkeypatch.setattr(activation_maximisation, "EVERY", 128)
    network(store)
    view = sent(opened("patterns", {"patterns.layer": "scores", "patterns.class": 4}), "film")[0]
    assert view["title"] == "Made for deer"
    assert view["note"] == "All 32 × 32 pixels"


def test_without_the_dataset_the_page_says_so_and_still_makes_a_picture(store, monkeypatch):
    network(store)
    monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    monkeypatch.setattr(activation_maximisation, "EVERY", 128)
    at = opened("patterns")
    assert "training images of CIFAR-10, which are not on this computer" in words(at)
    assert len(sent(at, "film")) == 1


# ---- the film


def test_a_film_sends_its_pictures_one_under_the_other():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 5, 5, 3), dtype=np.uint8)
    data = payload("a film", pictures, ["a", "b", "c"], title="t")
    assert json.dumps(data)
    assert (data["frames"], data["places"], data["boxes"], data["cells"]) == (
        3,
        ["1 of 3", "2 of 3", "3 of 3"],
        [],
        None,
    )
    strip = photos.read(base64.b64decode(data["picture"].split(",")[1]))
    np.testing.assert_array_equal(strip, pictures.reshape(15, 5, 3))


def test_a_film_s_cells_are_coloured_by_sign():
    cells = Cells("c", "n", np.array([[-2.0, 0.0], [1.0, 2.0]]), 2.0, ["1", "2", "3", "4"])
    cover = Cover(np.array([[0, 0, 0.5, 0.25]] * 4), (1, 2, 255))
    data = payload("a film", np.zeros((1, 4, 4, 3), np.uint8), ["f"] * 4, title="t", cover=cover, cells=cells)
    assert data["colour"] == "#0102ff"
    assert data["boxes"][0] == [0, 0, 50, 25]
    rows = list(base64.b64decode(data["cells"]["levels"]))
    assert rows[0] < rows[1] < rows[2] < rows[3]
    fills = bytes.fromhex(data["cells"]["palette"]["fill"])
    np.testing.assert_array_equal(list(fills[3 * rows[3] :][:3]), rgb(POSITIVE))
