"""How far can a network's answers be trusted, and what does it not know? Measured in a *look* worker."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnlab import ops
from cnnlab.data import datasets, photos
from cnnlab.data.spec import SIDE
from cnnlab.evaluation import calibration, metrics, out_of_distribution, reliability_record
from cnnlab.evaluation.out_of_distribution import Familiarity
from cnnlab.evaluation.reliability_record import ReliabilityRecord, Strange
from cnnlab.i18n import _
from cnnlab.progress import report
from cnnlab.runs import Run, RunError, Store
from cnnlab.training import models
from cnnlab.training.trained_model import trained_model

if TYPE_CHECKING:
    import keras

TEXTURES = ("bricks", "grass", "gravel")  # sample photos without any object
TRAINING = 10_000  # training images that the distance is fitted to, at most
FEWEST = 200  # validation images without which nothing is measured


def measure(root: str, id: str) -> int:
    """Measure the run's network and keep the record beside it; return the checksum of its weights.

    Raises RunError or DatasetError where its images are not here or too few were held out, OSError where the
    record cannot be written.
    """
    run = Store(root).get(id)
    found = measured(run)
    reliability_record.write(run, found)
    return found.weights


def measured(run: Run) -> ReliabilityRecord:
    """Fit on one half of the validation images, measure with the other half and with strange pictures.

    Raises RunError where too few were held out or there are no weights, DatasetError where the images are not
    here.
    """
    recipe = run.recipe()
    config = recipe.config
    data = datasets.load(config.dataset)
    training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    if len(held) < FEWEST:
        text = _("Only {count} images were held out while this network learned; {least} are needed for this.")
        raise RunError(text.format(count=len(held), least=FEWEST))
    fit, rest = held[::2], held[1::2]
    model = trained_model(run)  # one and the same, should the run go on meanwhile
    steps = 4
    report(0, steps)
    means, _scores = answers(run, data.train_images[training[:TRAINING]], model)
    report(1, steps)
    fit_means, fit_scores = answers(run, data.train_images[fit], model)
    rest_means, rest_scores = answers(run, data.train_images[rest], model)
    report(2, steps)
    familiarity = Familiarity.fit(means, (fit_means, fit_scores))
    limit = out_of_distribution.threshold(familiarity.of(fit_means, fit_scores))
    familiar = familiarity.of(rest_means, rest_scores)
    strange = []
    for name, pictures in strange_pictures(config.dataset).items():
        theirs = answers(run, pictures, model)
        row = told_apart(name, familiarity, limit, (rest_means, rest_scores), theirs)
        strange.append(row)
        report(2 + len(strange), steps)
    temperature = calibration.fit_temperature(fit_scores, data.train_labels[fit])
    before, after = (
        metrics.reliability(ops.softmax(rest_scores, at), data.train_labels[rest]).error
        for at in (1.0, temperature)
    )
    return ReliabilityRecord(
        weights=reliability_record.checksum(models.weights(model)),
        fitted_on=len(fit),
        measured_on=len(rest),
        temperature=round(temperature, 4),
        error_before=round(before, 4),
        error_after=round(after, 4),
        threshold=limit,
        false_alarms=round(float((familiar < limit).mean()), 4),
        strange=tuple(strange),
        familiarity=familiarity,
        ordinary=np.quantile(familiar, np.linspace(0, 1, 101)),
    )


def told_apart(
    name: str,
    familiarity: Familiarity,
    limit: float,
    ordinary: tuple[np.ndarray, np.ndarray],
    strange: tuple[np.ndarray, np.ndarray],
) -> Strange:
    """Compare the answers to ordinary pictures with those to strange ones.

    Both as `answers` returns them: the maps' means (n, k) and the scores (n, classes). limit: the familiarity
    below which a picture is called unfamiliar.
    """
    values = familiarity.of(*strange)
    by_softmax = [out_of_distribution.max_probability(scores) for _means, scores in (ordinary, strange)]
    return Strange(
        name=name,
        images=len(values),
        auroc=round(out_of_distribution.auroc(familiarity.of(*ordinary), values), 4),
        softmax=round(out_of_distribution.auroc(*by_softmax), 4),
        noticed=round(float((values < limit).mean()), 4),
    )


def with_twin(found: ReliabilityRecord, row: Strange, left_out: tuple[str, ...]) -> ReliabilityRecord:
    """Add what was measured on a twin that was trained without two of the classes."""
    return replace(found, strange=(*found.strange, replace(row, twin=left_out)))


def answers(
    run: Run, pictures: np.ndarray, model: "keras.Model | None" = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each watched map (n, k) and the scores (n, classes) of pictures.

    pictures: (n, 32, 32, 3) uint8; model: the run's network where it is at hand already. Raises RunError
    where the run has none.
    """
    import keras

    model = model or trained_model(run)
    names = out_of_distribution.watched(run.recipe().layers(), (SIDE, SIDE, 3))
    means = [keras.layers.GlobalAveragePooling2D()(model.get_layer(name).output) for name in names]
    scores = model.get_layer("scores").output
    both = models.predict(keras.Model(model.input, keras.layers.Concatenate()([*means, scores])), pictures)
    cut = both.shape[1] - scores.shape[-1]
    return both[:, :cut].astype(float), both[:, cut:].astype(float)


def strange_pictures(dataset: str) -> dict[str, np.ndarray]:
    """Return the sets of pictures that show none of the dataset's classes: name -> (n, 32, 32, 3) uint8.

    Raises DatasetError where there is no such dataset.
    """
    sets = {"digits": digits, "textures": textures}
    shown = datasets.find(dataset).pictures  # digits are not strange to what knows them
    return {name: make() for name, make in sets.items() if name != shown}


def digits() -> np.ndarray:
    """Return all of Digits: (n, 32, 32, 3) uint8."""
    data = datasets.load("digits")
    return np.concatenate([data.train_images, data.test_images])


def textures() -> np.ndarray:
    """Cut the sample photos of mere textures into squares that do not overlap: (n, 32, 32, 3) uint8."""
    patches = []
    for name in TEXTURES:
        photo = photos.sample(name)
        rows, cols = (side // SIDE for side in photo.shape[:2])
        cut = photo[: rows * SIDE, : cols * SIDE].reshape(rows, SIDE, cols, SIDE, 3)
        patches.append(cut.swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3))  # (rows, cols, 32, 32, 3) -> (n, ...)
    return np.concatenate(patches)
