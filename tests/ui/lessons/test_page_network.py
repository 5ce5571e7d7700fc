"""Does the page of all layers show the numbers of that very network, for every kind of layer?

What the page sends to the browser is compared with sums that are written out once more here, in plain loops
and float64, from the weights and the photo alone.
"""

import math

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.config.presets import ARTICLE
from cnnlab.data import photos
from cnnlab.lessons.questions.network import growth, reach
from tests.support.pages import ME, centre, number, open_page, sent, sound, unpacked, words
from tests.support.runs import network

SHAPE = (32, 32, 3)
NETWORKS = {
    "article": ARTICLE,
    "normalised, average, global average": ModelConfig(
        blocks=(
            ConvBlock(
                filters=6, kernel=5, stride=2, padding="same", normalise=True, pool="average", dropout=0.3
            ),
            ConvBlock(filters=4, kernel=2, activation="gelu"),
        ),
        head="global_average",
    ),
    "every other activation, global maximum": ModelConfig(
        blocks=(
            ConvBlock(filters=3, padding="same", activation="leaky_relu", pool="max", pool_window=3),
            ConvBlock(filters=4, activation="elu"),
            ConvBlock(filters=3, activation="tanh"),
            ConvBlock(filters=3, kernel=1, activation="linear"),
        ),
        head="global_max",
        dense=(DenseBlock(units=7, activation="sigmoid", dropout=0.2),),
    ),
    "no convolution": ModelConfig(blocks=()),
    "too many products to send": ModelConfig(
        blocks=(ConvBlock(filters=40, padding="same"), ConvBlock(filters=2, padding="same", kernel=5)),
        head="global_average",
    ),
}


pytestmark = pytest.mark.usefixtures("nothing_shipped")


def made(store, model):
    """Return a run with random weights, its layers and its weights."""
    run = network(store, model)
    return run, run.recipe().layers(), run.weights()


def opened(run: str, **state) -> AppTest:
    return open_page(
        "network", query={"run": run}, state={f"network.{key}": value for key, value in state.items()}
    )


def view_of(at: AppTest, name: str) -> dict | None:
    """Return what the first view of this name was sent; None where the page has none."""
    return next(iter(sent(at, name)), None)


def look_at(at, **state) -> AppTest:
    """Choose a layer, a map (from 1) or a cell (from 0)."""
    if "layer" in state:
        sound(at.selectbox(key="network.layer").set_value(state.pop("layer")).run())
    if "map" in state and state["map"] <= 1 and not at.number_input:
        state.pop("map")  # there is a single one
    if "map" in state:
        sound(at.number_input(key="network.map").set_value(state.pop("map")).run())
    for key, value in state.items():
        at.session_state[f"network.{key}"] = value
    return sound(at.run())


def photo() -> np.ndarray:
    return centre(photos.sample(next(iter(photos.samples()))))


def by_hand(layer, weights, x, at) -> float:
    """One number of one layer, in plain loops: x is what comes in, `at` the place of what comes out."""
    name = layer.name
    x = np.asarray(x, float)
    match layer.kind:
        case "rescale":
            return x[at] / 255
        case "conv" | "pool":
            k, s = layer.kernel if layer.kind == "conv" else layer.window, layer.stride
            row, col, channel = at
            total, inside = 0.0, []
            for p in range(k):
                for q in range(k):
                    i = row * s + p - border(x.shape[0], k, s, layer.padding)
                    j = col * s + q - border(x.shape[1], k, s, layer.padding)
                    if not (0 <= i < x.shape[0] and 0 <= j < x.shape[1]):
                        continue
                    inside.append(x[i, j, min(channel, x.shape[2] - 1)])
                    if layer.kind == "conv":
                        for c in range(x.shape[2]):
                            total += x[i, j, c] * float(weights[f"{name}/kernel"][p, q, c, channel])
            if layer.kind == "conv":
                return total + (float(weights[f"{name}/bias"][channel]) if layer.bias else 0.0)
            return max(inside) if layer.mode == "max" else sum(inside) / len(inside)
        case "norm":
            gamma, beta, mean, variance = (
                float(weights[f"{name}/{part}"][at[-1]]) for part in ("gamma", "beta", "mean", "variance")
            )
            return gamma * (x[at] - mean) / math.sqrt(variance + layer.epsilon) + beta
        case "activation":
            v = x[at]
            return {
                "relu": max(v, 0),
                "leaky_relu": v if v > 0 else 0.2 * v,
                "elu": v if v > 0 else math.exp(v) - 1,
                "gelu": v * (1 + math.erf(v / math.sqrt(2))) / 2,
                "tanh": math.tanh(v),
                "sigmoid": 1 / (1 + math.exp(-v)),
            }[layer.function]
        case "softmax":
            return math.exp(x[at]) / sum(math.exp(z) for z in x)
        case "dropout":
            return x[at]
        case "flatten":
            _height, width, channels = x.shape
            return x[at[0] // channels // width, at[0] // channels % width, at[0] % channels]
        case "global_average":
            return sum(x[:, :, at[0]].ravel().tolist()) / (x.shape[0] * x.shape[1])
        case "global_max":
            return max(x[:, :, at[0]].ravel().tolist())
        case "dense":
            kernel = weights[f"{name}/kernel"]
            return sum(x[i] * float(kernel[i, at[0]]) for i in range(len(x))) + float(
                weights[f"{name}/bias"][at[0]]
            )
    raise AssertionError(layer.kind)


def border(n, k, s, padding) -> int:
    """Keras's "same": as many outputs as n / s rounded up, the smaller half of the border before."""
    return 0 if padding == "valid" else max((-(-n // s) - 1) * s + k - n, 0) // 2


@pytest.mark.parametrize("name", NETWORKS)
def test_the_chosen_cell_of_every_layer_is_that_of_a_loop(store, name):
    run, layers, weights = made(store, NETWORKS[name])
    outputs = ops.forward(layers, weights, photo())
    before = photo().astype(np.float32)
    rng = np.random.default_rng(1)
    at = opened(run.id)
    for output in outputs:
        shape = output.values.shape
        place = tuple(int(rng.integers(side)) for side in shape)
        cell = place[:2] if len(shape) == 3 else (0, 0)
        size = shape[:2] if len(shape) == 3 else (1, 1)
        look_at(at, layer=output.name, map=place[-1] + 1, cell=cell, size=size)
        view = view_of(at, "field")
        assert view["size"] == list(size) and view["chosen"] == list(cell)
        expected = by_hand(output.layer, weights, before, place)
        shown = number(view["texts"][cell[0] * size[1] + cell[1]])
        assert shown == pytest.approx(expected, abs=0.0051 + 1e-4 * abs(expected)), output.name
        strips = view_of(at, "strips")
        assert [row["name"] for row in strips["rows"]] == [layer.name for layer in layers]
        assert strips["chosen"] == [output.name, place[-1]]
        before = output.values


@pytest.mark.parametrize("name", ["article", "normalised, average, global average"])
def test_the_arithmetic_of_a_convolution_adds_up(store, name):
    """Window, slice, products, channel sums and bias as sent, against the weights and the maps before."""
    run, layers, weights = made(store, NETWORKS[name])
    outputs = {output.name: output.values for output in ops.forward(layers, weights, photo())}
    at = opened(run.id)
    for place, layer in enumerate(layers):
        if layer.kind != "conv":
            continue
        x = outputs[layers[place - 1].name]
        channel = layer.filters - 1
        row, col = (side // 3 for side in outputs[layer.name].shape[:2])
        size = outputs[layer.name].shape[:2]
        look_at(at, layer=layer.name, map=channel + 1, cell=(row, col), size=size)
        view = view_of(at, "windows")
        assert view["start"] == [row, col]
        output = view["outputs"][0]
        kernel = weights[f"{layer.name}/kernel"][..., channel]
        np.testing.assert_allclose(unpacked(output["kernel"]), kernel, atol=6e-4)
        for c, plane in enumerate(view["inputs"]):
            np.testing.assert_allclose(unpacked(plane["values"]), x[..., c], atol=0.0051)
        products = unpacked(output["products"])[row, col]
        for p, q in np.ndindex(kernel.shape[:2]):
            i, j = view["rows"][row][p], view["cols"][col][q]
            inside = 0 <= i < x.shape[0] and 0 <= j < x.shape[1]
            there = x[i, j] * kernel[p, q] if inside else np.zeros(len(kernel[p, q]))
            np.testing.assert_allclose(products[p, q], there, atol=0.0051)
        sums = unpacked(output["channel_sums"])[row, col]
        bias = float(weights[f"{layer.name}/bias"][channel]) if layer.bias else 0.0
        expected = by_hand(layer, weights, x, (row, col, channel))
        assert sums.sum() + bias == pytest.approx(expected, abs=0.0051 * len(sums))


def test_colours_of_the_photo_go_in_as_shares_of_255(store):
    run, _layers, weights = made(store, ARTICLE)
    view = view_of(opened(run.id, layer="conv_1"), "windows")
    assert [plane["role"] for plane in view["inputs"]] == ["red", "green", "blue"]
    for c, plane in enumerate(view["inputs"]):
        np.testing.assert_allclose(unpacked(plane["values"]), photo()[..., c] / 255, atol=0.0051)
    channel = view_of(opened(run.id, layer="conv_1", map=5), "windows")["outputs"][0]
    assert unpacked(channel["bias"]) == pytest.approx(weights["conv_1/bias"][4], abs=6e-3)


def test_after_the_activation_the_view_says_so(store):
    run, layers, weights = made(store, ARTICLE)
    outputs = {output.name: output.values for output in ops.forward(layers, weights, photo())}
    at = opened(run.id, layer="conv_3_relu", map=2)
    output = view_of(at, "windows")["outputs"][0]
    assert output["activation"] == "ReLU"
    np.testing.assert_allclose(unpacked(output["values"]), outputs["conv_3_relu"][..., 1], atol=0.0051)
    np.testing.assert_allclose(unpacked(output["sums"]), outputs["conv_3"][..., 1], atol=0.0051)
    assert view_of(look_at(at, layer="conv_3"), "windows")["outputs"][0]["activation"] is None


def test_what_is_too_large_to_send_shows_the_chosen_cell_alone(store):
    run, layers, weights = made(store, NETWORKS["too many products to send"])
    outputs = {output.name: output.values for output in ops.forward(layers, weights, photo())}
    at = opened(run.id, layer="conv_2", map=2, cell=(31, 0), size=(32, 32))
    view = view_of(at, "windows")
    assert len(view["rows"]) == len(view["cols"]) == 1
    assert "31" not in view["labels"]["position"] and "row 32 · column 1" in view["labels"]["position"]
    shown = float(unpacked(view["outputs"][0]["values"])[0, 0])
    assert shown == pytest.approx(outputs["conv_2"][31, 0, 1], abs=0.0051)
    # The window in the piece that was sent holds what the window in the whole map holds.
    x, plane = outputs["conv_1_relu"][..., 7], unpacked(view["inputs"][7]["values"])
    for p, i in enumerate(view["rows"][0]):
        for q, j in enumerate(view["cols"][0]):
            row, col = 31 + p - 2, q - 2
            inside = 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]
            assert inside == (0 <= row < 32 and 0 <= col < 32)
            if inside:
                assert plane[i, j] == pytest.approx(x[row, col], abs=0.0051)


def test_the_winner_of_a_pool_is_the_largest_of_its_window(store):
    run, layers, weights = made(store, ARTICLE)
    outputs = {output.name: output.values for output in ops.forward(layers, weights, photo())}
    view = view_of(opened(run.id, layer="pool_1", map=3), "windows")
    before = outputs["conv_1_relu"][..., 2]
    for place, (row, col) in enumerate(view["outputs"][0]["winner"]):
        i, j = divmod(place, 15)
        window = before[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert before[row, col] == window.max()
        assert 0 <= row - 2 * i < 2 and 0 <= col - 2 * j < 2


def test_the_largest_contributions_to_a_score_come_first(store):
    run, layers, weights = made(store, ARTICLE)
    outputs = {output.name: output.values for output in ops.forward(layers, weights, photo())}
    view = view_of(opened(run.id, layer="scores", map=4), "terms")  # the fourth class: cat
    assert "cat" in view["title"]
    products = outputs["dense_1_relu"] * weights["scores/kernel"][:, 3]
    largest = sorted(products, key=abs, reverse=True)
    adds = [number(row["cells"][3]["text"].replace("+", "")) for row in view["rows"][:5]]
    assert adds == pytest.approx(largest[:5], abs=0.0051)
    dense = view_of(opened(run.id, layer="dense_1", map=1), "terms")
    first = int(np.abs(outputs["flatten"] * weights["dense_1/kernel"][:, 0]).argmax())
    row, rest = divmod(first, 4 * 64)
    col, channel = divmod(rest, 64)
    assert dense["rows"][0]["cells"][0]["text"] == f"map {channel + 1}, row {row + 1}, column {col + 1}"


def test_softmax_ends_with_the_probabilities(store):
    run, layers, weights = made(store, ARTICLE)
    probabilities = ops.forward(layers, weights, photo())[-1].values
    view = view_of(opened(run.id, layer="softmax"), "terms")
    shown = [number(row["cells"][4]["text"].replace("\u00a0%", "")) / 100 for row in view["rows"][:10]]
    assert shown == pytest.approx(probabilities.tolist(), abs=6e-5)


def test_the_parts_of_a_map_add_up_to_it(store):
    from cnnlab.ui.widgets.layer_view import partial_maps

    for name in ("article", "normalised, average, global average"):
        _run, layers, weights = made(store, NETWORKS[name])
        before = None
        for output in ops.forward(layers, weights, photo()):
            if output.layer.kind == "conv":
                kernels, channel = weights[f"{output.name}/kernel"], output.layer.filters - 1
                parts = partial_maps(before, kernels, channel, output.layer)
                assert parts.shape == (*output.values.shape[:2], before.shape[-1])
                one = parts.shape[-1] // 2  # this channel alone, the others silent
                alone = np.zeros_like(before)
                alone[..., one] = before[..., one]
                settings = {"stride": output.layer.stride, "padding": output.layer.padding}
                expected = ops.conv2d(alone, kernels, **settings)[..., channel]
                np.testing.assert_allclose(parts[..., one], expected, atol=1e-5)
                bias = weights[f"{output.name}/bias"][channel] if output.layer.bias else 0
                np.testing.assert_allclose(parts.sum(-1) + bias, output.values[..., channel], atol=1e-4)
            before = output.values


# ---- the question ----------------------------------------------------------------------------------


def noticed(layers, weights, axis) -> list[dict[str, np.ndarray]]:
    """For each photo column (axis 1) or row (axis 0): which cells of which layer notice its loss, by trying.

    A number that is not a number spoils all that depends on it, whatever the weights.
    """
    found = []
    for place in range(32):
        image = np.full(SHAPE, 100, np.float32)
        image[(slice(None), place) if axis else place] = np.nan
        found.append({out.name: np.isnan(out.values).any(-1) for out in ops.forward(layers, weights, image)})
    return found


def first_and_last(tried: list[dict[str, np.ndarray]], name: str, row: int, col: int) -> tuple[int, int]:
    """Return the first and the last photo column or row that a cell notices."""
    reaching = [place for place, cells in enumerate(tried) if cells[name][row, col]]
    return reaching[0], reaching[-1]


def random_model(rng) -> ModelConfig:
    blocks = [
        ConvBlock(
            filters=2,
            kernel=int(rng.integers(1, 6)),
            stride=int(rng.choice([1, 1, 2])),
            padding="same",
            normalise=bool(rng.integers(2)),
            activation=str(rng.choice(["relu", "linear", "gelu"])),
            pool=str(rng.choice(["none", "max", "average"])),
        )
        for _block in range(int(rng.integers(1, 4)))
    ]
    return ModelConfig(blocks=tuple(blocks))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_answer_is_what_trying_every_column_finds(store):
    rng, asked = np.random.default_rng(3), 0
    for model in [ARTICLE, *(random_model(rng) for _turn in range(30))]:
        try:
            _run, layers, weights = made(store, model)
        except ops.GeometryError:
            continue  # the maps have shrunk to nothing
        tried = noticed(layers, weights, axis=1)
        for layer in layers:
            question = reach(layers, layer.name, SHAPE)
            if question is None:
                continue
            first, last = first_and_last(tried, layer.name, question.row, question.col)
            assert question.width == last - first + 1, (layer.name, layers)
            assert question.width in question.options and len(set(question.options)) == len(question.options)
            assert len(question.options) >= 2 and list(question.options) == sorted(question.options)
            assert question.unclipped >= question.width
            asked += 1
    assert asked > 60


def test_the_rule_agrees_with_the_walk_back_and_the_article_sees_18():
    layers = ARTICLE.layers(10)
    assert [step.width for step in growth(layers, "conv_3")] == [3, 4, 8, 10, 18]
    assert reach(layers, "conv_3", SHAPE).width == reach(layers, "conv_3_relu", SHAPE).width == 18
    rng = np.random.default_rng(4)
    for _turn in range(30):
        layers = random_model(rng).layers(10)
        for layer in layers:
            if layer.kind not in ("conv", "pool"):
                continue
            try:
                walked = ops.receptive_field(layers, layer.name, 0, 0, SHAPE)
            except ops.GeometryError:
                break
            assert growth(layers, layer.name)[-1].width == walked.size[1]


def test_nothing_is_asked_where_nothing_is_to_be_found_out():
    layers = ARTICLE.layers(10)
    for name in ("rescale", "conv_1", "conv_1_relu", "flatten", "dense_1", "scores", "softmax"):
        assert reach(layers, name, SHAPE) is None, name


def test_the_piece_of_the_photo_is_hidden_until_the_student_has_answered(store):
    run, layers, weights = made(store, ARTICLE)
    at = opened(run.id, layer="conv_3", cell=(0, 3), size=(4, 4))
    view = view_of(at, "field")
    assert view["rows"] is None and view["cols"] is None
    pills = next(group for group in at.button_group if "network.reach" in (group.key or ""))
    assert pills.options == ["3", "9", "10", "18", "32"]
    sound(pills.set_value("9").run())
    view = view_of(at, "field")
    for axis, spans in enumerate((view["rows"], view["cols"])):
        tried = noticed(layers, weights, axis)
        for place, span in enumerate(spans):
            cell = (place, 0) if axis == 0 else (0, place)
            first, last = first_and_last(tried, "conv_3", *cell)
            assert (span["first"], span["size"]) == (first, last - first + 1)
            assert span["text"] == f"{first + 1}–{last + 1}"
    assert "10 + (3 − 1) × 4 = **18**" in words(at)
    assert list(at.session_state["lesson.answers"].values()) == [False]
    # The activation sees the same piece: it is not asked again.
    assert view_of(look_at(at, layer="conv_3_relu"), "field")["rows"] is not None
    assert view_of(look_at(at, layer="conv_2"), "field")["rows"] is None


# ---- choices, and what goes wrong ------------------------------------------------------------------


def test_a_layer_with_fewer_maps_and_cells_keeps_a_valid_choice(store):
    run, _layers, _weights = made(store, ARTICLE)
    at = opened(run.id, layer="conv_2", map=64, cell=(12, 12), size=(13, 13))
    look_at(at, layer="pool_1")
    assert view_of(at, "strips")["chosen"][1] < 32
    assert view_of(at, "field")["chosen"] == [7, 7], "the middle of 15 x 15"
    look_at(at, cell=(99, -5))
    assert view_of(at, "field")["chosen"] == [7, 7]


def test_one_colour_range_for_the_map_the_layer_or_the_network(store):
    run, layers, weights = made(store, ARTICLE)
    outputs = ops.forward(layers, weights, photo())
    values = next(output.values for output in outputs if output.name == "conv_2")
    at = opened(run.id, layer="conv_2", map=7)
    largest = {
        "map": np.abs(values[..., 6]).max(),
        "layer": np.abs(values).max(),
        "network": max(np.abs(output.values).max() for output in outputs[1:]),
    }
    for across, limit in largest.items():
        sound(at.radio(key="network.range").set_value(across).run())
        assert view_of(at, "field")["note"] == f"colours from −{limit:.2f} to {limit:.2f}"


def test_a_deleted_and_a_damaged_run_get_a_sentence(store):
    run, _layers, _weights = made(store, NETWORKS["no convolution"])
    at = opened(run.id)
    (run.folder / "weights.npz").write_bytes(b"no archive")
    assert "weights.npz" in words(sound(at.run()))
    run.delete(ME)
    text = words(sound(at.run()))
    assert f"There is no run called {run.id}" in text and "No network has been trained here yet" in text
    assert "There is no run called nobody" in words(opened("nobody"))


def test_without_workers_the_page_says_that_keras_cannot_be_asked(store):
    run, _layers, _weights = made(store, NETWORKS["no convolution"])
    assert "This needs the worker processes, and they are not running." in words(opened(run.id, more=True))
