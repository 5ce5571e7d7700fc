"""Do the pictures made for a kernel, and the patches found for it, excite it as they claim?"""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.data import datasets
from cnnlab.files import write_arrays
from cnnlab.inspection.activation_maximisation import EVERY, GREY, maximise
from cnnlab.inspection.top_patches import BEST, best_patches
from cnnlab.runs import Store
from cnnlab.training import models

pytest.importorskip("keras")

CONFIG = ModelConfig(
    blocks=(
        ConvBlock(filters=4, kernel=5, activation="linear"),
        ConvBlock(filters=6, kernel=3, padding="same", normalise=True, activation="gelu", pool="max"),
    ),
    head="global_average",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A network with random weights of no small size; kernel 4 of the first layer is all zeros."""
    store = Store(tmp_path_factory.mktemp("patterns"))
    config = TrainConfig(model=CONFIG, dataset="digits", limit=120, validation=0.25)
    run = store.create(config, datasets.load("digits").classes, preset="own", owner="anna")
    arrays = models.weights(models.build(run.recipe().layers(), 0, seed=5))
    arrays["conv_1/kernel"][..., 3] = 0
    write_arrays(run.folder / "weights.npz", arrays)
    return store, run


@pytest.fixture(scope="module")
def model(run):
    _store, run = run
    model = models.build(run.recipe().layers(), 0, seed=0)
    models.set_weights(model, run.weights())
    return model


def test_the_picture_made_for_a_kernel_of_the_first_layer_is_the_kernel(model):
    kernel = np.asarray(model.get_layer("conv_1").kernel)[..., 1]
    made = maximise(model, "conv_1", 1, steps=96)
    assert list(made.steps) == list(range(0, 97, EVERY))
    middle = 28 // 2  # the middle cell of the map; its window begins there as well, for there is no border
    window = made.pictures[-1][middle : middle + 5, middle : middle + 5] - GREY
    alike = (window * kernel).sum() / np.linalg.norm(window) / np.linalg.norm(kernel)
    assert alike > 0.85
    # All a picture can do: white where a weight is positive, black where it is negative.
    most = np.maximum(kernel, 0).sum() + float(model.get_layer("conv_1").bias[1])
    assert 0.75 * most < made.values[-1] <= most
    assert made.values[0] < 0.3 * most
    assert np.abs(np.delete(made.pictures[-1], range(10, 24), axis=0) - GREY).mean() < 15, "noise has faded"


@pytest.mark.parametrize(("layer", "unit"), [("conv_2_norm", 2), ("scores", 7)])
def test_the_number_rises_and_the_pictures_are_what_it_was_measured_on(run, model, layer, unit):
    _store, run = run
    made = maximise(model, layer, unit, steps=64, seed=1)

    def measured(picture) -> float:
        out = {o.name: o.values for o in ops.forward(run.recipe().layers(), run.weights(), picture)}[layer]
        return float(out[(14, 14, unit) if out.ndim == 3 else unit])

    for picture, value in zip(made.pictures[[0, -1]], made.values[[0, -1]], strict=True):
        assert measured(picture) == pytest.approx(value, rel=1e-3, abs=1e-4)
    digits = datasets.load("digits").test_images[:40]
    assert made.values[-1] > max(made.values[0], *map(measured, digits))


def test_a_kernel_that_nothing_moves_gets_grey_noise(model):
    made = maximise(model, "conv_1", 3, steps=8)
    assert np.unique(made.values).size == 1
    assert made.pictures[-1].std() < made.pictures[0].std()


@pytest.mark.parametrize(("layer", "kernel"), [("conv_1", 0), ("conv_2_norm", 4)])
def test_the_patches_are_the_strongest_of_the_runs_training_images(run, layer, kernel):
    store, run = run
    recipe, weights, data = run.recipe(), run.weights(), datasets.load("digits")
    found = best_patches(str(store.root), run.id, layer, kernel)
    training, held = datasets.split(len(data.train_images), 0.25, 120, recipe.config.seed)
    assert found.searched == len(training) == 90

    def strongest(image) -> float:
        outputs = ops.forward(recipe.layers(), weights, image)
        return max(o.values[..., kernel].max() for o in outputs if o.name == layer)

    everything = sorted((strongest(data.train_images[i]) for i in training), reverse=True)
    np.testing.assert_allclose(found.values, everything[:BEST], rtol=1e-4)
    for value, picture, label, rows, cols in zip(
        found.values, found.pictures, found.labels, found.rows, found.cols, strict=True
    ):
        same = [i for i in training if np.array_equal(data.train_images[i], picture)]
        assert label in data.train_labels[same]
        assert not set(same) & set(held)
        # What lies outside the patch does not matter to the cell.
        other = np.full_like(picture, 90)
        patch = np.s_[rows[0] : rows[1] + 1, cols[0] : cols[1] + 1]
        other[patch] = picture[patch]
        assert strongest(other) >= value - 1e-4 * abs(value)
    shape = np.diff(found.rows)[:, 0] + 1, np.diff(found.cols)[:, 0] + 1
    size = 5 if layer == "conv_1" else 7
    assert max(*shape[0], *shape[1]) == size
