"""The form of the page Train: every setting is stored as shown, and what cannot be trained is explained."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import system
from cnnlab.classroom import Classroom
from cnnlab.config import OPTIMIZERS, ConvBlock, DenseBlock, ModelConfig, TrainConfig, settings_link
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.runs import Phase, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.runs.precision import DIGITS
from cnnlab.training import speed
from cnnlab.ui.train import form, preflight
from tests.support.pages import again, open_page, press

ARTICLE = PRESETS["article"].config.model_copy(update={"dataset": "digits"})


pytestmark = pytest.mark.usefixtures("no_cifar10")


def set_to(at: AppTest, key: str, value) -> AppTest:
    """Set a widget as a student would."""
    kinds = (at.number_input, at.selectbox, at.toggle, at.slider, at.segmented_control)
    [widget] = [widget for kind in kinds for widget in kind if widget.key == f"train.{key}"]
    widget.set_value(value)
    return again(at)


def link(at: AppTest) -> str:
    """Return the link in the address: a list where the test put it there, a text where the page did."""
    value = at.query_params["config"]
    return value[0] if isinstance(value, list) else value


def errors(at: AppTest) -> str:
    return "\n".join(error.value for error in at.error)


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption)


def can_train(at: AppTest) -> bool:
    return not at.button(key="_train.start").disabled


def stored(at: AppTest, store: Store) -> TrainConfig:
    """Press Train and return what the new run is to do."""
    before = {run.id for run in store.runs()}
    press(at, "_train.start")
    [run] = [run for run in store.runs() if run.id not in before]
    return run.recipe().config


def block_ids(at: AppTest, name: str = "blocks") -> list[int]:
    return at.session_state[f"train.{name}"]


def test_untouched_it_is_the_baseline(store):
    at = open_page("train")
    assert can_train(at)
    assert "config" not in at.query_params
    assert "Changed from" not in captions(at)
    assert stored(at, store) == ARTICLE


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_the_form(store, preset):
    at = open_page("train")
    at.selectbox(key="train.preset").set_value(preset)
    again(at)
    expected = PRESETS[preset].config.model_copy(update={"dataset": "digits"})
    assert stored(at, store) == expected
    assert "Changed from" not in captions(at)


def test_in_a_class_each_browser_has_a_seed_of_its_own(store, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "271828")
    seeds = []
    for token in ("anna", "ben", "anna"):
        at = open_page("train", token)
        config = stored(at, store)
        assert config == ARTICLE.model_copy(update={"seed": config.seed})
        assert "Changed from" not in captions(at) and "config" not in at.query_params
        seeds.append(config.seed)
    assert seeds[0] == seeds[2] != seeds[1]


CHANGES = {
    "epochs": 3,
    "learning_rate": 0.0123456,
    "schedule": "cosine",
    "loss": "mse",
    "batch_size": 17,
    "limit": 222,
    "validation": 0.25,
    "patience": 4,
    "seed": 99,
    "precision": "float32",
    "open_test": True,
}


def test_what_is_set_is_what_the_run_stores(store):
    at = open_page("train")
    set_to(at, "optimizer", "nesterov")
    for name, value in CHANGES.items():
        set_to(at, name, value)
    for name, value in {"flip": True, "shift": 3, "rotate": 15, "cutout": 8}.items():
        set_to(at, name, value)
    set_to(at, "head", "global_max")
    set_to(at, "l2", 0.0005)
    first, second, third = block_ids(at)
    block = {
        "filters": 12,
        "kernel": 5,
        "stride": 2,
        "padding": "same",
        "normalise": True,
        "activation": "gelu",
        "pool": "average",
        "pool_window": 3,
        "dropout": 0.25,
    }
    for name, value in block.items():
        set_to(at, f"blocks.{second}.{name}", value)
    press(at, f"_train.blocks.{third}.delete")
    [only] = block_ids(at, "dense")
    set_to(at, f"dense.{only}.units", 33)
    set_to(at, f"dense.{only}.activation", "tanh")
    set_to(at, f"dense.{only}.dropout", 0.5)
    assert not errors(at)
    expected = TrainConfig(
        model=ModelConfig(
            blocks=(ConvBlock(filters=32, pool="max"), ConvBlock(**block)),
            head="global_max",
            dense=(DenseBlock(units=33, activation="tanh", dropout=0.5),),
            l2=0.0005,
        ),
        dataset="digits",
        optimizer="nesterov",
        augmentation={"flip": True, "shift": 3, "rotate": 15, "cutout": 8},
        **CHANGES,
    )
    shown = settings_link.read(link(at))
    assert shown == ("article", expected)
    assert stored(at, store) == expected
    assert first == block_ids(at)[0]


def test_blocks_are_added_moved_and_removed(store):
    at = open_page("train")

    def kernels() -> list[int]:
        values = [at.session_state[f"train.blocks.{id}.filters"] for id in block_ids(at)]
        model = settings_link.read(link(at))[1].model
        assert [block.filters for block in model.blocks] == values
        return values

    set_to(at, f"blocks.{block_ids(at)[2]}.filters", 65)
    assert kernels() == [32, 64, 65]
    press(at, f"_train.blocks.{block_ids(at)[2]}.arrow_upward")
    assert kernels() == [32, 65, 64]
    press(at, f"_train.blocks.{block_ids(at)[0]}.arrow_downward")
    assert kernels() == [65, 32, 64]
    press(at, f"_train.blocks.{block_ids(at)[1]}.delete")
    assert kernels() == [65, 64]
    press(at, "_train.blocks.add")
    assert kernels() == [65, 64, 64]
    assert at.button(key=f"_train.blocks.{block_ids(at)[0]}.arrow_upward").disabled
    assert at.button(key=f"_train.blocks.{block_ids(at)[-1]}.arrow_downward").disabled


def test_every_block_can_go_and_there_can_be_twelve(store):
    at = open_page("train")
    for id in block_ids(at):
        press(at, f"_train.blocks.{id}.delete")
    press(at, f"_train.dense.{block_ids(at, 'dense')[0]}.delete")
    assert can_train(at)
    press(at, "_train.dense.add")
    press(at, "_train.blocks.add")
    set_to(at, f"blocks.{block_ids(at)[0]}.padding", "same")
    while not at.button(key="_train.blocks.add").disabled:
        press(at, "_train.blocks.add")
    assert len(block_ids(at)) == 12
    assert can_train(at)
    assert len(stored(at, store).model.blocks) == 12


def test_an_optimiser_proposes_its_rate(store):
    at = open_page("train")
    for name, optimizer in OPTIMIZERS.items():
        set_to(at, "learning_rate", 0.5)
        set_to(at, "optimizer", name)
        assert at.number_input(key="train.learning_rate").value == optimizer.rate


def test_what_was_changed_is_said_and_can_be_undone(store):
    at = open_page("train")
    set_to(at, "epochs", 3)
    set_to(at, "optimizer", "sgd")
    set_to(at, "flip", True)
    press(at, "_train.blocks.add")
    text = captions(at)
    assert "Changed from *Baseline (the article's)*" in text
    for part in ("Epochs 10 → 3", "Optimiser Adam → SGD", "Learning rate 0.001 → 0.01", "Convolution blocks"):
        assert part in text
    assert "Flip left and right off → on" in text
    press(at, "_train.back")
    assert "Changed from" not in captions(at)
    assert stored(at, store) == ARTICLE


def test_no_field_takes_a_value_out_of_range(store):
    at = open_page("train")
    limits = {widget.key: (widget.min, widget.max) for widget in at.number_input}
    assert limits["train.epochs"] == (1, 1000)
    assert limits["train.limit"] == (10, 1_000_000)
    assert limits["train.batch_size"] == (1, 4096)
    assert limits["train.seed"] == (0, 2**31 - 1)
    assert all(low is not None and high is not None for low, high in limits.values())
    [validation] = [widget for widget in at.slider if widget.key == "train.validation"]
    assert (validation.min, validation.max) == (0, 0.5)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"learning_rate": 0.0}, "Learning rate must be more than 0."),
        ({"epochs": None}, "Epochs is empty."),
        ({"seed": None}, "Seed of all random choices is empty."),
        ({"label_smoothing": 0.1, "loss": "mse"}, "Label smoothing goes with cross-entropy"),
        ({"patience": 3, "validation": 0.0}, "Stopping early needs validation images"),
        ({"limit": 10, "validation": 0.01}, "each needs at least one"),
    ],
)
def test_contradictions_are_explained_and_train_is_off(store, changes, why):
    at = open_page("train")
    for name, value in changes.items():
        set_to(at, name, value)
    assert why in errors(at)
    assert not can_train(at)
    press(at, "_train.back")
    assert can_train(at)


def test_an_emptied_block_field_is_named(store):
    at = open_page("train")
    set_to(at, f"blocks.{block_ids(at)[1]}.kernel", None)
    assert "Convolution blocks · 2 · Kernel size is empty." in errors(at)
    assert not can_train(at)


def test_an_impossible_convolution_is_explained_at_its_block(store):
    at = open_page("train")
    press(at, "_train.blocks.add")
    press(at, "_train.blocks.add")
    sentence = "Convolution block 5 is impossible: a kernel of 3×3 does not fit on maps of 2×2."
    assert [error.value.startswith(sentence) for error in at.error] == [True, True]  # at Train, at the block
    assert "parameters" not in captions(at)  # no sums of half a network
    assert not can_train(at)
    set_to(at, f"blocks.{block_ids(at)[4]}.padding", "same")
    assert not errors(at)
    assert can_train(at)


def test_an_impossible_pooling_is_explained_at_its_block(store):
    at = open_page("train")
    second = block_ids(at)[1]
    set_to(at, f"blocks.{second}.kernel", 7)
    set_to(at, f"blocks.{second}.stride", 4)
    set_to(at, f"blocks.{second}.pool_window", 4)
    assert "Convolution block 2 is impossible: its pooling window of 4×4 does not fit on maps of" in errors(
        at
    )
    assert not can_train(at)


def test_a_network_too_large_for_memory_is_refused_with_the_numbers(store, monkeypatch):
    at = open_page("train")
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=40_000_000))
    set_to(at, "batch_size", 640)
    # 4 bytes x (4 x 122,570 parameters and Adam's numbers + 2 x 640 photos x their numbers in all layers)
    assert "needs about 0.5 GB of memory, but only 0.0 GB are free" in errors(at)
    assert not can_train(at)
    set_to(at, "batch_size", 1)
    assert can_train(at)


def test_augmentation_is_previewed_on_real_images(store, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "cnnlab.ui.train.fields.sheet", lambda pictures, **_how: shown.append(pictures) or pictures[0]
    )
    at = open_page("train")
    assert not shown
    set_to(at, "cutout", 12)
    images = datasets.load("digits").train_images[:8]
    pairs = shown[-1]
    np.testing.assert_array_equal([*pairs[:4], *pairs[8:12]], images)
    changed = np.array([*pairs[4:8], *pairs[12:]])
    different = changed != images
    assert different.any()
    assert (changed[different] == 0).all()  # cutting out only blackens
    press(at, "_train.draw")
    assert not np.array_equal([*shown[-1][4:8], *shown[-1][12:]], changed)


def test_a_link_fills_the_form(store):
    config = ARTICLE.model_copy(update={"seed": 4711, "epochs": 4, "learning_rate": 0.00037})
    text = settings_link.write(config, "tiny")
    at = open_page("train", query={"config": text})
    assert at.selectbox(key="train.preset").value == "tiny"
    assert at.number_input(key="train.seed").value == 4711
    assert link(at) == text
    assert stored(at, store) == config
    assert "config" not in at.query_params  # the address now names the run


def test_the_address_follows_the_form_and_the_form_stays(store):
    at = open_page("train", query={"config": '{"epochs": 4, "dataset": "digits"}'})
    again(at)
    set_to(at, "epochs", 6)
    again(again(at))
    assert at.number_input(key="train.epochs").value == 6
    assert json.loads(link(at)) == {"preset": "article", "dataset": "digits", "epochs": 6}
    code = [element.value for element in at.code]
    assert any("epochs%22%3A6" in text for text in code)


def test_a_second_link_in_the_same_session_is_followed(store):
    at = open_page("train", query={"config": '{"epochs": 4, "dataset": "digits"}'})
    set_to(at, "epochs", 6)
    at.query_params["config"] = '{"epochs": 8, "dataset": "digits"}'
    again(at)
    assert at.number_input(key="train.epochs").value == 8


def test_a_click_that_crossed_our_own_link_does_not_undo_the_form(store):
    at = open_page("train", query={"config": '{"epochs": 4, "dataset": "digits"}'})
    old = link(at)
    set_to(at, "epochs", 6)
    at.query_params["config"] = old  # the browser had not yet got the new address when the student clicked
    set_to(at, "seed", 5)
    assert at.number_input(key="train.epochs").value == 6
    assert json.loads(link(at))["epochs"] == 6


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "damaged"),
        ('{"epochs": 5000}', "Epochs must be at most 1,000."),
        ('{"colour": 1}', "no setting called “colour”"),
        ("{" + " " * 2000, "at most 1,000 are read"),
    ],
)
def test_a_bad_link_says_why_and_falls_back(store, text, why):
    at = open_page("train", query={"config": text})
    assert why in at.warning[0].value
    assert at.number_input(key="train.epochs").value == ARTICLE.epochs
    assert can_train(at)
    again(at)
    assert why in at.warning[0].value
    set_to(at, "epochs", 6)
    assert not at.warning
    assert stored(at, store) == ARTICLE.model_copy(update={"epochs": 6})


def test_a_preset_after_changes_leaves_no_settings_of_blocks_behind(store):
    at = open_page("train")
    for preset in ("tiny", "article", "sprint"):
        at.selectbox(key="train.preset").set_value(preset)
        again(at)
    ids = range(1, at.session_state["train.last_id"] + 1)
    assert [id for id in ids if f"train.blocks.{id}.filters" in at.session_state] == block_ids(at)


def test_a_full_disk_is_said(store, monkeypatch):
    def full(*_arguments, **_named):
        raise OSError(28, "No space left on device")

    at = open_page("train")
    monkeypatch.setattr(Store, "create", full)
    press(at, "_train.start")
    assert "could not be stored: No space left on device" in errors(at)


def test_every_setting_has_a_widget(store):
    at = open_page("train")
    kinds = (at.number_input, at.selectbox, at.toggle, at.slider, at.segmented_control)
    keys = {widget.key for kind in kinds for widget in kind}
    for names in form.PLAIN.values():
        assert {f"train.{name}" for name in names} <= keys
    assert {f"train.blocks.{block_ids(at)[0]}.{name}" for name in ConvBlock.model_fields} <= keys
    assert {f"train.dense.{block_ids(at, 'dense')[0]}.{name}" for name in DenseBlock.model_fields} <= keys


def took(store, seconds: float, precision: str) -> None:
    """Leave a finished run of Baseline behind whose epochs took so long, and let the page know of it."""
    run = store.create(ARTICLE, tuple("0123456789"), preset="article", owner="somebody")
    row = dict.fromkeys(COLUMNS, 0.5) | {"seconds": seconds, "precision": DIGITS[precision]}
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_history([row | {"epoch": epoch} for epoch in (1, 2, 3)])
    attempt.enter(Phase.FINISHED)
    preflight.known.clear()


@pytest.mark.parametrize("native", [True, False])
def test_the_estimate_says_what_it_rests_on(store, monkeypatch, native):
    """On either kind of processor. A guess, then layers timed, then the network itself, then another one."""
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: native)
    preflight.known.clear()
    at = open_page("train")
    assert "a guess: this computer has not been measured yet" in captions(at)
    assert ("so training will use float32" in captions(at)) != native
    store.root.mkdir()
    speed.save(replace(speed.load(speed.TYPICAL), bfloat16=native), store.root)
    preflight.known.clear()
    again(at)
    assert "from single layers that were timed on this computer" in captions(at)
    took(store, 400.0, "float32" if native else "bfloat16")  # the other precision says nothing
    again(at)
    assert "from single layers that were timed on this computer" in captions(at)
    took(store, 4.0, "bfloat16" if native else "float32")
    again(at)
    # the same network on the same images: 4 s an epoch, and 10 epochs with their preparation
    assert "About 4 s an epoch, 42 s in all (measured with this network on this computer)" in captions(at)
    set_to(at, "epochs", 100)
    assert "7 min in all" in captions(at)
    press(at, "_train.blocks.add")
    assert "measured with other networks on this computer" in captions(at)


def test_a_guess_is_no_reason_to_refuse_what_the_class_has_no_time_for(store, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "271828")
    monkeypatch.setattr(system, "bfloat16_is_native", lambda: True)
    Classroom(store.root).change(minutes=0.05, epochs=None)
    preflight.known.clear()
    at = open_page("train")
    set_to(at, "epochs", 1000)
    assert "training stops after 0.05 min" in captions(at)
    press(at, "_train.start")
    assert not at.error, [one.value for one in at.error]
    [_run] = store.runs()
    took(store, 0.1, "bfloat16")
    at = open_page("train")
    set_to(at, "epochs", 1000)
    press(at, "_train.start")
    assert any("this one would take 1.4 min or more" in error.value for error in at.error)  # 102 s / 1.2
    assert len(store.runs()) == 2
