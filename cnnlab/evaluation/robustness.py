"""What is left of a network's accuracy when the photos darken, blur, move or get noisy? (*look* worker.)"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.data import datasets
from cnnlab.i18n import _
from cnnlab.progress import report
from cnnlab.runs import RunError, Store
from cnnlab.training import models
from cnnlab.training.augmentation import shifted
from cnnlab.training.trained_model import trained_model

IMAGES = 1000
BATCH = 250
Images = NDArray[np.uint8]


def brighter(images: Images, factor: float) -> Images:
    """Multiply every value of images (n, h, w, 3) by a factor; what would exceed 255 stays white."""
    changed: Images = np.clip(np.rint(images * np.float32(factor)), 0, 255).astype(np.uint8)
    return changed


def blurred(images: Images, sigma: float) -> Images:
    """Blur images (n, h, w, 3) with a Gaussian of standard deviation `sigma`, in pixels.

    Border pixels are repeated outwards.
    """
    if not sigma:
        return images
    from scipy.ndimage import gaussian_filter

    along_rows_and_columns = (0, sigma, sigma, 0)  # of images (n, h, w, 3)
    smooth = gaussian_filter(images.astype(np.float32), along_rows_and_columns, mode="nearest", truncate=3)
    changed: Images = np.rint(smooth).astype(np.uint8)
    return changed


def noisy(images: Images, spread: float) -> Images:
    """Add normal noise of standard deviation `spread`, in grey levels, to every value; always the same noise.

    images: any shape.
    """
    noise = np.random.default_rng(0).standard_normal(images.shape, np.float32)
    changed: Images = np.clip(np.rint(images + spread * noise), 0, 255).astype(np.uint8)
    return changed


def moved(images: Images, pixels: float) -> Images:
    """Move images (n, h, w, 3) to the right by whole pixels; the left border's are repeated."""
    return shifted(images, np.tile([0, int(pixels)], (len(images), 1)))


@dataclass(frozen=True)
class Change:
    """A way to change photos (n, h, w, 3) uint8, and how strongly; at `unchanged` it has no effect."""

    apply: Callable[[Images, float], Images]
    strengths: tuple[float, ...]
    unchanged: float


CHANGES = {
    "brightness": Change(brighter, (0.25, 0.5, 1.0, 1.5, 2.0), 1.0),
    "blur": Change(blurred, (0.0, 0.5, 1.0, 1.5, 2.0), 0.0),
    "noise": Change(noisy, (0.0, 8.0, 16.0, 32.0, 64.0), 0.0),
    "shift": Change(moved, (0.0, 1.0, 2.0, 4.0, 8.0), 0.0),
}


@dataclass(frozen=True, eq=False)
class Robustness:
    """The share of right answers for each change at each of its strengths, on so many test images."""

    images: int
    accuracy: dict[str, tuple[float, ...]]


def measure(root: str, run_id: str) -> Robustness:
    """Ask the run's network about the first test images, changed.

    Raises RunError while its test set is sealed or where there is no such run, DatasetError where the images
    are not here.
    """
    run = Store(root).get(run_id)
    if run.evaluation() is None:
        raise RunError(_("The test set of this network is still sealed."))
    data = datasets.load(run.recipe().config.dataset)
    images, labels = data.test_images[:IMAGES], data.test_labels[:IMAGES]
    model = trained_model(run)
    parts = [slice(start, start + BATCH) for start in range(0, len(images), BATCH)]
    changed = sum(len(change.strengths) - 1 for change in CHANGES.values())
    done, all = 0, (1 + changed) * len(images)

    def accuracy(images: Images) -> float:
        nonlocal done
        right = 0
        for part in parts:
            report(done, all)
            answers = models.predict(model, images[part]).argmax(axis=1)
            right += int((answers == labels[part]).sum())
            done += len(answers)
        return right / len(images)

    plain = accuracy(images)
    found = {
        name: tuple(
            plain if strength == change.unchanged else accuracy(change.apply(images, strength))
            for strength in change.strengths
        )
        for name, change in CHANGES.items()
    }
    return Robustness(len(images), found)
