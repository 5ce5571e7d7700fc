"""Networks with random weights, small enough for a test and with every kind of part."""

from math import prod

import numpy as np

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig

SHAPE = (32, 32, 3)
SMALL = ModelConfig(
    blocks=(ConvBlock(filters=4, pool="max"), ConvBlock(filters=5, normalise=True, activation="tanh")),
    head="global_average",
    dense=(DenseBlock(units=6),),
)


def random_weights(layers, shape=SHAPE, seed: int | np.random.Generator = 0) -> dict[str, np.ndarray]:
    """Return weights under which outputs neither vanish nor explode; variances are positive."""
    rng, weights = np.random.default_rng(seed), {}
    for name, size in ops.network_shapes(layers, shape).items():
        part = name.rpartition("/")[2]
        spread = 1 / np.sqrt(prod(size[:-1])) if part == "kernel" else 0.3
        values = rng.uniform(0.5, 2, size) if part == "variance" else spread * rng.normal(size=size)
        weights[name] = values.astype(np.float32)
    return weights


def outputs(run, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a run's network computes for an image, layer by layer."""
    return {out.name: out.values for out in ops.forward(run.recipe().layers(), run.weights(), image)}


def probabilities(run, image: np.ndarray) -> np.ndarray:
    """Return what a run's network answers for an image."""
    return list(outputs(run, image).values())[-1]
