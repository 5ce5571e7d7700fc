"""A diagnosis is given where its evidence is, and only there."""

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.diagnosis import diagnose, silence, silent_shares
from cnnlab.presets import PRESETS

ARTICLE = PRESETS["article"].config


def history(training, validation=None, losses=None):
    validation = [np.nan] * len(training) if validation is None else validation
    losses = [2 - a for a in training] if losses is None else losses
    return [
        {"epoch": i + 1, "accuracy": a, "val_accuracy": v, "loss": x, "val_loss": np.nan}
        for i, (a, v, x) in enumerate(zip(training, validation, losses, strict=True))
    ]


def kinds(rows, config=ARTICLE, **options):
    return [finding.kind for finding in diagnose(rows, config, 10, **options)]


def test_a_healthy_run_gets_no_diagnosis():
    assert kinds([]) == []
    assert kinds(history([0.4])) == []
    assert kinds(history([0.40, 0.50, 0.56, 0.60], [0.45, 0.53, 0.58, 0.61])) == []


def test_overfitting_quotes_both_rises():
    [finding] = diagnose(history([0.60, 0.63, 0.66, 0.70], [0.64, 0.65, 0.65, 0.66]), ARTICLE, 10)
    assert finding.kind == "overfitting"
    assert "10.0 points" in finding.evidence
    assert finding.evidence.endswith("2.0.")
    changed = TrainConfig.model_validate(ARTICLE.model_dump() | _plain(finding.change))
    assert changed.augmentation.flip
    assert changed.augmentation.shift == 2


def test_validation_that_is_still_near_guessing_is_no_overfitting():
    """Batch normalisation judges by running averages, which need some epochs to settle."""
    assert kinds(history([0.30, 0.40, 0.48, 0.56], [0.139, 0.13, 0.125, 0.122])) == []


def test_overfitting_on_digits_never_mirrors_them():
    digits = ARTICLE.model_copy(update={"dataset": "digits"})
    [finding] = diagnose(history([0.60, 0.63, 0.66, 0.70], [0.64, 0.65, 0.65, 0.66]), digits, 10)
    assert not finding.change["augmentation"].flip


def test_overfitting_in_spite_of_augmentation_suggests_dropout():
    augmented = ARTICLE.model_copy(
        update={"augmentation": ARTICLE.augmentation.model_copy(update={"flip": True})}
    )
    [finding] = diagnose(history([0.60, 0.63, 0.66, 0.70], [0.64, 0.65, 0.65, 0.66]), augmented, 10)
    assert [block.dropout for block in finding.change["model"].blocks] == [0.3, 0.3, 0.3]


@pytest.mark.parametrize(("rate", "proposed"), [(0.1, 0.01), (0.00001, 0.0001)])
def test_not_learning_proposes_another_rate(rate, proposed):
    config = ARTICLE.model_copy(update={"learning_rate": rate})
    [finding] = diagnose(history([0.1, 0.103]), config, 10)
    assert finding.kind == "not learning"
    assert finding.change["learning_rate"] == pytest.approx(proposed)
    assert "10.3\u00a0%" in finding.evidence


def test_diverging_needs_two_rises_and_a_clear_one():
    assert kinds(history([0.5, 0.5, 0.5], losses=[1.0, 1.5, 2.0])) == ["diverging"]
    assert kinds(history([0.5, 0.51, 0.52], losses=[1.0, 1.05, 1.1])) == []
    assert kinds(history([0.5, 0.4, 0.52], losses=[1.0, 3.0, 1.1])) == []


def test_an_undefined_loss_comes_first():
    assert kinds(history([0.1, 0.1], losses=[2.3, 2.3]), failed=True) == ["undefined"]


def test_a_plateau_is_rest_in_both_curves():
    flat = [0.600, 0.601, 0.602, 0.601, 0.602]
    assert kinds(history(flat, [0.55, 0.551, 0.552, 0.55, 0.551])) == ["plateau"]
    assert kinds(history(flat, [0.50, 0.52, 0.54, 0.56, 0.58])) == []
    assert kinds(history([0.999] * 6, [0.99] * 6)) == []


def test_silent_kernels_are_found_by_looking():
    layers = ARTICLE.model.layers(10)
    rng = np.random.default_rng(0)
    weights = {
        f"{layer['name']}/{part}": rng.normal(0, 0.1, shape).astype(np.float32)
        for layer, before in zip(layers, [(32, 32, 3), *ops.output_shapes(layers, (32, 32, 3))], strict=False)
        for part, shape in ops.weight_shapes(layer, before).items()
    }
    weights["conv_2/bias"][:32] = -1000  # half of the 64 maps can never rise above 0
    images = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    shares = silent_shares(layers, weights, images)
    assert shares["conv_2_relu"] >= 0.5
    assert shares["conv_1_relu"] < 0.5
    finding = silence({"Convolution 1": 0.1, "Convolution 2": 0.5}, ARTICLE, 5)
    assert finding.evidence == "50\u00a0% of Convolution 2 is 0 on all of 5 photos looked at."
    assert {block.activation for block in finding.change["model"].blocks} == {"leaky_relu"}
    assert silence({"Convolution 1": 0.1}, ARTICLE, 5) is None


def _plain(change):
    return {name: getattr(value, "model_dump", lambda v=value: v)() for name, value in change.items()}
