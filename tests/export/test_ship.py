"""A finished run becomes a small folder that holds the same network."""

import numpy as np
import pytest

from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.export import ship
from cnnlab.runs import Phase, Run, RunError, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.training import models


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run, written by hand: its weights are the initial ones."""
    config = PRESETS["sprint"].config.model_copy(update={"dataset": "digits", "epochs": 1})
    store = Store(tmp_path_factory.mktemp("runs"))
    run = store.create(config, datasets.load("digits").classes, preset="sprint", owner="0" * 32)
    model = models.build(run.recipe().layers(), 0, seed=3)
    weights = models.weights(model)
    kernels = {name: array for name, array in weights.items() if name.startswith("conv") and array.ndim == 4}
    with Attempt(run, run.claim("test")) as attempt:
        row = {"epoch": 1, "loss": 2.0, "accuracy": 0.2, "val_loss": 2.1, "val_accuracy": 0.19}
        attempt.write_history([row | {"learning_rate": 0.01, "seconds": 1.5}])
        attempt.write_kernels(0, kernels)
        attempt.write_kernels(1, kernels)
        attempt.write_result(weights)
        model.save(run.folder / "model.keras")
        attempt.enter(Phase.FINISHED)
    return run


def test_a_sealed_run_is_not_shipped(run, tmp_path):
    with pytest.raises(RunError):
        ship.ship(run, tmp_path / "sealed", "")


def test_the_shipped_folder_is_the_same_network_but_smaller(run, tmp_path):
    import keras

    labels = np.arange(20) % 10
    run.save_evaluation(np.full((20, 10), 0.1), labels)
    ship.ship(run, tmp_path / "kite", "a note")
    shipped = Run(tmp_path / "kite")

    assert shipped.recipe().owner == ""
    assert shipped.recipe().note == "a note"
    assert shipped.recipe().config == run.recipe().config
    assert shipped.history() == run.history()
    np.testing.assert_array_equal(shipped.evaluation().labels, labels)
    assert shipped.kernel_epochs() == [0, 1]
    np.testing.assert_array_equal(shipped.kernel(1, "conv_1"), run.kernel(1, "conv_1"))
    assert shipped.kernel(1, "conv_2") is None

    before, after = run.weights(), shipped.weights()
    in_keras = models.weights(keras.models.load_model(tmp_path / "kite" / "model.keras", safe_mode=True))
    for name, array in before.items():
        assert after[name].dtype == np.float32
        np.testing.assert_allclose(after[name], array, rtol=2**-11, atol=2**-25)
        np.testing.assert_array_equal(after[name], in_keras[name])
    for name in ("weights.npz", "model.keras"):
        sizes = [(folder / name).stat().st_size for folder in (tmp_path / "kite", run.folder)]
        assert sizes[0] < 0.65 * sizes[1]
