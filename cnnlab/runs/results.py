"""What a run has brought so far: weights, checkpoints, kernels, answers to held-out and to test images."""

import re
from contextlib import suppress
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from cnnlab import files, reading
from cnnlab.data import datasets
from cnnlab.i18n import _
from cnnlab.runs import records
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AnswerPanel, Checkpoint, Evaluation, RunError

_KERNELS = re.compile(r"epoch-([0-9]{4})\.npz")


class Results(RunFolder):
    """The part of a run that training leaves, for reading; and the record of an opened test set."""

    def weights(self) -> dict[str, np.ndarray]:
        """Return the arrays of the network, '<layer>/<array>' -> float32: final, else of the last epoch.

        Each has the shape that `Recipe.shapes` tells. Raises RunError where there are none yet or they are
        damaged.
        """
        if self.has("weights.npz"):
            arrays = self.arrays("weights.npz")  # shipped ones are kept in float16
        elif checkpoint := self.checkpoint():
            arrays = checkpoint.weights
        else:
            text = _("Run {run} has not finished an epoch yet, so there are no weights to look at.")
            if self.has_weights():
                text = _(
                    "Run {run} was paused within an epoch by an earlier version of the app, which did not "
                    "keep the network of the epoch before. Resume it: after this epoch there is one to look "
                    "at."
                )
            raise RunError(text.format(run=self.id))
        return {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}

    def written(self) -> int:
        """Return when the weights were written, in nanoseconds, 0 where there are none: caches go by it."""
        times = []
        for name in ("weights.npz", "checkpoint/state.npz"):
            with suppress(OSError):
                times.append((self.folder / name).stat().st_mtime_ns)
        return max(times, default=0)

    def trained(self) -> tuple[int, dict[str, np.ndarray]]:
        """Return after how many epochs the network stands, and the network, as `weights` does.

        An epoch may end while it is read; then it is read again. Raises RunError as `weights` does.
        """
        while True:
            written = self.written()
            try:
                found = self.trained_epochs(), self.weights()
            except RunError:
                if written == self.written():
                    raise
                continue
            if written == self.written():
                return found

    def trained_epochs(self) -> int:
        """Return after how many finished epochs the network of this run stands: that of `weights`.

        Its history is a row ahead for the moment between two writes, and for longer if its worker died then.
        Raises RunError where there is no checkpoint and the history is damaged.
        """
        try:
            stat = (self.folder / "checkpoint" / "state.npz").stat()
            return _known_epoch(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)
        except (OSError, RunError):  # shipped, imported, cleaned up: training cannot go on
            return len(self.history())

    def checkpoint(self) -> Checkpoint | None:
        """Return the state after the last finished epoch, None before the first.

        Raises RunError where it is damaged.
        """
        kept = self._kept("checkpoint/state.npz")
        return kept if kept and not kept.step else None  # earlier versions wrote a pause over it

    def within(self) -> Checkpoint | None:
        """Return the state in the midst of the epoch under way, where a pause has left one.

        Raises RunError where it is damaged.
        """
        finished, within = self._kept("checkpoint/state.npz"), self._kept("checkpoint/within.npz")
        if within and within.epoch == (finished.epoch if finished else 0):
            return within
        return finished if finished and finished.step else None

    def _kept(self, name: str) -> Checkpoint | None:
        return self.parse(name, records.checkpoint_of, self.arrays(name)) if self.has(name) else None

    def _read_epoch(self) -> int:
        name = "checkpoint/state.npz"
        return self.parse(name, records.epoch_of, self.read(name, reading.arrays, "epoch"))

    def has_weights(self) -> bool:
        """Say whether the folder holds weights, be they final or within a checkpoint."""
        return any(self.has(name) for name in ("weights.npz", "checkpoint/state.npz"))

    def kernel_epochs(self) -> list[int]:
        """Return the epochs after which kernels were kept; 0 is before training."""
        found = (_KERNELS.fullmatch(path.name) for path in self.folder.glob("kernels/epoch-*.npz"))
        return sorted(int(match[1]) for match in found if match)

    def kernels(self, epoch: int) -> dict[str, np.ndarray]:
        """Return the kernels kept after an epoch, '<layer>/kernel' -> (kh, kw, c_in, c_out) float16.

        They are those of all convolutions, or of the first alone. Raises RunError where they were not kept or
        are damaged.
        """
        return self._kernels(epoch)

    def kernel(self, epoch: int, layer: str) -> np.ndarray | None:
        """Return one layer's kernels (kh, kw, c_in, c_out) float16 after an epoch, None where none were kept.

        Raises RunError where no layer's were kept after that epoch, or they are damaged.
        """
        return self._kernels(epoch, f"{layer}/kernel").get(f"{layer}/kernel")

    def _kernels(self, epoch: int, only: str | None = None) -> dict[str, np.ndarray]:
        name = f"kernels/epoch-{epoch:04d}.npz"
        found = self.read(name, reading.arrays, only)
        shapes = {name: shape for name, shape in self.recipe().shapes().items() if len(shape) == 4}
        fits = all(shapes.get(kernel) == array.shape for kernel, array in found.items())
        if not fits or (only is None and next(iter(shapes), None) not in found):
            raise self.damaged(name)
        return {kernel: found[kernel] for kernel in shapes if kernel in found}

    def answer_panel(self) -> AnswerPanel | None:
        """Return the newest answers for a few held-out images, None before the first epoch.

        Raises RunError where they are damaged, DatasetError where the dataset is none that is known here.
        """
        if not self.has("probe.npz"):
            return None
        recipe = self.recipe()
        images = datasets.find(recipe.config.dataset).train_count
        return self.parse(
            "probe.npz", records.answer_panel_of, self.arrays("probe.npz"), len(recipe.classes), images
        )

    def evaluation(self) -> Evaluation | None:
        """Return what the opened test set said of this network, None while it is sealed.

        A run that has been trained further since is another network: for that one nobody has looked. Raises
        RunError where the record is damaged.
        """
        last = self.last_evaluation()
        return last if last and last.epochs in (None, self.trained_epochs()) else None

    def last_evaluation(self) -> Evaluation | None:
        """Return what the test set said when it was opened last, perhaps after fewer epochs.

        None while it is sealed. Raises RunError where the record is damaged.
        """
        if not self.has("evaluation.npz"):
            return None
        classes = len(self.recipe().classes)
        return self.parse("evaluation.npz", records.evaluation_of, self.arrays("evaluation.npz"), classes)

    def save_evaluation(
        self, probabilities: np.ndarray, labels: np.ndarray, epochs: int | None = None
    ) -> int:
        """Record an opening of the test set: probabilities (n, classes), true labels (n,); return its number.

        epochs: after how many the network stood that was asked; None: that of now. Raises RunError where the
        record before is damaged, or this one cannot be stored.
        """
        before = self.last_evaluation()
        openings = 1 + (before.openings if before else 0)
        epochs = self.trained_epochs() if epochs is None else epochs
        record: dict[str, ArrayLike] = {"probabilities": probabilities.astype(np.float32), "labels": labels}
        record |= {"openings": openings, "epochs": epochs}
        try:
            files.write_arrays(self.folder / "evaluation.npz", record)
        except OSError as error:
            text = _("What the test set said could not be stored: {why}.")
            raise RunError(text.format(why=error.strerror or error)) from error
        return openings


@lru_cache(maxsize=2048)
def _known_epoch(run: Results, *_written: int) -> int:
    """Read the epoch of a checkpoint once while its file stays the same, without its arrays."""
    return run._read_epoch()
