"""The table of a run: what every version of it holds, and that a loss is the same loss in every column."""

import csv
import math

import pytest

from cnnlab.runs import RunError, Store, history
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import ALWAYS, COLUMNS
from tests.support.runs import begin, create

OLD = ",".join(ALWAYS) + "\n1,2.5,0.25,2.25,0.5,0.001,3\n"


def test_a_table_of_an_earlier_version_has_nan_where_it_says_nothing():
    (row,) = history.read(OLD)
    assert set(row) == set(COLUMNS)
    assert (row["loss"], row["val_accuracy"]) == (2.5, 0.5)
    assert all(math.isnan(row[name]) for name in COLUMNS if name not in ALWAYS)
    assert history.read(history.write([row])) == [row], "what is not known stays so"


def test_columns_of_a_later_version_stay_as_they_are():
    text = OLD.replace("seconds", "seconds,later,words").replace("3\n", "3,0.125,a or b\n")
    rows = history.read(text)
    assert (rows[0]["later"], rows[0]["words"]) == ("0.125", "a or b")
    again = history.read(history.write([*rows, rows[0] | {"epoch": 2}]))
    assert [row["later"] for row in again] == ["0.125"] * 2


def test_they_are_still_there_when_the_run_goes_on(store):
    run = create(store)
    begin(run)
    (run.folder / "history.csv").write_text(OLD.replace("seconds", "seconds,later").replace("3\n", "3,7\n"))
    Attempt(run, 1).write_history([*run.history(), dict.fromkeys(COLUMNS, 0.5)])
    first, second = Store(store.root).get(run.id).history()
    assert first["later"] == "7" and math.isnan(float(second["later"]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "epoch,loss\n1,2\n",
        OLD.replace("seconds", "loss"),
        OLD.replace("seconds", "seconds,loss").replace("3\n", "3,3\n"),
        OLD.replace("2.5", "much"),
        OLD.rstrip(),
        OLD + "2,2.5\n",
        OLD + "2,2.5,0.25,2.25,0.5,0.001,3,9\n",
    ],
)
def test_what_is_no_table_is_named(store, text):
    run = create(store)
    with pytest.raises((ValueError, csv.Error)):
        history.read(text)
    (run.folder / "history.csv").write_text(text)
    with pytest.raises(RunError, match=r"history\.csv"):
        run.history()
