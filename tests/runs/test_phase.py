"""What can be done with a run follows from its phase; files hold a phase as the word that it always was."""

import json

import pytest

from cnnlab.config.presets import PRESETS
from cnnlab.runs import Phase, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.records import stored

PROPERTIES = ("at_work", "active", "ended", "changes_by_itself", "can_stop", "can_resume", "is_suspended")
TRUE_OF = {
    "queued": {"active", "changes_by_itself", "can_stop"},
    "starting": {"at_work", "active", "changes_by_itself", "can_stop"},
    "running": {"at_work", "active", "changes_by_itself", "can_stop"},
    "paused": {"can_stop", "can_resume", "is_suspended"},
    "stopped": {"ended", "can_resume"},
    "finished": {"ended"},
    "failed": {"can_resume"},
    "interrupted": {"changes_by_itself", "can_resume", "is_suspended"},
}


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_says_what_can_be_done(phase):
    assert {name for name in PROPERTIES if getattr(phase, name)} == TRUE_OF[phase.value]
    assert {name for name in vars(Phase) if isinstance(vars(Phase)[name], property)} == set(PROPERTIES)


@pytest.mark.parametrize("phase", Phase)
def test_it_stands_in_the_file_as_a_word_and_comes_back(tmp_path, phase):
    run = Store(tmp_path).create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    attempt = Attempt(run, run.claim("queued"))
    attempt.enter(phase)
    assert json.loads((run.folder / "state.json").read_text())["phase"] == phase.value
    assert run.state().phase is phase


def test_files_keep_the_names_of_their_fields(tmp_path):
    run = Store(tmp_path).create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    run.command("rate", "anna", 0.01)
    number = run.claim("queued")
    attempt = Attempt(run, number)
    attempt.update(heartbeat=7)
    attempt.enter(Phase.RUNNING)
    line = json.loads((run.folder / "changes.jsonl").read_text())
    assert list(line) == ["wish", "value", "at"] and (line["wish"], line["value"]) == ("rate", 0.01)
    assert list(json.loads((run.folder / "attempt-1").read_text())) == ["reason", "wishes", "at"]
    state = (run.folder / "state.json").read_text()
    assert '"phase": "running", "attempt": 1' in state and '"beat": 7, "undefined": false' in state
    assert stored(run.state()) == state
