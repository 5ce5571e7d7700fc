"""Does the report say what the run's files say, open offline, and let nothing of theirs become markup?"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cnnlab.data import datasets
from cnnlab.export import report
from cnnlab.i18n import foreign
from cnnlab.runs import Store
from cnnlab.runs.attempt import Attempt
from tests.support.archives import SECRET, to_send
from tests.support.runs import table


class Page(HTMLParser):
    """All tags with their attributes, and the text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text += data + "|"


@pytest.fixture
def run(tmp_path):
    """A run on Digits with three classes, evaluated, with answers to two held-out images."""
    run = to_send(Store(tmp_path))
    attempt = Attempt(run, 1)
    rows = ({"accuracy": n / 4, "val_accuracy": n / 5, "loss": 1 / n} for n in (1, 2, 3))
    attempt.write_history(table(rows))
    labels = datasets.load("digits").train_labels
    index = np.flatnonzero(labels < 3)[[4, 9]]
    attempt.write_answer_panel(3, index, np.array([[0.7, 0.2, 0.1], [0.05, 0.05, 0.9]]))
    return run


def test_it_is_one_page_that_fetches_and_runs_nothing(run):
    page = Page(report(run))
    assert page.open == []
    tags = {tag for tag, _attributes in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    ids = [attributes["id"] for _tag, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids), "several drawings on a page"
    for _tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "srcset")]
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
        within = attributes.get("xlink:href", "#")
        assert within.startswith("data:image/png;base64,") or within == "#" or within[1:] in ids
    assert set(re.findall(r"url\((.)", report(run))) <= {"#"} and "@import" not in report(run)


def test_the_same_run_has_the_same_report(run):
    assert report(run) == report(run)


def test_it_says_what_the_files_say(run):
    text = Page(report(run)).text
    for words in (
        "75.0\u00a0%",
        "60.0\u00a0%",
        "33.3\u00a0% of 6 test images",
        "opened 1×",
        "learning rate",
        "adam",
    ):
        assert words.lower() in text.lower(), words
    counts = sum(array.size for array in run.weights().values())
    assert f"|{counts}|" in text
    panel, labels = run.answer_panel(), datasets.load("digits").train_labels
    for index in panel.index:
        assert f"true class: {('cat', 'dog', 'frog')[labels[index]]}" in text
    assert "70.0\u00a0%" in text and "90.0\u00a0%" in text


def test_the_confusion_matrix_counts_in_rows(run):
    evaluated = {"probabilities": np.eye(3, dtype=np.float32)[[1, 1, 1, 0]], "labels": np.array([0, 0, 1, 0])}
    np.savez(run.folder / "evaluation.npz", openings=2, **evaluated)
    texts = re.findall(r"<text [^>]*>(.*?)</text>", report(run).split('aria-label="Confusion matrix"')[1])
    assert [text for text in texts if text.isdecimal()] == ["33", "67", "100"]
    assert {"cat", "dog", "frog", "the answer", "true class"} <= set(texts)


def test_nothing_of_a_run_becomes_markup(run):
    recipe = json.loads((run.folder / "config.json").read_text())
    nasty = '"><script>alert(1)</script>'
    recipe |= {"classes": [nasty, "<b>", "&amp;"], "note": nasty, "preset": nasty, "created": nasty}
    (run.folder / "config.json").write_text(json.dumps(recipe))
    text = report(run)
    assert "<script" not in text and "<b>" not in text
    assert foreign(nasty) in Page(text).text


def test_the_owner_is_not_in_it(run):
    assert SECRET not in report(run)


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("history.csv", "history.csv"),
        ("evaluation.npz", "evaluation.npz"),
        ("probe.npz", "probe.npz"),
        ("kernels/epoch-0003.npz", "epoch-0003.npz"),
        ("state.json", "state.json"),
    ],
)
def test_a_damaged_file_costs_its_own_part_only(run, name, sentence):
    (run.folder / name).write_text("rubbish")
    page = Page(report(run))
    assert sentence in page.text and "damaged" in page.text
    assert "The network" in page.text and "conv_2" in page.text


def test_a_run_that_has_only_begun(tmp_path):
    run = to_send(Store(tmp_path), rows=0, evaluated=False)
    text = Page(report(run)).text
    assert "No epoch is finished yet" in text and "still sealed" in text


def test_images_that_are_not_here_are_spoken_of(run, monkeypatch):
    absent = replace(datasets.find("digits"), present=lambda: False)
    monkeypatch.setitem(datasets.DATASETS, "digits", absent)
    assert "not on this computer" in Page(report(run)).text


def test_small_losses_are_written_with_the_decimals_that_differ(run):
    """Those of a squared error: 0.0131 and 0.0128 are not one number."""
    Attempt(run, 1).write_history(table({"loss": loss, "val_loss": loss} for loss in (0.0131, 0.0128)))
    assert "0.01280" in Page(report(run)).text


def test_after_one_epoch_it_speaks_of_one(run):
    Attempt(run, 1).write_history(table(1))
    run.save_evaluation(np.full((3, 3), 1 / 3), np.zeros(3, int), epochs=1)
    assert "1 epochs" not in Page(report(run)).text
