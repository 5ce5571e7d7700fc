"""Do the checks that run in the look worker find what they should find, and nothing else?"""

import numpy as np
import pytest

from cnnlab.config import ConvBlock, DenseBlock, ModelConfig
from cnnlab.evaluation.keras_parity import difference
from cnnlab.files import write_arrays
from cnnlab.runs import RunError, Store
from cnnlab.training.trained_model import trained
from tests.support.runs import network

pytest.importorskip("keras")

CONFIGS = {
    "normalised, average, global average": ModelConfig(
        blocks=(
            ConvBlock(filters=5, kernel=5, stride=2, padding="same", normalise=True, pool="average"),
            ConvBlock(filters=7, activation="gelu", dropout=0.2),
        ),
        head="global_average",
    ),
    "global maximum, other activations": ModelConfig(
        blocks=(
            ConvBlock(filters=6, activation="elu", pool="max", pool_window=3),
            ConvBlock(filters=4, activation="linear", padding="same", dropout=0.5),
            ConvBlock(filters=4, activation="leaky_relu", kernel=1),
        ),
        head="global_max",
        dense=(
            DenseBlock(units=9, activation="tanh", dropout=0.1),
            DenseBlock(units=8, activation="sigmoid"),
        ),
    ),
    "no convolution": ModelConfig(blocks=()),
}


def photo(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def made(root, name):
    """Return a run with random weights of the right shapes, as if it had been trained."""
    return network(Store(root), CONFIGS[name], dataset="digits", classes=tuple("abcd"), owner="anna")


def test_a_trained_network_equals_keras_at_every_layer(digits_run):
    store, run = digits_run
    rows = difference(str(store.root), run.id, photo())
    assert [name for name, _absolute, _relative in rows] == [layer.name for layer in run.recipe().layers()]
    for name, absolute, relative in rows:
        assert 0 <= relative < 1e-4, f"{name}: {relative:.1e}"
        assert np.isfinite(absolute)
    assert max(absolute for _name, absolute, _relative in rows) > 0, "float32 sums in another order differ"


@pytest.mark.parametrize("name", CONFIGS)
def test_networks_of_every_kind_equal_keras(tmp_path, name):
    run = made(tmp_path, name)
    rows = difference(str(tmp_path), run.id, photo())
    assert [row[0] for row in rows] == [layer.name for layer in run.recipe().layers()]
    assert max(row[2] for row in rows) < 1e-4


def test_a_difference_is_found_where_it_begins(tmp_path, monkeypatch):
    """Give our side other arithmetic in one layer: that layer and those after it must show it."""
    from cnnlab import ops

    run = made(tmp_path, "normalised, average, global average")
    honest = ops.forward

    def wrong(layers, weights, image):
        spoiled = {name: a * 1.01 if name == "conv_2/kernel" else a for name, a in weights.items()}
        return honest(layers, spoiled, image)

    monkeypatch.setattr(ops, "forward", wrong)
    relative = {row[0]: row[2] for row in difference(str(tmp_path), run.id, photo())}
    assert relative["pool_1"] < 1e-5
    assert relative["conv_2"] > 1e-3


def test_new_weights_are_read_again(tmp_path):
    """The model is kept between calls; weights of the next epoch must not be answered with the old ones."""

    run = made(tmp_path, "no convolution")
    arrays = run.weights()
    difference(str(tmp_path), run.id, photo())
    old = run.written()
    write_arrays(run.folder / "weights.npz", {name: 2 * a for name, a in arrays.items()})
    assert run.written() != old
    found = trained(run)
    np.testing.assert_array_equal(found.weights["scores/kernel"], 2 * arrays["scores/kernel"])
    kernel = np.asarray(found.model.get_layer("scores").kernel)
    np.testing.assert_array_equal(kernel, 2 * arrays["scores/kernel"])


def test_deleted_and_damaged_runs_are_said_so(tmp_path):
    run = made(tmp_path, "no convolution")
    (run.folder / "weights.npz").write_bytes(b"no archive")
    with pytest.raises(RunError, match=r"weights\.npz"):
        difference(str(tmp_path), run.id, photo())
    run.delete("anna")
    with pytest.raises(RunError, match="no run called"):
        difference(str(tmp_path), run.id, photo())
