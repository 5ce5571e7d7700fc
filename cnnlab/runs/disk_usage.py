"""What fills the disk with the training runs, and what may go?

Nothing here is lost by itself: each way to clean up is the teacher's decision and names what it takes away.
"""

import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cnnlab import files, moments
from cnnlab.access import TeacherPass
from cnnlab.files import size
from cnnlab.i18n import _
from cnnlab.runs import ARCHIVE, ASIDE, Phase, Run, RunError, Store
from cnnlab.runs.survey import sound

ARCHIVED = re.compile(re.escape(ARCHIVE) + r"(\d{4}-\d\d-\d\d-\d{6})-[0-9a-f]{4,16}")
LEFT = (".new-*", ".deleted-*", ".import-*", ".class-*")  # folders that are half made or half deleted
OLD = 3600.0  # seconds after which nobody is at work on such a folder any more


@dataclass(frozen=True)
class Usage:
    """Bytes in the folder of the runs, and what makes them up; `free` is what the disk has left.

    `runs` are those of the class, the largest first; `checkpoints` are the parts of finished runs that only
    training on would need; `archives` are old classes, the newest first; `aside` are damaged runs that were
    set aside; `left` is what a crash left behind.
    """

    total: int
    free: int
    runs: tuple[tuple[str, int], ...]
    checkpoints: int
    archives: tuple["Archive", ...]
    aside: int
    left: int


@dataclass(frozen=True)
class Archive:
    """An old class that was put away: the name of its folder, when, its training runs and bytes."""

    name: str
    put_away: datetime
    runs: int
    bytes: int


def usage(store: Store) -> Usage:
    """Measure the folder of the runs; whatever vanishes meanwhile counts for nothing."""
    store.root.mkdir(parents=True, exist_ok=True)
    runs = {run.id: bytes for run, bytes in sound(store.runs(), lambda run: size(run.folder))}
    return Usage(
        total=size(store.root),
        free=shutil.disk_usage(store.root).free,
        runs=tuple(sorted(runs.items(), key=lambda pair: -pair[1])),
        checkpoints=sum(size(path) for path in _spare_checkpoints(store)),
        archives=tuple(archives(store)),
        aside=sum(size(path) for path in store.root.glob(f"{ASIDE}*")),
        left=sum(size(path) for path in _left(store)),
    )


def archives(store: Store) -> list[Archive]:
    """Return the old classes that were put away, the newest first."""
    found = []
    for path in store.root.glob(f"{ARCHIVE}*"):
        match = ARCHIVED.fullmatch(path.name)
        with suppress(ValueError):  # no date: not ours to judge
            put_away = moments.from_name(match[1] if match else "")
            runs = sum(1 for _run in path.glob("*/config.json"))
            found.append(Archive(path.name, put_away, runs, size(path)))
    return sorted(found, key=lambda archive: archive.name, reverse=True)


def delete_archive(store: Store, name: str, teacher: TeacherPass) -> int:
    """Delete an old class for good; return how many bytes that freed.

    Raises RunError where there is none such, or somebody else than the teacher asks.
    """
    _require(teacher)
    folder = store.root / name
    if not ARCHIVED.fullmatch(name) or not folder.is_dir():
        raise RunError(_("This archive is not there any more."))
    return _remove(folder)


def delete_checkpoints(store: Store, teacher: TeacherPass) -> int:
    """Delete the checkpoints of finished runs; return how many bytes that freed.

    Such a run keeps its network, curves, kernels and tests; it cannot be trained on any more. Raises RunError
    where somebody else than the teacher asks.
    """
    _require(teacher)
    return sum(_remove(path) for path in _spare_checkpoints(store))


def delete_aside(store: Store, teacher: TeacherPass) -> int:
    """Delete the damaged runs that were set aside; return how many bytes that freed.

    Raises RunError where somebody else than the teacher asks.
    """
    _require(teacher)
    return sum(_remove(path) for path in store.root.glob(f"{ASIDE}*") if path.is_dir())


def delete_left(store: Store, teacher: TeacherPass) -> int:
    """Delete what a crash left behind; return how many bytes that freed.

    Raises RunError where somebody else than the teacher asks.
    """
    _require(teacher)
    return sum(_remove(path) for path in _left(store))


def _spare_checkpoints(store: Store) -> list[Path]:
    """Return the checkpoint folders of finished runs whose network is stored without them too."""

    def read(run: Run) -> bool:
        stored = (run.folder / "weights.npz").exists() and (run.folder / "checkpoint").is_dir()
        return stored and run.state().phase is Phase.FINISHED

    return [run.folder / "checkpoint" for run, spare in sound(store.runs(), read) if spare]


def _left(store: Store) -> list[Path]:
    now = time.time()
    paths = [path for pattern in LEFT for path in store.root.glob(pattern)]
    return [path for path in paths if _is_old(path, now)]


def _is_old(path: Path, now: float) -> bool:
    try:
        return path.is_dir() and now - path.stat().st_mtime > OLD
    except OSError:  # gone meanwhile
        return False


def _remove(folder: Path) -> int:
    """Remove a folder; return its bytes."""
    freed = size(folder)
    files.remove_folder(folder)
    return freed


def _require(teacher: TeacherPass) -> None:
    if not isinstance(teacher, TeacherPass):
        raise RunError(_("Only the teacher can do this."))
