"""Real training on Digits: what the run folder holds, how it ends early, how it goes on."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from cnnlab import ops, system
from cnnlab.config import Augmentation, ConvBlock, ModelConfig, losses, steps_per_epoch
from cnnlab.config.presets import PRESETS
from cnnlab.config.schedules import SCHEDULES
from cnnlab.data import cifar10, datasets
from cnnlab.runs import Checkpoint, Phase, Run, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.training.trainer import Training
from tests.support.training import SMALL, make, work

SAMPLED = {name for name in COLUMNS if name.startswith("sample_")}  # measured at the end alone


def after(checks: int):
    """Return a should_stop that becomes true at its n-th call."""
    calls = iter(range(checks))
    return lambda: next(calls, None) is None


def test_a_finished_run_holds_everything(digits_run):
    _store, run = digits_run
    data = datasets.load("digits")
    history, state = run.history(), run.state()
    assert (state.phase, state.epoch, state.epochs) == ("finished", 2, 2)
    assert [row["epoch"] for row in history] == [1, 2]
    assert all(math.isfinite(row[name]) for row in history for name in row.keys() - SAMPLED)
    assert history[1]["loss"] < history[0]["loss"]
    assert run.kernel_epochs() == [0, 1, 2]
    assert run.kernels(1)["conv_1/kernel"].dtype == np.float16
    np.testing.assert_allclose(run.kernels(2)["conv_1/kernel"], run.weights()["conv_1/kernel"], atol=1e-3)
    evaluation = run.evaluation()
    assert evaluation.openings == 1
    np.testing.assert_array_equal(evaluation.labels, data.test_labels)
    np.testing.assert_allclose(evaluation.probabilities.sum(1), 1, atol=1e-5)
    assert evaluation.accuracy > 0.5, "two epochs teach it much more than guessing"


def test_its_weights_alone_give_the_recorded_answers(digits_run):
    _store, run = digits_run
    images = datasets.load("digits").test_images[:20]
    layers, weights = run.recipe().layers(), run.weights()
    mine = np.array([ops.forward(layers, weights, image)[-1].values for image in images])
    np.testing.assert_allclose(mine, run.evaluation().probabilities[:20], atol=1e-5)


def test_the_model_file_is_plain_uncompiled_keras(digits_run):
    import keras

    _store, run = digits_run
    model = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    assert not model.compiled
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    images = datasets.load("digits").test_images[:50]
    np.testing.assert_allclose(np.asarray(model(images)), run.evaluation().probabilities[:50], atol=1e-5)


def evaluated_again(run: Run) -> float:
    """Return the share of the held-out images that the network named rightly which a page would show now."""
    config, data = run.recipe().config, datasets.load("digits")
    _training, held_out = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    layers, weights = run.recipe().layers(), run.weights()
    right = [
        ops.forward(layers, weights, data.train_images[i])[-1].values.argmax() == data.train_labels[i]
        for i in held_out
    ]
    return float(np.mean(right))


def test_the_recorded_validation_accuracy_is_that_of_the_held_out_images(digits_run):
    _store, run = digits_run
    assert evaluated_again(run) == pytest.approx(run.history()[-1]["val_accuracy"], abs=1e-6)


def test_a_run_that_was_let_go_ends_exactly_as_one_that_was_not(tmp_path):
    whole, broken = make(tmp_path, SMALL), make(tmp_path, SMALL)
    work(whole)
    work(broken, should_stop=after(2))
    assert broken.state().phase == "queued"
    assert len(broken.history()) == 3
    work(broken, "resume")
    assert broken.state().phase == whole.state().phase == "finished"
    for one, other in zip(whole.history(), broken.history(), strict=True):
        for name in one.keys() - {"seconds"} - SAMPLED:
            assert other[name] == pytest.approx(one[name], rel=1e-5), (one["epoch"], name)
    for name, array in whole.weights().items():
        np.testing.assert_allclose(broken.weights()[name], array, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("command", ["pause", "let go"])
def test_a_pause_within_an_epoch_changes_nothing(tmp_path, command):
    """Small batches, so that an epoch has many looks; the pause comes in the middle of the second epoch."""
    augmented = Augmentation(flip=True, shift=2, rotate=10, cutout=6)
    config = SMALL.model_copy(
        update={"epochs": 3, "batch_size": 10, "schedule": "one_cycle", "augmentation": augmented}
    )
    whole, paused = make(tmp_path, config), make(tmp_path, config)
    work(whole)

    def in_the_second_epoch():
        there = len(paused.history()) == 1
        if there and command == "pause" and not paused.commands():
            paused.command("pause", "anna")
        return there and command != "pause"

    work(paused, should_stop=in_the_second_epoch)
    assert paused.state().phase == ("paused" if command == "pause" else "queued")
    assert (paused.within().epoch, paused.within().step) == (1, 25)
    assert evaluated_again(paused) == pytest.approx(paused.history()[-1]["val_accuracy"], abs=1e-6), (
        "one network"
    )
    assert paused.trained_epochs() == 1
    work(paused, "resume")
    assert paused.state().phase == "finished"
    assert paused.within() is None
    assert not (paused.folder / "checkpoint" / "within.npz").exists()
    for one, other in zip(whole.history(), paused.history(), strict=True):
        for name in one.keys() - {"seconds"} - SAMPLED:
            assert other[name] == pytest.approx(one[name], rel=1e-4), (one["epoch"], name)
    for name, array in whole.weights().items():
        np.testing.assert_allclose(paused.weights()[name], array, rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_new_rate_and_more_epochs_while_it_trains(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 2}))

    def steer():
        if len(run.history()) == 1 and not run.commands():
            run.command("rate", "anna", 0.0025)
            run.command("epochs", "anna", 4)
        return False

    work(run, should_stop=steer)
    assert run.state().phase == "finished"
    assert (run.state().epoch, run.state().epochs) == (4, 4)
    assert [row["learning_rate"] for row in run.history()] == [0.01, 0.01, 0.0025, 0.0025]


def test_one_more_epoch_after_the_end(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 1}))
    work(run)
    before = run.weights()
    run.command("epochs", "anna", 2)
    run.command("resume", "anna")
    assert run.needs_attempt() == "resume"
    work(run, "resume")
    assert run.state().phase == "finished"
    assert len(run.history()) == 2
    assert any(not np.array_equal(array, before[name]) for name, array in run.weights().items())


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_the_schedule_reaches_the_optimiser(tmp_path, schedule):
    run = make(tmp_path, SMALL.model_copy(update={"schedule": schedule, "batch_size": 60}))
    seen = []

    def look():
        seen.append((run.state().epoch, run.state().step, run.state().learning_rate))
        return False

    work(run, should_stop=look)
    rates = [row["learning_rate"] for row in run.history()]
    # Six batches an epoch are computed in one go, with the rate of the first of them.
    expected = [0.01 * SCHEDULES[schedule].factor(epoch / 4) for epoch in range(4)]
    assert rates == pytest.approx(expected, rel=1e-5)
    assert len(set(rates)) > 2


def test_training_ends_early_when_validation_does_not_improve(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 60, "patience": 2, "learning_rate": 0.1}))
    work(run)
    losses = [row["val_loss"] for row in run.history()]
    assert run.state().phase == "finished"
    assert len(losses) < 60
    assert "2" in run.state().message
    assert int(np.argmin(losses)) == len(losses) - 3


def test_the_loss_is_that_of_the_configuration(tmp_path):
    """Recomputed in NumPy from the answers of the final network on the held-out images."""
    data = datasets.load("digits")
    penalised = {"model": SMALL.model.model_copy(update={"l2": 0.01})}
    for change in (penalised | {"label_smoothing": 0.2}, {"loss": "mse"}):
        run = make(tmp_path, SMALL.model_copy(update={"epochs": 1, **change}))
        work(run)
        config = run.recipe().config
        _training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
        layers, weights = run.recipe().layers(), run.weights()
        p = np.array([ops.forward(layers, weights, data.train_images[i])[-1].values for i in held])
        (row,), y = run.history(), data.train_labels[held]
        found = losses.of(p, y, config, losses.penalty(weights, config.model.l2))
        assert row["val_loss"] == pytest.approx(found.loss, rel=1e-3), change
        assert row["val_cross_entropy"] == pytest.approx(found.cross_entropy, rel=1e-3), change
        assert row["l2"] == pytest.approx(found.l2, rel=1e-6), change
        assert row["loss"] != row["cross_entropy"] > 0, change


def test_the_answer_panel_holds_answers_for_held_out_images(digits_run):
    _store, run = digits_run
    panel, config = run.arrays("probe.npz"), run.recipe().config
    data = datasets.load("digits")
    _training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    assert panel["epoch"] == 2
    assert set(panel["index"]) <= set(held)
    layers, weights = run.recipe().layers(), run.weights()
    for index, answer in zip(panel["index"], panel["probabilities"], strict=True):
        mine = ops.forward(layers, weights, data.train_images[index])[-1].values
        np.testing.assert_allclose(answer, mine, atol=1e-5)


def test_a_row_without_its_checkpoint_is_trained_again(tmp_path):
    def epochs() -> list[dict]:  # what is measured at the end alone is not there before
        return [{name: row[name] for name in row.keys() - SAMPLED} for row in run.history()]

    run = make(tmp_path, SMALL.model_copy(update={"epochs": 3}))
    work(run, should_stop=after(2))
    rows = epochs()
    with (run.folder / "history.csv").open("a") as file:
        file.write(",".join("3" if name == "epoch" else "9" for name in COLUMNS) + "\n")
    work(run, "resume")
    assert [row["epoch"] for row in run.history()] == [1, 2, 3]
    assert epochs()[: len(rows)] == rows
    assert run.history()[2]["loss"] < 9


@pytest.mark.parametrize("kernel", ["conv_1/kernel", "another/kernel"])
def test_a_checkpoint_that_does_not_fit_ends_in_a_sentence(tmp_path, kernel):
    run = make(tmp_path, SMALL)
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_history([dict.fromkeys(COLUMNS, 0.5) | {"epoch": 1}])
    attempt.write_checkpoint(Checkpoint(1, {kernel: np.zeros(3, np.float32)}, {}))
    attempt.enter(Phase.PAUSED)
    work(run, "resume")
    assert run.state().phase == "failed"
    assert "does not fit its network, so training cannot go on." in run.state().message


def stopped_in_the_third_epoch(tmp_path) -> Run:
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 500, "batch_size": 10}))

    def stop_in_the_third_epoch():
        if len(run.history()) == 2 and not run.commands():
            run.command("stop", "anna")
        return False

    work(run, should_stop=stop_in_the_third_epoch)
    return run


def test_stop_keeps_the_last_finished_epoch(tmp_path):
    run = stopped_in_the_third_epoch(tmp_path)
    assert run.state().phase == "stopped"
    assert len(run.history()) == 2
    checkpoint = run.checkpoint()
    for name, array in run.weights().items():
        np.testing.assert_array_equal(array, checkpoint.weights[name])
    assert (run.folder / "model.keras").exists()


def test_a_stop_after_a_pause_within_an_epoch_keeps_the_last_finished_one(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 500, "batch_size": 5}))

    def command_in_the_second_epoch(command):
        def look():
            if len(run.history()) == 1 and command not in run.new_commands():
                run.command(command, "anna")
            return False

        return look

    work(run, should_stop=command_in_the_second_epoch("pause"))
    run.command("resume", "anna")
    work(run, "resume", should_stop=command_in_the_second_epoch("stop"))
    assert run.state().phase == "stopped"
    assert (len(run.history()), run.trained_epochs()) == (1, 1)
    assert evaluated_again(run) == pytest.approx(run.history()[-1]["val_accuracy"], abs=1e-6)


def test_what_goes_on_after_a_stop_is_another_network(tmp_path):
    run = stopped_in_the_third_epoch(tmp_path)
    before, (answers, labels) = run.weights(), (np.full((20, 10), 0.1), np.arange(20) % 10)
    run.save_evaluation(answers, labels)
    assert (run.evaluation().openings, run.evaluation().epochs) == (1, 2)
    run.command("resume", "anna")
    work(run, "resume", should_stop=lambda: len(run.history()) == 3)
    assert len(run.history()) == 3
    now = run.weights()
    for name, array in run.checkpoint().weights.items():
        np.testing.assert_array_equal(now[name], array)
    assert any((now[name] != before[name]).any() for name in before)
    assert run.evaluation() is None, "nobody has looked for this network"
    assert run.last_evaluation().epochs == 2
    run.save_evaluation(answers, labels)
    assert (run.evaluation().openings, run.evaluation().epochs) == (2, 3)


def test_an_undefined_loss_ends_the_run_with_a_reason(tmp_path):
    config = SMALL.model_copy(update={"learning_rate": 10.0, "optimizer": "sgd", "epochs": 50})
    plain = ModelConfig(blocks=(ConvBlock(filters=8, activation="linear"),) * 3)
    run = make(tmp_path, config.model_copy(update={"model": plain}))
    work(run)
    state = run.state()
    assert state.phase == "failed"
    assert "NaN" in state.message
    assert state.undefined
    assert "10" in state.message, "it names the learning rate"
    json.loads((run.folder / "state.json").read_text(), parse_constant=pytest.fail)


def test_a_network_that_does_not_fit_the_images_ends_with_a_reason(tmp_path):
    blocks = (ConvBlock(filters=4, pool="max", pool_window=4),) * 3
    run = make(tmp_path, SMALL.model_copy(update={"model": ModelConfig(blocks=blocks)}))
    work(run)
    assert run.state().phase == "failed"
    assert "conv_3" in run.state().message or "pool_" in run.state().message


def test_a_missing_dataset_ends_with_a_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_CIFAR10", str(tmp_path / "nowhere"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    archive = replace(cifar10.ARCHIVE, url="http://127.0.0.1:9/cifar.tar.gz")
    monkeypatch.setattr(cifar10, "ARCHIVE", archive)
    run = make(tmp_path, PRESETS["article"].config)
    work(run)
    assert run.state().phase == "failed"
    assert "CIFAR-10" in run.state().message


def test_without_validation_its_columns_are_empty(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"validation": 0.0, "epochs": 1}))
    work(run)
    assert run.state().phase == "finished"
    assert math.isnan(run.history()[0]["val_accuracy"])
    assert run.history()[0]["accuracy"] > 0


def test_a_superseded_attempt_stops_without_another_write(tmp_path):
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 500}))

    def overtake():
        if len(run.history()) == 1 and run.attempt() == 1:
            run.claim("recovery")
        return False

    work(run, should_stop=overtake)
    assert run.attempt() == 2
    assert len(run.history()) == 1
    assert json.loads((run.folder / "state.json").read_text())["attempt"] == 1


def test_training_from_the_command_line(tmp_path):
    command = [
        sys.executable,
        "-m",
        "cnnlab.train",
        "--preset",
        "article",
        "--dataset",
        "digits",
    ]
    command += ["--epochs", "1", "--limit", "200", "--validation", "0", "--runs", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert {
        "run",
        "test_accuracy",
        "test_loss",
        "test_cross_entropy",
        "epoch_seconds",
        "parameters",
    } <= result.keys()
    assert result["parameters"] == 122_570
    run = Store(tmp_path / "runs").get(result["run"])
    assert run.recipe().config.limit == 200
    assert len(run.evaluation().labels) == 360, "always the whole test set"
    assert result["test_accuracy"] == pytest.approx(run.evaluation().accuracy, abs=1e-5)
    last = done.stderr.replace("\r", "\n").splitlines()[-1]
    assert last.startswith("epoch 1/1: 100%") and "4/4 " in last and "accuracy=" in last
    assert "epoch 0" not in done.stderr


def test_the_command_line_names_a_bad_value():
    command = [sys.executable, "-m", "cnnlab.train", "--dataset", "digits", "--epochs", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "epochs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_ends_the_run_with_a_sentence_and_keeps_the_epochs_before(tmp_path):
    """The system itself refuses files beyond a size, here from the second epoch on: no write is faked."""
    run = make(
        tmp_path,
        PRESETS["article"].config.model_copy(update={"dataset": "digits", "limit": 200, "epochs": 3}),
    )
    script = """
import resource, sys
from cnnlab.runs import Store
from cnnlab.training.run_attempt import train
from cnnlab.training.trainer import Training
run = Store(sys.argv[1]).get(sys.argv[2])

def fill_up():
    if run.history():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    return False

train(run, run.claim("queued"), fill_up)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "runs"), run.id]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    state = run.state()
    assert state.phase == "failed"
    assert "epochs before are kept" in state.message
    assert len(run.history()) >= 1
    assert run.checkpoint().epoch == 1
    assert not list(run.folder.rglob(".*part*"))


def test_the_settings_of_a_run_are_those_that_keras_was_given(tmp_path, monkeypatch):
    """Everything that the recipe of a finished run shows, read back from the compiled model."""
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: True)
    model = ModelConfig(blocks=(ConvBlock(filters=4, stride=3, dropout=0.2),), l2=0.01)
    changes = {"model": model, "optimizer": "nesterov", "learning_rate": 0.02, "label_smoothing": 0.1}
    changes |= {"epochs": 1, "batch_size": 32, "validation": 0.25, "precision": "bfloat16"}
    run = make(tmp_path, SMALL.model_copy(update=changes))
    with Attempt(run, run.claim("queued")) as attempt:
        training = Training(run, attempt, lambda: False)
        training.work()
    config, keras_model = run.recipe().config, training.model
    optimizer = keras_model.optimizer
    assert type(optimizer).__name__ == "SGD"
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert float(keras_model.optimizer.learning_rate) == pytest.approx(config.learning_rate)
    assert keras_model.loss.get_config()["label_smoothing"] == config.label_smoothing
    assert keras_model.get_layer("conv_1").strides == (3, 3)
    assert keras_model.get_layer("conv_1").dtype_policy.name == "mixed_bfloat16"
    assert keras_model.get_layer("conv_1").kernel.dtype == "float32", "the weights keep all their digits"
    assert float(keras_model.get_layer("conv_1").kernel_regularizer.l2) == pytest.approx(config.model.l2)
    assert keras_model.get_layer("conv_1_dropout").rate == 0.2
    assert (len(training.training), len(training.validation)) == (300, 100)
    assert int(keras_model.optimizer.iterations) == steps_per_epoch(300, config.batch_size) * config.epochs
    images, labels = next(iter(training._batches(training.training, 0)))
    assert images.shape == (32, 32, 32, 3)
    assert labels.shape == (32, 10)


def test_a_processor_without_bfloat16_trains_in_float32_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: False)
    run = make(tmp_path, SMALL.model_copy(update={"epochs": 1, "precision": "bfloat16"}))
    with Attempt(run, run.claim("queued")) as attempt:
        training = Training(run, attempt, lambda: False)
        training.work()
    assert {layer.dtype_policy.name for layer in training.model.layers} == {"float32"}
    assert run.state().phase == "finished"
    assert "float32" in run.state().message
