"""Do the attribution methods find what a network that was built by hand is known to look at?"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from cnnlab import inspection, ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.files import write_arrays
from cnnlab.inspection.attribution import SEEDS, Method, attribute, sanity, similarity
from cnnlab.inspection.grad_cam import GradCam, layers_with_maps, on_photo
from cnnlab.inspection.gradients import InputGradient, IntegratedGradients, SmoothGrad
from cnnlab.inspection.occlusion import Occlusion
from cnnlab.runs import RunError, Store
from cnnlab.training import models
from cnnlab.ui.inside.methods import METHODS

pytest.importorskip("keras")

RED, BLUE = np.s_[2:8, 3:9], np.s_[22:28, 20:26]  # where the photo has its two patches
STRENGTH = 90.0  # what a score is of its map's mean


@pytest.fixture(scope="module")
def detector():
    """Two kernels, one for red and one for blue; a class's score is the mean of its map, times STRENGTH."""
    config = ModelConfig(blocks=(ConvBlock(filters=2, kernel=1),), head="global_average")
    layers = config.layers(2)
    model = models.build(layers, 0, seed=0)
    kernel = np.array([[1, -1], [-1, -1], [-1, 1]], np.float32).reshape(1, 1, 3, 2)
    arrays = {
        "conv_1/kernel": kernel,
        "conv_1/bias": np.zeros(2, np.float32),
        "scores/kernel": STRENGTH * np.eye(2, dtype=np.float32),
        "scores/bias": np.zeros(2, np.float32),
    }
    models.set_weights(model, arrays)
    return model


@pytest.fixture(scope="module")
def photo():
    """Black, with a red patch and a paler blue one of the same size."""
    image = np.zeros((32, 32, 3), np.uint8)
    image[RED] = 200, 0, 0
    image[BLUE] = 0, 0, 150
    return image


@pytest.fixture(scope="module")
def smooth():
    """A network without kinks and with every kind of layer that may stand in the way of a gradient."""
    config = ModelConfig(
        blocks=(
            ConvBlock(filters=5, kernel=5, stride=2, padding="same", normalise=True, activation="gelu"),
            ConvBlock(filters=6, activation="tanh", pool="average", dropout=0.5),
        ),
        dense=(DenseBlock(units=9, activation="sigmoid"),),
    )
    model = models.build(config.layers(3), 0, seed=3)
    rng = np.random.default_rng(1)
    arrays = {
        name: rng.normal(0, 0.6, a.shape).astype(np.float32) for name, a in models.weights(model).items()
    }
    models.set_weights(
        model, {name: np.abs(a) + 0.5 if name.endswith("/variance") else a for name, a in arrays.items()}
    )
    return model


def random_photo(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def inside(patch) -> np.ndarray:
    mask = np.zeros((32, 32), bool)
    mask[patch] = True
    return mask


def scores(model, image) -> np.ndarray:
    import keras

    return np.asarray(keras.Model(model.input, model.get_layer("scores").output)(image[np.newaxis]))[0]


@pytest.mark.parametrize(("target", "patch", "value"), [(0, RED, 200), (1, BLUE, 150)])
def test_grad_cam_is_the_map_of_the_class(detector, photo, target, patch, value):
    found = GradCam("conv_1_relu").attribute(detector, photo, target).map
    # Every cell moves the score by STRENGTH / 1024, so that is the map's weight.
    expected = np.where(inside(patch), value / 255 * STRENGTH / 1024, 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_deep_map_is_laid_over_what_its_cells_see(padding):
    """Dots on a black photo, through layers that add up all they see: the map's peak must lie on the dot."""
    blocks = [ConvBlock(filters=1, kernel=5, padding=padding, activation="linear", pool="average")] * 2
    layers = ModelConfig(blocks=tuple(blocks)).layers(2)
    shapes = {"conv_1/kernel": (5, 5, 3, 1), "conv_2/kernel": (5, 5, 1, 1)}
    weights = {name: np.ones(shape) for name, shape in shapes.items()}
    weights |= {"conv_1/bias": np.zeros(1), "conv_2/bias": np.zeros(1)}
    for row, col in ((12, 19), (15, 15), (18, 13)):
        photo = np.zeros((32, 32, 3))
        photo[row, col] = 255
        map = ops.forward(layers[:5], weights, photo)[-1].values[..., 0]
        laid = on_photo(layers, "pool_2", map, 32)
        laid = np.where(laid > 0.7 * laid.max(), laid, 0)
        middle = [(pixels * laid).sum() / laid.sum() for pixels in np.mgrid[:32, :32]]
        np.testing.assert_allclose(middle, (row, col), atol=1.5)  # cells are 4 pixels apart


@pytest.mark.parametrize(("target", "patch"), [(0, RED), (1, BLUE)])
def test_occlusion_points_at_the_patch_of_the_class(detector, photo, target, patch):
    found = Occlusion(window=8, stride=4).attribute(detector, photo, target)
    assert list(found.places) == [-4, 0, 4, 8, 12, 16, 20, 24, 28]
    whole = scores(detector, photo)
    np.testing.assert_allclose(whole, STRENGTH * 36 * np.array([200, 150]) / 255 / 1024, rtol=1e-5)
    np.testing.assert_allclose(found.uncovered, ops.softmax(whole), rtol=1e-5)
    # What remains of each patch, and what the cover's own colour is to each kernel, by hand.
    red, green, blue = found.colour.astype(float)
    to_kernels = np.maximum([red - green - blue, blue - red - green], 0)
    for i, row in enumerate(found.places):
        for j, col in enumerate(found.places):
            cover = inside(np.s_[max(row, 0) : row + 8, max(col, 0) : col + 8])
            left = [200 * (inside(RED) & ~cover).sum(), 150 * (inside(BLUE) & ~cover).sum()]
            expected = ops.softmax(STRENGTH * (left + cover.sum() * to_kernels) / 255 / 1024)
            np.testing.assert_allclose(found.probabilities[i, j], expected, rtol=1e-4)
    drops = found.map
    np.testing.assert_array_equal(drops, found.per_pixel(target))
    assert inside(patch)[np.unravel_index(drops.argmax(), drops.shape)]
    assert drops[patch].mean() > 4 * np.abs(drops[:, 12:17]).mean()


def test_covers_reach_every_pixel_whatever_the_stride(detector, photo):
    for window, stride in ((5, 3), (7, 7), (32, 1), (3, 2), (8, 5)):
        found = Occlusion(window, stride).attribute(detector, photo, 0)
        assert found.map.shape == (32, 32) and np.isfinite(found.map).all()
    with pytest.raises(ValueError, match="covers of 8 pixels, 9 apart"):
        Occlusion(window=8, stride=9).attribute(detector, photo, 0)


def test_one_cover_over_everything_leaves_the_answer_to_its_colour(detector, photo):
    found = Occlusion(window=32, stride=32).attribute(detector, photo, 0)
    plain = np.broadcast_to(found.colour, (32, 32, 3))
    np.testing.assert_allclose(found.probabilities[0, 0], ops.softmax(scores(detector, plain)), rtol=1e-5)
    np.testing.assert_array_equal(found.colour, np.rint(photo.mean((0, 1))))


def test_the_gradient_equals_finite_differences(smooth):
    image = random_photo().astype(float)
    gradient = InputGradient().attribute(smooth, image, target=1).values
    rng = np.random.default_rng(2)
    for _ in range(5):
        # Along the gradient's own signs, in part, so that the difference stands out of float32's noise.
        way = np.sign(gradient) * (rng.random(image.shape) < 0.3)
        ahead, behind = (scores(smooth, image + step * way)[1] for step in (0.5, -0.5))
        assert ahead - behind == pytest.approx((gradient * way).sum(), rel=0.01)


def test_the_gradient_of_the_detector_is_known(detector, photo):
    slope = STRENGTH / 1024 / 255
    gradient = InputGradient().attribute(detector, photo, target=0).values
    np.testing.assert_allclose(gradient[RED], np.broadcast_to([slope, -slope, -slope], (6, 6, 3)), rtol=1e-5)
    np.testing.assert_array_equal(gradient[BLUE], 0)  # ReLU is shut there


def test_smooth_grad_sees_over_a_kink_where_the_gradient_is_nought(detector, photo):
    dark = photo.copy()
    dark[BLUE] = 0, 2, 0  # a little green keeps the red kernel's ReLU shut
    gradient = InputGradient().attribute(detector, dark, 0).values
    np.testing.assert_array_equal(gradient[BLUE], 0)
    found = SmoothGrad(noise=0.15).attribute(detector, dark, 0).values[BLUE][..., 0]
    # The kernel's input is then near 0 with noise about it: open about half of the time.
    assert found.mean() == pytest.approx(STRENGTH / 1024 / 255 / 2, rel=0.1)
    plain = SmoothGrad(noise=0, copies=3).attribute(detector, dark, 0).values
    np.testing.assert_allclose(plain, gradient, rtol=1e-5)


def test_integrated_gradients_of_the_detector_are_complete_and_in_the_patch(detector, photo):
    found = IntegratedGradients(baseline=0.0, steps=7).attribute(detector, photo, target=0)
    assert found.total == pytest.approx(found.difference, rel=1e-5)
    assert found.difference == pytest.approx(STRENGTH * 36 * 200 / 255 / 1024, rel=1e-5)
    outside = found.map[~inside(RED)]
    np.testing.assert_array_equal(outside, 0)


@pytest.mark.parametrize("baseline", [0.0, 127.5])
def test_integrated_gradients_become_complete_with_more_steps(smooth, baseline):
    gaps = []
    for steps in (2, 256):
        found = IntegratedGradients(baseline, steps).attribute(smooth, random_photo(), 2)
        ends = [scores(smooth, x)[2] for x in (np.full((32, 32, 3), baseline), random_photo().astype(float))]
        assert found.difference == pytest.approx(ends[1] - ends[0], rel=1e-3)
        gaps.append(abs(found.total - found.difference) / abs(found.difference))
    assert gaps[1] < 0.002 < gaps[0]


def test_similarity_is_the_rank_correlation_of_magnitudes():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9, 9)).round(1)  # with ties
    assert similarity(a, b) == pytest.approx(spearmanr(np.abs(a).ravel(), np.abs(b).ravel()).statistic)
    assert similarity(a, -3 * a**3) == pytest.approx(1)
    assert similarity(np.arange(5.0), 5 - np.arange(5.0)) == pytest.approx(-1)
    assert np.isnan(similarity(a, np.zeros_like(a)))


WAYS = [shown().method for shown in METHODS.values()]  # all of the page's
KINDS = {
    "flatten, strides, average": ModelConfig(
        blocks=(ConvBlock(filters=4, stride=2, padding="same", activation="elu", pool="average"),)
    ),
    "normalised, gelu, global maximum": ModelConfig(
        blocks=(ConvBlock(filters=4, normalise=True, activation="gelu"), ConvBlock(filters=3, pool="max")),
        head="global_max",
    ),
    "no convolution": ModelConfig(blocks=(), dense=(DenseBlock(units=5),)),
}


def test_every_method_there_is_can_be_asked_on_the_page_and_has_all_its_words():
    package = Path(inspection.__file__).parent
    modules = [import_module(f"{inspection.__name__}.{file.stem}") for file in package.glob("[a-z]*.py")]
    known = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and hasattr(value, "attribute") and value is not Method
    }
    assert set(WAYS) == known and len(WAYS) == len(known) == len(METHODS)
    shown = [make() for make in METHODS.values()]
    for one in shown:
        params = one.method.__dataclass_params__
        assert params.frozen and params.eq, "two equal questions are one"
        assert all([one.method.__doc__, one.title, one.does, one.formula]) and one.beware.startswith(
            "Beware: "
        )
        assert "{limit}" in (one.legend or "{limit}")
    for words in ("title", "does", "beware", "formula"):
        assert len({getattr(one, words) for one in shown}) == len(shown), f"two have the same {words}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_works_on_every_kind_of_network_and_notices_random_weights(tmp_path, kind):
    """The run's weights are those that the first random network gets as well: it alone must look the same."""
    store = Store(tmp_path)
    classes = ("a", "b", "c")
    run = store.create(TrainConfig(model=KINDS[kind], dataset="digits"), classes, preset="own", owner="anna")
    layers = run.recipe().layers()
    write_arrays(run.folder / "weights.npz", models.weights(models.build(layers, 0, SEEDS[0])))
    asks = [(kind(), 1) for kind in WAYS if kind is not GradCam]
    asks += [(GradCam(name), target) for name in layers_with_maps(layers) for target in (0, 1, 2)]
    for method, target in asks:
        asked = str(tmp_path), run.id, random_photo(), target, method
        found = attribute(*asked).map
        checked = sanity(*asked)
        assert checked.maps.shape == (len(SEEDS), *found.shape)
        np.testing.assert_allclose(checked.maps[0], found, atol=1e-6)
        others = checked.similarities[1:]
        assert not (others > 0.99).any(), f"{method} does not notice that the weights are others"
        if found.std() > 0:
            assert checked.similarities[0] == pytest.approx(1)


def test_a_deleted_run_is_said_so(tmp_path):
    with pytest.raises(RunError, match="no run called"):
        attribute(str(tmp_path), "kite-421", random_photo(), 0, InputGradient())
