"""Does an epoch end where it must, and say why?"""

import math
from types import SimpleNamespace

import pytest

from cnnlab.runs import Store
from cnnlab.runs.attempt import Attempt
from cnnlab.training.callbacks.early_end import EarlyEnd, End
from tests.support.runs import create


@pytest.fixture
def run(tmp_path):
    return create(Store(tmp_path), owner="anna")


def ending(run, loss: float = 1.0, should_stop: bool = False) -> End | None:
    """Return why an epoch ends after its first batch; Keras is told of it."""
    model = SimpleNamespace(stop_training=False)
    end = EarlyEnd(model, run, Attempt(run, 1), lambda: should_stop)
    end.on_train_batch_end(0, {"loss": loss})
    assert model.stop_training is (end.why is not None)
    return end.why


def test_commands_end_it_and_others_do_not(run):
    run.claim("queued")
    assert ending(run) is None
    run.command("rate", "anna", 0.01)
    assert ending(run) is None
    run.command("pause", "anna")
    assert ending(run) is End.PAUSE
    run.command("stop", "anna")
    assert ending(run) is End.PAUSE, "the first is carried out; the second holds for the run at rest"


def test_a_stop_ends_it(run):
    run.claim("queued")
    run.command("stop", "anna")
    assert ending(run) is End.STOP


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_it(run, loss):
    run.claim("queued")
    assert ending(run, loss) is End.UNDEFINED


def test_whoever_is_to_let_go_does_so_first(run):
    run.claim("queued")
    run.command("stop", "anna")
    assert ending(run, math.nan, should_stop=True) is End.LET_GO


def test_a_newer_attempt_takes_over(run):
    run.claim("queued")
    run.claim("recovery")
    assert ending(run) is End.LET_GO
