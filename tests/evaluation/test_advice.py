"""Whatever is advised can be done, differs from what is set, and changes what the words speak of."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.config import Augmentation, ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.evaluation.advice import (
    against_overfitting,
    gentler,
    larger_steps,
    shrinking_steps,
    smaller_steps,
    waking,
)
from cnnlab.evaluation.diagnosis import diagnose, guessing_loss, silence
from cnnlab.export.code.rates import held_since
from cnnlab.i18n import plain
from tests.support.configs import configs

ARTICLE = PRESETS["article"].config
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


DROPPED = DenseBlock(units=64, dropout=0.5)


def with_all(config: TrainConfig, **values) -> TrainConfig:
    """Return the configuration with these values in each of its blocks and dense layers."""
    parts = {
        name: tuple(block.model_copy(update=values) for block in getattr(config.model, name))
        for name in ("blocks", "dense")
    }
    return config.model_copy(update={"model": config.model.model_copy(update=parts)})


def inner(config: TrainConfig) -> list[ConvBlock | DenseBlock]:
    return [*config.model.blocks, *config.model.dense]


def changed(config: TrainConfig, change: dict) -> TrainConfig:
    """Return the configuration with the change, which must be valid and differ in nothing else."""
    new = config.model_copy(update=change)
    assert TrainConfig.model_validate(new.model_dump()) == new
    assert new != config
    assert {name for name in TrainConfig.model_fields if getattr(new, name) != getattr(config, name)} == set(
        change
    )
    return new


def acts(config: TrainConfig, words: str, change: dict) -> None:
    """Make sure that a change does what the words say."""
    new, [what] = changed(config, change), change
    match what:
        case "learning_rate":
            assert new.learning_rate < config.learning_rate if "too large" in words else "too small" in words
            assert new.learning_rate > config.learning_rate if "too small" in words else "too large" in words
            assert f"{plain(new.learning_rate)} instead of {plain(config.learning_rate)}" in words
        case "schedule":
            assert config.schedule == "constant"
            assert "smaller towards the end" in words
        case "augmentation":
            assert config.augmentation == Augmentation(), "it is on already"
            assert "augmentation" in words
            assert not (new.augmentation.flip and config.dataset == "digits"), "a mirrored digit is no digit"
        case "model" if "L2" in words:
            assert new.model.l2 > config.model.l2 if "small: try" in words else new.model.l2 < config.model.l2
            assert new.model.model_copy(update={"l2": config.model.l2}) == config.model
            assert plain(new.model.l2) in words
        case "model" if "dropout" in words:
            rates = [
                (old.dropout, block.dropout) for old, block in zip(inner(config), inner(new), strict=True)
            ]
            less = "leaves it little" in words
            assert all(after <= before if less else after >= before for before, after in rates)
            assert any(plain(after) in words for before, after in rates if after != before)
            values = {"dropout": 0.0}
            assert with_all(new, **values) == with_all(config, **values)
        case _:
            pytest.fail(f"{what}: {words}")


@QUICK
@given(configs())
def test_every_advice_changes_what_it_speaks_of(config):
    for advise in (smaller_steps, larger_steps, shrinking_steps, against_overfitting, gentler):
        if advice := advise(config):
            acts(config, advice.words, advice.change)


def rows_of(config: TrainConfig, losses, accuracies, val_losses, val_accuracy=0.5) -> list[dict[str, float]]:
    scale = guessing_loss(config, 10)
    return [
        {
            "loss": scale * loss,
            "accuracy": accuracy,
            "val_loss": scale * val_loss,
            "val_accuracy": val_accuracy,
        }
        for loss, accuracy, val_loss in zip(losses, accuracies, val_losses, strict=True)
    ]


# Of each kind of history the losses (of training and of validation, guessing = 1) and the accuracies.
HISTORIES = {
    "creeping": ([0.999, 0.997, 0.995], [0.1] * 3, [1] * 3),
    "thrown about": ([1.2, 1.002, 1.003], [0.1] * 3, [1] * 3),
    "diverging": ([0.5, 0.7, 1.5], [0.5, 0.4, 0.2], [1] * 3),
    "overfitting": (
        [0.9 - 0.06 * i for i in range(14)],
        [0.3 + 0.05 * i for i in range(14)],
        [0.8, 0.7, 0.6, *(0.6 + 0.4 * i for i in range(11))],
    ),
    "at rest": ([0.5, 0.5, 0.499, 0.5, 0.5, 0.5], [0.6] * 6, [0.5] * 6),
}


@QUICK
@given(configs(), st.sampled_from(list(HISTORIES)), st.booleans())
def test_every_verdict_on_every_configuration_advises_what_can_be_done(config, history, failed):
    for finding in diagnose(rows_of(config, *HISTORIES[history]), config, 10, failed):
        assert bool(finding.change) <= bool(finding.advice)
        if finding.change:
            acts(config, finding.advice, finding.change)


@QUICK
@given(
    configs(), st.lists(st.tuples(*[st.floats(0, 1e9) | st.just(math.nan)] * 6), max_size=9), st.booleans()
)
def test_no_history_is_too_strange_to_be_read(config, history, failed):
    """What a file may hold, damaged or from elsewhere, ends in a verdict or in none."""
    columns = ("loss", "accuracy", "val_loss", "val_accuracy", "l2", "learning_rate")
    rows = [dict(zip(columns, row, strict=True)) for row in history]
    for since in (0, 1, len(rows)):
        assert len(diagnose(rows, config, 10, failed, since)) <= 1
    assert 0 <= held_since(config, [], [row["learning_rate"] for row in rows], 10) <= len(rows)


@QUICK
@given(configs(), st.data())
def test_silent_layers_are_woken_and_no_others(config, data):
    relus = [one.name for one in config.model.layers(10) if getattr(one, "function", "") == "relu"]
    silent = data.draw(st.sets(st.sampled_from(relus))) if relus else set()
    shares = {name: 0.6 if name in silent else 0.1 for name in relus}
    finding = silence(shares, config, 100, str)
    assert (finding is None) == (not silent)
    if finding is None:
        return
    assert all(name in finding.evidence for name in silent)
    new = changed(config, finding.change)
    left = {one.name for one in new.model.layers(10) if getattr(one, "function", "") == "relu"}
    assert left == set(relus) - silent
    assert with_all(new, activation="relu") == with_all(config, activation="relu")


def test_overfitting_goes_on_to_what_is_not_on_yet():
    """Changed images, dropout, more of it, an L2 penalty; after that there is nothing left to advise."""
    config, tried = ARTICLE, []
    while advice := against_overfitting(config):
        tried.append(advice.words.split("try ")[1])
        config = changed(config, advice.change)
    assert tried == [
        "augmentation, random changes of each image.",
        "dropout 0.3.",
        "dropout 0.5.",
        "an L2 penalty of 0.0005.",
    ]


def test_dropout_is_advised_where_there_is_something_to_drop():
    config = ARTICLE.model_copy(update={"augmentation": Augmentation(rotate=10)})
    for dropout, advised in ((0.0, "0.3"), (0.3, "0.5"), (0.4, "0.5"), (0.5, None), (0.8, None)):
        words = against_overfitting(with_all(config, dropout=dropout)).words
        assert (f"dropout {advised}." in words) if advised else ("L2" in words), (dropout, words)
    some = config.model_copy(update={"model": config.model.model_copy(update={"dense": (DROPPED,)})})
    assert "dropout 0.3 where it has less." in against_overfitting(some).words, "one layer has 0.5"
    flat = config.model_copy(update={"model": ModelConfig(blocks=())})
    assert "L2" in against_overfitting(flat).words


@pytest.mark.parametrize(
    ("rate", "smaller", "larger"),
    [(0.05, 0.005, 0.5), (0.3, 0.001, 3.0), (1e-5, 1e-6, 1e-4), (1e-6, None, 0.001), (5.0, 0.001, None)],
)
def test_another_rate_is_ten_times_off_unless_the_usual_one_is_nearer(rate, smaller, larger):
    config = ARTICLE.model_copy(update={"learning_rate": rate})
    for advice, expected in ((smaller_steps(config), smaller), (larger_steps(config), larger)):
        proposed = advice.change["learning_rate"] if advice else None
        assert proposed == expected


def test_a_rate_that_is_no_number_of_the_usual_size_is_advised_on_too():
    for rate in (5e-324, 1e-300, math.nextafter(10, 0), 10.0):
        config = ARTICLE.model_copy(update={"learning_rate": rate})
        for advice in (smaller_steps(config), larger_steps(config)):
            if advice:
                acts(config, advice.words, advice.change)


def test_a_silent_dense_layer_gets_another_activation_and_the_convolutions_keep_theirs():
    advice = waking(ARTICLE, ["dense_1_relu"])
    model = changed(ARTICLE, advice.change).model
    assert [block.activation for block in model.dense] == ["leaky_relu"]
    assert {block.activation for block in model.blocks} == {"relu"}
    assert waking(with_all(ARTICLE, activation="elu"), ["dense_1_relu"]) is None
