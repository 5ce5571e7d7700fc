"""What must hold of each file of a foreign archive? Bytes in, checked values out, or an ArchiveError.

The sentences quote nothing of the archive that could be markup: they are shown on a page.
"""

import csv
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
from pydantic import ValidationError

from cnnlab import ops
from cnnlab.config import TrainConfig
from cnnlab.data import datasets
from cnnlab.data.spec import SIDE
from cnnlab.export.safe_zip import MEGABYTE, UNPACKED, ArchiveError, Expected, Sides, arrays
from cnnlab.i18n import _, number
from cnnlab.runs import history
from cnnlab.runs.records import COMMANDS, COMMANDS_BYTES, OPENINGS, SCHEMA, Command

KERNEL_FILE = re.compile(r"kernels/epoch-(\d{4})\.npz")
NEEDED = {"config.json": 64 * 2**10, "history.csv": MEGABYTE, "weights.npz": UNPACKED}  # name -> most bytes
OPTIONAL = {"changes.jsonl": COMMANDS_BYTES, "evaluation.npz": 16 * MEGABYTE}
KERNELS = 4 * MEGABYTE  # all kernels of all epochs travel up to this size, else those of the first layer
PARTS = {"schema", "preset", "classes", "steps", "config"}  # of config.json
CLASSES = range(2, 101)
STEPS = range(1_000_001)
EMPTY = {"val_loss", "val_accuracy", *history.LATER}  # columns of the history that may be NaN
Shapes = Mapping[str, tuple[int, ...]]  # of arrays, by name
HARMLESS = re.compile(r"[\w.+-]{1,40}")


def limit(name: str) -> int | None:
    """Return how many bytes the file of that name may have, None where no such file belongs to an archive."""
    if KERNEL_FILE.fullmatch(name):
        return KERNELS
    return (NEEDED | OPTIONAL).get(name)


def _json(name: str, data: bytes) -> object:
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ArchiveError(_("{file} cannot be read: it is not valid JSON.").format(file=name)) from error


def config(data: bytes) -> tuple[str, tuple[str, ...], int, TrainConfig]:
    """Return preset, class names, batches an epoch (0: not known) and configuration.

    What is shown later holds no markup.
    """
    recipe = _json("config.json", data)
    if not isinstance(recipe, dict) or set(recipe) != PARTS:
        raise ArchiveError(_("config.json does not describe a training run."))
    if recipe["schema"] != SCHEMA:
        text = _("The archive was made by another version of the app (here: schema {ours}).")
        raise ArchiveError(text.format(ours=SCHEMA))
    preset, classes, config = recipe["preset"], recipe["classes"], recipe["config"]
    if not isinstance(preset, str) or not re.fullmatch(r"[a-z0-9_-]{0,40}", preset):
        raise ArchiveError(_("config.json: the name of the preset is not one."))
    if type(recipe["steps"]) is not int or recipe["steps"] not in STEPS:
        raise ArchiveError(_("config.json: the number of batches in an epoch is not one."))
    if not isinstance(classes, list) or len(classes) not in CLASSES or not all(map(_is_name, classes)):
        text = _("config.json: there must be {least} to {most} classes, each with a short plain name.")
        raise ArchiveError(text.format(least=CLASSES[0], most=CLASSES[-1]))
    if len(set(classes)) < len(classes):
        raise ArchiveError(_("config.json: two classes have the same name."))
    there = list(datasets.known())  # a list: what the archive names may be of any type
    if isinstance(config, dict) and config.get("dataset") not in there:
        text = _("The network was trained on data that this app does not have; it has {names}.")
        raise ArchiveError(text.format(names=", ".join(there)))
    try:
        return preset, tuple(classes), recipe["steps"], TrainConfig.model_validate(config)
    except (ValidationError, RecursionError) as error:
        raise ArchiveError(_("config.json: {fault}").format(fault=_fault(error))) from error


def _is_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"\w[\w .'-]{0,39}", name) is not None


def _fault(error: ValidationError | RecursionError) -> str:
    """Say where a configuration is at fault, in the words of our own fields only."""
    if isinstance(error, RecursionError):
        return _("it is nested too deeply.")
    first = error.errors(include_url=False, include_input=False)[0]
    known = [str(step) for step in first["loc"] if re.fullmatch(r"[a-z0-9_]{1,20}", str(step))]
    place = ".".join(known)
    return _("the setting {place} is missing, unknown or out of range.").format(place=place or "config")


def shapes(config: TrainConfig, classes: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array of the network, '<layer>/<part>' as in weights.npz."""
    try:
        shapes = ops.network_shapes(config.model.layers(classes), (SIDE, SIDE, 3))
    except ops.GeometryError as error:
        text = _("config.json: the layers do not fit together ({why}).")
        raise ArchiveError(text.format(why=error)) from error
    size = 4 * sum(math.prod(sides) for sides in shapes.values())  # bytes, as float32
    if size > UNPACKED:
        text = _("config.json: the network would have {size} MB of weights; an archive may have {most} MB.")
        raise ArchiveError(text.format(size=number(size / MEGABYTE), most=number(UNPACKED / MEGABYTE)))
    return shapes


def rows(data: bytes) -> list[history.Row]:
    """Return one row an epoch; NaN only where there was no validation, or what an older run did not keep.

    What a later version has measured beside it is kept, if it could be shown without harm.
    """
    fault = ArchiveError(_("history.csv is not the table of a training run: one row an epoch, in order."))
    try:
        rows = history.read(data.decode())
    except (ValueError, csv.Error) as error:
        raise fault from error
    if not rows or not all(map(HARMLESS.fullmatch, rows[0])):
        raise fault
    for epoch, row in enumerate(rows, start=1):
        known = {name: row[name] for name in history.COLUMNS if name not in EMPTY or row[name] == row[name]}
        if row["epoch"] != epoch or not all(0 <= value < math.inf for value in known.values()):
            raise fault
        if any(known.get(name, 0) > 1 for name in ("accuracy", "val_accuracy", *history.SHARES)):
            raise fault
        if not all(HARMLESS.fullmatch(str(value)) for value in row.values()):
            raise fault
    return rows


def changes(data: bytes) -> list[Command]:
    """Return the commands for another rate or number of epochs, in order."""
    fault = ArchiveError(_("changes.jsonl does not list changes of the learning rate or of the epochs."))
    changes = []
    for line in data.split(b"\n")[:-1]:
        change = _json("changes.jsonl", line)
        if not isinstance(change, dict):
            raise fault
        name, value = change.get("wish"), change.get("value")
        if name not in ("rate", "epochs") or type(value) not in (int, float):
            raise fault
        try:
            changes.append(Command(name, value).possible())
        except ValueError as error:
            raise fault from error
    if len(changes) > COMMANDS:
        raise fault
    return changes


def weights(data: bytes, shapes: Shapes) -> dict[str, np.ndarray]:
    """Return the arrays of the network, float32."""
    named = _finite("weights.npz", data, {name: (shape, np.float32) for name, shape in shapes.items()})
    if any((array < 0).any() for name, array in named.items() if name.endswith("/variance")):
        raise ArchiveError(_("{file}: a variance is never negative.").format(file="weights.npz"))
    return named


def _finite(file: str, data: bytes, expected: Expected) -> dict[str, np.ndarray]:
    """Return the arrays of one file, each of the expected shape and type and without NaN or infinity."""
    try:
        named = arrays(data, expected)
    except ArchiveError as error:
        raise ArchiveError(f"{file}: {error}") from error
    for name, array in named.items():
        if not np.isfinite(array).all():
            text = _("{file}: {name} holds values that are no numbers (NaN or infinite).")
            raise ArchiveError(text.format(file=file, name=name))
    return named


def kernels(files: Mapping[str, bytes], shapes: Shapes, epochs: int) -> dict[int, dict[str, np.ndarray]]:
    """Return the kernels by epoch; a file holds those of all convolutions or of the first."""
    every = {name: (shape, np.float16) for name, shape in shapes.items() if len(shape) == 4}
    first = dict(list(every.items())[:1])
    kernels = {}
    for name, data in files.items():
        if found := KERNEL_FILE.fullmatch(name):
            if int(found[1]) > epochs or not every:
                raise ArchiveError(_("{file} belongs to no epoch of the history.").format(file=name))
            kernels[int(found[1])] = _either(name, data, every, first)
    return kernels


def _either(file: str, data: bytes, expected: Expected, otherwise: Expected) -> dict[str, np.ndarray]:
    """Return the expected arrays or, where those others are there instead, the others."""
    try:
        return _finite(file, data, expected)
    except ArchiveError as error:
        with suppress(ArchiveError):
            return _finite(file, data, otherwise)
        raise error


def evaluation(data: bytes | None, classes: int) -> dict[str, np.ndarray] | None:
    """Return probabilities (n, classes), labels (n,), the number of openings, and after how many epochs.

    None while sealed; archives of earlier versions do not tell the epochs.
    """
    if data is None:
        return None
    first: dict[str, tuple[Sides, type]] = {
        "probabilities": ((None, classes), np.float32),
        "labels": ((None,), np.int64),
    }
    first |= {"openings": ((), np.int64)}
    named = _either("evaluation.npz", data, first | {"epochs": ((), np.int64)}, first)
    probabilities, labels = named["probabilities"], named["labels"]
    fits = len(labels) == len(probabilities) > 0 and ((labels >= 0) & (labels < classes)).all()
    counted = 1 <= named["openings"] <= OPENINGS and 1 <= named.get("epochs", 1) <= history.EPOCHS
    if not fits or not counted or not _are_shares(probabilities):
        raise ArchiveError(_("evaluation.npz does not hold the answers of this network to a test set."))
    return named


def _are_shares(probabilities: np.ndarray) -> bool:
    return bool((probabilities >= 0).all() and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3))
