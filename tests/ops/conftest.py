"""What several tests of the operations need."""

import numpy as np
import pytest

from cnnlab import ops


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
    layers = [ops.Rescale("rescale", 1 / 255)]
    for number, filters in enumerate((32, 64, 64), start=1):
        layers.append(ops.Conv(f"conv_{number}", filters, kernel=3))
        layers.append(ops.Activation(f"conv_{number}_relu", "relu"))
        if number < 3:
            layers.append(ops.Pool(f"pool_{number}", "max", window=2, stride=2))
    return [
        *layers,
        ops.Flatten("flatten"),
        ops.Dense("dense_1", 64),
        ops.Activation("dense_1_relu", "relu"),
        ops.Dense("scores", 10),
        ops.Softmax("softmax"),
    ]


@pytest.fixture
def article():
    return article_layers()
