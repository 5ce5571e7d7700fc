"""How does a trained network travel to another student's app?

An archive is a zip of config.json, history.csv, weights.npz, kernels, and evaluation.npz where the test set
was opened; changes.jsonl tells which rates and epochs were asked for. It never holds the owner. Coming in,
the network is rebuilt from the validated configuration and plain arrays alone
(`cnnlab.export.archive_schema`); nothing is unpickled, no Keras file is read, and a fault anywhere leaves
nothing behind.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cnnlab import moments
from cnnlab.export import archive_schema
from cnnlab.export.safe_zip import UNPACKED, ArchiveError, members
from cnnlab.files import write_arrays, write_text
from cnnlab.i18n import _, number
from cnnlab.runs import Phase, Run, RunError, Store, history
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.records import SCHEMA, stored

NOTE = "Imported"  # translated where it is shown
Arrays = Mapping[str, np.ndarray]
LARGEST = 32_000_000  # bytes of an archive as it travels; browsers count a megabyte as 10^6 too


# ---- Out


def export_archive(run: Run) -> bytes:
    """Return the run as a zip. Raises RunError where it has nothing to give, or where it is too large."""
    recipe = run.recipe()
    if not run.history() or not run.has_weights():
        text = _("Run {run} has not finished an epoch yet, so there is nothing to take home.")
        raise RunError(text.format(run=run.id))
    epochs, weights = run.trained()
    rows = run.history()[:epochs]
    if {name: array.shape for name, array in weights.items()} != recipe.shapes():
        text = _("The weights of training run {run} do not fit its configuration.")
        raise RunError(text.format(run=run.id))
    config = {"schema": SCHEMA, "preset": recipe.preset, "classes": recipe.classes}
    config |= {"steps": run.state().steps, "config": recipe.config.model_dump(mode="json")}
    changes = [command for command in run.commands() if command.name in ("rate", "epochs")]
    files = {
        "config.json": json.dumps(config, indent=1).encode(),
        "history.csv": history.write(rows).encode(),
        "changes.jsonl": "".join(f"{stored(change)}\n" for change in changes).encode(),
        "weights.npz": _npz(weights),
        **_kernels_out(run, len(rows)),
    }
    if evaluation := run.last_evaluation():
        record = {"probabilities": evaluation.probabilities, "labels": evaluation.labels.astype(np.int64)}
        after = epochs if evaluation.epochs is None else evaluation.epochs
        record |= {"openings": np.array(evaluation.openings, np.int64)}
        record["epochs"] = np.array(after, np.int64)
        files["evaluation.npz"] = _npz(record)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    if packed.tell() > LARGEST or sum(map(len, files.values())) > UNPACKED:
        text = _("Run {run} is too large for an archive: packed, it has {size} MB.")
        raise RunError(text.format(run=run.id, size=number(packed.tell() / 1e6)))
    return packed.getvalue()


def _npz(named: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **named)
    return buffer.getvalue()


def _kernels_out(run: Run, epochs: int) -> dict[str, bytes]:
    """Return the kernels of the epochs in the history, but for those that overflowed float16."""
    kept = {epoch: run.kernels(epoch) for epoch in run.kernel_epochs() if epoch <= epochs}
    kept = {
        epoch: named for epoch, named in kept.items() if all(np.isfinite(a).all() for a in named.values())
    }
    if sum(array.nbytes for named in kept.values() for array in named.values()) > archive_schema.KERNELS:
        kept = {epoch: dict(list(named.items())[:1]) for epoch, named in kept.items()}
    return {f"kernels/epoch-{epoch:04d}.npz": _npz(named) for epoch, named in kept.items()}


# ---- In


def import_archive(data: bytes, store: Store, owner: str) -> Run:
    """Put the network of an archive into the store as a run that has ended, and return it.

    Raises ArchiveError with a sentence for the student; then the store is as it was.
    """
    if len(data) > LARGEST:
        text = _("The archive is larger than {limit} MB, so it was not read.")
        raise ArchiveError(text.format(limit=number(LARGEST / 1e6)))
    files = members(data, archive_schema.limit)
    if missing := archive_schema.NEEDED.keys() - files.keys():
        raise ArchiveError(_("The archive lacks the file {name}.").format(name=min(missing)))
    preset, classes, steps, config = archive_schema.config(files["config.json"])
    shapes = archive_schema.shapes(config, len(classes))
    rows = archive_schema.rows(files["history.csv"])
    changes = archive_schema.changes(files.get("changes.jsonl", b""))
    weights = archive_schema.weights(files["weights.npz"], shapes)
    kernels = archive_schema.kernels(files, shapes, len(rows))
    evaluation = archive_schema.evaluation(files.get("evaluation.npz"), len(classes))

    store.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=store.root) as folder:
        run = Store(folder).create(config, classes, preset=preset, owner=owner, note=NOTE)
        lines = [f"{stored(replace(change, at=moments.now()))}\n" for change in changes]
        write_text(run.folder / "changes.jsonl", "".join(lines))
        if evaluation:
            write_arrays(run.folder / "evaluation.npz", evaluation)
        _settle(run, steps, rows, weights, kernels)
        return store.adopt(run.folder)


def _settle(
    run: Run, steps: int, rows: list[history.Row], weights: Arrays, kernels: Mapping[int, Arrays]
) -> None:
    """Write what a trainer would have left behind; the attempt says that it was an import."""
    claimed = run.claim("import")
    assert claimed is not None, "nobody else knows this folder yet"
    attempt = Attempt(run, claimed)  # without its heartbeat: it ends here
    attempt.write_history(rows)
    for epoch, named in kernels.items():
        attempt.write_kernels(epoch, named)
    attempt.write_result(weights)
    config = run.recipe().config
    planned = int(run.commanded("epochs", config.epochs))
    attempt.update(steps=steps, epoch=len(rows), epochs=planned)
    attempt.enter(Phase.FINISHED if len(rows) >= planned or config.patience else Phase.STOPPED)
