"""What is shown, tested, taken home and brought in is one network, and says after how many epochs."""

import numpy as np
import pytest

from cnnlab.export import export_archive, import_archive, report
from cnnlab.export.code.script import script
from cnnlab.runs import Checkpoint, Run, RunError, Store
from cnnlab.runs.attempt import Attempt
from tests.support.archives import CLASSES, CONFIG, arrays, npz, pack, to_send, unpack

LABELS = np.arange(20) % len(CLASSES)
ANSWERS = np.full((20, len(CLASSES)), 1 / len(CLASSES), np.float32)


@pytest.fixture
def ahead(tmp_path):
    """A run of three epochs whose worker died between two writes: the row is there, the checkpoint is not."""
    run = to_send(Store(tmp_path / "runs"), evaluated=False)
    (run.folder / "weights.npz").rename(run.folder / "later.npz")
    attempt = Attempt(run, run.claim("resume"))
    attempt.write_checkpoint(Checkpoint(2, run.arrays("later.npz"), {}))
    return run, attempt


def test_the_network_tells_its_epochs_where_the_history_is_a_row_ahead(ahead, tmp_path):
    run, attempt = ahead
    assert (len(run.history()), run.trained_epochs()) == (3, 2)
    brought = import_archive(export_archive(run), Store(tmp_path / "there"), "ben")
    assert len(brought.history()) == brought.trained_epochs() == 2
    run.save_evaluation(ANSWERS, LABELS)
    assert run.evaluation().epochs == 2
    attempt.write_checkpoint(Checkpoint(3, run.weights(), {}))
    assert run.trained_epochs() == 3
    assert run.evaluation() is None, "that was the network before"


def test_an_epoch_that_ends_while_a_network_is_read_mixes_nothing(ahead, monkeypatch):
    """Its weights are removed, then written anew, between two looks of the reader."""
    run, attempt = ahead
    attempt.write_result(run.weights())
    new = {name: array + 1 for name, array in run.weights().items()}
    read, ends = (
        Run.weights,
        [
            lambda: attempt.outdate_result(),
            lambda: attempt.write_checkpoint(Checkpoint(3, new, {})),
            lambda: attempt.write_result(new),
        ],
    )

    def weights(self):
        if ends:
            ends.pop(0)()
        return read(self)

    monkeypatch.setattr(Run, "weights", weights)
    epochs, found = run.trained()
    assert epochs == 3 and not ends
    assert all((found[name] == new[name]).all() for name in new)


def test_an_opening_belongs_to_the_network_that_was_asked(ahead):
    """Training may go on while the test pictures are judged."""
    run, attempt = ahead
    attempt.write_checkpoint(Checkpoint(3, run.weights(), {}))
    run.save_evaluation(ANSWERS, LABELS, epochs=2)
    assert run.evaluation() is None
    assert run.last_evaluation().epochs == 2


def test_a_pause_within_an_epoch_leaves_the_network_as_it_is(ahead):
    run, attempt = ahead
    before, written = run.weights(), run.written()
    halfway = {name: array + 1 for name, array in before.items()}
    attempt.write_checkpoint(Checkpoint(2, halfway, {}, step=5, so_far=(1.0, 0.5, 1.0)))
    assert (run.within().step, run.within().so_far, run.checkpoint().step) == (5, (1.0, 0.5, 1.0), 0)
    assert (run.trained_epochs(), run.written()) == (2, written)
    assert all((run.weights()[name] == before[name]).all() for name in before)
    attempt.write_checkpoint(Checkpoint(3, halfway, {}))
    assert run.within() is None
    assert all((run.weights()[name] == halfway[name]).all() for name in before)


def test_a_pause_within_the_first_epoch_shows_no_network(tmp_path):
    run = Store(tmp_path).create(CONFIG, CLASSES, preset="article", owner="anna")
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_checkpoint(Checkpoint(0, {"a/kernel": np.zeros(3)}, {}, step=7))
    assert run.within().step == 7
    assert not run.has_weights()
    with pytest.raises(RunError, match="not finished an epoch"):
        run.weights()


def test_a_pause_that_an_earlier_version_kept_goes_on_and_is_not_called_an_epoch(ahead):
    """It wrote the state within the epoch over that after the epoch before."""
    run, attempt = ahead
    path = run.folder / "checkpoint" / "state.npz"
    old = run.arrays("checkpoint/state.npz") | {"step": np.int64(5), "so_far": np.array([1.0, 0.5])}
    path.write_bytes(npz(**old))
    assert run.checkpoint() is None
    assert (run.within().epoch, run.within().step, run.within().so_far) == (2, 5, (1.0, 0.5))
    with pytest.raises(RunError, match="Resume it"):
        run.weights()
    attempt.write_checkpoint(Checkpoint(2, run.within().weights, {}, step=9))
    assert run.within().step == 9


def test_an_opening_before_training_went_on_travels_too(tmp_path):
    run = to_send(Store(tmp_path / "here"), evaluated=False)
    for _time in range(2):
        run.save_evaluation(ANSWERS, LABELS, epochs=2)
    brought = import_archive(export_archive(run), Store(tmp_path / "there"), "ben")
    assert brought.evaluation() is None
    last = brought.last_evaluation()
    assert (last.openings, last.epochs) == (2, 2)
    for text in (report(brought), script(brought)):
        assert "still sealed" not in text
        assert "after 2 epochs" in text


def test_an_archive_of_an_earlier_version_tells_no_epochs_of_its_opening(tmp_path):
    files = unpack(export_archive(to_send(Store(tmp_path / "here"))))
    record = arrays(files["evaluation.npz"])
    del record["epochs"]
    old = pack(files | {"evaluation.npz": npz(**record)})
    brought = import_archive(old, Store(tmp_path / "there"), "ben")
    assert brought.evaluation().epochs is None
    assert brought.evaluation().openings == 1
