"""How fast does the app train, against the article's own code and against itself without the app?

    CNNLAB_CIFAR10=... python benchmarks/training.py [--epochs N] [--runs N]

The article's own code means float64 arrays of images / 255, one-hot labels, `model.fit(x, y,
epochs=10, batch_size=64)` on all 50,000 images. The sides take turns; figures are medians. Each measurement
is a process of its own that warms up first on a few images. The last line is one JSON object:

    epoch_ratio     seconds an epoch, the article's code / preset article, both without validation
    epoch_ratio_float32     the same with the preset's precision set to float32, as every processor can
    native_bfloat16 whether this processor has the preset's own precision, bfloat16
    sprint_ratio    training seconds of the article's code until an epoch ends with 68 % test accuracy or more
                    / the same for Sprint
    live_overhead   CPU seconds an epoch of our training with run folder and a reader that polls it every 2
                    seconds / the same Keras training without either
    memory_ratio    peak memory of the article's code / of ours
    sprint_accuracy test accuracy of each Sprint run
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOAL = 0.68


def article(epochs: int, goal: float | None) -> dict:
    """Train with the article's own code; with a goal, judge the test set after each epoch (not timed)."""
    import keras
    import numpy as np
    from keras import layers

    from cnnlab.data import datasets

    data = datasets.load("cifar10")
    x, y = data.train_images / 255, np.eye(10)[data.train_labels]
    x_test, labels = data.test_images / 255, data.test_labels
    model = keras.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    fresh = model.get_weights()
    model.fit(x[:640], y[:640], batch_size=64, verbose=0)
    model.set_weights(fresh)
    seconds, accuracy = [], 0.0
    for _epoch in range(epochs):
        start = time.perf_counter()
        model.fit(x, y, epochs=1, batch_size=64, verbose=0)
        seconds.append(time.perf_counter() - start)
        if goal is not None:
            accuracy = float((model.predict(x_test, verbose=0).argmax(1) == labels).mean())
            if accuracy >= goal:
                break
    return {"seconds": seconds, "accuracy": accuracy, "peak_kb": _peak()}


def ours(preset: str, epochs: int | None, seed: int, precision: str | None = None) -> dict:
    """Train a preset as a worker does, on all images, while a page's reader polls the run folder."""
    from cnnlab import malloc
    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.runs import Store
    from cnnlab.training.run_attempt import train

    malloc.keep()
    base = PRESETS[preset].config
    changes = {"validation": 0.0, "patience": None, "seed": seed, "precision": precision or base.precision}
    config = base.model_copy(update=changes | ({"epochs": epochs} if epochs else {}))
    classes = datasets.load("cifar10").classes
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        small = config.model_copy(update={"limit": 640, "epochs": 1})
        warm = store.create(small, classes, preset=preset, owner="benchmark")
        train(warm, warm.claim("warm-up"), lambda: False)
        full = config.model_copy(update={"open_test": epochs is None})
        run = store.create(full, classes, preset=preset, owner="benchmark")
        done = threading.Event()

        def watch() -> None:
            while not done.wait(2):
                run.state(), run.history()

        threading.Thread(target=watch, daemon=True).start()
        train(run, run.claim("benchmark"), lambda: False)
        done.set()
        evaluation, seconds = run.evaluation(), [row["seconds"] for row in run.history()]
        return {
            "seconds": seconds,
            "accuracy": evaluation.accuracy if evaluation else None,
            "peak_kb": _peak(),
        }


def overhead(pairs: int) -> dict:
    """Alternate epochs in one process: with run folder and reader, and bare Keras training of the same."""
    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.runs import Store
    from cnnlab.runs.attempt import Attempt
    from cnnlab.training.trainer import Training

    config = PRESETS["article"].config.model_copy(update={"validation": 0.0, "epochs": pairs})
    classes = datasets.load("cifar10").classes
    with tempfile.TemporaryDirectory() as folder:
        run = Store(folder).create(config, classes, preset="article", owner="benchmark")
        live, bare = [], []
        with Attempt(run, run.claim("benchmark")) as attempt:
            training = Training(run, attempt, lambda: False)
            order = training.training
            training.model.fit(training._batches(order[:640], 0), shuffle=False, verbose=0)
            rows = []
            for epoch in range(pairs):
                done = threading.Event()

                def watch(done=done) -> None:
                    while not done.wait(2):
                        run.state(), run.history()

                threading.Thread(target=watch, daemon=True).start()
                start = time.process_time()
                watcher, values = training._epoch(epoch, 0)
                rows.append(training._row(epoch, watcher, values, None))
                training._keep(rows)
                live.append(time.process_time() - start)
                done.set()
                start = time.process_time()
                training.model.fit(training._batches(order, epoch), shuffle=False, verbose=0)
                bare.append(time.process_time() - start)
    return {"live": live, "bare": bare}


def _peak() -> int:
    """Return this process's peak memory in KiB (on macOS the system counts bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def _in_a_process(*arguments) -> dict:
    """Measure in a fresh process and return what it printed last."""
    command = [sys.executable, __file__, "--measure", json.dumps(arguments)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    print(arguments, {k: v for k, v in result.items() if k != "peak_kb"}, file=sys.stderr)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3, help="turns of each comparison")
    parser.add_argument("--epochs", type=int, default=2, help="epochs in each turn of epoch_ratio")
    parser.add_argument("--pairs", type=int, default=5, help="alternating epochs for live_overhead")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, *arguments = json.loads(options.measure)
        print(json.dumps({"article": article, "ours": ours, "overhead": overhead}[name](*arguments)))
        return 0
    theirs, mine, plain, to_goal, sprints = [], [], [], [], []
    for turn in range(options.runs):
        theirs.append(_in_a_process("article", options.epochs, None))
        mine.append(_in_a_process("ours", "article", options.epochs, turn + 1))
        plain.append(_in_a_process("ours", "article", options.epochs, turn + 1, "float32"))
        to_goal.append(_in_a_process("article", 15, GOAL))
        sprints.append(_in_a_process("ours", "sprint", None, turn + 1))
    load = _in_a_process("overhead", options.pairs)

    def per_epoch(results) -> float:
        return statistics.median(second for result in results for second in result["seconds"])

    def whole(results) -> float:
        return statistics.median(sum(result["seconds"]) for result in results)

    def peak(results) -> float:
        return statistics.median(result["peak_kb"] for result in results)

    sys.path.insert(0, str(ROOT))
    from cnnlab.system import bfloat16_is_native

    print(
        json.dumps(
            {
                "epoch_ratio": round(per_epoch(theirs) / per_epoch(mine), 2),
                "epoch_ratio_float32": round(per_epoch(theirs) / per_epoch(plain), 2),
                "native_bfloat16": bfloat16_is_native(),
                "sprint_ratio": round(whole(to_goal) / whole(sprints), 2),
                "live_overhead": round(statistics.median(load["live"]) / statistics.median(load["bare"]), 3),
                "memory_ratio": round(peak(theirs) / peak(mine), 2),
                "sprint_accuracy": [round(result["accuracy"], 4) for result in sprints],
                "article_epoch_s": round(per_epoch(theirs), 2),
                "our_epoch_s": round(per_epoch(mine), 2),
                "article_to_goal_s": [round(sum(result["seconds"]), 1) for result in to_goal],
                "sprint_s": [round(sum(result["seconds"]), 1) for result in sprints],
                "goal": GOAL,
                "runs": options.runs,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
