"""Do the exported script and notebook repeat a run with plain Keras? They are really executed.

The runs are trained here by the app's own trainer; the scripts run together in one process of their own, in
an empty folder and without the app's package, so that TensorFlow is loaded once.
"""

import ast
import json
import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from cnnlab import system
from cnnlab.config import Augmentation, ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.config.schedules import SCHEDULES
from cnnlab.data import cifar10, datasets
from cnnlab.data.cifar10 import BATCHES, RECORD
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.rates import rates
from cnnlab.export.code.script import script
from cnnlab.runs import Command, Run, Store
from cnnlab.training.run_attempt import train

CLASSES = tuple("0123456789")


def small(*blocks: ConvBlock, **values) -> TrainConfig:
    model = {"blocks": blocks, "head": values.pop("head", "flatten"), "dense": values.pop("dense", ())}
    model = ModelConfig(**model, l2=values.pop("l2", 0.0))
    return TrainConfig(**{"model": model, "dataset": "digits", "limit": 200, "epochs": 2} | values)


ARTICLE = PRESETS["article"].config.model_copy(update={"dataset": "digits", "limit": 300, "epochs": 1})
CONFIGS = {
    "article": ARTICLE,
    "fallback": ARTICLE,  # the same, as a processor without bfloat16 trains it
    "everything": small(
        ConvBlock(filters=4, stride=2, normalise=True, activation="gelu", pool="max", dropout=0.3),
        ConvBlock(filters=5, kernel=2, padding="same", activation="leaky_relu", pool="average"),
        dense=(DenseBlock(units=6, activation="elu", dropout=0.2),),
        l2=0.01,
        optimizer="adamw",
        schedule="one_cycle",
        label_smoothing=0.1,
        batch_size=15,
        augmentation=Augmentation(flip=True, shift=2, rotate=10, cutout=6),
        seed=7,
        epochs=3,
    ),
    "squares": small(
        ConvBlock(filters=3, kernel=5, stride=4, activation="tanh"),
        head="global_max",
        loss="mse",
        optimizer="nesterov",
        learning_rate=0.05,
        schedule="cosine",
        validation=0.0,
        open_test=True,
    ),
    "patient": small(
        ConvBlock(filters=3, stride=3, activation="linear"),
        head="global_average",
        dense=(DenseBlock(units=4, activation="sigmoid"),),
        optimizer="rmsprop",
        augmentation=Augmentation(shift=3),
        learning_rate=0.5,
        patience=1,
        epochs=5,
        seed=0,
    ),
    "momentum": small(ConvBlock(filters=2, stride=4), optimizer="momentum", batch_size=1000),
    "changed": small(ConvBlock(filters=4, stride=3), optimizer="sgd", learning_rate=0.1, epochs=3),
    "photos": small(ConvBlock(filters=4, stride=3), dataset="cifar10", limit=None, epochs=1),
}
DRIVER = """
import json, os, runpy, sys
import keras, numpy
sys.modules["cnnlab"] = None  # an import of it would fail
folder = os.environ["CNNLAB_CIFAR10"]

def load_data():  # as Keras gives it: labels in a column
    parts = numpy.load("train.npz"), numpy.load("test.npz")
    return [(part["images"], part["labels"][:, None]) for part in parts]

keras.datasets.cifar10.load_data = load_data
for name in sys.argv[1:]:
    os.environ["CNNLAB_CIFAR10"] = "" if name == "downloaded.py" else folder
    keras.config.set_dtype_policy("float32")  # each script as if alone in its process
    there = runpy.run_path(name)
    rate = float(there["model"].optimizer.learning_rate)
    result = {"history": there["history"], "parameters": there["model"].count_params(), "rate": rate}
    weights = {weight.path: weight.numpy().ravel()[:5].tolist() for weight in there["model"].weights}
    print("RESULT", json.dumps(result | {"weights": weights}))
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A CIFAR-10 of 40 noisy images a batch; its brightness tells the class."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for name in BATCHES:
        labels = random.integers(0, 10, (40, 1))
        pixels = 20 * labels + random.integers(0, 60, (40, RECORD - 1))
        np.hstack([labels, pixels]).astype(np.uint8).tofile(folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_CIFAR10", str(folder))
        patch.setattr(cifar10, "BATCH_IMAGES", 40)
        yield folder


@pytest.fixture(scope="module")
def repeated(tmp_path_factory, photos) -> dict[str, tuple[Run, dict]]:
    """Train each configuration here, repeat it from its script.

    'notebook' repeats 'changed' from its notebook; 'downloaded' is 'photos' with the images from Keras.
    """
    folder, runs, files = tmp_path_factory.mktemp("exported"), {}, {}
    for name, config in CONFIGS.items():
        classes = datasets.load(config.dataset).classes
        run = Store(folder / "runs").create(config, classes, preset="article", owner="anna")
        look = _changes(run) if name == "changed" else lambda: False
        with pytest.MonkeyPatch.context() as patch:  # both cases, whatever this processor has
            patch.setattr(system, "bfloat16_is_native", lambda name=name: name != "fallback")
            train(run, run.claim("queued"), should_stop=look)
        assert run.state().phase == "finished", run.state().message
        runs[name], files[name] = run, script(run)
    cells = json.loads(notebook(runs["changed"]))["cells"]
    files["notebook"] = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    files["downloaded"], data = files["photos"], datasets.load("cifar10")
    np.savez(folder / "train.npz", images=data.train_images, labels=data.train_labels)
    np.savez(folder / "test.npz", images=data.test_images, labels=data.test_labels)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "driver.py").write_text(DRIVER)
    python = [sys.executable, "-P", "driver.py", *(f"{name}.py" for name in files)]
    environment = {**os.environ, "PYTHONPATH": "", "MPLBACKEND": "Agg"}
    done = subprocess.run(python, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    results = re.findall(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    results = dict(zip(files, map(json.loads, results), strict=True))
    runs |= {"notebook": runs["changed"], "downloaded": runs["photos"]}
    return {name: (runs[name], result) for name, result in results.items()}


def _changes(run: Run):
    """Return a should_stop that asks, at the end of the second epoch, for another rate and one more."""

    def look() -> bool:
        if len(run.history()) == 1 and not run.commands():
            run.command("rate", "anna", 0.02)
            run.command("epochs", "anna", 4)
        return False

    return look


@pytest.mark.parametrize("name", [*CONFIGS, "notebook", "downloaded"])
def test_the_network_and_its_first_epoch_are_the_same(repeated, name):
    run, result = repeated[name]
    assert result["parameters"] == sum(array.size for array in run.weights().values())
    row, mine = run.history()[0], result["history"][0]
    for column in ("loss", "accuracy", *(["val_loss", "val_accuracy"] if "val_loss" in mine else [])):
        assert mine[column] == pytest.approx(row[column], rel=1e-3, abs=1e-4), column
    assert ("val_loss" in mine) == (run.recipe().config.validation > 0)


@pytest.mark.parametrize("name", [*CONFIGS, "notebook", "downloaded"])
def test_later_epochs_and_final_weights_follow(repeated, name):
    """Looser: rounding grows. Epochs, rates and weights agree, so schedule and changes were replayed."""
    run, result = repeated[name]
    assert len(result["history"]) == len(run.history())
    assert result["rate"] == pytest.approx(run.history()[-1]["learning_rate"], rel=1e-4)
    assert result["history"][-1]["loss"] == pytest.approx(run.history()[-1]["loss"], rel=0.02)
    weights = run.weights()
    for path, values in result["weights"].items():
        layer, part = path.split("/")
        part = part.removeprefix("moving_")
        if layer in {key.split("/")[0] for key in weights}:
            theirs = weights[f"{layer}/{part}"].ravel()[:5]
            np.testing.assert_allclose(values, theirs, rtol=0.05, atol=5e-3, err_msg=path)


def test_each_was_repeated_in_the_precision_that_it_was_trained_in(repeated):
    """They are the same but for that: told apart by more digits than they share."""
    losses = {name: repeated[name][1]["history"][0]["loss"] for name in ("article", "fallback")}
    trained = {name: repeated[name][0].history()[0]["loss"] for name in losses}
    assert len({*trained.values()}) == 2
    for name, other in (("article", "fallback"), ("fallback", "article")):
        assert abs(losses[name] - trained[name]) < abs(losses[name] - trained[other])


def test_the_changes_were_really_made(repeated):
    run, _result = repeated["changed"]
    assert [row["learning_rate"] for row in run.history()] == [0.1, 0.1, 0.02, 0.02]
    assert "RATES = {1: 0.1, 3: 0.02}" in script(run)


def test_patience_ended_a_run_before_its_last_epoch(repeated):
    run, _result = repeated["patient"]
    assert len(run.history()) < run.recipe().config.epochs


def test_the_test_set_stays_sealed_where_it_is(repeated):
    assert "\n# answers = " in script(repeated["everything"][0])
    assert "\nanswers = " in script(repeated["squares"][0])


def test_the_script_needs_nothing_of_this_app_and_every_line_fits(repeated):
    for run, _result in repeated.values():
        text = script(run)
        assert not re.search(r"(import|from) cnnlab", text)
        assert max(map(len, text.splitlines())) <= 110
        ast.parse(text)


def test_the_notebook_is_valid(repeated):
    book = nbformat.reads(notebook(repeated["everything"][0]), as_version=4)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert {cell.cell_type for cell in book.cells} == {"markdown", "code"}
    assert notebook(repeated["everything"][0]) == notebook(repeated["everything"][0])


def test_nothing_of_it_needs_tensorflow(tmp_path):
    """All of it happens in the process that serves the pages."""
    code = """
import sys
import cnnlab.ui.train.take_home
from cnnlab.export import export_archive, import_archive, notebook, report, script
from cnnlab.runs import Store
run = Store().get("article")
script(run), notebook(run), report(run)
import_archive(export_archive(run), Store(sys.argv[1]), "ben")
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=300)


def test_every_setting_is_written_out():
    """A new setting must be added to the script, and then here."""
    known = (
        "model dataset limit validation optimizer learning_rate schedule loss label_smoothing augmentation "
    )
    known += "batch_size precision epochs patience seed open_test"
    assert set(TrainConfig.model_fields) == set(known.split())
    assert set(ModelConfig.model_fields) == {"blocks", "head", "dense", "l2"}


def test_a_name_with_line_breaks_cannot_become_code(tmp_path):
    run = Store(tmp_path).create(CONFIGS["squares"], CLASSES, preset="x\nimport os", owner="anna")
    recipe = json.loads((run.folder / "config.json").read_text())
    recipe |= {"note": "a\nimport os", "classes": ["\nimport os", *CLASSES[1:]]}
    (run.folder / "config.json").write_text(json.dumps(recipe))
    imports = [line for line in script(run).splitlines() if line.startswith("import os")]
    assert imports == []


# ---- Learning rates


def test_pauses_and_stops_are_ignored():
    commands = [
        Command("pause"),
        Command("resume"),
        Command("stop"),
    ]
    config = CONFIGS["everything"]
    assert rates(config, commands, [], 10, 3) == {1: (config.learning_rate, 3)}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_change_counts_from_the_epoch_whose_rate_shows_it(schedule):
    config = small(schedule=schedule, epochs=6, learning_rate=0.1)
    steps, planned = 10, [(0.1, 6)] * 2 + [(0.03, 6)] * 2 + [(0.03, 9)] * 5
    recorded = [
        rate * SCHEDULES[schedule].factor((epoch + 9 / steps) / epochs)
        for epoch, (rate, epochs) in enumerate(planned)
    ]
    found = rates(config, [Command("rate", 0.03), Command("epochs", 9)], recorded, steps, 9)
    if schedule == "constant":  # there, more epochs change no rate
        assert {epoch: rate for epoch, (rate, _epochs) in found.items()}[3] == 0.03
        assert max(found) == 3
    else:
        assert found == {1: (0.1, 6), 3: (0.03, 6), 5: (0.03, 9)}


def test_commands_for_the_future_count_after_the_history():
    config = small(epochs=4, learning_rate=0.1)
    assert rates(config, [Command("rate", 0.5)], [0.1, 0.1], 10, 4) == {1: (0.1, 4), 3: (0.5, 4)}


def test_a_measured_rate_outweighs_a_command():
    config = small(epochs=2, learning_rate=0.1)
    assert rates(config, [], [0.1, 0.7], 10, 2) == {1: (0.1, 2), 2: (0.7, 2)}
