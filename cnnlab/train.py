"""How is a network trained, watched and stopped, and how does it go on where it was?

`train` is what a worker executes for one attempt of a run. It reports through the run folder alone. The same
from the command line:

    python -m cnnlab.train --preset article --dataset cifar10 --epochs 10
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable

import numpy as np

from cnnlab import datasets, models
from cnnlab.attempts import Attempt, Superseded
from cnnlab.config import TrainConfig, steps_per_epoch
from cnnlab.presets import PRESETS
from cnnlab.runs import Checkpoint, Recipe, Run, RunError, State, Store
from cnnlab.text import _

KERNEL_SNAPSHOTS = 10  # epochs at which the kernels behind the first layer are kept too
FLOPS_BETWEEN_LOOKS = 25e9  # arithmetic between two looks at should_stop: about a quarter of a second


def train(run: Run, number: int, should_stop: Callable[[], bool], verbose: bool = False) -> None:
    """Train attempt `number` of the run until its last epoch, a wish to stop, or a failure.

    Goes on from the checkpoint where there is one. `should_stop` says that this process is to let go at once:
    the run is queued again, and its next attempt goes on. Errors that a student should read end as the run's
    message; the finished epochs are kept in every case.
    """
    with Attempt(run, number) as attempt:
        try:
            _Training(run, attempt, should_stop, verbose).work()
        except Superseded:
            return
        except (RunError, datasets.DatasetError, ValueError) as error:
            attempt.enter("failed", str(error))
        except OSError as error:
            attempt.enter(
                "failed", _("Writing the run failed: {error}.").format(error=error.strerror or error)
            )
        except MemoryError:
            attempt.enter("failed", _("There was not enough memory to train this network."))


class _Training:
    """One attempt: the model, the images, and the loop over epochs."""

    def __init__(self, run: Run, attempt: Attempt, should_stop: Callable[[], bool], verbose: bool):
        import keras
        import tensorflow as tf

        self.run, self.attempt, self.should_stop, self.verbose = run, attempt, should_stop, verbose
        self.recipe = recipe = run.recipe()
        self.config = config = recipe.config
        attempt.update(epochs=config.epochs, message=_("Loading the images"))
        data = datasets.load(config.dataset)
        training, validation = datasets.split(
            len(data.train_images), config.validation, config.limit, config.seed
        )
        self.data, self.training, self.validation = data, training, validation
        self.images = tf.constant(data.train_images)
        self.one_hot = tf.one_hot(data.train_labels, len(data.classes))
        self.steps = steps_per_epoch(len(training), config.batch_size)
        steps_per_execution = _steps_per_execution(recipe, self.steps)  # names a layer that does not fit
        self.model = models.build(recipe.layers(), config.model.l2, config.seed)
        self.rest = _dropout_states(self.model)
        self.optimizer = models.optimizer(config.optimizer, config.learning_rate)
        self.optimizer.build(self.model.trainable_variables)
        self.rest |= {f"optimizer/{i}": v for i, v in enumerate(self.optimizer.variables)}
        losses = {"cross_entropy": keras.losses.CategoricalCrossentropy, "mse": keras.losses.MeanSquaredError}
        self.model.compile(
            optimizer=self.optimizer,
            loss=losses[config.loss](),
            metrics=["accuracy"],
            steps_per_execution=steps_per_execution,
            jit_compile=False,  # on CPUs XLA made this three times slower
        )

    def work(self) -> None:
        rows = self._restore()
        attempt, epochs = self.attempt, self.config.epochs
        if not rows:
            attempt.write_kernels(0, self._kernels())
        attempt.update(message="", steps=self.steps, epoch=len(rows))
        validation = self._batches(self.validation) if len(self.validation) else None
        for epoch in range(len(rows), epochs):
            watch = _watcher(self, epoch)
            order = np.random.default_rng([self.config.seed, epoch]).permutation(self.training)
            start = time.perf_counter()
            log = self.model.fit(
                self._batches(order),
                validation_data=validation,
                initial_epoch=epoch,
                epochs=epoch + 1,
                callbacks=[watch],
                shuffle=False,  # the order is ours
                verbose=0,
            )
            if watch.end is not None:
                return self._end_early(watch.end, rows)
            values = {name: series[-1] for name, series in log.history.items()}
            rows.append(self._row(epoch, values, time.perf_counter() - start))
            self._keep(rows)
        attempt.write_result(models.weights(self.model))
        self.model_file()
        if self.config.open_test:
            attempt.update(message=_("Opening the test set"))
            self.run.save_evaluation(models.predict(self.model, self.data.test_images), self.data.test_labels)
        attempt.enter("finished")

    def _restore(self) -> list[dict[str, float]]:
        """Take over the checkpoint; return the history up to its epoch (and cut the file back to that)."""
        checkpoint = self.run.checkpoint()
        if checkpoint is None:
            return []
        models.set_weights(self.model, checkpoint.weights)
        for name, variable in self.rest.items():
            variable.assign(checkpoint.rest[name])
        rows = self.run.history()[: checkpoint.epoch]
        if len(rows) < checkpoint.epoch:
            raise RunError(_("The history of this run is shorter than its checkpoint, so it cannot go on."))
        self.attempt.write_history(rows)
        return rows

    def _keep(self, rows: list[dict[str, float]]) -> None:
        """Write what a finished epoch has brought: the row first, so a checkpoint always has its rows."""
        epoch = len(rows)
        self.attempt.write_history(rows)
        rest = {name: np.asarray(variable) for name, variable in self.rest.items()}
        self.attempt.write_checkpoint(Checkpoint(epoch, models.weights(self.model), rest))
        snapshots = np.linspace(1, self.config.epochs, KERNEL_SNAPSHOTS).round()
        self.attempt.write_kernels(epoch, self._kernels(all_layers=epoch in snapshots))
        self.attempt.update(epoch=epoch, step=0, accuracy=None, loss=None)

    def _end_early(self, end: str, rows: list[dict[str, float]]) -> None:
        """End within an epoch: what counts is the state after the last finished one."""
        if end == "let go":
            return self.attempt.enter("queued")
        checkpoint = self.run.checkpoint()
        if checkpoint is not None:
            self.attempt.write_result(checkpoint.weights)
            models.set_weights(self.model, checkpoint.weights)
            self.model_file()
        self.attempt.update(step=0, accuracy=None, loss=None)
        if end == "nan":
            text = _(
                "The loss became infinite or undefined (NaN) in epoch {epoch}, so training stopped. "
                "{kept} finished epochs are kept. A smaller learning rate usually helps; it was {rate}."
            )
            rate = f"{self.config.learning_rate:g}"
            self.attempt.enter("failed", text.format(epoch=len(rows) + 1, kept=len(rows), rate=rate))
        else:
            self.attempt.enter("stopped")

    def model_file(self) -> None:
        """Write model.keras: the uncompiled model, plain Keras layers only."""
        part = self.run.folder / ".model.part.keras"
        copy = models.build(self.recipe.layers(), self.config.model.l2, self.config.seed)
        copy.set_weights(self.model.get_weights())
        copy.save(part)
        part.replace(self.run.folder / "model.keras")

    def _batches(self, order: np.ndarray):
        """Return a tf.data pipeline of (uint8 images, one-hot labels) for these indices, in this order."""
        import tensorflow as tf

        def take(index):
            return tf.gather(self.images, index), tf.gather(self.one_hot, index)

        return tf.data.Dataset.from_tensor_slices(order).batch(self.config.batch_size).map(take).prefetch(2)

    def _kernels(self, all_layers: bool = True) -> dict[str, np.ndarray]:
        kernels = {
            n: a for n, a in models.weights(self.model).items() if n.endswith("/kernel") and a.ndim == 4
        }
        return kernels if all_layers else dict(list(kernels.items())[:1])

    def _row(self, epoch: int, values: dict[str, float], seconds: float) -> dict[str, float]:
        rate = float(f"{float(self.optimizer.learning_rate):.6g}")  # without the noise of float32
        row = {"epoch": epoch + 1, "learning_rate": rate, "seconds": round(seconds, 3)}
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            row[name] = float(values.get(name, math.nan))
        return row


def _watcher(training: _Training, epoch: int):
    """Return a Keras callback that reports running values and ends the epoch where it must end.

    Its `end` says why: None (it did not), "stop" (a wish), "let go" (should_stop, or a newer attempt), "nan".
    """
    import keras

    attempt = training.attempt
    images = len(training.training)

    class Watch(keras.callbacks.Callback):
        end: str | None = None

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            loss, step = float(logs["loss"]), min(batch + 1, training.steps)
            seconds = time.perf_counter() - self.start
            seen = min(step * training.config.batch_size, images)
            attempt.update(
                step=step,
                accuracy=float(logs["accuracy"]),
                loss=loss if math.isfinite(loss) else None,
                images_per_second=seen / seconds,
            )
            if training.verbose:
                _progress_bar(attempt.state)
            if training.should_stop() or attempt.superseded():
                self.end = "let go"
            elif not math.isfinite(loss):
                self.end = "nan"
            elif "stop" in training.run.new_wishes():
                self.end = "stop"
            self.model.stop_training = self.end is not None

    return Watch()


def _dropout_states(model) -> dict[str, object]:
    """Return the random states of the dropout layers, so that a resumed run draws as it would have."""
    layers = [layer for layer in model.layers if hasattr(layer, "seed_generator")]
    return {f"random/{layer.name}": layer.seed_generator.state for layer in layers}


def _steps_per_execution(recipe: Recipe, steps: int) -> int:
    """Return how many batches to compute between two looks at should_stop; more make an epoch faster."""
    from cnnlab.ops import network

    shape = (models.SIDE, models.SIDE, 3)
    multiplications = sum(network.multiplications(recipe.layers(), shape))
    flops = 6 * multiplications * recipe.config.batch_size  # a multiply-add forward, two backward
    return max(1, min(25, steps, round(FLOPS_BETWEEN_LOOKS / flops)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.train", description="Train a network without the app."
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="article")
    parser.add_argument("--dataset", choices=sorted(datasets.DATASETS), default="cifar10")
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--limit", type=int, help="use so many training images; always the whole test set")
    parser.add_argument("--validation", type=float, help="share of training images held out, 0 for none")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--runs", help="folder of the runs (default: CNNLAB_RUNS, else runs/)")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    preset, root = given.pop("preset"), given.pop("runs", None)
    try:
        values = PRESETS[preset].config.model_dump() | given | {"open_test": True}
        config = TrainConfig.model_validate(values)
        data = datasets.load(config.dataset, progress=_download_bar)
    except (ValueError, datasets.DatasetError) as error:
        print(error, file=sys.stderr)
        return 2
    run = Store(root).create(config, data.classes, preset=preset, owner="command line")
    train(run, run.claim("command line"), should_stop=lambda: False, verbose=True)
    state, history = run.state(), run.history()
    if state.phase != "finished":
        print(state.message or state.phase, file=sys.stderr)
        return 1
    evaluation = run.evaluation()
    result = {
        "run": run.id,
        "test_accuracy": round(evaluation.accuracy, 5),
        "test_loss": round(evaluation.loss, 5),
        "epoch_seconds": round(float(np.mean([row["seconds"] for row in history])), 2),
        "parameters": sum(array.size for array in run.weights().values()),
        "epochs": len(history),
        "dataset": config.dataset,
        "limit": config.limit,
    }
    print(json.dumps(result))
    return 0


def _progress_bar(state: State) -> None:
    done = 30 * state.step // state.steps
    text = (
        f"epoch {state.epoch + 1}/{state.epochs} {'█' * done}{'░' * (30 - done)} {state.step}/{state.steps}"
    )
    end = "\n" if state.step == state.steps else ""
    print(f"\r{text}  accuracy {state.accuracy:.3f}", end=end, file=sys.stderr, flush=True)


def _download_bar(done: int, total: int) -> None:
    print(f"\r{done / 1e6:6.0f} of {total / 1e6:.0f} MB", end="\n" if done >= total else "", file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
