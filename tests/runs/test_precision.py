"""Is what is told of a run's precision what was really computed? On either kind of processor, both cases."""

import json
import math

import pytest

from cnnlab import system
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.export import export_archive, import_archive, report
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.runs import Phase, Run, Store, precision
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.training.run_attempt import train

ASKED = "the app computed in float32, and so does this file"
SMALL = TrainConfig(
    model=ModelConfig(blocks=(ConvBlock(filters=2, stride=4),)),
    dataset="digits",
    limit=100,
    precision="bfloat16",
    epochs=2,
)
LINE = 'keras.config.set_dtype_policy("mixed_bfloat16")'


def has_bfloat16(monkeypatch, native: bool) -> None:
    """Train on from here as a processor does that has bfloat16, or has not."""
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: native)


@pytest.fixture
def run(tmp_path) -> Run:
    return Store(tmp_path).create(SMALL, tuple("0123456789"), preset="article", owner="anna")


def trained(run: Run, epochs: int = SMALL.epochs) -> Run:
    """Train until so many epochs are finished, and pause there."""

    def look() -> bool:
        if len(run.history()) == epochs - 1 and not run.new_commands():
            run.command("pause", "anna")
        return False

    train(run, run.claim("queued"), should_stop=look)
    assert len(run.history()) == epochs
    return run


def told(run: Run) -> tuple[bool, bool, str]:
    """Return whether script and notebook compute in bfloat16, and what the report calls the precision."""
    row = report(run).split("<td>Precision</td><td>")[1]
    return LINE in script(run), json.dumps(LINE)[1:-1] in notebook(run), row.split("</td>")[0]


@pytest.mark.parametrize(
    ("native", "used", "words"),
    [(True, "bfloat16", "bfloat16"), (False, "float32", "float32 (asked for: bfloat16)")],
)
def test_everything_goes_by_the_precision_that_was_used(run, monkeypatch, tmp_path, native, used, words):
    has_bfloat16(monkeypatch, native)
    trained(run)
    has_bfloat16(monkeypatch, not native)  # who reads it sits at another computer
    taken = import_archive(export_archive(run), Store(tmp_path / "theirs"), "ben")
    for one in (run, taken):
        assert one.recipe().config.precision == "bfloat16"  # what was asked for stays
        assert precision.of_epochs(one) == [used] * 2
        assert told(one) == (native, native, words)
        assert (ASKED in script(one).replace("\n# ", " ")) != native


def test_a_run_that_goes_on_on_another_computer_says_so_for_each_epoch(run, monkeypatch):
    has_bfloat16(monkeypatch, True)
    trained(run, 1)
    run.command("resume", "anna")
    has_bfloat16(monkeypatch, False)
    trained(run)
    assert precision.of_epochs(run) == ["bfloat16", "float32"]
    words = "bfloat16, from epoch 2 on float32"
    assert told(run) == (True, True, words)
    text = script(run).replace("\n# ", " ")
    assert f"The app computed in {words}; this file computes in bfloat16 from beginning to end." in text


@pytest.mark.parametrize("said", [True, False])
def test_an_older_run_used_what_it_says_or_what_it_was_asked(run, monkeypatch, said):
    has_bfloat16(monkeypatch, True)
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_history([dict.fromkeys(COLUMNS, 0.5) | {"epoch": n, "precision": math.nan} for n in (1, 2)])
    attempt.enter(Phase.FINISHED, f"Stopped early. {precision.fallback()}" if said else "")
    assert precision.of_epochs(run) == ["float32" if said else "bfloat16"] * 2


def test_before_its_first_epoch_has_ended_a_run_says_what_it_computes_in(run, monkeypatch):
    has_bfloat16(monkeypatch, False)
    Attempt(run, run.claim("queued")).enter(Phase.RUNNING, precision.fallback())
    assert precision.of_run(run) == "float32"
    assert LINE not in script(run)


@pytest.mark.parametrize(("variable", "native"), [("0", False), ("1", True)])
def test_the_environment_shows_what_happens_on_the_other_kind(monkeypatch, variable, native):
    monkeypatch.setenv("CNNLAB_BFLOAT16", variable)
    assert system.bfloat16_is_native() == native
    assert precision.here("bfloat16") == ("bfloat16" if native else "float32")
    assert precision.here("float32") == "float32"
