"""Does what was timed on a computer add up to a step, is it kept, and does nobody wait for the timing?"""

import itertools
import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from distributed.core import Status

from cnnlab import ops, system
from cnnlab.config import Augmentation, ConvBlock, ModelConfig, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.training import speed, timing
from cnnlab.training.layers import kind_of, measures
from cnnlab.workers import preload_worker

ONES = {kind: [1.0] * count for kind, count in speed.MEASURES.items()}
HERE = speed.Speed(
    costs={"float32": ONES, "bfloat16": {kind: [2.0, *row[1:]] for kind, row in ONES.items()}},
    changes=dict.fromkeys(speed.AUGMENTATIONS, 3.0),
    weight=5.0,
    together=1.5,
    step=7.0,
    epoch=11.0,
    bfloat16=True,
    threads=2,
)
# One kernel of 3x3 on 32x32x3, no border: a map of 30x30; flattened, 900 inputs for each of 10 scores.
ONE = ModelConfig(blocks=(ConvBlock(filters=1),))
LAYERS = ONE.layers(10)


def test_a_step_is_the_sum_of_its_layers():
    batch, photo, map, scores = 2, 3072, 900, 10
    numbers = {"rescale": 2 * photo, "conv_1": photo + map, "conv_1_relu": 2 * map, "flatten": 2 * map}
    numbers |= {"scores": map + scores, "softmax": 2 * scores}
    expected = len(numbers) + batch * sum(numbers.values())
    operations = 6 * batch * 900 * 27 * 2 / 3  # its gradient goes no further back: two thirds of the work
    expected += operations * (1 + 1 / 3 + 1 / 1)
    weights = 900 * 10
    expected += 6 * batch * weights + 12 * weights
    assert HERE.layers(LAYERS, batch, "float32") == pytest.approx(1.5 * expected)
    more = 1.5 * (len(numbers) - 1)  # the last layer computes in float32
    assert HERE.layers(LAYERS, batch, "bfloat16") == pytest.approx(1.5 * expected + more)


def test_an_epoch_is_its_steps_and_what_there_is_beside():
    config = TrainConfig(model=ONE, dataset="digits", batch_size=2, optimizer="momentum")
    layers, weights = HERE.layers(LAYERS, 2, "float32"), 27 + 1 + 9000 + 10
    step = 7.0 + layers + 5.0 * weights * 3 / 4
    assert HERE.epoch_seconds(config, LAYERS, 9, 0) == pytest.approx(4.5 * step + 11.0)
    judged = 7.0 + layers / 3
    assert HERE.epoch_seconds(config, LAYERS, 9, 3) == pytest.approx(4.5 * step + 2 * judged + 2 * 11.0)
    config = config.model_copy(update={"augmentation": Augmentation(flip=True, cutout=4)})
    step += 2 * (3.0 + 3.0)
    assert HERE.epoch_seconds(config, LAYERS, 9, 0) == pytest.approx(4.5 * step + 11.0)


def test_every_layer_of_every_preset_is_of_a_kind_that_is_timed():
    for preset in PRESETS.values():
        kinds = {kind_of(layer) for layer in preset.config.model.layers(10)}
        assert kinds <= set(speed.MEASURES)
    timed = {kind_of(layer) for layer, _before, _batch in timing.LAYERS}
    assert timed == set(speed.MEASURES)


def test_seconds_that_were_timed_are_fitted():
    rows = [[1.0, 10.0], [1.0, 1000.0], [1.0, 50.0]]
    assert speed.fitted([(row, 0.5 + 0.01 * row[1]) for row in rows]) == pytest.approx([0.5, 0.01])
    assert min(speed.fitted([([1.0, 10.0], 1.0), ([1.0, 20.0], 0.1)])) >= 0


def test_each_computer_has_a_table_of_its_own(tmp_path, monkeypatch):
    guess, timed = speed.of_trainers(tmp_path)
    assert not timed
    assert guess.bfloat16 == system.bfloat16_is_native()
    monkeypatch.setattr(speed.platform, "node", lambda: "other/../computer")
    speed.save(replace(HERE, step=1.0), tmp_path)
    [file] = tmp_path.iterdir()
    assert file.parent == tmp_path
    monkeypatch.setattr(speed.platform, "node", lambda: "mine")
    assert speed.of_trainers(tmp_path) == (replace(HERE, step=1.0), True)  # in a cluster others train
    speed.save(HERE, tmp_path)
    assert speed.of_trainers(tmp_path) == (HERE, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"step": -1},
        {"step": float("nan")},
        {"epoch": 1e308},
        {"together": 0},
        {"weight": "fast"},
        {"changes": {}},
        {"costs": {}},
        {"costs": {"float32": ONES}},
        {"costs": {"float32": ONES, "bfloat16": ONES | {"conv": [1.0]}}},
    ],
)
def test_a_damaged_or_foreign_table_is_none(tmp_path, changes):
    speed.path(tmp_path).write_text(json.dumps(asdict(HERE) | changes))
    assert speed.load(speed.path(tmp_path)) is None
    assert not speed.of_trainers(tmp_path)[1]
    speed.path(tmp_path).write_bytes(b"\xff{")
    assert speed.load(speed.path(tmp_path)) is None


def test_the_timing_of_real_layers_is_a_whole_table(tmp_path, monkeypatch):
    """By a clock that counts how often it is asked: whatever is timed takes one tick."""
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: True)
    kinds = {}
    for layer, before, batch in timing.LAYERS:
        smaller = layer, tuple(min(side, 8) for side in before), min(batch, 4)
        kinds.setdefault(kind_of(layer), smaller)
    monkeypatch.setattr(timing, "LAYERS", list(kinds.values()))
    small = TrainConfig(model=ONE, dataset="digits", batch_size=8, validation=0.0)
    monkeypatch.setattr(timing, "_networks", lambda: iter([small, small]))
    monkeypatch.setattr(timing, "ratio", lambda _steps, _layers: 1.0)
    ticks, waits = itertools.count(), []
    found = timing.measure(lambda: waits.append(1), clock=lambda: float(next(ticks)))
    assert set(found.costs) == {"float32", "bfloat16"}
    assert found.bfloat16
    assert len(waits) > len(kinds) * len(found.costs)
    values = measures(ops.BatchNorm("norm"), (8, 8, 8), 4)
    spent = sum(cost * value for cost, value in zip(found.costs["float32"]["norm"], values, strict=True))
    assert 0 < spent <= 1
    speed.save(found, tmp_path)
    assert speed.of_trainers(tmp_path) == (found, True)


@pytest.mark.parametrize("other", [0.0, 90.0])
def test_the_timing_waits_while_somebody_trains_or_the_computer_is_busy(tmp_path, monkeypatch, other):
    told = []
    executing = [{"train"} if not other else set()] * 3 + [set()] * 100
    state = SimpleNamespace(executing=executing[0])
    crew = SimpleNamespace(status=Status.running, state=state)

    def sleep(_seconds):
        told.append(1)
        state.executing = executing[len(told)]

    def load() -> float:
        return other if len(told) <= 3 else 0.0

    def measure(wait):
        wait()
        assert len(told) == 3 + preload_worker.QUIET - (not other)
        return HERE

    monkeypatch.setattr(preload_worker.time, "sleep", sleep)
    monkeypatch.setattr(preload_worker.psutil, "cpu_percent", load)
    monkeypatch.setattr(timing, "measure", measure)
    preload_worker._time(crew, tmp_path)
    assert speed.of_trainers(tmp_path) == (HERE, True)
    crew.status = Status.closing
    with pytest.raises(SystemExit):
        preload_worker._time(crew, tmp_path)


def test_a_computer_is_timed_once_and_by_one_of_its_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_TIMING", "1")
    assert preload_worker._shall_time("train", tmp_path)
    assert not preload_worker._shall_time("train-2", tmp_path)
    native = system.bfloat16_is_native()
    speed.save(replace(HERE, threads=timing.threads(), bfloat16=native), tmp_path)
    assert not preload_worker._shall_time("train", tmp_path)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", str(timing.threads() + 1))
    assert preload_worker._shall_time("train", tmp_path)
    monkeypatch.setenv("CNNLAB_TIMING", "0")
    assert not preload_worker._shall_time("train", tmp_path)
