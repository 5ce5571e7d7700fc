"""Does the run folder hear how far an epoch is, and only then that it runs?"""

import math

import pytest

from cnnlab.runs import Phase, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.training.callbacks import running_values
from cnnlab.training.callbacks.running_values import RunningValues
from tests.support.runs import create


@pytest.fixture
def attempt(tmp_path):
    run = create(Store(tmp_path))
    return Attempt(run, run.claim("queued"))


def counting(attempt: Attempt, first: int = 0) -> RunningValues:
    """Return what counts an epoch of ten batches of four images, the last of them half empty."""
    return RunningValues(attempt, lambda: 7, lambda: 0.01, images=38, batch_size=4, steps=10, first=first)


def test_the_figures_of_each_batch_are_told(attempt, monkeypatch):
    monkeypatch.setattr(running_values.time, "perf_counter", lambda: 100.0)
    running = counting(attempt)
    assert attempt.run.state().phase is Phase.STARTING
    monkeypatch.setattr(running_values.time, "perf_counter", lambda: 104.0)
    running.on_train_batch_end(4, {"loss": 1.5, "accuracy": 0.25})  # five batches at once
    state = attempt.run.state()
    assert (state.phase, state.step, state.epochs, state.learning_rate) == (Phase.RUNNING, 5, 7, 0.01)
    assert (state.loss, state.accuracy, state.images_per_second) == (1.5, 0.25, 5 * 4 / 4)
    assert running.values == (1.5, 0.25, 1.5) and not running.whole
    running.on_train_batch_end(9, {"loss": 1.0, "accuracy": 0.5, "cross_entropy": 0.75})
    assert running.whole and running.values == (1.0, 0.5, 0.75)
    assert attempt.state.images_per_second == 38 / 4, "the last batch is not full"
    assert attempt.run.state().step == 5, "the next heartbeat writes it"


def test_after_a_pause_it_counts_on_but_not_the_time_before(attempt, monkeypatch):
    monkeypatch.setattr(running_values.time, "perf_counter", lambda: 0.0)
    running = counting(attempt, first=6)
    monkeypatch.setattr(running_values.time, "perf_counter", lambda: 2.0)
    running.on_train_batch_end(0, {"loss": math.inf, "accuracy": 0.25})
    assert (running.step, running.step - running.first) == (7, 1)
    assert attempt.state.images_per_second == 2 and attempt.state.loss is None
