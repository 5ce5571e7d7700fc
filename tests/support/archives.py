"""A run to send away, and the files of an archive, taken apart and put together."""

import io
import zipfile

import numpy as np

from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.runs import Run, Store
from tests.support.runs import trained

CLASSES = ("cat", "dog", "frog")
SECRET = "0123456789abcdef0123456789abcdef"  # the owner's hash
MODEL = ModelConfig(
    blocks=(ConvBlock(filters=4, stride=3, normalise=True), ConvBlock(filters=3, kernel=2)),
    head="global_average",
    dense=(DenseBlock(units=5),),
)
CONFIG = TrainConfig(model=MODEL, dataset="digits", epochs=3)


def to_send(store: Store, rows: int = CONFIG.epochs, evaluated: bool = True) -> Run:
    """Return a finished run of three classes, which has answered six test images."""
    run = trained(store, CONFIG, SECRET, CLASSES, rows=rows, steps=21)
    if evaluated:
        run.save_evaluation(np.full((6, 3), 1 / 3), np.array([0, 1, 2, 0, 1, 2]))
    return run


def pack(files: dict[str, bytes]) -> bytes:
    """Return a ZIP file with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files in a ZIP file."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def npz(**arrays) -> bytes:
    """Return an .npz file with these arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def arrays(data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays in an .npz file."""
    with np.load(io.BytesIO(data)) as file:
        return dict(file)
