"""How does a trainer write into a run folder, so that nothing is lost and only one writes?"""

import csv
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from cnnlab.runs import COLUMNS, Checkpoint, Run, State, write_arrays, write_text

BEAT = 0.4  # seconds between two beats


class Attempt:
    """The newest attempt's pen: everything that a trainer writes, and a beat that says it is alive.

    Used as a context manager. Every write first makes sure that no newer attempt exists (Superseded).
    """

    def __init__(self, run: Run, number: int):
        self.run, self.number = run, number
        self.state = State("running", attempt=number)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beats, daemon=True, name="beat")

    def __enter__(self) -> "Attempt":
        self._write_state()
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._ended.set()
        self._thread.join()

    def superseded(self) -> bool:
        """Say whether a newer attempt exists (or the run is gone): then this one may not write any more."""
        return (self.run.folder / f"attempt-{self.number + 1}").exists() or not self.run.folder.exists()

    def update(self, **values) -> None:
        """Change the state in memory; the next beat writes it. Cheap enough for every batch."""
        with self._lock:
            self.state = replace(self.state, **values)

    def enter(self, phase: str, message: str = "") -> None:
        """Change the phase and write it at once."""
        self.update(phase=phase, message=message)
        self._write_state()

    def write_history(self, rows: list[dict[str, float]]) -> None:
        self._require_newest()
        part = self.run.folder / ".history.part"
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        part.replace(self.run.folder / "history.csv")

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._require_newest()
        (self.run.folder / "checkpoint").mkdir(exist_ok=True)
        arrays = {f"weights/{name}": array for name, array in checkpoint.weights.items()}
        arrays |= {f"rest/{name}": array for name, array in checkpoint.rest.items()}
        arrays |= {"epoch": checkpoint.epoch, "step": checkpoint.step, "so_far": checkpoint.so_far}
        write_arrays(self.run.folder / "checkpoint" / "state.npz", arrays)

    def write_kernels(self, epoch: int, kernels: Mapping[str, np.ndarray]) -> None:
        """Keep kernels as they were after `epoch` epochs (0: before training), as float16."""
        self._require_newest()
        (self.run.folder / "kernels").mkdir(exist_ok=True)
        path = self.run.folder / "kernels" / f"epoch-{epoch:04d}.npz"
        write_arrays(path, {name: array.astype(np.float16) for name, array in kernels.items()})

    def write_probe(self, epoch: int, index: np.ndarray, probabilities: np.ndarray) -> None:
        """Keep the answers (n, classes) for a few held-out images, named by index in the training set."""
        self._require_newest()
        probe = {"epoch": epoch, "index": index, "probabilities": probabilities.astype(np.float32)}
        write_arrays(self.run.folder / "probe.npz", probe)

    def write_result(self, weights: Mapping[str, np.ndarray]) -> None:
        self._require_newest()
        write_arrays(self.run.folder / "weights.npz", weights)

    def _beats(self) -> None:
        while not self._ended.wait(BEAT):
            with self._lock:
                self.state = replace(self.state, beat=self.state.beat + 1)
            try:
                self._write_state()
            except (Superseded, OSError):
                continue  # the trainer meets the same error itself at its next write and speaks of it

    def _write_state(self) -> None:
        with self._lock:
            self._require_newest()
            write_text(self.run.folder / "state.json", json.dumps(asdict(self.state)))

    def _require_newest(self) -> None:
        if self.superseded():
            raise Superseded(f"attempt {self.number} of run {self.run.id} is no longer the newest")


class Superseded(Exception):
    """A newer attempt has taken the run over, or the run was deleted: stop without another write."""
