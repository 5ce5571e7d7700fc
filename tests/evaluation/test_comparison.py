"""Runs are compared by what differs and by validation; racers differ in their optimiser alone."""

import math

import pytest

from cnnlab.config import OPTIMIZERS
from cnnlab.config.presets import PRESETS
from cnnlab.evaluation.comparison import data, differences, entry, grouped, loss, race, ranked
from cnnlab.figures import static
from cnnlab.figures.compare import cost, overlaid
from cnnlab.runs import Store
from tests.support.runs import trained

ARTICLE = PRESETS["article"].config


def make(tmp_path, accuracies, config=ARTICLE, digits=8):
    rows = [{"val_accuracy": accuracy, "seconds": 2.0, "precision": digits} for accuracy in accuracies]
    return trained(Store(tmp_path), config, phase="running", rows=rows, kernels=False)


def test_only_what_differs_is_listed():
    other = ARTICLE.model_copy(
        update={
            "learning_rate": 0.01,
            "model": ARTICLE.model.model_copy(update={"blocks": ARTICLE.model.blocks[:2]}),
        }
    )
    table = differences([ARTICLE, other])
    assert table["learning_rate"] == [0.001, 0.01]
    assert set(table) == {"learning_rate", "model"}  # the third block has more settings than a table bears
    more = ARTICLE.model.model_copy(update={"head": "global_max", "l2": 0.1})
    few = differences([ARTICLE, ARTICLE.model_copy(update={"model": more})])
    assert few == {"model.head": ["flatten", "global_max"], "model.l2": [0.0, 0.1]}
    assert differences([ARTICLE, ARTICLE]) == {}


def test_ranking_is_by_the_validation_accuracy_of_the_network_that_is_there(tmp_path):
    runs = [make(tmp_path, values) for values in ([0.5, 0.6], [0.4, 0.5, 0.8], [0.9, 0.5], [math.nan])]
    entries = [entry(run) for run in runs]
    assert [e.run.id for e in ranked(entries)] == [runs[place].id for place in (1, 0, 2, 3)]
    assert entries[1].seconds == 6.0
    assert entries[0].parameters == 122_570


def test_racers_differ_in_optimiser_and_its_rate_alone():
    configs = race(ARTICLE)
    assert len(configs) == 4
    assert set(differences(configs)) == {"optimizer", "learning_rate"}
    assert all(config.learning_rate == OPTIMIZERS[config.optimizer].rate for config in configs)
    assert len({config.seed for config in configs}) == 1


def test_charts_hold_the_runs_numbers(tmp_path):
    entries = [entry(make(tmp_path, values)) for values in ([0.5, 0.6], [0.4, 0.9, 0.8])]
    chart = overlaid(entries, ["one", "two"], "val_accuracy", "validation accuracy (%)")
    assert [list(trace.y) for trace in chart.data] == [pytest.approx([50, 60]), pytest.approx([40, 90, 80])]
    assert len({trace.line.dash for trace in chart.data}) == 2
    chart = cost(entries, ["one", "two"], "seconds")
    assert [(trace.x[0], trace.y[0]) for trace in chart.data] == [(4.0, 60.0), (6.0, 80.0)]
    assert [note.text.split()[-1] for note in chart.layout.annotations] == ["one", "two"]
    assert all(note.xref == "paper" and note.x == 1 for note in chart.layout.annotations), "beside the axes"


def test_a_slide_holds_the_same_numbers_in_the_same_colours(tmp_path):
    entries = [entry(make(tmp_path, values)) for values in ([0.5, 0.6], [0.4, 0.9, 0.8])]
    chart = overlaid(entries, ["one", "two"], "val_accuracy", "validation accuracy (%)")
    [axes] = static.overlaid(entries, ["one", "two"], "val_accuracy", "validation accuracy (%)").axes
    assert [list(line.get_ydata()) for line in axes.lines] == [list(trace.y) for trace in chart.data]
    assert [line.get_color() for line in axes.lines] == [trace.line.color for trace in chart.data]
    assert {note.get_text() for note in axes.texts} == {"● one", "■ two"}
    [axes] = static.cost(entries, ["one", "two"], "seconds").axes
    assert [line.get_xydata().tolist() for line in axes.lines] == [[[4.0, 60.0]], [[6.0, 80.0]]]
    assert {note.get_text() for note in axes.texts} == {"● one", "■ two"}


def test_a_long_name_is_cut_and_the_chart_keeps_most_of_its_width(tmp_path):
    entries = [entry(make(tmp_path, [0.5]))]
    chart = overlaid(entries, ["a name that goes on and on and on"], "val_accuracy", "")
    [note] = chart.layout.annotations
    assert note.text.endswith("…") and chart.layout.margin.r < 170


def test_what_cannot_be_compared_is_apart(tmp_path):
    digits = ARTICLE.model_copy(update={"dataset": "digits"})
    smooth = ARTICLE.model_copy(update={"label_smoothing": 0.1})
    penalised = ARTICLE.model_copy(update={"model": ARTICLE.model.model_copy(update={"l2": 0.01})})
    squares = ARTICLE.model_copy(update={"loss": "mse"})
    entries = [
        entry(make(tmp_path, [0.5], c)) for c in (ARTICLE, digits, smooth, penalised, squares, ARTICLE)
    ]
    by_data = grouped(entries, data)
    assert {kind: len(group) for kind, group in by_data.items()} == {"cifar10": 5, "digits": 1}
    assert sorted(map(len, grouped(by_data["cifar10"], loss).values())) == [1, 1, 1, 2]


def test_seconds_of_another_computer_do_not_count_here(tmp_path):
    [shipped] = [run for run in Store(tmp_path).shipped() if run.id == "article"]
    chart = cost([entry(shipped), entry(make(tmp_path, [0.5]))], ["shipped", "mine"], "seconds")
    assert [trace.name for trace in chart.data] == ["mine"]


def test_networks_that_differ_in_much_are_told_as_wholes():
    champion = PRESETS["champion"].config
    table = differences([ARTICLE, champion])
    assert table["model"] == [ARTICLE.model, champion.model]
    assert not [name for name in table if name.startswith("model.")] and len(table) < 16


def test_runs_differ_in_the_precision_that_they_really_used(tmp_path):
    """Asked for bfloat16, one ran on a processor that has none."""
    entries = [entry(make(tmp_path, [0.5, 0.6], digits=digits)) for digits in (8, 24, 8)]
    words = ["bfloat16", "float32 (asked for: bfloat16)", "bfloat16"]
    assert differences([e.config for e in entries], [e.precision for e in entries]) == {"precision": words}
    assert differences([e.config for e in entries]) == {}
