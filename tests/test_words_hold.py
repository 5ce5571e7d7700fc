"""Does what a page says of values hold for the network at hand, whatever its activation and normalisation?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.data import photos
from cnnlab.inspection.ablation import Off, edited, left_by_off
from cnnlab.lessons.questions.answer import Largest, largest_input, telling_unit
from tests.support.pages import centre, open_page, words
from tests.support.runs import network

pytestmark = pytest.mark.usefixtures("nothing_shipped")

EVERY = [(name, normalise) for name in ops.ACTIVATIONS for normalise in (False, True)]


def model(activation: str, normalise: bool = False) -> ModelConfig:
    block = ConvBlock(filters=3, normalise=normalise, activation=activation, pool="max")
    return ModelConfig(
        blocks=(block,), head="global_average", dense=(DenseBlock(units=9, activation=activation),)
    )


@pytest.mark.parametrize(("activation", "normalise"), EVERY)
def test_the_map_of_a_kernel_that_is_off_is_what_is_said_of_it(store, activation, normalise):
    run = network(store, model(activation, normalise))
    layers, weights = run.recipe().layers(), run.weights()
    outputs = ops.forward(layers, edited(weights, [Off("conv_1", 1)]), centre(photos.sample("cat")))
    left = left_by_off(layers, "conv_1")
    assert len(left) == 1 + normalise + (activation != "linear")
    for output in outputs:
        if output.name in left and not (normalise and output.name == "conv_1"):  # its bias is gone, too
            assert np.allclose(output.values[..., 1], left[output.name], atol=1e-6), output.name


@pytest.mark.parametrize(
    ("activation", "normalise", "said"),
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
def test_switching_off_says_what_is_passed_on(store, activation, normalise, said):
    network(store, model(activation, normalise))
    at = open_page("inside", state={"_inside.more": True, "_inside.more.tab": "Switch parts off"})
    assert said in words(at)


def telling(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Largest | None:
    """The question that the page asks first, if any."""
    return largest_input(ops.contributions(x, weights, bias, telling_unit(x, weights, bias)))


@pytest.mark.parametrize(("activation", "plain"), [("relu", True), ("tanh", False)])
def test_the_largest_value_is_only_called_so_where_none_lies_below_0(store, activation, plain):
    for seed in range(20):  # until there is something to ask, and a value below 0 is the one farthest from it
        run = network(store, model(activation), seed=seed)
        x = ops.forward(run.recipe().layers(), run.weights(), centre(photos.sample("cat")))[-3].values
        weights = run.weights()
        asked = telling(x, weights["scores/kernel"], weights["scores/bias"])
        if asked and (plain or x[asked.value] < 0):
            break
    at = open_page("answer", query={"run": run.id})
    [options] = [group.options for group in at.button_group if str(group.key).startswith("_answer.largest")]
    assert any("it has the largest value" in option for option in options) == plain and len(options) == 3


@pytest.mark.parametrize(
    ("activation", "normalise", "said"),
    [
        ("leaky_relu", False, "from 0 to 1, with their bias."),
        ("linear", False, "no activation follows"),
        ("relu", True, "batch normalisation follows"),
    ],
)
def test_a_layer_of_a_network_has_its_own_formula(store, activation, normalise, said):
    network(store, model(activation, normalise))
    at = open_page("layer", state={"layer.source": "trained", "lesson.level": "formulas"})
    general = at.latex[0].value
    assert said in words(at) and ("with their bias" in words(at)) != normalise
    [asked] = [group for group in at.button_group if str(group.key).startswith("_layer.weights")]
    again = asked.set_value("27").run()
    assert ("no biases" in words(again)) == normalise and ("plus 3 biases" in words(again)) != normalise
    named = [name for name, one in ops.ACTIVATIONS.items() if f"a = {one.formula}" in general]
    assert named == (["leaky_relu"] if activation == "leaky_relu" else [])
    assert all("_" not in text for text in at.latex[1].value.split(r"\text{")[1:]), (
        "LaTeX takes it for an index"
    )
