"""Which number tells best that a picture is unlike the training images?

    python benchmarks/out_of_distribution.py [--preset article] [--runs FOLDER] [--write NETWORK] [--no-twins]

Trains twins: networks of the preset's shape and recipe, on CIFAR-10 without two of its classes, so that the
test images of these two are strange to them. On the first twin, ways to a familiarity are compared; on the
second the chosen one is measured again. Familiar are the test images of a twin's eight classes; strange the
two classes, all Digits, and textures of the sample photos. Shown are AUROC and the share noticed at the
threshold under which 5 % of half of the twin's validation images lie. Needs CIFAR-10 (CNNLAB_CIFAR10).

--runs: where twins trained before are looked for and new ones are kept. --write: judge that shipped network
and keep the record, with the second twin's figures, beside it. The last line is one JSON object.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from cnnlab import ops
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.spec import Dataset
from cnnlab.evaluation import calibration, metrics, out_of_distribution, reliability_record
from cnnlab.evaluation.measure_reliability import (
    TRAINING,
    answers,
    measured,
    strange_pictures,
    told_apart,
    with_twin,
)
from cnnlab.evaluation.out_of_distribution import Familiarity
from cnnlab.runs import Phase, Run, Store
from cnnlab.training.run_attempt import train

# An animal and a vehicle each, named before anything was measured.
TO_CHOOSE, TO_MEASURE = ("horse", "ship"), ("bird", "truck")


def without(left_out: tuple[str, ...]) -> str:
    """Register CIFAR-10 without these classes among the datasets; return its name."""
    name = "cifar10_without_" + "_".join(left_out)

    @cache
    def load(progress=None) -> Dataset:
        whole = datasets.load("cifar10", progress)
        kept = [i for i, name in enumerate(whole.classes) if name not in left_out]
        new = np.full(len(whole.classes), -1)
        new[kept] = range(len(kept))
        parts = {}
        for part in ("train", "test"):
            labels = new[getattr(whole, f"{part}_labels")]
            parts[f"{part}_images"] = getattr(whole, f"{part}_images")[labels >= 0]
            parts[f"{part}_labels"] = labels[labels >= 0]
        return replace(whole, spec=datasets.find(name), **parts)

    spec = datasets.find("cifar10")
    classes = tuple(one for one in spec.classes if one not in left_out)
    datasets.DATASETS[name] = replace(spec, name=name, classes=classes, load=load)
    return name


def twin(preset: str, left_out: tuple[str, ...], store: Store) -> Run:
    """Return the trained twin, from the store if it is there."""
    name = without(left_out)
    for run in store.runs():
        if (run.recipe().config.dataset, run.recipe().preset) == (name, preset):
            return run
    config = PRESETS[preset].config.model_copy(update={"dataset": name})
    run = store.create(config, datasets.load(name).classes, preset=preset, owner="benchmark")
    train(run, run.claim("benchmark"), should_stop=lambda: False)
    assert run.state().phase is Phase.FINISHED, run.state().message
    return run


def compare(run: Run, left_out: tuple[str, ...]) -> tuple[dict, reliability_record.Strange]:
    """Return AUROC and share noticed for each way and each set of pictures; and the row of the chosen way."""
    recipe = run.recipe()
    config, whole, data = recipe.config, datasets.load("cifar10"), datasets.load(recipe.config.dataset)
    training, held = datasets.split(len(data.train_images), config.validation, config.limit, config.seed)
    means, training_scores = answers(run, data.train_images[training[:TRAINING]])
    held_out, test = answers(run, data.train_images[held[::2]]), answers(run, data.test_images)
    both = Familiarity.fit(means, held_out)
    labels = data.train_labels[training[:TRAINING]]
    by_class = out_of_distribution.fit_distance(training_scores, labels, len(data.classes))
    ways = {
        "max_probability": lambda means, scores: out_of_distribution.max_probability(scores),
        "max_score": lambda means, scores: scores.max(axis=1),
        "energy": lambda means, scores: out_of_distribution.energy(scores),
        "distance_of_scores": lambda means, scores: out_of_distribution.nearness(scores, *by_class),
        "distance_of_maps": lambda means, scores: out_of_distribution.nearness(
            out_of_distribution.map_means(means), both.centre, both.inverse
        ),
        "familiarity": both.of,
    }
    left = np.isin(whole.test_labels, [whole.classes.index(name) for name in left_out])
    strange = {"left_out": whole.test_images[left]} | strange_pictures("cifar10")
    outputs = {name: answers(run, pictures) for name, pictures in strange.items()}
    table = {}
    for name, way in ways.items():
        familiar, limit = way(*test), out_of_distribution.threshold(way(*held_out))
        table[name] = {"false_alarms": round(float((familiar < limit).mean()), 4)}
        for kind, output in outputs.items():
            values = way(*output)
            noticed = round(float((values < limit).mean()), 4)
            table[name][kind] = {
                "auroc": round(out_of_distribution.auroc(familiar, values), 4),
                "noticed": noticed,
            }
    row = told_apart(
        "left_out", both, out_of_distribution.threshold(both.of(*held_out)), test, outputs["left_out"]
    )
    temperature = calibration.fit_temperature(held_out[1], data.train_labels[held[::2]])
    errors = [
        metrics.reliability(ops.softmax(test[1], at), data.test_labels).error for at in (1, temperature)
    ]
    result = {
        "left_out": left_out,
        "epochs": len(run.history()),
        "test_accuracy": round(float((test[1].argmax(1) == data.test_labels).mean()), 4),
        "images": {"familiar": len(data.test_images)} | {name: len(p) for name, p in strange.items()},
        "calibration_error": [round(error, 4) for error in errors],
        "ways": table,
    }
    return result, row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", default="article")
    parser.add_argument("--runs")
    parser.add_argument("--write", metavar="NETWORK")
    parser.add_argument("--no-twins", action="store_true", help="only judge and write, without the twins")
    given = parser.parse_args()
    if given.no_twins:
        if not given.write:
            parser.error("--no-twins goes with --write")
        run = Store().get(given.write)
        reliability_record.write(run, measured(run))
        return
    with tempfile.TemporaryDirectory() as folder:
        store = Store(given.runs or folder)
        chosen, _row = compare(twin(given.preset, TO_CHOOSE, store), TO_CHOOSE)
        again, row = compare(twin(given.preset, TO_MEASURE, store), TO_MEASURE)
    if given.write:
        run = Store().get(given.write)
        reliability_record.write(run, with_twin(measured(run), row, TO_MEASURE))
    print(json.dumps({"preset": given.preset, "to_choose": chosen, "to_measure": again}))


if __name__ == "__main__":
    main()
