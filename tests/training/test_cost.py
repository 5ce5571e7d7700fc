"""Are the estimates of time and memory the sums that they claim to be?"""

import json
from dataclasses import replace

import numpy as np
import psutil
import pytest

from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.export import archive_schema, export_archive, import_archive
from cnnlab.runs import Checkpoint, Phase, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.training import cost, speed
from tests.support.runs import trained

# One kernel of 3x3 on 32x32x3, no border: a map of 30x30; flattened, 900 inputs for each of 10 scores.
ONE = ModelConfig(blocks=(ConvBlock(filters=1),))
LAYERS = ONE.layers(10)
F = "float32"
HERE = replace(speed.load(speed.TYPICAL), bfloat16=True)
GUESS = cost.Known(HERE, timed=False)
CONVOLUTION = 30 * 30 * 27  # a product for each of 27 weights at 900 places
SCORES = 900 * 10


def test_flops_of_a_photo():
    named = dict(zip([layer.name for layer in LAYERS], cost.flops(LAYERS), strict=True))
    assert {name: count for name, count in named.items() if count} == {
        "conv_1": 2 * CONVOLUTION,
        "scores": 2 * SCORES,
    }
    assert sum(cost.flops(PRESETS["article"].config.model.layers(10))) == 2 * 4_548_608


@pytest.mark.parametrize(("optimizer", "numbers"), [("sgd", 2), ("momentum", 3), ("rmsprop", 3), ("adam", 4)])
def test_memory_of_a_batch(optimizer, numbers):
    config = TrainConfig(model=ONE, optimizer=optimizer, batch_size=5)
    parameters = 27 + 1 + 9000 + 10
    # photo, division by 255, convolution, relu, flattened, scores, softmax
    outputs = 3072 + 3072 + 900 + 900 + 900 + 10 + 10
    assert cost.memory(config, LAYERS) == 4 * (numbers * parameters + 2 * 5 * outputs)


def test_free_memory_is_what_the_machine_says():
    assert cost.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def finished(store, seconds, digits=24, **changes):
    config = TrainConfig(model=ONE, dataset="digits", limit=100, validation=0.1).model_copy(update=changes)
    rows = [{"seconds": each, "precision": digits} for each in seconds]
    return trained(store, config, "me", rows=rows, kernels=False)


def test_the_speed_of_a_run_leaves_its_first_epoch_out(tmp_path):
    run = finished(Store(tmp_path), [9.0, 2.0, 4.0, 30.0])
    config = run.recipe().config
    measured = cost.measure(run, "digits", 1437, HERE)
    assert measured.factor == pytest.approx(4.0 / HERE.epoch_seconds(config, LAYERS, 90, 10))
    assert cost.measure(run, "cifar10", 50_000, HERE) is None


def test_a_limit_beyond_the_data_counts_as_all_of_it(tmp_path):
    run = finished(Store(tmp_path), [1.0, 1.0], limit=None)
    expected = HERE.epoch_seconds(run.recipe().config, LAYERS, 180, 20)
    assert cost.measure(run, "digits", 200, HERE).factor == pytest.approx(1 / expected)


def test_what_measures_nothing(tmp_path):
    store = Store(tmp_path)
    assert cost.measure(finished(store, []), "digits", 1437, HERE) is None
    assert cost.measure(finished(store, [3.0]), "digits", 1437, HERE) is None
    damaged = finished(store, [3.0, 3.0])
    (damaged.folder / "config.json").write_text(json.dumps({"schema": 1}))
    assert cost.measure(damaged, "digits", 1437, HERE) is None


def test_what_comes_from_elsewhere_is_no_speed_of_this_machine(tmp_path):
    store, theirs = Store(tmp_path / "here"), Store(tmp_path / "theirs")
    run = finished(theirs, [400.0] * 3)
    shapes = archive_schema.shapes(run.recipe().config, 10)
    Attempt(run, 1).write_result({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    taken = import_archive(export_archive(run), store, "ben")
    assert [row["seconds"] for row in taken.history()] == [400.0] * 3
    assert cost.measure(taken, "digits", 1437, HERE) is None


@pytest.mark.parametrize(("digits", "used"), [(8, "bfloat16"), (24, "float32")])
def test_the_speed_counts_for_the_precision_that_was_really_used(tmp_path, digits, used):
    run = finished(Store(tmp_path), [9.0, 2.0, 2.0], precision="bfloat16", digits=digits)
    measured = cost.measure(run, "digits", 1437, HERE)
    config = run.recipe().config.model_copy(update={"precision": used})
    assert measured.precision == used
    assert measured.factor == pytest.approx(2.0 / HERE.epoch_seconds(config, LAYERS, 90, 10))


@pytest.mark.parametrize("native", [True, False])
def test_it_is_estimated_in_the_precision_that_this_machine_will_use(native):
    config = TrainConfig(model=ONE, dataset="digits", precision="bfloat16")
    known = cost.Known(replace(HERE, bfloat16=native), timed=True)
    expected = config.model_copy(update={"precision": "bfloat16" if native else F})
    seconds, basis = cost.epoch_seconds(config, LAYERS, 100, known)
    assert (seconds, basis) == (pytest.approx(HERE.epoch_seconds(expected, LAYERS, 90, 10)), "timed")


def test_the_same_network_is_believed_first():
    other = PRESETS["article"].config.model.layers(10)
    runs = [cost.Measured(*one) for one in ((LAYERS, F, 2.0), (other, F, 3.0), (other, F, 5.0))]
    runs.append(cost.Measured(LAYERS, "bfloat16", 7.0))
    config = TrainConfig(model=ONE, dataset="digits")

    def factor(layers, precision, runs, timed=True):
        asked = config.model_copy(update={"precision": precision})
        seconds, basis = cost.epoch_seconds(asked, layers, 100, cost.Known(HERE, timed, runs))
        return round(seconds / HERE.epoch_seconds(asked, layers, 90, 10), 6), basis

    assert factor(LAYERS, F, [], timed=False) == (1.0, "guess")
    assert factor(LAYERS, F, []) == (1.0, "timed")
    assert factor(LAYERS, F, runs) == (2.0, "same")
    assert factor(LAYERS, "bfloat16", runs) == (7.0, "same")
    assert factor(other, F, runs) == (4.0, "same")
    assert factor(ModelConfig(blocks=()).layers(10), F, runs) == (3.0, "other")


def test_a_network_that_was_trained_here_is_estimated_by_its_own_epochs(tmp_path):
    """With other settings of the same network too: half the images take half the time of its epochs."""
    here = replace(HERE, epoch=0.0)
    run = finished(Store(tmp_path), [9.0, 4.0, 4.0], limit=1000)
    known = cost.Known(here, True, [cost.measure(run, "digits", 1437, here)])
    config = run.recipe().config
    assert cost.epoch_seconds(config, LAYERS, 1437, known) == (pytest.approx(4.0), "same")
    half = config.model_copy(update={"limit": 500})
    assert cost.epoch_seconds(half, LAYERS, 1437, known)[0] == pytest.approx(2.0, rel=0.1)


def test_what_is_left_of_a_run_is_its_epochs_to_come(tmp_path):
    run = finished(Store(tmp_path), [9.0, 2.0, 4.0], epochs=8)
    attempt = Attempt(run, run.attempt())
    attempt.update(epoch=3, epochs=8, step=5, steps=10)
    attempt.enter(Phase.RUNNING)
    assert cost.seconds_left(run, 1437, GUESS) == (8 - 3.5) * 4.0  # the median of 9, 2 and 4
    attempt.write_checkpoint(Checkpoint(3, {}, {}))
    run.command("epochs", "me", 4)
    assert cost.seconds_left(run, 1437, GUESS) == 0.5 * 4.0


def test_before_its_first_epoch_a_run_is_judged_by_the_speed_of_others(tmp_path):
    store = Store(tmp_path)
    config = finished(store, []).recipe().config.model_copy(update={"epochs": 3})
    run = store.create(config, tuple("0123456789"), preset="article", owner="me")
    known = cost.Known(HERE, True, [cost.Measured(LAYERS, F, 2.0)])
    expected = 2 * HERE.epoch_seconds(config, LAYERS, 90, 10)
    assert cost.seconds_left(run, 1437, known) == pytest.approx(cost.PREPARING + 3 * expected)


@pytest.mark.parametrize(
    ("at_work", "ahead", "seconds"),
    [
        ([], [], 0),
        ([30], [], 30),
        ([30], [60, 20], 30 + 60 + 20),
        ([30, 90], [], 30),
        ([30, 90], [60], 90),  # the first worker is busy again until 90
        ([30, 90], [60, 20], 90),  # one of them until 110, the other is free at 90
        ([30, 90], [60, 20, 100], 110),
        ([], [60], 60),  # the worker is still starting
    ],
)
def test_the_wait_for_a_worker_is_what_a_hand_works_out(at_work, ahead, seconds):
    assert cost.wait(at_work, ahead) == seconds
