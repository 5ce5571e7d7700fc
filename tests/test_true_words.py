"""Is what a page says true of every value: of nearly all, of one, of none, of the very small, of a guess?"""

import ast
import re
from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab import ops
from cnnlab.classroom.limits import LimitError, check_run
from cnnlab.config import ConvBlock, ModelConfig, TrainConfig
from cnnlab.config.class_rules import CLASS_RULES, Rules
from cnnlab.config.presets import PRESETS
from cnnlab.evaluation import diagnosis
from cnnlab.i18n import fine, finished_epochs, in_epochs, percent
from cnnlab.inspection.ablation import Weight
from cnnlab.inspection.occlusion import Covers
from cnnlab.lessons.questions.pooling import Change, share_options
from cnnlab.runs import Phase, State
from cnnlab.runs.history import COLUMNS
from cnnlab.ui.classroom.class_rules import _now
from cnnlab.ui.components.terms import softmax_table
from cnnlab.ui.inside import covering, mistakes, parts, words
from cnnlab.ui.train import compare, run_view
from cnnlab.ui.widgets import formulas, network_choice
from cnnlab.ui.widgets.run_status import duration
from tests.conftest import ROOT

SPACE = "\u00a0"
USUAL = PRESETS["article"].config


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (1.0, 1, "100.0 %"),
        (0.0, 1, "0.0 %"),
        (0.9996, 1, "99.96 %"),
        (0.9999, 1, "99.99 %"),
        (0.996, 0, "99.6 %"),
        (0.00004, 1, "0.004 %"),
        (1e-9, 1, "≈ 0.0 %"),
        (1 - 2e-6, 1, "≈ 100.0 %"),
        (sum([0.1] * 10), 1, "100.0 %"),  # all, but for how a computer adds
        (float(np.float32(1) - np.float32(1.2e-7)), 2, "100.00 %"),
        (0.7012, 1, "70.1 %"),
        (-0.0004, 1, "0.0 %"),
        (1.0004, 1, "100.0 %"),
    ],
)
def test_only_all_is_100_per_cent_and_only_nothing_0(share, digits, text):
    assert percent(share, digits) == text.replace(" ", SPACE)


@pytest.mark.parametrize("digits", [0, 1])
def test_no_count_of_test_images_is_rounded_to_all_or_none(digits):
    ends = {percent(0, digits), percent(1, digits)}
    assert not {percent(right / 10_000, digits) for right in range(1, 10_000)} & ends


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.00432, 2, "0.0043"),
        (-0.00432, 2, "−0.0043"),
        (12.345, 1, "12.3"),
        (122570, 0, "122,570"),
        (0.4, 0, "0.40"),
        (0.05, 2, "0.05"),
        (0, 2, "0.00"),
    ],
)
def test_a_small_value_is_not_written_as_0(value, digits, text):
    assert fine(value, digits) == text


def test_ranges_of_small_weights_are_no_zeros():
    assert words.span(np.array([-0.0042, 0.0031])) == "−0.0042 to 0.0031"


def test_one_epoch_is_no_epochs():
    assert [in_epochs(n) for n in (0, 1, 2)] == ["0 epochs", "1 epoch", "2 epochs"]
    assert [finished_epochs(n) for n in (1, 3)] == [
        "1 finished epoch is kept.",
        "3 finished epochs are kept.",
    ]


def test_no_sentence_counts_epochs_in_the_plural_alone():
    """Those of the diagnosis are about two or more, and the most that there may be are many."""
    counted = re.compile(r"\{(?!most)\w+\}\*{0,2} (finished )?epochs")
    for path in sorted([*ROOT.glob("cnnlab/**/*.py"), *ROOT.glob("pages/*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_":
                [message] = node.args
                assert path.name == "diagnosis.py" or not counted.search(ast.unparse(message)), path


def test_an_undefined_loss_is_told_with_its_epoch():
    [found] = diagnosis.diagnose([], USUAL, 10, failed=True)
    assert "in epoch 1." in found.evidence


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.1 s"), (0.4, "0.4 s"), (99.7, "2 min"), (3599, "60 min"), (5969, "99 min"), (5990, "1.7 h")],
)
def test_a_time_is_never_none_at_all(seconds, text):
    assert duration(seconds) == text


def test_a_pupil_who_brings_in_archives_has_a_limit_though_training_has_none():
    assert _now(Rules()) == "Now: no limits."
    assert _now(Rules(imports=1)) == "Now, for each student at most: 1 archive."
    assert "4 training runs waiting" in _now(CLASS_RULES) and "5 archives" in _now(CLASS_RULES)
    assert "1 training run waiting or at work · 1 epoch ·" in _now(Rules(waiting=1, epochs=1, minutes=2))


def test_a_cover_that_lowers_nothing_is_not_said_to():
    p = np.full((2, 2, 2), 0.5)
    covers = Covers(np.zeros((32, 32)), np.array([0, 16]), 16, np.zeros(3), p, np.array([0.2, 0.8]))
    assert "No cover makes “cat” less likely" in covering._told(covers, 0, "cat")
    assert "“dog” falls from" in covering._told(covers, 1, "dog")


def test_one_image_of_a_cell_is_one_image(monkeypatch):
    said = []
    monkeypatch.setattr(mistakes.st, "markdown", said.append)
    monkeypatch.setattr(mistakes, "_show", lambda *_arguments: None)
    evaluation = SimpleNamespace(probabilities=np.eye(2)[[1, 1]], labels=np.array([0, 1]))
    mistakes._pictures_of(None, evaluation, ["cat", "dog"], (0, 1), 1)
    mistakes._pictures_of(None, evaluation, ["cat", "dog"], (0, 1), 2)
    assert said == ["**cat, called dog**: 1 image", "**cat, called dog**: 2 images"]


@pytest.mark.parametrize(("steps", "said"), [(100, True), (40_000, False)])
def test_running_averages_are_the_reason_only_while_they_settle(monkeypatch, steps, said):
    config = USUAL.model_copy(update={"model": ModelConfig(blocks=(ConvBlock(filters=2, normalise=True),))})
    run = SimpleNamespace(
        recipe=lambda: SimpleNamespace(config=config, classes=range(10)),
        state=lambda: State(Phase.RUNNING, steps=steps),
    )
    shown = []
    monkeypatch.setattr(run_view.st, "caption", shown.append)
    row = dict.fromkeys(COLUMNS, 0.5) | {
        "accuracy": 0.9,
        "val_accuracy": 0.1,
        "sample_accuracy": float("nan"),
    }
    run_view._explain(run, [row])
    assert any("running averages" in text for text in shown) == said


def entry(validation: float, **changes):
    config = USUAL.model_copy(update={"dataset": "digits", "validation": 0.1} | changes)
    return SimpleNamespace(config=config, validation=validation)


def test_runs_that_were_judged_by_other_images_are_compared_with_a_word_on_chance():
    assert compare._held_out([entry(0.9), entry(0.8)]) == ""
    text = compare._held_out([entry(0.9), entry(0.8, seed=7)])
    points = 200 * np.sqrt(2 * 0.8 * 0.2 / 144)  # 144 of 1,437 images
    assert "the fewest 144" in text and f"about {points:.2g} points".replace(".0", "") in text, text
    assert "the fewest 100" in compare._held_out([entry(0.9), entry(0.8, limit=1000)])


def test_a_network_in_training_is_told_with_the_epochs_that_are_asked_for(monkeypatch):
    rows = [dict.fromkeys(COLUMNS, 0.5)] * 12
    run = SimpleNamespace(
        id="owl-1",
        shipped=False,
        recipe=lambda: SimpleNamespace(config=USUAL.model_copy(update={"epochs": 10}), owner="somebody"),
        history=lambda: rows,
        trained_epochs=lambda: 12,
        commanded=lambda _command, _usual: 20.0,
    )
    monkeypatch.setattr(network_choice.browser, "owner", lambda: "me")
    assert "12 of 20 epochs" in network_choice.label(run)


def test_a_weight_that_was_set_is_told_as_it_is():
    told = parts._told(
        (Weight("conv_1", 0, row=0, col=0, channel=0, value=0.004),), {"conv_1": "Convolution 1"}
    )
    assert "one weight is 0.004" in told


def test_what_is_beyond_a_limit_reads_as_more_than_it():
    rules, config = Rules(minutes=30, students_open=True), USUAL
    with pytest.raises(LimitError, match=r"at most 30 min; this one would take 30\.20 min"):
        check_run(rules, config, 60 * 30.2)
    with pytest.raises(LimitError, match="would take 45 min"):
        check_run(rules, config, 60 * 45)


def test_no_preset_and_no_setting_promises_what_a_machine_decides():
    """How long training takes stands beside the button, as measured or guessed for the computer at hand."""
    settings = [
        field for kind in (TrainConfig, ModelConfig, ConvBlock) for field in kind.model_fields.values()
    ]
    words = [preset.purpose for preset in PRESETS.values()] + [field.description or "" for field in settings]
    promised = re.compile(r"\b(second|minute|hour|twice|half)", re.IGNORECASE)
    assert not [text for text in words if promised.search(text)]


@pytest.mark.parametrize("stride", [1, 2])
def test_a_zero_border_keeps_the_size_where_the_setting_says_so(stride):
    [conv, *_rest] = ConvBlock(filters=1, padding="same", stride=stride).layers(1)
    [(height, _width, _count)] = ops.output_shapes([conv], (32, 32, 3))
    said = ConvBlock.model_fields["padding"].description
    assert said.startswith("At stride 1 ") and (height == 32) == (stride == 1)


def test_a_share_to_choose_is_100_only_where_all_stay():
    changes = {mode: [Change(0.1, same / 961)] for mode, same in (("none", 1), ("max", 960), ("average", 2))}
    options, answer = share_options(changes, 0, 961)
    assert answer == 99 and options[0] > 0 and options[-1] == 100


def test_a_small_exponential_and_its_share_are_no_zeros():
    """e to the power of a score 12 below the largest, divided by the total: 0.0000 ÷ 1.0000 would be 0."""
    table = softmax_table(ops.softmax_steps(np.array([12.0, 0.0])), ["cat", "dog"])
    written = [entry.text for entry in table.rows[1].cells]
    assert "0.0000061" in written and "0.0006\u00a0%" in written
    assert "0.0000061" in formulas.softmax(ops.softmax_steps(np.array([12.0, 0.0])), ["cat", "dog"], 1)
