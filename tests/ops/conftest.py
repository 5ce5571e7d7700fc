"""What several tests of the operations need."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def keras():
    """Keras, imported once and only for the tests that compare with it."""
    import keras

    return keras


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def article_layers():
    """Return the flat layer list of the article's network for ten classes."""
    layers = [{"kind": "rescale", "name": "rescale", "scale": 1 / 255}]
    for number, filters in enumerate((32, 64, 64), start=1):
        conv = {"kernel": 3, "stride": 1, "padding": "valid", "bias": True}
        layers.append({"kind": "conv", "name": f"conv_{number}", "filters": filters, **conv})
        layers.append({"kind": "activation", "name": f"conv_{number}_relu", "function": "relu"})
        if number < 3:
            pool = {"mode": "max", "window": 2, "stride": 2, "padding": "valid"}
            layers.append({"kind": "pool", "name": f"pool_{number}", **pool})
    return [
        *layers,
        {"kind": "flatten", "name": "flatten"},
        {"kind": "dense", "name": "dense_1", "units": 64},
        {"kind": "activation", "name": "dense_1_relu", "function": "relu"},
        {"kind": "dense", "name": "scores", "units": 10},
        {"kind": "activation", "name": "softmax", "function": "softmax"},
    ]


@pytest.fixture
def article():
    return article_layers()
