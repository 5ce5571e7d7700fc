"""Does what a page says of values hold for the network at hand, whatever its activation and normalisation?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.data import photos
from cnnlab.inspection.ablation import Off, edited, left_by_off
from cnnlab.lessons.questions.answer import Largest, largest_input, telling_unit
from cnnlab.ui.widgets.formulas import ACTIVATED
from tests.ui.lessons.test_page_answer import network
from tests.ui.lessons.test_pages_look import open_page, seen_of, store, texts  # noqa: F401

EVERY = [(name, normalise) for name in ops.ACTIVATIONS for normalise in (False, True)]


def model(activation: str, normalise: bool = False) -> ModelConfig:
    block = ConvBlock(filters=3, normalise=normalise, activation=activation, pool="max")
    return ModelConfig(
        blocks=(block,), head="global_average", dense=(DenseBlock(units=9, activation=activation),)
    )


@pytest.mark.parametrize(("activation", "normalise"), EVERY)
def test_the_map_of_a_kernel_that_is_off_is_what_is_said_of_it(store, activation, normalise):  # noqa: F811
    run = network(store, model(activation, normalise))
    layers, weights = run.recipe().layers(), run.weights()
    outputs = ops.forward(layers, edited(weights, [Off("conv_1", 1)]), seen_of(photos.sample("cat")))
    left = left_by_off(layers, "conv_1")
    assert len(left) == 1 + normalise + (activation != "linear")
    for output in outputs:
        if output.name in left and not (normalise and output.name == "conv_1"):  # its bias is gone, too
            assert np.allclose(output.values[..., 1], left[output.name], atol=1e-6), output.name


@pytest.mark.parametrize(
    ("activation", "normalise", "words"),
    [
        ("relu", False, "has no weights and no bias: its map is 0 everywhere"),
        (
            "tanh",
            True,
            "has no weights, and its normalisation neither scale nor shift: its map is 0 everywhere",
        ),
        ("sigmoid", False, "sigmoid makes 0.5 of that. So its map is 0.5 everywhere"),
    ],
)
def test_switching_off_says_what_is_passed_on(store, activation, normalise, words):  # noqa: F811
    network(store, model(activation, normalise))
    at = open_page("inside", **{"_inside__more": True, "_inside__more__tab": "Switch parts off"})
    assert words in texts(at)


def telling(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Largest | None:
    """The question that the page asks first, if any."""
    return largest_input(ops.contributions(x, weights, bias, telling_unit(x, weights, bias)))


@pytest.mark.parametrize(("activation", "plain"), [("relu", True), ("tanh", False)])
def test_the_largest_value_is_only_called_so_where_none_lies_below_0(store, activation, plain):  # noqa: F811
    for seed in range(20):  # until there is something to ask, and a value below 0 is the one farthest from it
        run = network(store, model(activation), seed=seed)
        x = ops.forward(run.recipe().layers(), run.weights(), seen_of(photos.sample("cat")))[-3].values
        weights = run.weights()
        asked = telling(x, weights["scores/kernel"], weights["scores/bias"])
        if asked and (plain or x[asked.value] < 0):
            break
    at = open_page("answer", run.id)
    [options] = [group.options for group in at.button_group if str(group.key).startswith("_answer.largest")]
    assert any("it has the largest value" in option for option in options) == plain and len(options) == 3


@pytest.mark.parametrize(
    ("activation", "normalise", "words"),
    [
        ("leaky_relu", False, "from 0 to 1, with their bias."),
        ("linear", False, "no activation follows"),
        ("relu", True, "batch normalisation follows"),
    ],
)
def test_a_layer_of_a_network_has_its_own_formula(store, activation, normalise, words):  # noqa: F811
    network(store, model(activation, normalise))
    at = open_page("layer", layer__source="trained", lesson__level="formulas")
    general = at.latex[0].value
    assert words in texts(at) and ("with their bias" in texts(at)) != normalise
    [asked] = [group for group in at.button_group if str(group.key).startswith("_layer.weights")]
    again = asked.set_value("27").run()
    assert ("no biases" in texts(again)) == normalise and ("plus 3 biases" in texts(again)) != normalise
    named = [formula for formula in ACTIVATED.values() if f"a = {formula}" in general]
    assert named == ([ACTIVATED["leaky_relu"]] if activation == "leaky_relu" else [])
    assert all("_" not in text for text in at.latex[1].value.split(r"\text{")[1:]), (
        "LaTeX takes it for an index"
    )
