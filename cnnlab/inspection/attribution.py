"""Which parts of a photo mattered for a class? Any method, for a run's network. (Runs in a *look* worker.)"""

from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.test_set import trained_model
from cnnlab.inspection.grad_cam import grad_cam
from cnnlab.inspection.gradients import Integrated, input_gradient, integrated_gradients, smooth_grad
from cnnlab.inspection.occlusion import Occlusion, occlusion
from cnnlab.runs import Store
from cnnlab.training import models

SEEDS = (1, 2, 3)  # of the networks with random weights


@dataclass(frozen=True)
class Ask:
    """A method, the class, and the settings; those of the other methods do nothing."""

    method: str  # "occlusion", "grad_cam", "gradient", "smooth_grad" or "integrated"
    target: int
    layer: str = ""
    window: int = 8
    stride: int = 4
    noise: float = 0.15
    baseline: float = 0.0
    steps: int = 64


@dataclass(frozen=True, eq=False)
class Attribution:
    """A map (h, w): above 0 is what speaks for the class. `more`: what else the method found."""

    map: np.ndarray
    more: Integrated | Occlusion | None = None


def explain(model, image: np.ndarray, ask: Ask) -> Attribution:
    """Return what a method says of a Keras model and an image (32, 32, 3) uint8."""
    match ask.method:
        case "occlusion":
            covered = occlusion(model, image, window=ask.window, stride=ask.stride)
            return Attribution(covered.per_pixel(ask.target, image.shape[0]), covered)
        case "grad_cam":
            return Attribution(grad_cam(model, image, ask.layer, ask.target))
        case "gradient":
            return Attribution(input_gradient(model, image, ask.target).sum(-1))
        case "smooth_grad":
            return Attribution(smooth_grad(model, image, ask.target, noise=ask.noise).sum(-1))
        case "integrated":
            made = integrated_gradients(model, image, ask.target, baseline=ask.baseline, steps=ask.steps)
            return Attribution(made.attributions.sum(-1), made)
    raise ValueError(f"no attribution method is called {ask.method!r}")


def attribute(root: str, run_id: str, image: np.ndarray, ask: Ask) -> Attribution:
    """Return what a method says of a run's network. Raises RunError."""
    return explain(trained_model(Store(root).get(run_id)), image, ask)


@dataclass(frozen=True, eq=False)
class Sanity:
    """The same question put to networks with random weights: maps (n, h, w), similarities (n,) or nan."""

    maps: np.ndarray
    similarities: np.ndarray


def sanity(root: str, run_id: str, image: np.ndarray, ask: Ask) -> Sanity:
    """Throw away all that was learned and ask again (Adebayo et al. 2018). Raises RunError.

    A map that stays as it was cannot have come from what the network learned.
    """
    run = Store(root).get(run_id)
    before = explain(trained_model(run), image, ask).map
    layers = run.recipe().layers()
    maps = [explain(models.build(layers, 0, seed), image, ask).map for seed in SEEDS]
    return Sanity(np.stack(maps), np.array([similarity(before, after) for after in maps]))


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Return the rank correlation (Spearman) of two maps' magnitudes, -1 to 1; nan where one is all equal.

    1: both have their strong and weak places in the same order; about 0: they have nothing to do with each
    other. Only the order counts, so maps of different units compare.
    """
    ranks = [_ranks(np.abs(values).ravel()) for values in (a, b)]
    if min(rank.std() for rank in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return each value's place in the order, from 0; equal ones share the mean of their places."""
    _unique, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    return (last - (counts - 1) / 2)[which]
