"""Does a whole network compute in NumPy what it computes in Keras?"""

from math import prod

import numpy as np
import pytest

from cnnlab import ops

ENDS = ["flatten", "global_average", "global_max"]


def conv(name, filters, **changes):
    plain = {"kernel": 3, "stride": 1, "padding": "same", "bias": True}
    return {"kind": "conv", "name": name, "filters": filters} | plain | changes


def pool(name, mode, **changes):
    return {
        "kind": "pool",
        "name": name,
        "mode": mode,
        "window": 2,
        "stride": 2,
        "padding": "valid",
    } | changes


def activation(name, function):
    return {"kind": "activation", "name": name, "function": function}


def every_kind(end):
    """Return a flat layer list with every kind of layer and every activation, its maps ending in `end`."""
    return [
        {"kind": "rescale", "name": "rescale", "scale": 1 / 255},
        conv("conv_1", 8, kernel=5, padding="valid"),
        activation("conv_1_relu", "relu"),
        conv("conv_2", 8, bias=False),
        {"kind": "norm", "name": "conv_2_norm", "epsilon": 1e-3},
        activation("conv_2_gelu", "gelu"),
        {"kind": "add", "name": "add_1", "with": "conv_1_relu"},
        pool("pool_1", "max", window=3, padding="same"),
        conv("conv_3", 12, stride=2, kernel=2),
        activation("conv_3_elu", "elu"),
        {"kind": "dropout", "name": "dropout_1", "rate": 0.3},
        conv("conv_4", 12, kernel=1),
        activation("conv_4_leaky", "leaky_relu"),
        pool("pool_2", "average", window=3, stride=1, padding="same"),
        activation("pool_2_tanh", "tanh"),
        pool("pool_3", "average"),
        activation("pool_3_linear", "linear"),
        {"kind": end, "name": end},
        {"kind": "dense", "name": "dense_1", "units": 16},
        activation("dense_1_sigmoid", "sigmoid"),
        {"kind": "dense", "name": "scores", "units": 10},
        activation("softmax", "softmax"),
    ]


def keras_model(keras, layers, shape):
    """Return a Keras model that gives the output of every layer."""
    kinds = {
        "rescale": lambda spec: keras.layers.Rescaling(spec["scale"]),
        "conv": lambda spec: keras.layers.Conv2D(
            spec["filters"],
            spec["kernel"],
            strides=spec["stride"],
            padding=spec["padding"],
            use_bias=spec["bias"],
            name=spec["name"],
        ),
        "norm": lambda spec: keras.layers.BatchNormalization(epsilon=spec["epsilon"], name=spec["name"]),
        "activation": lambda spec: keras.layers.Activation(spec["function"]),
        "pool": lambda spec: {
            "max": keras.layers.MaxPooling2D,
            "average": keras.layers.AveragePooling2D,
        }[spec["mode"]](spec["window"], strides=spec["stride"], padding=spec["padding"]),
        "dropout": lambda spec: keras.layers.Dropout(spec["rate"]),
        "flatten": lambda spec: keras.layers.Flatten(),
        "global_average": lambda spec: keras.layers.GlobalAveragePooling2D(),
        "global_max": lambda spec: keras.layers.GlobalMaxPooling2D(),
        "dense": lambda spec: keras.layers.Dense(spec["units"], name=spec["name"]),
        "add": lambda spec: keras.layers.Add(),
    }
    x = photo = keras.Input(shape)
    outputs = {}
    for spec in layers:
        layer = kinds[spec["kind"]](spec)
        x = layer([x, outputs[spec["with"]]]) if spec["kind"] == "add" else layer(x)
        outputs[spec["name"]] = x
    return keras.Model(photo, list(outputs.values()))


def random_weights(layers, shape, rng):
    """Return weights under which outputs neither vanish nor explode; variances are positive."""
    weights = {}
    for layer, before in zip(layers, [shape, *ops.output_shapes(layers, shape)], strict=False):
        for part, size in ops.weight_shapes(layer, before).items():
            spread = 1 / np.sqrt(prod(size[:-1])) if part == "kernel" else 0.3
            values = rng.uniform(0.5, 2, size) if part == "variance" else spread * rng.normal(size=size)
            weights[f"{layer['name']}/{part}"] = values.astype(np.float32)
    return weights


KERAS_NAMES = {"mean": "moving_mean", "variance": "moving_variance"}


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
    assert [output.name for output in ours] == [layer["name"] for layer in layers]
    assert [output.kind for output in ours] == [layer["kind"] for layer in layers]
    assert [output.spec for output in ours] == layers
    assert [output.values.shape for output in ours] == ops.output_shapes(layers, shape)
    for output, expected in zip(ours, theirs, strict=True):
        expected = np.asarray(expected)[0]
        assert output.values.dtype == np.float32
        assert np.abs(expected).max() > 1e-3, f"{output.name} is too still to test anything"
        difference = np.abs(output.values - expected).max() / np.abs(expected).max()
        assert difference < 1e-4, output.name


def test_the_article_by_numbers(article):
    shape = 32, 32, 3
    sizes = dict(zip([layer["name"] for layer in article], ops.output_shapes(article, shape), strict=True))
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
    layers = [conv("conv_1", 8, bias=False), {"kind": "norm", "name": "norm", "epsilon": 1e-3}]
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
            [{"kind": "dense", "name": "early", "units": 3}],
            r"early: a row of numbers .* but \(8, 8, 3\) comes in",
        ),
        (
            [{"kind": "flatten", "name": "flatten"}, conv("late", 4)],
            r"late: maps .* but \(192,\) comes in",
        ),
        (
            [conv("one", 4), conv("two", 5), {"kind": "add", "name": "sum", "with": "one"}],
            r'sum: .* \(8, 8, 5\) comes in and "one" gives \(8, 8, 4\)',
        ),
        ([{"kind": "add", "name": "sum", "with": "nobody"}], 'sum: there is no earlier layer "nobody"'),
        ([{"kind": "dream", "name": "odd"}], 'odd: there is no layer of the kind "dream"'),
        ([pool("odd", "median")], 'odd: pooling is "max" or "average", not "median"'),
        ([activation("odd", "swoosh")], 'odd: there is no activation "swoosh"'),
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
