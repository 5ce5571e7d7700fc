"""The shipped networks are what they say: whole, small, plain, and as accurate as recorded."""

import os

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.data import datasets
from cnnlab.runs import Store

RUNS = Store("nowhere").shipped()


def test_two_networks_are_shipped():
    assert [run.id for run in RUNS] == ["article", "champion"]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_a_shipped_network_is_whole_and_small(run):
    recipe = run.recipe()
    assert "JPEG copy" in recipe.note
    assert recipe.owner == ""
    assert run.state().phase == "finished"
    epochs = run.commanded("epochs", recipe.config.epochs)
    assert len(run.history()) == epochs
    assert run.kernel_epochs() == list(range(epochs + 1))
    size = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
    assert size < 10_000_000
    assert not (run.folder / "checkpoint").exists()
    probabilities = ops.forward(recipe.layers(), run.weights(), np.zeros((32, 32, 3), np.uint8))[-1].values
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_its_model_file_holds_the_same_network(run):
    import keras

    model = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    assert not model.compiled
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    mine = ops.forward(run.recipe().layers(), run.weights(), image[0])[-1].values
    np.testing.assert_allclose(mine, np.asarray(model(image))[0], atol=1e-5)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_the_recorded_accuracy_is_that_on_the_real_test_set(run):
    if not os.environ.get("CNNLAB_CIFAR10"):
        pytest.skip("needs CIFAR-10 (set CNNLAB_CIFAR10)")
    import keras

    from cnnlab.training import models

    data = datasets.load("cifar10")
    model = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    right = models.predict(model, data.test_images).argmax(1) == data.test_labels
    assert right.mean() == pytest.approx(run.evaluation().accuracy, abs=0.001)
