"""Configurations: the article's preset is exactly the article's, and nonsense is refused with a reason."""

import math

import pytest
from pydantic import ValidationError

from cnnlab import ops
from cnnlab.config import OPTIMIZERS, ConvBlock, DenseBlock, ModelConfig, TrainConfig, steps_per_epoch
from cnnlab.config.presets import PRESETS

ARTICLE = PRESETS["article"].config


def test_the_articles_network_layer_by_layer():
    layers = ARTICLE.model.layers(10)
    conv = {"kernel": 3, "stride": 1, "padding": "valid", "bias": True}
    pool = {"mode": "max", "window": 2, "stride": 2, "padding": "valid"}
    assert layers == [
        ops.Rescale("rescale", 1 / 255),
        ops.Conv("conv_1", filters=32, **conv),
        ops.Activation("conv_1_relu", "relu"),
        ops.Pool("pool_1", **pool),
        ops.Conv("conv_2", filters=64, **conv),
        ops.Activation("conv_2_relu", "relu"),
        ops.Pool("pool_2", **pool),
        ops.Conv("conv_3", filters=64, **conv),
        ops.Activation("conv_3_relu", "relu"),
        ops.Flatten("flatten"),
        ops.Dense("dense_1", units=64),
        ops.Activation("dense_1_relu", "relu"),
        ops.Dense("scores", units=10),
        ops.Softmax("softmax"),
    ]
    assert sum(ops.parameters(layers, (32, 32, 3))) == 122_570
    assert sum(ops.multiplications(layers, (32, 32, 3))) == 4_548_608


def test_the_articles_recipe():
    assert (ARTICLE.optimizer, ARTICLE.learning_rate) == ("adam", OPTIMIZERS["adam"].rate)
    assert (ARTICLE.loss, ARTICLE.epochs, ARTICLE.batch_size) == ("cross_entropy", 10, 64)
    assert ARTICLE.validation == 0.1
    assert not ARTICLE.open_test


def test_a_configuration_survives_its_file():
    text = ARTICLE.model_dump_json()
    assert TrainConfig.model_validate_json(text) == ARTICLE


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"validation": 0.9}, "validation"),
        ({"dataset": "imagenet"}, "imagenet"),
        ({"optimizer": "magic"}, "optimizer"),
        ({"limit": 0}, "limit"),
        ({"batch_size": 0}, "batch_size"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_nonsense_is_refused_by_name(change, word):
    with pytest.raises(ValidationError, match=word):
        TrainConfig.model_validate(ARTICLE.model_dump() | change)


def test_layer_names_are_unique_and_linear_adds_no_layer():
    block = ConvBlock(filters=4, normalise=True, activation="linear", pool="average", dropout=0.2)
    model = ModelConfig(
        blocks=(block, block), head="global_average", dense=(DenseBlock(units=3, dropout=0.1),)
    )
    names = [layer.name for layer in model.layers(5)]
    assert len(names) == len(set(names))
    kinds = [layer.kind for layer in block.layers(1)]
    assert kinds == ["conv", "norm", "pool", "dropout"]


@pytest.mark.parametrize(
    ("images", "batch", "steps"), [(45_000, 64, 704), (50_000, 64, 782), (64, 64, 1), (65, 64, 2)]
)
def test_steps_per_epoch(images, batch, steps):
    assert steps_per_epoch(images, batch) == steps
