"""What happens in one attempt at training: the model, the images, the loop over epochs, the way it ends."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.config import losses, schedules, steps_per_epoch
from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.i18n import _, finished_epochs, in_epochs, plain
from cnnlab.ops import network
from cnnlab.runs import Checkpoint, Phase, Recipe, Run, RunError, history, precision
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import Row
from cnnlab.training import models, sample
from cnnlab.training.augmentation import augment
from cnnlab.training.callbacks import keras_callbacks
from cnnlab.training.callbacks.early_end import EarlyEnd, End
from cnnlab.training.callbacks.learning_rate import LearningRate
from cnnlab.training.callbacks.running_values import RunningValues
from cnnlab.training.early_stopping import stagnates
from cnnlab.training.measures import MEANS, means, measures, of_both_parts

KERNEL_SNAPSHOTS = 10  # epochs at which the kernels behind the first layer are kept too
FLOPS_BETWEEN_LOOKS = 25e9  # arithmetic between two looks at should_stop: about a quarter of a second
PANEL = 8  # held-out images whose answers are kept each epoch


class Training:
    """One attempt at a run. `work` returns when it has ended in whatever way; the run folder says how.

    Making one raises RunError, DatasetError or ValueError where the recipe cannot be read, the images are not
    here, or the layers or the division of the images do not fit.
    """

    def __init__(self, run: Run, attempt: Attempt, should_stop: Callable[[], bool]):
        self.run, self.attempt, self.should_stop = run, attempt, should_stop
        self.recipe = recipe = run.recipe()
        self.config = config = recipe.config
        attempt.update(epochs=self.epochs(), message=_("Loading the images"))
        self.data = data = datasets.load(config.dataset)
        self.one_hot = np.eye(len(data.classes), dtype=np.float32)[data.train_labels]
        self.training, self.validation = datasets.split(
            len(data.train_images), config.validation, config.limit, config.seed
        )
        self.steps = steps_per_epoch(len(self.training), config.batch_size)
        at_once = steps_per_execution(recipe, self.steps)  # names a layer that does not fit
        self.precision = precision.here(config.precision)
        self.remark = "" if self.precision == config.precision else precision.fallback()
        self.model = models.build(recipe.layers(), config.model.l2, config.seed, self.precision)
        self.result = models.build(recipe.layers(), config.model.l2, config.seed)
        self.optimizer = models.optimizer(config.optimizer, config.learning_rate)
        self.optimizer.build(self.model.trainable_variables)
        self.rest: dict[str, Any] = _dropout_states(self.model)
        self.rest |= {f"optimizer/{i}": v for i, v in enumerate(self.optimizer.variables)}
        self.model.compile(
            optimizer=self.optimizer,
            **measures(config),
            steps_per_execution=at_once,
            jit_compile=False,  # on CPUs XLA made this three times slower
        )
        self.result.compile(**measures(config), jit_compile=False)

    def epochs(self) -> int:
        """Return how many epochs are wanted now: the last command, else the configuration.

        Raises RunError where the commands are damaged.
        """
        return int(self.run.commanded("epochs", self.config.epochs))

    def rate(self, epoch: int, step: int) -> float:
        """Return the learning rate for a step: what was commanded (else configured) times the schedule.

        epoch and step count from 0. Raises RunError where the commands are damaged.
        """
        base = self.run.commanded("rate", self.config.learning_rate)
        return schedules.rate(self.config.schedule, base, epoch + step / self.steps, self.epochs())

    def work(self) -> None:
        """Train from where the checkpoint stands to the end, and write what each epoch has brought.

        Raises RunError where the checkpoint does not fit, Superseded where a newer attempt has taken over,
        OSError where the run folder cannot be written.
        """
        rows, partial = self._restore()
        if not rows and partial is None:
            self.attempt.write_kernels(0, self._kernels())
        self.attempt.update(message=self.remark, steps=self.steps, epoch=len(rows))
        while len(rows) < self.epochs():
            running, end, values = self._epoch(len(rows), partial.step if partial else 0)
            whole = running.whole and end is not End.UNDEFINED
            if whole:
                rows.append(self._row(len(rows), running, values, partial))
                partial = None
                self._keep(rows)
            if end is not None:
                return self._end_early(end, rows, None if whole else running, partial)
            patience = self.config.patience
            if patience is not None and stagnates(rows, patience):
                text = _(
                    "Stopped early: the validation loss has not improved for {epochs}. The network is "
                    "that of the last epoch."
                )
                return self._finish(rows, text.format(epochs=in_epochs(patience)))
        self._finish(rows)

    def _epoch(self, epoch: int, first: int) -> tuple[RunningValues, End | None, dict[str, float]]:
        """Train from batch `first` on; then, unless that ended early, evaluate the held-out images.

        Returns what was counted, why it ended early, and MEANS of the held-out images.
        """
        order = np.random.default_rng([self.config.seed, epoch]).permutation(self.training)
        rate = LearningRate(self.optimizer, lambda step: self.rate(epoch, step), first)
        count = {"images": len(order), "batch_size": self.config.batch_size, "steps": self.steps}
        running = RunningValues(self.attempt, self.epochs, self._rate_now, **count, first=first)
        end = EarlyEnd(self.model, self.run, self.attempt, self.should_stop)
        batches = self._batches(order, epoch, first)
        callbacks = keras_callbacks(rate, running, end)
        self.model.fit(batches, callbacks=callbacks, shuffle=False, verbose=0)  # the order is ours
        if not running.whole or not len(self.validation):
            return running, end.why, {}
        result = self._take_result()
        values = result.evaluate(self._batches(self.validation), return_dict=True, verbose=0)
        return running, end.why, dict(zip(MEANS, means(values), strict=True))

    def _rate_now(self) -> float:
        return float(self.optimizer.learning_rate)

    def _take_result(self) -> Any:
        """Return what would be kept now: the weights so far in plain Keras layers, computing in float32."""
        models.set_weights(self.result, models.weights(self.model))
        return self.result

    def _finish(self, rows: list[Row], message: str = "") -> None:
        self._settle(rows, models.weights(self.model))
        if self.config.open_test:
            self.attempt.update(message=_("Opening the test set"))
            answers = models.predict(self._take_result(), self.data.test_images)
            self.run.save_evaluation(answers, self.data.test_labels)
        self.attempt.enter(Phase.FINISHED, " ".join(filter(None, [message, self.remark])))

    def _end_early(
        self, end: End, rows: list[Row], within: RunningValues | None, partial: Checkpoint | None
    ) -> None:
        """End before the last epoch; `within` is what was counted of an epoch under way, if there is one.

        To go on later, the state so far is kept; otherwise what counts is the last finished epoch.
        """
        if end in (End.PAUSE, End.LET_GO):
            if within is not None:
                so_far = of_both_parts(within.values, within.step - within.first, partial)
                self.attempt.write_checkpoint(self._checkpoint(len(rows), within.step, so_far))
            return self.attempt.enter(Phase.PAUSED if end is End.PAUSE else Phase.QUEUED)
        checkpoint = self.run.checkpoint()
        if checkpoint is not None:
            self._settle(rows, checkpoint.weights)
        self.attempt.update(step=0, accuracy=None, loss=None)
        if end is End.STOP:
            return self.attempt.enter(Phase.STOPPED)
        text = _(
            "The loss became infinite or undefined (NaN) in epoch {epoch}, so training stopped. "
            "{kept} A smaller learning rate usually helps; it was {rate}."
        )
        rate = plain(self._rate_now())
        self.attempt.update(undefined=True)
        self.attempt.enter(
            Phase.FAILED, text.format(epoch=len(rows) + 1, kept=finished_epochs(len(rows)), rate=rate)
        )

    def _restore(self) -> tuple[list[Row], Checkpoint | None]:
        """Take over the checkpoint; return the history up to it, and itself where it is within an epoch."""
        within = self.run.within()
        checkpoint = within or self.run.checkpoint()
        if checkpoint is None:
            return [], None
        try:
            models.set_weights(self.model, checkpoint.weights)
            for name, variable in self.rest.items():
                variable.assign(checkpoint.rest[name])
        except (KeyError, ValueError) as error:
            text = _("The checkpoint of run {run} does not fit its network, so training cannot go on.")
            raise RunError(text.format(run=self.run.id)) from error
        rows = self.run.history()[: checkpoint.epoch]
        if len(rows) < checkpoint.epoch:
            raise RunError(_("The history of this run is shorter than its checkpoint, so it cannot go on."))
        self.attempt.write_history(rows)
        return rows, within

    def _checkpoint(self, epoch: int, step: int = 0, so_far: tuple[float, ...] = ()) -> Checkpoint:
        rest = {name: np.asarray(variable) for name, variable in self.rest.items()}
        return Checkpoint(epoch, models.weights(self.model), rest, step, so_far)

    def _keep(self, rows: list[Row]) -> None:
        """Write what a finished epoch has brought: the row first, so a checkpoint always has its rows."""
        epoch = len(rows)
        self.attempt.write_history(rows)
        self.attempt.outdate_result()  # the checkpoint before this one is the same network
        self.attempt.write_checkpoint(self._checkpoint(epoch))
        snapshots = np.linspace(1, self.config.epochs, KERNEL_SNAPSHOTS).round()
        self.attempt.write_kernels(epoch, self._kernels(all_layers=epoch in snapshots))
        if len(self.validation):
            index = np.sort(self.validation[:PANEL])
            answers = models.predict(self._take_result(), self.data.train_images[index])
            self.attempt.write_answer_panel(epoch, index, answers)
        self.attempt.update(epoch=epoch, epochs=self.epochs(), step=0, accuracy=None, loss=None)

    def _settle(self, rows: list[Row], weights: dict[str, np.ndarray]) -> None:
        """Keep the network with which training ends, and how it does on images that it has learned from."""
        if len(self.validation):
            self.attempt.update(message=_("Asking it about images that it has learned from"))
            asked = self.training[: sample.SIZE]
            models.set_weights(self.result, weights)
            images, labels = self.data.train_images[asked], self.data.train_labels[asked]
            rows[-1] |= sample.measure(self.result, images, labels, self.config)
            self.attempt.write_history(rows)
        self._write_network(weights)

    def _write_network(self, weights: dict[str, np.ndarray]) -> None:
        """Write the result: the arrays, and model.keras, an uncompiled model of plain Keras layers."""
        self.attempt.write_result(weights)
        copy = models.build(self.recipe.layers(), self.config.model.l2, self.config.seed)
        models.set_weights(copy, weights)
        with self.attempt.replacing(self.run.folder / "model.keras") as part:
            copy.save(part)

    def _batches(self, index: np.ndarray, epoch: int | None = None, first: int = 0) -> Any:
        """Return a tf.data pipeline of (uint8 images, one-hot labels), from batch `first` on.

        With an epoch, images are augmented; a batch draws its changes from seed, epoch and its own number.
        """
        import tensorflow as tf

        size = self.config.batch_size

        def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for step in range(first, steps_per_epoch(len(index), size)):
                taken = index[step * size : (step + 1) * size]
                images = self.data.train_images[taken]
                if epoch is not None:
                    rng = np.random.default_rng([self.config.seed, epoch, step])
                    images = augment(images, self.config.augmentation, rng)
                yield images, self.one_hot[taken]

        answers = tf.TensorSpec((None, len(self.data.classes)), tf.float32)
        shapes = tf.TensorSpec((None, SIDE, SIDE, 3), tf.uint8), answers
        count = tf.data.experimental.assert_cardinality(steps_per_epoch(len(index), size) - first)
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread sleeps up to a minute, and every epoch's end waits
        pipeline = tf.data.Dataset.from_generator(batches, output_signature=shapes).apply(count)
        return pipeline.prefetch(2).with_options(options)

    def _kernels(self, all_layers: bool = True) -> dict[str, np.ndarray]:
        arrays = models.weights(self.model)
        kernels = {name: array for name, array in arrays.items() if array.ndim == 4}
        return kernels if all_layers else dict(list(kernels.items())[:1])

    def _row(
        self, epoch: int, running: RunningValues, values: dict[str, float], partial: Checkpoint | None
    ) -> Row:
        rate = float(f"{self._rate_now():.6g}")  # without the noise of float32
        row = dict.fromkeys(history.COLUMNS, math.nan) | {"epoch": epoch + 1, "learning_rate": rate}
        row |= zip(MEANS, of_both_parts(running.values, running.step - running.first, partial), strict=True)
        row |= {f"val_{name}": values[name] for name in MEANS if values}
        row["l2"] = losses.penalty(models.weights(self.model), self.config.model.l2)
        row["precision"] = precision.DIGITS[self.precision]
        return row | {"seconds": round(time.perf_counter() - running.start, 3)}


def _dropout_states(model: Any) -> dict[str, Any]:
    """Return the random states of the dropout layers, so that a resumed run draws as it would have."""
    layers = [layer for layer in model.layers if hasattr(layer, "seed_generator")]
    return {f"random/{layer.name}": layer.seed_generator.state for layer in layers}


def steps_per_execution(recipe: Recipe, steps: int) -> int:
    """Return how many batches to compute between two looks at should_stop; more make an epoch faster.

    Raises GeometryError, which names the layer, where the layers do not fit together.
    """
    multiplications = sum(network.multiplications(recipe.layers(), (SIDE, SIDE, 3)))
    flops = 6 * multiplications * recipe.config.batch_size  # a multiply-add forward, two backward
    return max(1, min(25, steps, round(FLOPS_BETWEEN_LOOKS / flops)))
