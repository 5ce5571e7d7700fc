"""Do runs, archives and shipped networks of an earlier day stay readable, and do they go on?

`tests/kept` holds some as the app wrote them on 1 December 2026. They are never made anew: what they
cannot do any more, no student's run of that day can.
"""

import io
import math
import shutil
import zipfile

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.classroom import leaderboard
from cnnlab.data import datasets
from cnnlab.export import export_archive, import_archive, report
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.runs import Phase, Run, Store, history, records, survey
from cnnlab.runs.history import ALWAYS, LATER
from tests.conftest import ROOT
from tests.support.pages import again, open_page, owner, words

KEPT = ROOT / "tests" / "kept"
FINISHED, PAUSED = "pepper-945", "kite-757"
OLD, LATE = (
    "pepper-100",
    "pepper-200",
)  # made of the finished one: before some columns were, and after others came
RUNS = (FINISHED, PAUSED, OLD, LATE)
TRAINED = (FINISHED, OLD, LATE)
ANNA = owner("anna")


def before(text: str) -> str:
    """Return a history.csv without the columns that came later."""
    rows = [[str(row[name]) for name in ALWAYS] for row in history.read(text)]
    return "".join(",".join(row) + "\n" for row in [ALWAYS, *rows])


@pytest.fixture
def kept(store) -> Store:
    """The app's run folder with the kept runs, an older and a later one."""
    shutil.copytree(KEPT / "runs", store.root)
    for name in (OLD, LATE):
        shutil.copytree(store.root / FINISHED, store.root / name)
    path = store.root / OLD / "history.csv"
    path.write_text(before(path.read_text()))
    path = store.root / LATE / "history.csv"
    head, *rows = path.read_text().split()
    path.write_text("\n".join([f"{head},joules,words", *(f"{row},{12.5},a lot" for row in rows), ""]))
    return store


def finish(run: Run, reason: str) -> None:
    from cnnlab.training.run_attempt import train

    train(run, run.claim(reason), should_stop=lambda: False)
    assert run.state().phase == Phase.FINISHED, run.state().message


# ---- read


def test_each_is_read(kept):
    found = {reading.run.id: reading for reading in survey.survey(kept.runs(), lambda run: run.recipe())}
    assert set(found) == set(RUNS) and not any(reading.fault for reading in found.values())
    assert all(reading.value.owner == ANNA for reading in found.values())
    assert {id: kept.get(id).state().phase for id in RUNS} == dict.fromkeys(RUNS, "finished") | {
        PAUSED: "paused"
    }
    paused = kept.get(PAUSED)
    assert (paused.within().epoch, paused.within().step) == (1, 25)
    assert [command.name for command in paused.commands()] == ["rate", "pause"]
    assert len(paused.history()) == 1 and paused.kernel_epochs() == [0, 1]
    for id in TRAINED:
        run = kept.get(id)
        assert [row["epoch"] for row in run.history()] == [1, 2, 3] and run.kernel_epochs() == [0, 1, 2, 3]
        assert run.evaluation().openings == 1
        assert {name: array.shape for name, array in run.weights().items()} == run.recipe().shapes()


def test_what_a_table_does_not_have_is_unknown_and_what_it_has_more_is_kept(kept):
    now, old, late = (kept.get(id).history() for id in TRAINED)
    for row, earlier, later in zip(now, old, late, strict=True):
        assert all(earlier[name] == row[name] for name in ALWAYS)
        assert all(math.isnan(earlier[name]) for name in LATER)
        assert math.isfinite(row["cross_entropy"]) and row["precision"] > 0
        assert (later["joules"], later["words"]) == ("12.5", "a lot") and later["l2"] == row["l2"]


@pytest.mark.parametrize("folder", ["runs/" + FINISHED, "shipped/tiny"])
def test_the_weights_give_the_recorded_answers(folder):
    run = Run(KEPT / folder)
    layers, weights = run.recipe().layers(), run.weights()
    images, recorded = datasets.load("digits").test_images[:8], run.evaluation().probabilities[:8]
    answers = [ops.forward(layers, weights, image)[-1].values for image in images]
    np.testing.assert_allclose(answers, recorded, atol=0.02 if "shipped" in folder else 1e-4)


def test_a_shipped_network_is_among_those_to_choose_from(kept, monkeypatch):
    monkeypatch.setattr(records, "SHIPPED", KEPT / "shipped")
    [run] = kept.shipped()
    assert kept.get("tiny").recipe() == run.recipe() and run.recipe().note
    assert run.state().phase == Phase.FINISHED and run.kernel_epochs() == [0, 1, 2, 3]
    at = open_page("inside", "anna", {"run": "tiny"})
    [network] = [box for box in at.selectbox if box.label == "Network"]
    assert network.value == "tiny" and network.options[-1].startswith("Tiny · Digits · 3 epochs")


# ---- shown


@pytest.mark.parametrize("id", RUNS)
def test_train_shows_each(kept, id):
    at = open_page("train", "anna", {"run": id})
    assert id in words(at)
    assert {button.label for button in at.button} & (
        {"Resume"} if id == PAUSED else {"Train longer", "Train"}
    )


def test_compare_shows_all(kept):
    at = open_page("train", "anna", {"run": FINISHED})
    at.multiselect(key="compare.runs").set_value(list(RUNS))
    again(at)
    [compared] = [table.value for table in at.table if "What came out, and what differs" in table.value]
    assert set(RUNS) <= set(compared.columns)


def test_the_board_knows_all(kept, classroom, monkeypatch):
    monkeypatch.setattr(leaderboard, "ENOUGH", 10)  # photos held out; a board of real runs has more
    for id in TRAINED:
        [standing] = leaderboard.standings([kept.get(id)], {ANNA})
        assert (standing.run, standing.held_out) == (id, 12)
        assert standing.validation == kept.get(id).history()[-1]["val_accuracy"]
    [rests] = leaderboard.unfinished(kept.runs(), {ANNA})
    assert (rests.run, rests.phase) == (PAUSED, Phase.PAUSED)
    assert open_page("board", "teacher").title


# ---- gone on with


def test_the_paused_one_goes_on_where_it_was(kept):
    run = kept.get(PAUSED)
    [first] = run.history()
    run.command("resume", ANNA)
    finish(run, "resume")
    rows = run.history()
    assert len(rows) == 3 and rows[0] == first
    assert rows[-1]["learning_rate"] == pytest.approx(0.005), "the rate that was asked for then"
    assert run.within() is None and run.kernel_epochs() == [0, 1, 2, 3]


@pytest.mark.parametrize("id", TRAINED)
def test_a_finished_one_trains_longer_and_keeps_its_table(kept, id):
    run = kept.get(id)
    rows = run.history()
    run.command("epochs", ANNA, 4)
    finish(run, "resume")
    longer = run.history()
    assert [row["epoch"] for row in longer] == [1, 2, 3, 4]
    sampled = {name for name in LATER if name.startswith("sample_")}  # of the end alone
    for row, same in zip(rows, longer[:3], strict=True):
        known = {name: value for name, value in row.items() if name not in sampled}
        assert {name: same[name] for name in known} == known
    assert math.isfinite(longer[3]["cross_entropy"])


# ---- taken home and brought in


@pytest.mark.parametrize("id", TRAINED)
def test_each_is_exported(kept, id):
    run = kept.get(id)
    compile(script(run), id, "exec")
    assert "cells" in notebook(run) and "</html>" in report(run)
    with zipfile.ZipFile(io.BytesIO(export_archive(run))) as archive:
        rows = history.read(archive.read("history.csv").decode())
        assert rows == run.history()


@pytest.mark.parametrize(
    ("name", "phase", "epochs"), [("finished", "finished", 3), ("stopped", "stopped", 2)]
)
@pytest.mark.parametrize("older", [False, True])
def test_an_archive_comes_in(store, name, phase, epochs, older):
    data = (KEPT / f"{name}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {file: archive.read(file) for file in archive.namelist()}
    if older:
        files["history.csv"] = before(files["history.csv"].decode()).encode()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in files.items():
                archive.writestr(file, content)
        data = packed.getvalue()
    run = import_archive(data, store, owner("ben"))
    assert (run.state().phase, run.recipe().owner) == (phase, owner("ben"))
    assert run.history() == history.read(files["history.csv"].decode())
    assert len(run.history()) == epochs and run.kernel_epochs() == [*range(epochs + 1)]
    with np.load(io.BytesIO(files["weights.npz"])) as weights:
        for part, array in run.weights().items():
            np.testing.assert_array_equal(array, weights[part])
    assert run.id in words(open_page("train", "ben", {"run": run.id}))
