"""The run folder as queue and truth: claims, commands, heartbeats, damage, ownership."""

import json
import math
import threading

import numpy as np
import pytest

from cnnlab.config.presets import PRESETS
from cnnlab.runs import Checkpoint, Phase, RunError, claims
from cnnlab.runs.attempt import Attempt, Superseded
from cnnlab.runs.history import COLUMNS
from tests.support.runs import begin

CONFIG = PRESETS["article"].config
CLASSES = ("cat", "dog")
ROW = dict.fromkeys(COLUMNS, math.nan) | {
    "epoch": 1.0,
    "loss": 1.5,
    "accuracy": 0.4,
    "val_loss": 1.4,
    "val_accuracy": 0.5,
    "learning_rate": 0.001,
    "seconds": 2.5,
}


@pytest.fixture
def run(store):
    return store.create(CONFIG, CLASSES, preset="article", owner="anna")


def test_a_new_run_waits_and_keeps_what_was_asked_for(store, run):
    recipe = run.recipe()
    assert recipe.config == CONFIG
    assert recipe.classes == CLASSES
    assert (recipe.preset, recipe.owner) == ("article", "anna")
    assert run.state().phase == "queued"
    assert run.state().epochs == CONFIG.epochs
    assert run.needs_attempt() == "queued"
    assert store.get(run.id).folder == run.folder


def test_newest_first(store):
    ids = [store.create(CONFIG, CLASSES, preset="article", owner="anna") for _ in range(3)]
    assert {r.id for r in store.runs()} == {r.id for r in ids}
    created = [r.recipe().created for r in store.runs()]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(
    "id", ["../etc", "kite-123/..", "", "KITE-123", "kite-12", ".new-1", "kite-123\n", "a" * 400]
)
def test_only_names_of_runs_reach_the_disk(store, run, id):
    with pytest.raises(RunError):
        store.get(id)


def test_many_claim_one_wins(run):
    barrier, wins = threading.Barrier(8), []

    def claim():
        barrier.wait()
        wins.append(run.claim("queued"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = sorted(number for number in wins if number)
    # Late comers may see the first claim and take the next number; no number is ever given twice.
    assert won == list(range(1, len(won) + 1))
    assert not list(run.folder.glob(".claim*"))


def test_an_older_attempt_may_not_write(run):
    first = Attempt(run, run.claim("queued"))
    first.enter(Phase.RUNNING)
    second = Attempt(run, run.claim("recovery"))
    second.enter(Phase.RUNNING)
    for write in (
        lambda: first.enter(Phase.FINISHED),
        lambda: first.write_history([ROW]),
        lambda: first.write_checkpoint(Checkpoint(1, {}, {})),
        lambda: first.write_kernels(1, {}),
        lambda: first.write_result({}),
    ):
        with pytest.raises(Superseded):
            write()
    assert run.state().attempt == 2


def test_silence_is_judged_on_the_readers_clock(run, clock):
    number = begin(run)
    assert run.state().phase == "running"
    clock.move(claims.SILENCE - 1)
    assert run.state().phase == "running"
    attempt = Attempt(run, number)
    attempt.update(heartbeat=7)
    attempt.enter(Phase.RUNNING)
    assert run.state().phase == "running"
    clock.move(claims.SILENCE - 1)
    assert run.state().phase == "running", "the beat had changed in between"
    clock.move(2)
    assert run.state().phase == "interrupted"


def test_a_claimed_attempt_gets_time_to_begin(run, clock):
    run.claim("queued")
    clock.move(0)
    assert run.state().phase == "starting"
    clock.move(claims.SILENCE + 1)
    assert run.state().phase == "starting"
    clock.move(claims.PATIENCE)
    assert run.state().phase == "interrupted"


def test_a_run_recovers_once_by_itself_then_rests_until_resumed(run, clock):
    begin(run)
    assert run.needs_attempt() is None
    clock.move(claims.SILENCE + 1)
    assert run.needs_attempt() == "recovery"
    begin(run, "recovery")
    assert run.state().phase == "running"
    clock.move(claims.SILENCE + 1)
    assert run.state().phase == "interrupted"
    assert run.needs_attempt() is None
    run.command("resume", "anna")
    assert run.state().phase == "queued"
    assert run.needs_attempt() == "resume"
    begin(run, "resume")
    assert run.state().phase == "running"
    assert run.state().attempt == 3


def test_a_worker_handed_the_same_attempt_again_goes_on_as_a_new_one(run):
    number = run.claim("queued")
    assert run.reclaim(number) == 1, "it has not begun yet"
    Attempt(run, 1).enter(Phase.RUNNING)
    assert run.reclaim(1) == 2
    assert run.reclaim(1) is None, "the second is the newest now"
    Attempt(run, 2).enter(Phase.RUNNING)
    assert run.reclaim(2) is None, "a recovery that died too rests"
    assert run.attempt() == 2


def test_let_go_queues_again(run):
    Attempt(run, run.claim("queued")).enter(Phase.QUEUED)
    assert run.state().phase == "queued"
    assert run.needs_attempt() == "resume"


def test_stop_before_the_start_and_resume(run):
    run.command("stop", "anna")
    assert run.state().phase == "stopped"
    assert run.needs_attempt() is None


@pytest.mark.parametrize(
    ("written", "commands", "phase"),
    [
        ("finished", ["stop"], "finished"),
        ("finished", ["epochs", "resume"], "queued"),
        ("failed", ["pause"], "failed"),
        ("paused", ["pause"], "paused"),
        ("paused", ["pause", "resume"], "queued"),
        ("paused", ["pause", "stop"], "stopped"),
        ("queued", ["stop"], "stopped"),
        ("queued", ["pause"], "paused"),
        ("stopped", ["stop", "rate"], "stopped"),
        ("stopped", ["stop", "resume", "stop"], "stopped"),
        (None, ["stop"], "stopped"),
        (None, ["stop", "resume"], "queued"),
    ],
)
def test_what_commands_make_of_a_run_at_rest(run, written, commands, phase):
    if written:
        Attempt(run, run.claim("queued")).enter(Phase(written))
    for command in commands:
        run.command(command, "anna", value=3)
    assert run.state().phase == phase


def test_the_last_command_for_a_value_counts(run):
    assert run.commanded("rate", 0.001) == 0.001
    run.command("rate", "anna", 0.01)
    run.command("epochs", "anna", 12)
    run.command("rate", "anna", 0.002)
    assert run.commanded("rate", 0.001) == 0.002
    assert run.commanded("epochs", 10) == 12


def test_a_stop_counts_for_its_attempt_alone(run):
    number = begin(run)
    run.command("stop", "anna")
    assert run.new_commands() == ["stop"]
    Attempt(run, number).enter(Phase.STOPPED)
    run.command("resume", "anna")
    assert run.needs_attempt() == "resume"
    begin(run, "resume")
    assert run.new_commands() == []


def test_only_the_owner_steers(run):
    for act in (lambda: run.command("stop", "bert"), lambda: run.delete("bert")):
        with pytest.raises(RunError, match="somebody else"):
            act()
    assert run.commands() == []
    run.delete("anna")
    assert not run.folder.exists()
    with pytest.raises(RunError, match="no run called"):
        run.recipe()


def test_results_come_back_as_written(run):
    attempt = Attempt(run, run.claim("queued"))
    arrays = {"conv_1/kernel": np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)}
    attempt.write_history([ROW])
    attempt.write_checkpoint(Checkpoint(1, arrays, {"optimizer/0": np.float32(3)}))
    assert run.history() == [ROW]
    assert run.checkpoint().epoch == 1
    np.testing.assert_array_equal(run.weights()["conv_1/kernel"], arrays["conv_1/kernel"])
    attempt.write_result({"conv_1/kernel": arrays["conv_1/kernel"] + 1})
    np.testing.assert_array_equal(run.weights()["conv_1/kernel"], arrays["conv_1/kernel"] + 1)


def test_openings_of_the_test_set_are_counted(run):
    assert run.evaluation() is None
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])
    for opening in (1, 2):
        run.save_evaluation(probabilities, np.array([0, 1, 1]))
        assert run.evaluation().openings == opening
    assert run.evaluation().accuracy == pytest.approx(2 / 3)
    assert run.evaluation().cross_entropy == pytest.approx(-np.log([0.8, 0.4, 0.9]).mean())


DAMAGE = {
    "config.json": lambda run: run.recipe(),
    "state.json": lambda run: run.state(),
    "history.csv": lambda run: run.history(),
    "weights.npz": lambda run: run.weights(),
    "checkpoint/state.npz": lambda run: run.checkpoint(),
    "evaluation.npz": lambda run: run.evaluation(),
    "attempt-1": lambda run: run.new_commands(),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("damage", ["empty", "half", "rubbish"])
def test_a_damaged_file_is_named_in_a_sentence(run, name, damage):
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(Phase.RUNNING)
    attempt.write_history([ROW])
    attempt.write_checkpoint(Checkpoint(1, {"a/kernel": np.zeros(3)}, {}))
    attempt.write_result({"a/kernel": np.zeros(3)})
    run.save_evaluation(np.ones((3, 2)) / 2, np.zeros(3, int))
    path = run.folder / name
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "rubbish": b"\x00\xff{]"}[damage])
    with pytest.raises(RunError, match="damaged"):
        DAMAGE[name](run)


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        (np.ones((3, 5)), np.zeros(3, int)),
        (np.ones((3, 2)), np.zeros(4, int)),
        (np.ones((3, 2)), np.full(3, 9)),
    ],
)
def test_an_evaluation_of_other_classes_is_damaged(run, probabilities, labels):
    run.save_evaluation(probabilities, labels)
    with pytest.raises(RunError, match=r"evaluation\.npz"):
        run.evaluation()


def test_another_schema_is_refused(run):
    path = run.folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    with pytest.raises(RunError, match="schema 99"):
        run.recipe()


def test_pickles_are_refused(run):
    run.claim("queued")
    np.savez(run.folder / "weights.npz", evil=np.array([object()], dtype=object))
    with pytest.raises(RunError, match="damaged"):
        run.weights()


def test_a_half_written_command_is_not_a_command(run):
    run.command("resume", "anna")
    with (run.folder / "changes.jsonl").open("a") as file:
        file.write('{"wish": "st')
    assert [command.name for command in run.commands()] == ["resume"]
