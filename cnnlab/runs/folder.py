"""One run folder, read file by file: what was asked for, and how far its epochs have come."""

import csv
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from cnnlab import moments, ops, reading
from cnnlab.i18n import _
from cnnlab.runs import history, records
from cnnlab.runs.history import Row
from cnnlab.runs.records import PICTURE, Recipe, RunError

NAME = re.compile(r"[a-z]{1,30}(-\d{3})?")  # of a run
ARCHIVE = ".archive-"  # how the folders begin in which the runs of earlier classes are
T = TypeVar("T")


class RunFolder:
    """A run's folder. What cannot be read raises RunError, with a sentence that names the file."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def id(self) -> str:
        """The run's name, as that of its folder."""
        return self.folder.name

    @property
    def shipped(self) -> bool:
        """Whether it comes with the app: then nobody trains it."""
        return self.folder.parent == records.SHIPPED

    def recipe(self) -> Recipe:
        """Return what was asked for. RunError where that is damaged, or of another version of the app."""
        try:
            stat = (self.folder / "config.json").stat()
        except OSError:
            return self._read_recipe()  # which says what is wrong
        return _known_recipe(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)

    def _read_recipe(self) -> Recipe:
        data = self.read("config.json", reading.content)
        schema = self.parse("config.json", reading.checked, data, records.VERSION_FILE).schema
        if schema != records.SCHEMA:
            text = _("Run {run} was made by another version of the app (schema {theirs}, here {ours}).")
            raise RunError(text.format(run=self.id, theirs=schema, ours=records.SCHEMA))
        recipe: Recipe = self.parse("config.json", reading.checked, data, records.RECIPE_FILE)
        try:
            ops.output_shapes(recipe.layers(), PICTURE)
        except ops.GeometryError as error:
            text = _("The layers of run {run} do not fit together ({why}).")
            raise RunError(text.format(run=self.id, why=error)) from error
        return recipe

    def owner(self) -> str:
        """Return whose run it is (a hash), also where the rest of the recipe is damaged or from elsewhere.

        Raises RunError where not even that can be read.
        """
        try:
            return self.recipe().owner
        except RunError:
            return str(self.read("config.json", reading.value, records.OWNER_FILE).owner)

    def created(self) -> datetime:
        """Return when the run was created; long ago where that cannot be read."""
        try:
            return moments.read(self.recipe().created, self.folder / "config.json")
        except RunError:
            return moments.read("")

    def history(self) -> list[Row]:
        """Return a row a finished epoch: `cnnlab.runs.history.COLUMNS`, NaN where there is no value.

        Raises RunError where the file is damaged.
        """
        try:
            stat = (self.folder / "history.csv").stat()
        except OSError:
            return []
        rows = _known_history(self, stat.st_mtime_ns, stat.st_ino, stat.st_size)
        return [dict(row) for row in rows]

    def _read_history(self) -> list[Row]:
        return self.parse("history.csv", history.read, self.read("history.csv", reading.text))

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Read one .npz of the folder: name -> numbers of any shape. Raises RunError where it is damaged."""
        return self.read(name, reading.arrays)

    def has(self, name: str) -> bool:
        """Say whether the folder holds this file."""
        return reading.there(self.folder / name)

    def read(self, name: str, read: Callable[..., T], *how: object) -> T:
        """Return what one of `cnnlab.reading` makes of a file that has to be there.

        Raises RunError where the file is missing or damaged, or the whole run is gone.
        """
        try:
            return self.parse(name, read, self.folder / name, *how)
        except FileNotFoundError as error:
            if not reading.there(self.folder):
                raise missing(self.folder.parent, self.id) from error
            raise self.damaged(name) from error

    def parse(self, name: str, read: Callable[..., T], *what: object) -> T:
        """Return what is read of a file's content. Raises RunError, which names it, where that is damaged."""
        try:
            return read(*what)
        except (ValueError, KeyError, csv.Error) as error:
            raise self.damaged(name) from error

    def damaged(self, name: str) -> RunError:
        """Return what to say of a file that cannot be read."""
        text = _("The file {file} of run {run} is missing or damaged, so this part of it cannot be shown.")
        return RunError(text.format(file=name, run=self.id))


def missing(root: Path, id: str) -> RunError:
    """Return what to say of a run that is not there: it may have been put away with an earlier class."""
    if NAME.fullmatch(id) and any(root.glob(f"{ARCHIVE}*/{id}")):
        text = _("A new class has begun, and training run {run} was put away with the class before.")
        return RunError(text.format(run=id))
    return RunError(_("There is no run called {run} (any more).").format(run=id))


@lru_cache(maxsize=2048)
def _known_recipe(run: RunFolder, *_written: int) -> Recipe:
    """Read and check a recipe once while its file stays the same: lists and the queue ask for all of them."""
    return run._read_recipe()


@lru_cache(maxsize=2048)
def _known_history(run: RunFolder, *_written: int) -> list[Row]:
    """Read a history once while its file stays the same."""
    return run._read_history()
