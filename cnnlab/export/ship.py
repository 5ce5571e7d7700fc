"""How does a finished run become a network that comes with the app?

    python -m cnnlab.export.ship RUN NAME --note "Trained on …"

It copies what pages need of a run into `cnnlab/pretrained/NAME`, small: kernels and dense weights are rounded
to float16 (11 significant binary digits; normalisation and biases stay float32), in `weights.npz` and in
`model.keras` alike, and both files are packed. Kernels by epoch are kept of the first layer alone.
"""

import argparse
import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np

from cnnlab import environment, ops
from cnnlab.files import read_text, whole, write_text
from cnnlab.runs import SHIPPED, Phase, Run, RunError, Store
from cnnlab.training import models
from cnnlab.training.trained_model import untrained


def ship(run: Run, folder: Path, note: str) -> None:
    """Write the run into a new folder; RunError unless it has finished and its test set has been opened."""
    import keras

    recipe, evaluation = run.recipe(), run.evaluation()
    if run.state().phase is not Phase.FINISHED or evaluation is None:
        raise RunError(f"run {run.id} has not finished, or its test set is sealed")
    folder.mkdir()
    config = json.loads(read_text(run.folder / "config.json")) | {"owner": "", "note": note}
    write_text(folder / "config.json", json.dumps(config, indent=1))
    shutil.copy(run.folder / "history.csv", folder)
    if run.commands():
        shutil.copy(run.folder / "changes.jsonl", folder)
    arrays = {"probabilities": evaluation.probabilities, "labels": evaluation.labels.astype(np.uint8)}
    np.savez_compressed(folder / "evaluation.npz", openings=evaluation.openings, allow_pickle=False, **arrays)

    rounded = {name: round_weights(array) for name, array in run.weights().items()}
    np.savez_compressed(folder / "weights.npz", allow_pickle=False, **rounded)
    model = untrained(recipe)
    models.set_weights(model, {name: array.astype(np.float32) for name, array in rounded.items()})
    keras.saving.save_model(model, folder / "model.keras")
    pack_model(folder / "model.keras")

    (folder / "kernels").mkdir()
    first = next(layer.name for layer in recipe.layers() if isinstance(layer, ops.Conv))
    for epoch in run.kernel_epochs():
        kernel = {f"{first}/kernel": run.kernels(epoch)[f"{first}/kernel"]}
        np.savez_compressed(folder / "kernels" / f"epoch-{epoch:04d}.npz", allow_pickle=False, **kernel)


def round_weights(array: np.ndarray) -> np.ndarray:
    """Return kernels and dense weights as float16; what a layer has one of per map stays float32."""
    return array.astype(np.float16) if array.ndim > 1 else array


def pack_model(path: Path) -> None:
    """Rewrite a .keras file so that its arrays are compressed, by HDF5's own gzip and shuffle.

    Keras writes them uncompressed; HDF5 unpacks them by itself when Keras reads the file.
    """
    import h5py

    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    loose, dense = io.BytesIO(files["model.weights.h5"]), io.BytesIO()
    with h5py.File(loose) as source, h5py.File(dense, "w") as target:

        def copy(name: str, thing: h5py.Dataset | h5py.Group) -> None:
            if isinstance(thing, h5py.Dataset):
                large = (
                    {"compression": "gzip", "compression_opts": 9, "shuffle": True} if thing.ndim > 1 else {}
                )
                thing_copy = target.create_dataset(name, data=thing[()], **large)
            else:
                thing_copy = target.require_group(name)
            thing_copy.attrs.update(thing.attrs)

        target.attrs.update(source.attrs)
        source.visititems(copy)
    files["model.weights.h5"] = dense.getvalue()
    with whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cnnlab.export.ship", description="Ship a finished run.")
    parser.add_argument("run")
    parser.add_argument("name")
    parser.add_argument("--note", required=True, help="what its images were")
    parser.add_argument(
        "--runs", type=environment.expanded, help="folder of runs (default: CNNLAB_RUNS, else runs/)"
    )
    given = parser.parse_args(arguments)
    try:
        ship(Store(given.runs).get(given.run), SHIPPED / given.name, given.note)
    except (RunError, environment.SettingError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
