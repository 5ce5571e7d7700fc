"""How is a file written so that a reader finds a whole one, on every disk?

What is written goes to another name first and takes its place in one step: a reader finds the old file, the
new one or none. `create` and `place` take a name that nobody has: of many who try at once, on whatever
machine, one succeeds. A process may be killed at any moment; all that it leaves is a hidden file or folder
that nobody reads. Text is UTF-8 with "\\n" at the end of its lines, wherever the app runs.

Windows, and drives that Windows serves, refuse for moments what touches a file that somebody has open; so
whatever moves or removes one tries again for a while.
"""

import errno
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import ArrayLike

HELD = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY)  # how it is told that somebody has a file open
TRIES, WAIT = 100, 0.02  # how often it is tried then, and seconds in between
UNABLE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)  # how a disk says that it cannot
WINDOWS = os.name == "nt"
CONTENT = "content"  # the one file of a folder that `create` has made where there are no links
_T = TypeVar("_T")
_appending = threading.Lock()


# Whole


@contextmanager
def whole(path: Path, part: Path | None = None, sure: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Yield where to write what then becomes `path` in one step: a reader finds the old file or the new.

    It is called `part` meanwhile, else by a name that nobody else uses. `sure` may still object, by raising.
    """
    part = part or _beside(path)

    def take_its_place() -> None:
        sure()
        part.replace(path)

    try:
        yield part
        _patiently(take_its_place)
    finally:
        remove(part)


def write_text(path: Path, text: str, **how: Any) -> None:
    """Write a file as `whole` does."""
    with whole(path, **how) as part:
        part.write_bytes(text.encode())


def write_arrays(path: Path, arrays: Mapping[str, ArrayLike], **how: Any) -> None:
    """Write an .npz as `whole` does; it is on the disk when this returns."""
    with whole(path, **how) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        to_disk(file)


def to_disk(file: IO[bytes]) -> None:
    """Make sure that what was written to an open file survives a power cut, if the disk can promise that."""
    file.flush()
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in UNABLE:
            raise


def opened(path: Path) -> BinaryIO:
    """Open a file for reading, one that `create` has made too."""

    def open_now() -> BinaryIO:
        try:
            return path.open("rb")
        except (IsADirectoryError, PermissionError):  # the latter on Windows
            if not path.is_dir():
                raise
        return (path / CONTENT).open("rb")

    return _patiently(open_now, lambda: WINDOWS)  # elsewhere a refusal is meant


def read_text(path: Path) -> str:
    """Read a file. OSError, or ValueError where it is no UTF-8."""
    with opened(path) as file:
        return file.read().decode()


def append(path: Path, line: str) -> None:
    """Add a line whole or not at all; what an earlier writer left half done is cut off."""
    data = line.encode() + b"\n"
    with _appending, path.open("ab+", buffering=0) as file:
        file.seek(0)
        before = file.read()
        end = before.rfind(b"\n") + 1
        if end < len(before):
            file.truncate(end)
        try:
            if file.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(end)
            raise


# A name that nobody has


def create(path: Path, text: str) -> bool:
    """Create a file with its content in one step, for `read_text`; False where the name is taken.

    A hard link does that. Where the disk has none (exFAT, many shared folders) it becomes a folder with the
    content in it, as moving a folder never takes the place of a file, nor of a folder that is not empty.
    """
    part = _beside(path)
    try:
        part.write_bytes(text.encode())
        os.link(part, path)
        return True
    except FileExistsError:
        return False
    except (OSError, AttributeError):  # whatever else is wrong is told by the other way
        pass
    finally:
        remove(part)
    try:
        part.mkdir()
        (part / CONTENT).write_bytes(text.encode())
        return place(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def place(folder: Path, path: Path) -> bool:
    """Move a folder that is not empty to where nothing is yet, on the same disk; False where something is."""
    try:
        _patiently(lambda: folder.rename(path), lambda: not path.exists())
        return True
    except OSError:
        if not path.exists():
            raise
        return False


def size(path: Path) -> int:
    """Return the bytes of all files below a folder; links are not followed."""
    total = 0
    for folder, _folders, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # renamed while we looked
                total += (Path(folder) / name).lstat().st_size
    return total


# Away


def move(path: Path, to: Path) -> None:
    """Rename a file or folder."""
    _patiently(lambda: path.rename(to))


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    _patiently(lambda: path.unlink(missing_ok=True))


def take_away(path: Path) -> None:
    """Remove what `create` has made, so that the name is free again."""
    remove_folder(path) if path.is_dir() else remove(path)


def remove_folder(folder: Path) -> None:
    """Remove a folder. It is renamed first, so that nobody meets half of it."""
    away = folder.with_name(f".deleted-{folder.name.lstrip('.')}-{secrets.token_hex(4)}")
    move(folder, away)
    _patiently(lambda: shutil.rmtree(away))


# The disk


def try_out(folder: Path) -> None:
    """Do in a folder all that this module does, and leave no trace; OSError with a note on what fails."""
    corner = folder / f".new-{secrets.token_hex(8)}"
    one, other = corner / "one", corner / "other"
    steps: dict[str, Callable[[], object]] = {
        "no folder can be made there": corner.mkdir,
        "no file can be written there": lambda: write_text(one, "1"),
        "a file there cannot be replaced by a newer one": lambda: write_text(one, "2"),
        "nothing can be added to a file there": lambda: append(one, "3"),
        "what was written there cannot be read": lambda: _require(read_text(one) == "3\n"),
        "a name cannot be taken there": lambda: _require(create(other, "1")),
        "two who take the same name there both get it": lambda: _require(not create(other, "2")),
        "when somebody was seen last cannot be noted there": lambda: os.utime(other),
        "nothing can be removed there": lambda: remove_folder(corner),
    }
    try:
        for what, step in steps.items():
            try:
                step()
            except OSError as error:
                error.add_note(what)
                raise
    finally:
        shutil.rmtree(corner, ignore_errors=True)


def _require(done: bool) -> None:
    if not done:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _beside(path: Path) -> Path:
    return path.with_name(f".{secrets.token_hex(4)}.part.{path.name}")


def _patiently(do: Callable[[], _T], worth_waiting: Callable[[], bool] = lambda: True) -> _T:
    """Do it, again and again for a while where it is refused as if somebody had the file open."""
    for _try in range(TRIES - 1):
        try:
            return do()
        except OSError as error:
            if error.errno not in HELD or not worth_waiting():
                raise
        time.sleep(WAIT)
    return do()
