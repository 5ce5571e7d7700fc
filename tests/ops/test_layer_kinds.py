"""Is every kind of layer known wherever layers are spoken of, and do its forms agree, with Keras too?"""

import runpy
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.data import cifar10
from cnnlab.export.code import network as written
from cnnlab.training import layers as trained
from cnnlab.training import models, speed
from cnnlab.ui.lessons.network import cell_arithmetic
from cnnlab.ui.widgets import layer_words
from cnnlab.ui.widgets.layer_view import View
from tests.ops.every_kind import ENDS, KERAS_NAMES, every_kind
from tests.support.networks import random_weights

MAPS, ROW = (9, 7, 3), (12,)
TABLES = {
    "Keras layer and time": trained.LAYERS,
    "line of code": written.LINES,
    "words": layer_words.WORDS,
    "arithmetic": cell_arithmetic.DRAWN,
}
EXAMPLES = [
    (ops.Rescale("rescale", 1 / 255), MAPS),
    (ops.Conv("conv", 5, 3), MAPS),
    (ops.Conv("conv", 4, 2, stride=2, padding="same", bias=False), MAPS),
    (ops.BatchNorm("norm"), MAPS),
    (ops.BatchNorm("norm"), ROW),
    *((ops.Activation("activation", name), MAPS) for name in ops.ACTIVATIONS),
    (ops.Softmax("softmax"), ROW),
    *((ops.Pool("pool", mode, 2, stride=2), MAPS) for mode in ("max", "average")),
    *((ops.Pool("pool", mode, 3, stride=2, padding="same"), MAPS) for mode in ("max", "average")),
    (ops.Dropout("dropout", 0.5), MAPS),
    (ops.Flatten("flatten"), MAPS),
    (ops.GlobalAverage("average"), MAPS),
    (ops.GlobalMax("max"), MAPS),
    (ops.Dense("dense", 6), ROW),
    (ops.Add("add", "earlier"), MAPS),
]
each = pytest.mark.parametrize(("layer", "shape"), EXAMPLES, ids=lambda one: getattr(one, "kind", None))


def test_the_registry_holds_every_kind_under_its_name_and_every_kind_has_an_example():
    assert set(ops.LAYER_KINDS.values()) == set(ops.Layer.__subclasses__())
    assert all(kind.kind == name for name, kind in ops.LAYER_KINDS.items())
    assert {type(layer) for layer, _shape in EXAMPLES} == set(ops.LAYER_KINDS.values())
    assert {type(layer) for layer in every_kind("flatten")} | {ops.GlobalAverage, ops.GlobalMax} == set(
        ops.LAYER_KINDS.values()
    )


@pytest.mark.parametrize("table", TABLES)
def test_no_table_lacks_a_kind(table):
    assert set(TABLES[table]) == set(ops.LAYER_KINDS.values())


@each
def test_shape_parameters_values_and_gradient_are_those_of_keras(keras, rng, layer, shape):
    import tensorflow as tf

    x = rng.normal(size=shape).astype(np.float32)
    arrays = {
        part: (rng.uniform(0.5, 2, size) if part == "variance" else rng.normal(size=size)).astype(np.float32)
        for part, size in layer.weight_shapes(shape).items()
    }
    made = trained.keras_layer(layer, 1, None, "float32", for_training=False)
    assert made.name == layer.name
    others = [rng.normal(size=shape).astype(np.float32)] if layer.joined else []
    inputs = [tf.constant(one[np.newaxis]) for one in (x, *others)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        made(inputs if others else inputs[0], training=False)  # builds it
        variables = {variable.name: variable for variable in made.weights}
        for part, values in arrays.items():
            variables[KERAS_NAMES.get(part, part)].assign(values)
        theirs = made(inputs if others else inputs[0], training=False)
    assert sum(values.size for values in arrays.values()) == made.count_params()
    given = arrays | ({"joined": others[0]} if others else {})
    y = layer.forward(x, given)
    assert y.shape == layer.output_shape(shape) == tuple(theirs.shape[1:])
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, theirs[0], rtol=1e-4, atol=1e-5)
    gradient = rng.normal(size=y.shape).astype(np.float32)
    expected = tape.gradient(theirs, inputs, output_gradients=tf.constant(gradient[np.newaxis]))
    back = layer.backward(x, y, gradient, given)
    assert back.shape == shape
    np.testing.assert_allclose(back, expected[0][0], rtol=1e-3, atol=1e-4)
    for other in expected[1:]:
        np.testing.assert_allclose(other[0], gradient)  # what it joins gets the gradient as it is


@each
def test_multiplications_are_what_ones_add_up_to(layer, shape):
    """With every input and weight 1 and no bias, the outputs add up to how many products there are."""
    kernel = layer.weight_shapes(shape).get("kernel")
    if kernel is None:
        assert layer.multiplications(shape) == 0
        return
    arrays = {part: np.zeros(size, np.float32) for part, size in layer.weight_shapes(shape).items()}
    total = layer.forward(np.ones(shape, np.float32), arrays | {"kernel": np.ones(kernel, np.float32)}).sum()
    assert total <= layer.multiplications(shape)
    if (
        not layer.sliding or layer.sliding.padding == "valid"
    ):  # else products with a zero border count as well
        assert total == layer.multiplications(shape)


@each
def test_the_way_back_of_a_cell_stays_in_its_receptive_field(rng, layer, shape):
    if len(shape) != 3 or len(layer.output_shape(shape)) != 3:
        assert layer.sliding is None
        return
    assert layer.sliding or layer.output_shape(shape) == shape
    arrays = {part: np.ones(size, np.float32) for part, size in layer.weight_shapes(shape).items()}
    x = rng.normal(size=shape).astype(np.float32)
    y = layer.forward(x, arrays | ({"joined": x} if layer.joined else {}))
    for row, col in np.ndindex(y.shape[:2]):
        gradient = np.zeros(y.shape, np.float32)
        gradient[row, col] = 1
        rows, cols, _channels = layer.backward(x, y, gradient, arrays).nonzero()
        before = [ops.Rescale("earlier", 1.0)] if layer.joined else []
        field = ops.receptive_field([*before, layer], layer.name, row, col, shape)
        if rows.size:
            assert field.rows[0] <= rows.min() and rows.max() <= field.rows[1]
            assert field.cols[0] <= cols.min() and cols.max() <= field.cols[1]


@each
def test_its_time_depends_on_as_many_measures_as_are_timed(layer, shape):
    assert len(trained.measures(layer, shape, 4)) == speed.MEASURES[trained.kind_of(layer)]


@each
def test_its_words_say_what_it_stores_and_whether_it_changes_the_shape(layer, shape):
    said = layer_words.words(layer)
    assert layer_words.title(layer) and layer_words.heading(layer)
    assert said.step or said.added or layer.kind == "rescale"  # that stands in the photo's row
    terms = [[int(one) for one in term.split("×")] for term in said.weights(shape[-1]).split(" + ") if term]
    assert sum(map(prod, terms)) == sum(prod(size) for size in layer.weight_shapes(shape).values())
    assert bool(said.box) == (layer.output_shape(shape) != shape)


@pytest.mark.parametrize("end", ENDS)
def test_the_lines_of_code_build_the_network_that_is_trained(keras, tmp_path, end):
    layers = every_kind(end)
    _words, code = written.network(layers, 0.01, "float32")
    script = tmp_path / "network.py"
    script.write_text(f"import keras\nfrom keras import layers\n\nSEED = 3\n{code}\n")
    theirs, ours = runpy.run_path(str(script))["model"], models.build(layers, 0.01, 3)
    assert [type(one) for one in theirs.layers] == [type(one) for one in ours.layers]
    assert [one.get_config() for one in theirs.layers] == [one.get_config() for one in ours.layers]
    for name, values in models.weights(ours).items():
        np.testing.assert_array_equal(values, models.weights(theirs)[name])


def draw(see, place, cell):
    from cnnlab.ui.lessons.network import cell_arithmetic

    cell_arithmetic.arithmetic(see, place, 1, cell)


@pytest.mark.parametrize("end", ENDS)
def test_a_number_of_every_layer_says_how_it_was_made(rng, end):
    layers = every_kind(end)
    image = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    weights = random_weights(layers, image.shape, rng)
    net = SimpleNamespace(weights=weights, classes=cifar10.CLASSES)
    see = View(net, image, ops.forward(layers, weights, image))
    said = {}
    for place, layer in enumerate(layers):
        at = AppTest.from_function(draw, default_timeout=300, args=(see, place, (1, 2)))
        at.session_state["lesson.level"] = "formulas"
        said[layer.name] = at.run()
        assert not at.exception, (layer, at.exception)
        assert len(at.main), layer
    x, other, y = (
        see.outputs[see.place(name)].values[1, 2, 1] for name in ("conv_2_gelu", "conv_1_relu", "add_1")
    )
    numbers = [f"{abs(value):.3f}" for value in (x, other, y)]
    assert all(number in said["add_1"].latex[0].value for number in numbers)
