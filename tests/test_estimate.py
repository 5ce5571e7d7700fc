"""Are the estimates of time and memory the sums that they claim to be?"""

import json

import psutil
import pytest

from cnnlab import estimate
from cnnlab.attempts import Attempt
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.history import COLUMNS
from cnnlab.presets import PRESETS
from cnnlab.runs import Checkpoint, Store

# One kernel of 3x3 on 32x32x3, no border: a map of 30x30; flattened, 900 inputs for each of 10 scores.
ONE = ModelConfig(blocks=(ConvBlock(filters=1),))
LAYERS = ONE.layers(10)
F = "float32"
CONVOLUTION = 30 * 30 * 27  # a product for each of 27 weights at 900 places
SCORES = 900 * 10


def test_flops_of_a_photo():
    named = dict(zip([layer["name"] for layer in LAYERS], estimate.flops(LAYERS), strict=True))
    assert {name: count for name, count in named.items() if count} == {
        "conv_1": 2 * CONVOLUTION,
        "scores": 2 * SCORES,
    }
    assert sum(estimate.flops(PRESETS["article"].config.model.layers(10))) == 2 * 4_548_608


def test_operations_of_an_epoch():
    expected = (CONVOLUTION + SCORES) * (6 * 90 + 2 * 10)
    assert estimate.epoch_operations(LAYERS, training=90, validation=10) == expected


@pytest.mark.parametrize(("optimizer", "numbers"), [("sgd", 2), ("momentum", 3), ("rmsprop", 3), ("adam", 4)])
def test_memory_of_a_batch(optimizer, numbers):
    config = TrainConfig(model=ONE, optimizer=optimizer, batch_size=5)
    parameters = 27 + 1 + 9000 + 10
    # photo, division by 255, convolution, relu, flattened, scores, softmax
    outputs = 3072 + 3072 + 900 + 900 + 900 + 10 + 10
    assert estimate.memory(config, LAYERS) == 4 * (numbers * parameters + 2 * 5 * outputs)


def test_free_memory_is_what_the_machine_says():
    assert estimate.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def finished(store, seconds, **changes):
    config = TrainConfig(model=ONE, dataset="digits", limit=100, validation=0.1).model_copy(update=changes)
    run = store.create(config, tuple("0123456789"), preset="article", owner="me")
    row = dict.fromkeys(COLUMNS, 0.5)
    rows = [row | {"epoch": n, "seconds": s} for n, s in enumerate(seconds, start=1)]
    Attempt(run, run.claim("queued")).write_history(rows)
    return run


def test_the_speed_of_a_run_leaves_its_first_epoch_out(tmp_path):
    run = finished(Store(tmp_path), [9.0, 2.0, 4.0])
    measured = estimate.measure(run, "digits", 1437)
    assert measured.operations == 2 * (CONVOLUTION + SCORES) * (6 * 90 + 2 * 10)
    assert measured.seconds == 6.0
    assert estimate.measure(run, "cifar10", 50_000) is None


def test_a_limit_beyond_the_data_counts_as_all_of_it(tmp_path):
    run = finished(Store(tmp_path), [1.0, 1.0], limit=None)
    assert estimate.measure(run, "digits", 200).operations == (CONVOLUTION + SCORES) * (6 * 180 + 2 * 20)


def test_what_measures_nothing(tmp_path):
    store = Store(tmp_path)
    assert estimate.measure(finished(store, []), "digits", 1437) is None
    assert estimate.measure(finished(store, [3.0]), "digits", 1437) is None
    damaged = finished(store, [3.0, 3.0])
    (damaged.folder / "config.json").write_text(json.dumps({"schema": 1}))
    assert estimate.measure(damaged, "digits", 1437) is None


def test_the_same_network_is_believed_first():
    other = PRESETS["article"].config.model.layers(10)
    runs = [estimate.Measured(*one) for one in ((LAYERS, F, 100.0, 2.0), (other, F, 900.0, 3.0))]
    runs.append(estimate.Measured(LAYERS, "bfloat16", 500.0, 1.0))
    assert estimate.speed(LAYERS, F, []) == (estimate.DEFAULT_SPEED, "default")
    assert estimate.speed(LAYERS, F, runs) == (50.0, "same")
    assert estimate.speed(LAYERS, "bfloat16", runs) == (500.0, "same")
    assert estimate.speed(other, F, runs) == (300.0, "same")
    assert estimate.speed(ModelConfig(blocks=()).layers(10), F, runs) == (200.0, "other")


def test_what_is_left_of_a_run_is_its_epochs_to_come(tmp_path):
    run = finished(Store(tmp_path), [9.0, 2.0, 4.0], epochs=8)
    attempt = Attempt(run, run.attempt())
    attempt.update(epoch=3, epochs=8, step=5, steps=10)
    attempt.enter("running")
    assert estimate.seconds_left(run, 1437, []) == (8 - 3.5) * 4.0  # the median of 9, 2 and 4
    attempt.write_checkpoint(Checkpoint(3, {}, {}))
    run.wish("epochs", "me", 4)
    assert estimate.seconds_left(run, 1437, []) == 0.5 * 4.0


def test_before_its_first_epoch_a_run_is_judged_by_the_speed_of_others(tmp_path):
    store = Store(tmp_path)
    config = finished(store, []).recipe().config.model_copy(update={"epochs": 3})
    run = store.create(config, tuple("0123456789"), preset="article", owner="me")
    operations = (CONVOLUTION + SCORES) * (6 * 90 + 2 * 10)
    measured = [estimate.Measured(LAYERS, F, 10 * operations, 20.0)]  # 2 seconds an epoch
    assert estimate.seconds_left(run, 1437, measured) == pytest.approx(estimate.PREPARING + 3 * 2)


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
    assert estimate.wait(at_work, ahead) == seconds
