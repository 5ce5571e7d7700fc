"""How did the kernels of a layer come to be what they are? Norms and changes over the recorded epochs."""

from dataclasses import dataclass

import numpy as np

from cnnlab.runs import Run

BYTES = 200_000  # at most so many shown weights over all epochs, for they all travel to the browser


@dataclass(frozen=True, eq=False)
class Growth:
    """Some slices of all kernels of a layer, after some epochs; the last are the weights in use.

    epochs: (steps,), 0 is before training; slices (steps, kh, kw, channels, kernels) float32; norms (steps,
    kernels); changed (steps, kernels): see `change`, and changed_all (steps,) for the layer as one; both None
    where the kernels from before training were not kept.
    """

    epochs: tuple[int, ...]
    slices: np.ndarray
    norms: np.ndarray
    changed: np.ndarray | None
    changed_all: np.ndarray | None


def norms(kernels: np.ndarray) -> np.ndarray:
    """Return the norm of each kernel, the root of the sum of its squared weights: (..., n) -> (n,)."""
    return np.asarray(np.linalg.norm(kernels.reshape(-1, kernels.shape[-1]), axis=0))


def change(kernels: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return for each kernel the norm of its difference from `start`, divided by its norm there: (n,).

    kernels, start: (..., n), alike.
    """
    shares: np.ndarray = norms(kernels - start) / np.maximum(norms(start), np.finfo(np.float32).tiny)
    return shares


def growth(run: Run, layer: str, now: np.ndarray, channels: slice) -> Growth:
    """Read how a layer's kernels grew; `now` (kh, kw, c, n) are those in use, `channels` the slices to show.

    Epochs are left out evenly where all of them would be more than `BYTES`. Raises RunError where a file of
    the run is damaged.
    """
    done = run.trained_epochs()
    before = {epoch: run.kernel(epoch, layer) for epoch in run.kernel_epochs() if epoch < done}
    whole = {epoch: kernels for epoch, kernels in before.items() if kernels is not None}
    most = max(2, BYTES // max(1, now[:, :, channels].size))
    if len(whole) + 1 > most:
        places = np.unique(np.linspace(0, len(whole) - 1, most - 1).round().astype(int))
        whole = {epoch: whole[epoch] for epoch in np.array(list(whole))[places].tolist()}
    whole[done] = now
    start = whole.get(0, now).astype(np.float32)
    slices, lengths, changes, all_changes = [], [], [], []
    for kernels in whole.values():
        kernels = kernels.astype(np.float32)  # float16 squares would overflow soon
        slices.append(kernels[:, :, channels])
        lengths.append(norms(kernels))
        changes.append(change(kernels, start))
        all_changes.append(change(kernels.reshape(-1, 1), start.reshape(-1, 1))[0])
    known = 0 in whole and done > 0
    return Growth(
        tuple(whole),
        np.stack(slices),
        np.stack(lengths),
        np.stack(changes) if known else None,
        np.array(all_changes) if known else None,
    )
