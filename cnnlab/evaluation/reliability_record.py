"""How far can a network's answers be trusted? What was measured about it, beside the run's other files.

`judgement.json` holds the figures, `judgement.npz` what the familiarity of a new picture is computed with.
Both belong to the weights that they were measured with; after another epoch they count as absent.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from pydantic import TypeAdapter

from cnnlab import files, reading
from cnnlab.evaluation.out_of_distribution import Familiarity, watched
from cnnlab.i18n import _
from cnnlab.ops import LayerOutput
from cnnlab.runs import Run, RunError

FILE, ARRAYS = "judgement.json", "judgement.npz"


@dataclass(frozen=True)
class Strange:
    """How well one set of pictures of none of the classes is told apart.

    auroc: by familiarity; softmax: the same by the largest probability alone; noticed: the share of these
    pictures that is called unfamiliar. twin: the classes that a twin of the network was trained without,
    where these are the pictures.
    """

    name: str
    images: int
    auroc: float
    softmax: float
    noticed: float
    twin: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """What was measured on the validation images: half of them to fit on, the other half to measure with."""

    weights: int  # checksum of the arrays that all this holds for
    fitted_on: int
    measured_on: int
    temperature: float
    error_before: float  # expected calibration error at temperature 1
    error_after: float  # and at the fitted one
    threshold: float
    false_alarms: float  # share of the measured half that is called unfamiliar
    strange: tuple[Strange, ...]


_FIGURES = TypeAdapter(Figures)


@dataclass(frozen=True)
class ReliabilityRecord(Figures):
    """These figures, with what the familiarity of a new picture is computed with."""

    familiarity: Familiarity
    ordinary: np.ndarray  # (101,) the familiarity that 0, 1, ... 100 % of the measured half stay below

    def familiar(self, outputs: list[LayerOutput]) -> float:
        """Return the familiarity of the picture of which these are all layers' outputs. No unit."""
        named = {output.name: output.values for output in outputs}
        names = watched([output.layer for output in outputs], outputs[0].values.shape)
        means = np.concatenate([named[name].mean(axis=(0, 1)) for name in names] or [np.zeros(0)])
        return float(self.familiarity.of(means[np.newaxis], outputs[-2].values[np.newaxis])[0])

    def share_below(self, familiarity: float) -> float:
        """Return the share of ordinary pictures, 0 to 1, that look less familiar than this."""
        return float(np.interp(familiarity, self.ordinary, np.linspace(0, 1, len(self.ordinary))))


def checksum(weights: Mapping[str, np.ndarray]) -> int:
    """Return a number that names these arrays of any shape: the CRC-32 of their names and float32 values."""
    total = 0
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name], np.float32)
        total = zlib.crc32(array.data, zlib.crc32(name.encode(), total))
    return total


def read(run: Run, weights: int) -> ReliabilityRecord | None:
    """Return what was measured with the weights of this checksum; None where that has not been done.

    Raises RunError where the files are damaged.
    """
    try:
        figures = reading.value(run.folder / FILE, _FIGURES)
        if figures.weights != weights:
            return None
        arrays = run.arrays(ARRAYS)
        familiarity = Familiarity(arrays["centre"], arrays["inverse"], arrays["scale"])
        maps = len(familiarity.inverse)
        shapes = [(1, maps), (maps, maps), (4,), (101,)]
        if [arrays[name].shape for name in ("centre", "inverse", "scale", "ordinary")] != shapes:
            raise reading.Damaged("other arrays")
        return ReliabilityRecord(**vars(figures), familiarity=familiarity, ordinary=arrays["ordinary"])
    except FileNotFoundError:
        return None
    except (reading.Damaged, KeyError, TypeError) as error:
        text = _("What was measured about run {run} is damaged, so it cannot be shown.")
        raise RunError(text.format(run=run.id)) from error


def write(run: Run, record: ReliabilityRecord) -> None:
    """Keep a record beside the run's other files; who finds the figures finds both.

    Raises OSError where they cannot be written.
    """
    parts = record.familiarity
    arrays = {name: getattr(parts, name).astype(np.float32) for name in ("centre", "inverse", "scale")}
    files.write_arrays(run.folder / ARRAYS, arrays | {"ordinary": record.ordinary.astype(np.float32)})
    figures = Figures(**{part.name: getattr(record, part.name) for part in fields(Figures)})
    files.write_text(run.folder / FILE, json.dumps(asdict(figures), indent=1) + "\n")
