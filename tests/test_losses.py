"""One name, one quantity: what NumPy says a loss is, Keras trains on, for every loss there is."""

from itertools import product

import numpy as np
import pytest

from cnnlab import losses, models, ops
from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.training import measures

KINDS = [
    (loss, smoothing, l2)
    for loss, smoothing, l2 in product(("cross_entropy", "mse"), (0.0, 0.2), (0.0, 0.01))
    if loss == "cross_entropy" or not smoothing
]


def configured(loss: str, smoothing: float, l2: float) -> TrainConfig:
    block = ConvBlock(filters=2, kernel=7, stride=4, normalise=True)
    model = ModelConfig(blocks=(block,), dense=(DenseBlock(units=4),), l2=l2)
    return TrainConfig(model=model, dataset="digits", loss=loss, label_smoothing=smoothing)


@pytest.mark.parametrize(("loss", "smoothing", "l2"), KINDS)
def test_keras_counts_the_loss_the_cross_entropy_and_the_penalty_that_numpy_counts(loss, smoothing, l2):
    """With large weights, so that some answers are surely wrong: no probability is cut off."""
    config, rng = configured(loss, smoothing, l2), np.random.default_rng(1)
    model = models.build(config.model.layers(10), l2, seed=1)
    weights = {name: 4 * array for name, array in models.weights(model).items()}
    models.set_weights(model, weights)
    images, labels = rng.integers(0, 256, (40, 32, 32, 3), np.uint8), rng.integers(0, 10, 40)
    model.compile(**measures(config), jit_compile=False)
    keras = model.evaluate(images, np.eye(10)[labels], return_dict=True, verbose=0)
    answers = models.predict(model, images)
    assert answers.min() < 1e-9
    assert losses.loss(answers, labels, config, weights) == pytest.approx(keras["loss"], rel=1e-5)
    expected = keras.get("cross_entropy", keras["loss"])
    assert losses.cross_entropy(answers, labels) == pytest.approx(expected, rel=1e-5)
    assert losses.is_cross_entropy(config) == ("cross_entropy" not in keras)
    penalty = float(sum(model.losses)) if model.losses else 0
    assert losses.penalty(weights, l2) == pytest.approx(penalty, rel=1e-5)


def test_the_means_are_those_that_the_lessons_compute_for_one_photo():
    p = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    labels = np.array([2, 1])
    by_photo = [ops.cross_entropy(row, label) for row, label in zip(p, labels, strict=True)]
    assert losses.cross_entropy(p, labels) == pytest.approx(np.mean(by_photo))
    config = configured("mse", 0.0, 0.0)
    squares = [ops.mse(row, label) for row, label in zip(p, labels, strict=True)]
    assert losses.of_answers(p, labels, config) == pytest.approx(np.mean(squares))


def test_a_probability_that_became_0_counts_as_the_smallest_number_and_not_as_infinite():
    p = np.array([[1.0, 0.0]], np.float32)
    assert 87 < losses.cross_entropy(p, np.array([1])) < 88
    assert losses.cross_entropy(p, np.array([0])) == 0


def test_every_kind_of_loss_has_a_name_of_its_own():
    names = [losses.name(configured(*kind)) for kind in KINDS]
    assert len(set(names)) == len(KINDS)
    assert losses.name(configured("cross_entropy", 0.0, 0.0)) == "cross-entropy"
