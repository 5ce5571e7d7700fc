"""How is a network trained without the app, and what does a worker execute?

`train` works on one attempt of a run and reports through the run folder alone. From the command line:

    python -m cnnlab.train --preset article --dataset cifar10 --epochs 10
"""

import argparse
import contextlib
import gc
import json
import os
import sys
import threading
from collections.abc import Callable

import numpy as np

from cnnlab import datasets, losses, malloc, settings
from cnnlab.attempts import Attempt, Superseded
from cnnlab.config import TrainConfig
from cnnlab.presets import PRESETS
from cnnlab.runs import Run, RunError, State, Store
from cnnlab.text import _
from cnnlab.training import Training


def train(run: Run, number: int, should_stop: Callable[[], bool]) -> None:
    """Train attempt `number` of the run until its last epoch, a wish to stop or pause, or a failure.

    Goes on from the checkpoint where there is one. `should_stop` says that this process is to let go at once:
    the run is queued again, and its next attempt goes on. Errors end as the run's message, in words that a
    student can read where they can be foreseen; the finished epochs are kept in every case.
    """
    _train(run, number, should_stop)
    gc.collect()  # a Keras network holds itself, as a ring
    malloc.give_back()


def _train(run: Run, number: int, should_stop: Callable[[], bool]) -> None:
    with contextlib.suppress(Superseded), Attempt(run, number) as attempt:
        try:
            Training(run, attempt, should_stop).work()
        except Superseded:
            raise
        except (RunError, datasets.DatasetError, ValueError) as error:
            attempt.fail(str(error))
        except OSError as error:
            text = _("Writing the run failed ({why}), so training stopped. The epochs before are kept.")
            attempt.fail(text.format(why=error.strerror or error))
        except MemoryError:
            attempt.fail(_("There was not enough memory to train this network."))
        except Exception as error:
            text = _(
                "Training broke off with an unforeseen error ({kind}). The worker's log has the details."
            )
            attempt.fail(text.format(kind=type(error).__name__))
            raise


def main(arguments: list[str] | None = None) -> int:
    malloc.keep()
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.train", description="Train a network without the app."
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="article")
    parser.add_argument("--dataset", choices=sorted(datasets.DATASETS), default="cifar10")
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--limit", type=int, help="use so many training images; always the whole test set")
    parser.add_argument("--validation", type=float, help="share of training images held out, 0 for none")
    parser.add_argument("--seed", type=int)
    parser.add_argument(
        "--runs", type=settings.expanded, help="folder of runs (default: CNNLAB_RUNS, else runs/)"
    )
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    preset, root = given.pop("preset"), given.pop("runs", None)
    try:
        values = PRESETS[preset].config.model_dump() | given | {"open_test": True}
        config = TrainConfig.model_validate(values)
        store, data = Store(root), datasets.load(config.dataset, progress=_download_bar)
    except (ValueError, datasets.DatasetError) as error:
        print(error, file=sys.stderr)
        return 2
    run = store.create(config, data.classes, preset=preset, owner="command line")
    _train_with_bar(run)
    state, history = run.state(), run.history()
    if state.phase != "finished":
        print(state.message or state.phase, file=sys.stderr)
        return 1
    evaluation, weights = run.evaluation(), run.weights()
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
        while not ended.wait(0.5):
            _progress_bar(run.state())
        _progress_bar(run.state())
        print(file=sys.stderr)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        train(run, run.claim("command line"), should_stop=lambda: False)
    finally:
        ended.set()
        thread.join()


def _progress_bar(state: State) -> None:
    done = 30 * state.step // max(1, state.steps)
    bar = f"{'█' * done}{'░' * (30 - done)} {state.step}/{state.steps}"
    accuracy = "" if state.accuracy is None else f"accuracy {state.accuracy:.3f}"
    epoch = min(state.epoch + 1, state.epochs)
    print(f"\repoch {epoch}/{state.epochs} {bar} {accuracy:15}", end="", file=sys.stderr, flush=True)


def _download_bar(done: int, total: int) -> None:
    print(f"\r{done / 1e6:6.0f} of {total / 1e6:.0f} MB", end="\n" if done >= total else "", file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
