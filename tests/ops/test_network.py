"""Does a whole network compute in NumPy what it computes in Keras?"""

import numpy as np
import pytest

from cnnlab import ops
from tests.ops.every_kind import ENDS, KERAS_NAMES, conv, every_kind, keras_model, pool
from tests.support.networks import random_weights


@pytest.mark.parametrize("shape", [(32, 32, 3), (19, 26, 1)])
@pytest.mark.parametrize("end", ENDS)
def test_every_layer_equals_keras(keras, rng, end, shape):
    layers = every_kind(end)
    weights = random_weights(layers, shape, rng)
    model = keras_model(keras, layers, shape)
    for key, values in weights.items():
        name, part = key.split("/")
        variables = {variable.name: variable for variable in model.get_layer(name).weights}
        variables[KERAS_NAMES.get(part, part)].assign(values)
    assert sum(values.size for values in weights.values()) == model.count_params()
    assert sum(ops.parameters(layers, shape)) == model.count_params()

    photo = rng.integers(0, 256, shape).astype(np.uint8)
    theirs = model(photo[None].astype(np.float32), training=False)
    ours = ops.forward(layers, weights, photo)
    assert [output.name for output in ours] == [layer.name for layer in layers]
    assert [output.layer for output in ours] == layers
    assert [output.values.shape for output in ours] == ops.output_shapes(layers, shape)
    for output, expected in zip(ours, theirs, strict=True):
        expected = np.asarray(expected)[0]
        assert output.values.dtype == np.float32
        assert np.abs(expected).max() > 1e-3, f"{output.name} is too still to test anything"
        difference = np.abs(output.values - expected).max() / np.abs(expected).max()
        assert difference < 1e-4, output.name


def test_the_article_by_numbers(article):
    shape = 32, 32, 3
    sizes = dict(zip([layer.name for layer in article], ops.output_shapes(article, shape), strict=True))
    assert sizes["conv_1"] == (30, 30, 32)
    assert sizes["pool_2"] == (6, 6, 64)
    assert sizes["conv_3_relu"] == (4, 4, 64)
    assert sizes["flatten"] == (1024,)
    assert sizes["softmax"] == (10,)
    assert [count for count in ops.parameters(article, shape) if count] == [896, 18_496, 36_928, 65_600, 650]
    assert sum(ops.parameters(article, shape)) == 122_570
    counts = [count for count in ops.multiplications(article, shape) if count]
    assert counts == [777_600, 3_115_008, 589_824, 65_536, 640]
    assert sum(ops.multiplications(article, shape)) == 4_548_608


def test_a_bias_less_convolution_and_a_norm_count_as_keras_counts():
    layers = [conv("conv_1", 8, bias=False), ops.BatchNorm("norm")]
    assert ops.parameters(layers, (9, 9, 3)) == [3 * 3 * 3 * 8, 4 * 8]


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        (
            [conv("first", 4, kernel=9, padding="valid")],
            "first: a window of 9 cells does not fit into an input of 8",
        ),
        ([pool("small", "max", window=9)], "small: a window of 9 cells does not fit into an input of 8"),
        ([conv("first", 4, stride=0)], "first: the stride must be .* but it is 0"),
        (
            [ops.Dense("early", 3)],
            r"early: a row of numbers .* but \(8, 8, 3\) comes in",
        ),
        (
            [ops.Flatten("flatten"), conv("late", 4)],
            r"late: maps .* but \(192,\) comes in",
        ),
        (
            [conv("one", 4), conv("two", 5), ops.Add("sum", "one")],
            r'sum: .* \(8, 8, 5\) comes in and "one" gives \(8, 8, 4\)',
        ),
        ([ops.Add("sum", "nobody")], 'sum: there is no earlier layer "nobody"'),
        ([pool("odd", "median")], 'odd: pooling is "max" or "average", not "median"'),
        ([ops.Activation("odd", "swoosh")], 'odd: there is no activation "swoosh"'),
    ],
)
def test_a_layer_that_does_not_fit_is_named(layers, sentence):
    for compute in (ops.output_shapes, ops.parameters, ops.multiplications):
        with pytest.raises(ops.GeometryError, match=sentence):
            compute(layers, (8, 8, 3))
    with pytest.raises(ops.GeometryError, match=sentence):
        ops.forward(layers, {}, np.zeros((8, 8, 3)))


def test_weights_that_are_missing_or_misshapen_are_named(rng):
    layers = [conv("first", 4)]
    weights = random_weights(layers, (8, 8, 3), rng)
    with pytest.raises(ops.GeometryError, match='first: the weights hold no "first/bias"'):
        ops.forward(layers, {"first/kernel": weights["first/kernel"]}, np.zeros((8, 8, 3)))
    wrong = weights | {"first/kernel": np.zeros((3, 3, 3, 5))}
    with pytest.raises(ops.GeometryError, match=r"first: .* \(3, 3, 3, 4\), but .* \(3, 3, 3, 5\)"):
        ops.forward(layers, wrong, np.zeros((8, 8, 3)))
    with pytest.raises(ops.GeometryError, match=r"first: maps .* but \(8, 8\) comes in"):
        ops.forward(layers, weights, np.zeros((8, 8)))


def test_weights_from_a_file_serve_as_they_are(tmp_path, article, rng):
    weights, photo = random_weights(article, (32, 32, 3), rng), rng.integers(0, 256, (32, 32, 3))
    np.savez(tmp_path / "weights.npz", **weights)
    with np.load(tmp_path / "weights.npz") as stored:
        from_file = ops.forward(article, stored, photo)[-1].values
    np.testing.assert_array_equal(from_file, ops.forward(article, weights, photo)[-1].values)
