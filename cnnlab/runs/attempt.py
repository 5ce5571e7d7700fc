"""How does a trainer write into a run folder, so that nothing is lost and only one writes?"""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab import files
from cnnlab.runs import Checkpoint, Phase, Run, State, history, records

HEARTBEAT = 0.4  # seconds between two heartbeats
PART = ".attempt-"  # how the names of half written files begin


class Attempt:
    """The newest attempt's pen: everything that a trainer writes, and a heartbeat that says it is alive.

    Used as a context manager. Every write makes sure that no newer attempt exists (Superseded), before and
    just when its file takes the place of the old one. A process may be frozen even between these two, as on a
    laptop that sleeps; so an attempt begins by removing what older ones have half written: whatever of theirs
    is not in place by then never will be.
    """

    def __init__(self, run: Run, number: int):
        self.run, self.number = run, number
        self.state = State(Phase.RUNNING, attempt=number)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._heartbeats, daemon=True, name="heartbeat")

    def __enter__(self) -> "Attempt":
        for part in self.run.folder.rglob(f"{PART}*"):
            files.remove(part)
        self._write_state()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def superseded(self) -> bool:
        """Say whether a newer attempt exists (or the run is gone): then this one may not write any more."""
        return (self.run.folder / f"attempt-{self.number + 1}").exists() or not self.run.folder.exists()

    def update(self, **values: Any) -> None:
        """Change the state in memory; the next heartbeat writes it. Cheap enough for every batch."""
        with self._lock:
            self.state = replace(self.state, **values)

    def enter(self, phase: Phase, message: str = "") -> None:
        """Change the phase and write it at once. Raises Superseded, or OSError on a full disk."""
        self.update(phase=phase, message=message)
        self._write_state()

    def fail(self, message: str) -> None:
        """Enter the phase FAILED, on a full disk too. Raises Superseded."""
        try:
            self.enter(Phase.FAILED, message)
        except OSError:  # no room for a second file: what is there already is written over
            with self._lock, (self.run.folder / "state.json").open("r+", encoding="utf-8") as file:
                self._require_newest()
                file.write(records.stored(self.state))
                file.truncate()

    def replacing(self, path: Path) -> AbstractContextManager[Path]:
        """Yield where to write what becomes `path` if this is still the newest attempt then.

        Raises Superseded where it is not, before and after.
        """
        self._require_newest()
        return files.whole(path, self._part(path), self._require_newest)

    def _part(self, path: Path) -> Path:
        return path.with_name(f"{PART}{self.number}.{path.name}")

    def write_history(self, rows: list[history.Row]) -> None:
        """Keep the history, a row a finished epoch. Raises Superseded, or OSError on a full disk."""
        path = self.run.folder / "history.csv"
        with self.replacing(path) as part, part.open("wb") as file:
            file.write(history.write(rows).encode())
            files.to_disk(file)

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep the state after a finished epoch, or beside it that in the midst of the next one.

        Raises Superseded, or OSError on a full disk.
        """
        arrays: dict[str, ArrayLike] = {
            f"weights/{name}": array for name, array in checkpoint.weights.items()
        }
        arrays |= {f"rest/{name}": array for name, array in checkpoint.rest.items()}
        arrays |= {"epoch": checkpoint.epoch, "step": checkpoint.step, "so_far": checkpoint.so_far}
        self._write_arrays(f"checkpoint/{'within' if checkpoint.step else 'state'}.npz", arrays)
        if not checkpoint.step:
            files.remove(self.run.folder / "checkpoint" / "within.npz")  # of the epoch before

    def write_kernels(self, epoch: int, kernels: Mapping[str, np.ndarray]) -> None:
        """Keep kernels as they were after `epoch` epochs (0: before training), as float16.

        kernels: '<layer>/kernel' -> (kh, kw, c_in, c_out). Raises Superseded, or OSError on a full disk.
        """
        arrays = {name: array.astype(np.float16) for name, array in kernels.items()}
        self._write_arrays(f"kernels/epoch-{epoch:04d}.npz", arrays)

    def write_answer_panel(self, epoch: int, index: np.ndarray, probabilities: np.ndarray) -> None:
        """Keep the answers (n, classes) for a few held-out images, by their index (n,) in the training set.

        Raises Superseded, or OSError on a full disk.
        """
        panel: dict[str, ArrayLike] = {
            "epoch": epoch,
            "index": index,
            "probabilities": probabilities.astype(np.float32),
        }
        self._write_arrays("probe.npz", panel)

    def outdate_result(self) -> None:
        """Remove the network that an earlier end of this run has stored: training has gone on since.

        Raises Superseded.
        """
        self._require_newest()
        for name in ("model.keras", "weights.npz"):
            files.remove(self.run.folder / name)

    def write_result(self, weights: Mapping[str, np.ndarray]) -> None:
        """Keep the network with which training ends, '<layer>/<array>' -> array of any shape.

        Raises Superseded, or OSError on a full disk.
        """
        self._write_arrays("weights.npz", weights)

    def _write_arrays(self, name: str, arrays: Mapping[str, ArrayLike]) -> None:
        path = self.run.folder / name
        self._require_newest()
        path.parent.mkdir(exist_ok=True)
        files.write_arrays(path, arrays, part=self._part(path), sure=self._require_newest)

    def _heartbeats(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            with self._lock:
                self.state = replace(self.state, heartbeat=self.state.heartbeat + 1)
            try:
                self._write_state()
            except (Superseded, OSError):
                continue  # the trainer meets the same error itself at its next write and speaks of it

    def _write_state(self) -> None:
        with self._lock, self.replacing(self.run.folder / "state.json") as part:
            part.write_text(records.stored(self.state), "utf-8")

    def _require_newest(self) -> None:
        if self.superseded():
            raise Superseded(f"attempt {self.number} of run {self.run.id} is no longer the newest")


class Superseded(Exception):
    """A newer attempt has taken the run over, or the run was deleted: stop without another write."""
