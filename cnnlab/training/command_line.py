"""How is a network trained without the app? By a command, with a bar on the terminal and JSON at its end.

python -m cnnlab.train --preset article --dataset cifar10 --epochs 10
"""

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from cnnlab import environment, malloc
from cnnlab.config import TrainConfig, losses
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.data.spec import DatasetError
from cnnlab.runs import Phase, Run, Store
from cnnlab.training.run_attempt import train


def main(arguments: list[str] | None = None) -> int:
    """Train as the arguments say; return 0, 1 where training failed, 2 where the arguments cannot be used.

    Raises OSError where there is no room for the run, RunError where its files are damaged.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    malloc.keep()
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.train", description="Train a network without the app."
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="article")
    parser.add_argument("--dataset", choices=sorted(datasets.known()), default="cifar10")
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--limit", type=int, help="use so many training images; always the whole test set")
    parser.add_argument("--validation", type=float, help="share of training images held out, 0 for none")
    parser.add_argument("--seed", type=int)
    parser.add_argument(
        "--runs", type=environment.expanded, help="folder of runs (default: CNNLAB_RUNS, else runs/)"
    )
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    preset, root = given.pop("preset"), given.pop("runs", None)
    try:
        values = PRESETS[preset].config.model_dump() | given | {"open_test": True}
        config = TrainConfig.model_validate(values)
        with tqdm(unit="B", unit_scale=True, delay=0.5) as bar:
            store, data = Store(root), datasets.load(config.dataset, progress=_told_to(bar))
    except (ValueError, DatasetError) as error:
        print(error, file=sys.stderr)
        return 2
    run = store.create(config, data.classes, preset=preset, owner="command line")
    _train_with_bar(run)
    state, history = run.state(), run.history()
    if state.phase is not Phase.FINISHED or (evaluation := run.evaluation()) is None:
        print(state.message or state.phase, file=sys.stderr)
        return 1
    weights = run.weights()
    penalty = losses.penalty(weights, config.model.l2)
    found = losses.of(evaluation.probabilities, evaluation.labels, config, penalty)
    result = {
        "run": run.id,
        "test_accuracy": round(evaluation.accuracy, 5),
        "test_loss": round(found.loss, 5),
        "test_cross_entropy": round(found.cross_entropy, 5),
        "epoch_seconds": round(float(np.mean([row["seconds"] for row in history])), 2),
        "parameters": sum(array.size for array in weights.values()),
        "epochs": len(history),
        "dataset": config.dataset,
        "limit": config.limit,
    }
    print(json.dumps(result))
    return 0


def _train_with_bar(run: Run) -> None:
    """Train, and draw on the terminal what the run folder says."""
    ended = threading.Event()

    def watch() -> None:
        with tqdm(unit="batch", delay=1e-3) as bar:  # nothing is drawn before there is something to say
            while not ended.wait(0.5):
                _show(run, bar)
            _show(run, bar)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        if (number := run.claim("command line")) is not None:  # else an app has been quicker, and trains it
            train(run, number, should_stop=lambda: False)
    finally:
        ended.set()
        thread.join()


def _show(run: Run, bar: tqdm) -> None:
    """Let the bar tell how far the whole run is."""
    state = run.state()
    if not state.steps:
        return  # TensorFlow is still being loaded
    total = state.steps * state.epochs
    if bar.total is None:
        bar.reset(total)  # its clock begins to run with the training
    bar.total = total
    bar.set_description(f"epoch {min(state.epoch + 1, state.epochs)}/{state.epochs}", refresh=False)
    finished = [row["accuracy"] for row in run.history()[-1:]]
    if accuracies := [state.accuracy] if state.accuracy is not None else finished:
        bar.set_postfix(accuracy=f"{accuracies[0]:.3f}", refresh=False)
    done = min(total, state.steps * state.epoch + state.step)
    bar.update(max(0, done - bar.n))
    bar.refresh()


def _told_to(bar: tqdm) -> Callable[[int, int], None]:
    """Return what a download tells its progress to: bytes so far, bytes in all."""

    def tell(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return tell
