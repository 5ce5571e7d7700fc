"""The Keras model and the NumPy network are the same network."""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.config.presets import PRESETS
from cnnlab.training import models

keras = pytest.importorskip("keras")

NETWORKS = {
    "article": PRESETS["article"].config.model,
    "every activation": ModelConfig(
        blocks=tuple(
            ConvBlock(filters=6, padding="same", activation=function)
            for function in ("leaky_relu", "elu", "gelu", "tanh", "sigmoid", "linear")
        ),
        head="global_average",
    ),
    "everything else": ModelConfig(
        blocks=(
            ConvBlock(
                filters=8, kernel=5, stride=2, padding="same", normalise=True, pool="average", dropout=0.3
            ),
            ConvBlock(filters=12, kernel=2, padding="same", normalise=True, pool="max", pool_window=3),
        ),
        head="global_max",
        dense=(DenseBlock(units=7, activation="gelu", dropout=0.5),),
        l2=1e-4,
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_numpy_agrees_with_keras_at_every_layer(name):
    layers = NETWORKS[name].layers(10)
    model = models.build(layers, NETWORKS[name].l2, seed=3)
    rng = np.random.default_rng(4)
    arrays = {k: rng.normal(0, 0.3, a.shape).astype(np.float32) for k, a in models.weights(model).items()}
    arrays = {k: np.abs(a) + 0.5 if k.endswith("/variance") else a for k, a in arrays.items()}
    models.set_weights(model, arrays)
    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    each = keras.Model(model.input, [layer.output for layer in model.layers[1:]])
    expected = each(image[np.newaxis], training=False)
    mine = ops.forward(layers, models.weights(model), image)
    assert [m.name for m in mine] == [layer.name for layer in model.layers[1:]]
    for output, theirs in zip(mine, expected, strict=True):
        theirs = np.asarray(theirs)[0]
        assert output.values.shape == theirs.shape
        difference = np.abs(output.values - theirs).max() / np.abs(theirs).max()
        assert difference < 1e-4, f"{output.name}: {difference:.1e}"


def test_parameters_as_keras_counts_them():
    for name, config in NETWORKS.items():
        layers = config.layers(10)
        model = models.build(layers, config.l2, seed=1)
        assert sum(ops.parameters(layers, (32, 32, 3))) == model.count_params(), name
    assert models.build(NETWORKS["article"].layers(10), 0, 1).count_params() == 122_570


def test_initial_weights_depend_on_the_seed_alone():
    layers = NETWORKS["article"].layers(10)
    one, same, other = (models.weights(models.build(layers, 0, seed)) for seed in (1, 1, 2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
    assert not np.array_equal(one["conv_1/kernel"], other["conv_1/kernel"])
    assert not np.array_equal(one["conv_3/kernel"][:, :, :32], one["conv_2/kernel"]), "layers differ"


def test_foreign_arrays_are_refused():
    layers = NETWORKS["article"].layers(10)
    model = models.build(layers, 0, 1)
    arrays = models.weights(model)
    with pytest.raises(ValueError, match="conv_1/bias"):
        models.set_weights(model, {k: v for k, v in arrays.items() if k != "conv_1/bias"})
    with pytest.raises(ValueError, match=r"conv_1/bias has shape \(31,\), the network needs \(32,\)"):
        models.set_weights(model, arrays | {"conv_1/bias": np.zeros(31, np.float32)})
