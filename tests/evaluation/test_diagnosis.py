"""A diagnosis is given where its evidence is, and only there.

histories.json holds training runs that were really made, each with the verdict that is right after each of
its epochs: nothing where nothing is wrong, or where it cannot be known yet.
"""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.config import TrainConfig, settings_link
from cnnlab.config.presets import PRESETS
from cnnlab.evaluation.diagnosis import Finding, diagnose, silence, silent_shares
from cnnlab.runs import SHIPPED

ARTICLE = PRESETS["article"].config
COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy", "l2", "learning_rate")
RUNS = {run["run"]: run for run in json.loads(Path(__file__).with_name("histories.json").read_text())}


def config_of(run: dict) -> TrainConfig:
    return settings_link.read(json.dumps(run["config"]))[1]


def rows_of(run: dict) -> list[dict[str, float]]:
    return [
        {name: math.nan if value is None else value for name, value in zip(COLUMNS, row, strict=True)}
        for row in run["rows"]
    ]


def shipped(name: str) -> tuple[list[dict[str, float]], TrainConfig]:
    recipe = json.loads((SHIPPED / name / "config.json").read_text())
    with (SHIPPED / name / "history.csv").open() as file:
        rows = [{column: float(cell) for column, cell in row.items()} for row in csv.DictReader(file)]
    return rows, TrainConfig.model_validate(recipe["config"])


def verdict(findings: list[Finding]) -> str:
    """Write a verdict in short: its kind and, where it advises another rate, whether smaller or larger."""
    if not findings:
        return ""
    [finding] = findings
    direction = [word for word in ("large", "small") if f"steps are too {word}" in finding.advice]
    return " ".join([finding.kind, *("too " + word for word in direction)])


@pytest.mark.parametrize("name", RUNS)
def test_what_is_said_of_a_real_run_is_right_after_each_of_its_epochs(name):
    run, config = RUNS[name], config_of(RUNS[name])
    rows, failed = rows_of(run), run.get("failed", False)
    said = [verdict(diagnose(rows[:epoch], config, 10)) for epoch in range(1, len(rows) + 1)]
    assert said == run["verdicts"]
    if failed:
        assert verdict(diagnose(rows, config, 10, failed=True)) == "undefined too large"


def advised_and_tried() -> list[tuple[str, str]]:
    """Return (run, the run that was made with the change advised to it)."""
    return [(name, run["advised"]) for name, run in RUNS.items() if "advised" in run]


@pytest.mark.parametrize(("name", "tried"), advised_and_tried())
def test_what_is_advised_was_tried_and_is_better(name, tried):
    run, config = RUNS[name], config_of(RUNS[name])
    rows, better = rows_of(run), rows_of(RUNS[tried])
    findings = [
        diagnose(rows[:epoch], config, 10, run.get("failed", False)) for epoch in range(len(rows) + 1)
    ]
    [*_earlier, [finding]] = [found for found in findings if found]
    other = config_of(RUNS[tried])
    assert config.model_copy(update=finding.change | {"epochs": other.epochs}) == other
    last = rows[-1] if rows else {"accuracy": 0.1, "val_accuracy": 0.1, "val_loss": math.inf}
    if finding.kind == "overfitting":
        assert better[-1]["val_loss"] < last["val_loss"]
    else:
        assert better[-1]["accuracy"] > last["accuracy"]


def test_most_kinds_of_verdicts_and_none_at_all_are_among_the_real_runs():
    said = {kind for run in RUNS.values() for kind in run["verdicts"]}
    assert {"", "overfitting", "not learning too large", "not learning too small", "not learning"} <= said
    assert sum(not any(run["verdicts"]) for run in RUNS.values()) >= 8, "healthy ones"


@pytest.mark.parametrize("name", ["article", "champion"])
def test_the_shipped_networks_are_in_order_after_each_of_their_epochs(name):
    """Champion's validation jumps while its rate is high, and it comes to rest as its rate falls to 0."""
    rows, config = shipped(name)
    assert len(rows) >= 10
    for epoch in range(1, len(rows) + 1):
        assert diagnose(rows[:epoch], config, 10) == [], epoch


def history(training, validation=None, losses=None, val_losses=None, rates=None):
    unknown = [np.nan] * len(training)
    losses = [2 - a for a in training] if losses is None else losses
    columns = {
        "accuracy": training,
        "val_accuracy": unknown if validation is None else validation,
        "loss": losses,
        "val_loss": unknown if val_losses is None else val_losses,
    }
    if rates is not None:
        columns["learning_rate"] = rates
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def kinds(rows, config=ARTICLE, **options):
    return [finding.kind for finding in diagnose(rows, config, options.pop("classes", 10), **options)]


def config_with(**values) -> TrainConfig:
    return TrainConfig.model_validate(ARTICLE.model_dump() | values)


def test_a_healthy_run_gets_no_diagnosis():
    assert kinds([]) == []
    assert kinds(history([0.4])) == []
    assert (
        kinds(history([0.40, 0.50, 0.56, 0.60], [0.45, 0.53, 0.58, 0.61], None, [1.5, 1.3, 1.2, 1.1])) == []
    )


# ---- Overfitting

TRAINING = [0.50, 0.55, 0.60, 0.64, 0.68, 0.72, 0.75, 0.78]
WORSE = [1.3, 1.2, 1.1, 1.05, 1.1, 1.2, 1.3, 1.4]
VALIDATION = [0.50, 0.53, 0.56, 0.58, 0.58, 0.58, 0.57, 0.57]


def test_overfitting_is_validation_getting_worse_and_says_since_when():
    [finding] = diagnose(history(TRAINING, VALIDATION, val_losses=WORSE), ARTICLE, 10)
    assert finding.kind == "overfitting"
    assert "lowest after epoch 4 (1.050) and is 1.400 now" in finding.evidence
    assert "from 1.360 to 1.220" in finding.evidence
    assert finding.change["augmentation"].flip
    digits = config_with(dataset="digits", validation=0.5)
    [finding] = diagnose(history(TRAINING, VALIDATION, val_losses=WORSE), digits, 10)
    assert not finding.change["augmentation"].flip, "a mirrored digit is no digit"


def test_a_gap_between_training_and_validation_is_no_overfitting():
    """Training may be far better: as long as validation gets better too, nothing has gone wrong."""
    better = [1.3, 1.2, 1.15, 1.12, 1.1, 1.09, 1.085, 1.08]
    assert kinds(history([0.5 + 0.06 * i for i in range(8)], VALIDATION, val_losses=better)) == []


def test_overfitting_is_not_told_from_chance():
    """Over 36 images even a loss that is 30 % higher may be one image; and what jumps has no trend."""
    few = config_with(dataset="digits", limit=200, validation=0.18)
    assert kinds(history(TRAINING, VALIDATION, val_losses=WORSE), few) == []
    jumping = [1.3, 1.05, 1.5, 1.1, 1.4, 1.2, 1.5, 1.3]
    assert kinds(history(TRAINING, VALIDATION, val_losses=jumping)) == []


def test_validation_that_is_still_near_guessing_is_no_overfitting():
    """Batch normalisation judges by running averages, which need some epochs to settle."""
    assert kinds(history(TRAINING, [0.139, 0.13, 0.125, 0.122] * 2, val_losses=WORSE)) == []
    assert kinds(history(TRAINING, [0.5] * 8, val_losses=WORSE), classes=2) == []
    assert kinds(history(TRAINING, [0.7] * 8, val_losses=WORSE), classes=2) == ["overfitting"]


def test_validation_is_awaited_while_a_schedule_keeps_the_rate_high():
    cosine = config_with(schedule="cosine")
    high, low = [0.001] * 7 + [0.0009], [0.001] * 7 + [0.0004]
    assert kinds(history(TRAINING, VALIDATION, val_losses=WORSE, rates=high), cosine) == []
    assert kinds(history(TRAINING, VALIDATION, val_losses=WORSE, rates=low), cosine) == ["overfitting"]


def test_an_l2_penalty_that_grows_is_no_overfitting():
    rows = history(TRAINING, VALIDATION, val_losses=WORSE)
    grows = [row | {"l2": row["val_loss"] - 1.0} for row in rows]
    config = config_with(model=ARTICLE.model.model_copy(update={"l2": 0.001}).model_dump())
    assert kinds(grows, config) == []


# ---- Not learning


@pytest.mark.parametrize(("rate", "proposed"), [(0.1, 0.01), (0.00001, 0.0001)])
def test_not_learning_proposes_another_rate(rate, proposed):
    [finding] = diagnose(history([0.1, 0.103]), config_with(learning_rate=rate), 10)
    assert finding.kind == "not learning"
    assert finding.change["learning_rate"] == pytest.approx(proposed)
    assert "10.3\u00a0%" in finding.evidence


def test_steps_that_go_the_right_way_are_too_small_at_a_usual_rate_too():
    creeping = history([0.11, 0.12, 0.134], losses=[2.299, 2.293, 2.286])
    [finding] = diagnose(creeping, config_with(optimizer="sgd", learning_rate=0.01), 10)
    assert finding.change["learning_rate"] == 0.1
    assert "from 2.299 to 2.286" in finding.evidence


def test_the_rate_is_not_blamed_where_that_is_not_known():
    """A usual rate and a loss at what guessing costs: it may be the network, or be about to begin."""
    stuck = history([0.1, 0.1, 0.1], losses=[2.31, 2.306, 2.304])
    assert kinds(stuck[:2]) == []
    [finding] = diagnose(stuck, ARTICLE, 10)
    assert (finding.kind, finding.advice, finding.change) == ("not learning", "", {})


def test_a_network_that_has_just_begun_to_learn_is_left_alone():
    assert kinds(history([0.1, 0.1, 0.13], losses=[2.322, 2.310, 2.275])) == []


def test_a_schedule_that_warms_up_is_awaited():
    config = config_with(schedule="one_cycle", learning_rate=0.1, optimizer="nesterov")
    stuck = {"training": [0.1, 0.1, 0.1], "losses": [2.302, 2.3021, 2.3022]}
    assert kinds(history(**stuck, rates=[0.005, 0.02, 0.06]), config) == [], "no whole epoch at much of it"
    assert kinds(history(**stuck, rates=[0.02, 0.06, 0.09]), config) == ["not learning"]


def test_guessing_depends_on_the_number_of_classes_and_on_the_loss():
    rows = history([0.66, 0.68, 0.7], losses=[0.66, 0.64, 0.62])
    assert kinds(rows, classes=2) == [], "70 % of two classes is well above guessing"
    assert kinds(
        history([0.5, 0.5, 0.51], losses=[0.71, 0.70, 0.695]), config_with(learning_rate=0.05), classes=2
    )
    assert kinds(history([0.03, 0.04, 0.05], losses=[4.5, 4.49, 4.485]), classes=100) == [], "1 % is guessing"
    mse = config_with(loss="mse", optimizer="sgd", learning_rate=0.01)
    [finding] = diagnose(history([0.106, 0.109, 0.11], losses=[0.08996, 0.089957, 0.089951]), mse, 10)
    assert finding.change["learning_rate"] == 0.1
    assert "from 0.0899600 to 0.0899510" in finding.evidence


def test_a_rate_that_has_just_been_set_is_not_judged_by_epochs_at_another():
    rows = history([0.1, 0.1, 0.1], losses=[2.31, 2.305, 2.304])
    config = config_with(learning_rate=0.05)
    assert kinds(rows, config) == ["not learning"]
    assert kinds(rows, config, since=2) == []
    assert kinds(rows, config, since=3) == []


# ---- Getting worse


def test_diverging_needs_two_rises_and_a_clear_one():
    assert kinds(history([0.5, 0.5, 0.5], losses=[1.0, 1.5, 2.0])) == ["diverging"]
    assert kinds(history([0.5, 0.51, 0.52], losses=[1.0, 1.05, 1.1])) == []
    assert kinds(history([0.5, 0.4, 0.52], losses=[1.0, 3.0, 1.1])) == []


def test_a_loss_near_nothing_may_double():
    """A network that has nearly every photo right stumbles over one now and then."""
    assert kinds(history([0.999, 0.998, 0.997], losses=[0.004, 0.009, 0.02])) == []


def test_an_undefined_loss_comes_first():
    assert kinds(history([0.1, 0.1], losses=[2.3, 2.3]), failed=True) == ["undefined"]
    [finding] = diagnose([], config_with(learning_rate=1e-9), 10, failed=True)
    assert (finding.advice, finding.change) == ("", {}), "steps as small as that are not the reason"


# ---- Rest


def test_a_plateau_is_rest_in_both_curves():
    flat, losses = [0.600, 0.601, 0.602, 0.601, 0.602], [1.1, 1.101, 1.099, 1.1, 1.1]
    assert kinds(history(flat, [0.55, 0.551, 0.552, 0.55, 0.551], losses)) == ["plateau"]
    assert kinds(history(flat, [0.50, 0.52, 0.54, 0.56, 0.58], losses)) == []
    assert kinds(history([0.999] * 6, [0.99] * 6)) == []
    assert kinds(history(flat, [0.55] * 5, [1.104, 1.103, 1.102, 1.101, 1.1])) == [], "it creeps down"
    assert kinds(history(flat, None, losses), config_with(validation=0.0)) == ["plateau"]


def test_a_slow_rise_is_no_rest():
    rising, losses = [0.600, 0.600, 0.601, 0.603, 0.6045], [1.1, 1.101, 1.099, 1.1, 1.1]
    assert kinds(history(rising, [0.55] * 5, losses)) == []


def test_rest_at_the_end_of_a_schedule_is_what_it_is_for():
    flat, losses = [0.600, 0.601, 0.602, 0.601, 0.602], [1.1, 1.101, 1.099, 1.1, 1.1]
    for schedule in ("cosine", "one_cycle"):
        assert kinds(history(flat, [0.55] * 5, losses), config_with(schedule=schedule)) == []


# ---- Silence


def test_silent_kernels_are_found_by_looking():
    layers = ARTICLE.model.layers(10)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(0, 0.1, shape).astype(np.float32)
        for name, shape in ops.network_shapes(layers, (32, 32, 3)).items()
    }
    weights["conv_2/bias"][:32] = -1000  # half of the 64 maps can never rise above 0
    images = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    shares = silent_shares(layers, weights, images)
    assert shares["conv_2_relu"] >= 0.5
    assert shares["conv_1_relu"] < 0.5
    titles = {"conv_1_relu": "Convolution 1", "conv_2_relu": "Convolution 2", "dense_1_relu": "Dense 1"}
    finding = silence({"conv_1_relu": 0.1, "conv_2_relu": 0.5}, ARTICLE, 5, titles.get)
    assert finding.evidence == "50\u00a0% of Convolution 2 is 0 on all of 5 photos looked at."
    assert [block.activation for block in finding.change["model"].blocks] == ["relu", "leaky_relu", "relu"]
    assert silence({"conv_1_relu": 0.1}, ARTICLE, 5, titles.get) is None


def test_a_silent_dense_layer_is_the_one_that_is_changed():
    finding = silence({"conv_1_relu": 0.1, "dense_1_relu": 0.36}, ARTICLE, 100, str)
    model = finding.change["model"]
    assert [block.activation for block in model.dense] == ["leaky_relu"]
    assert model.blocks == ARTICLE.model.blocks
