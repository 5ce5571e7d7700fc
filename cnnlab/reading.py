"""What does a file hold that a cloud folder, a cut connection, another version or a hand may have changed?

All that the app keeps in the folders of runs and class is read by these functions. Each returns what was
asked for, checked, or raises Damaged; nothing else, but for FileNotFoundError where there is no such file.
"""

import os
import stat
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import numpy as np
from numpy.lib.npyio import NpzFile
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from cnnlab import files
from cnnlab.i18n import foreign

TEXT, ARRAYS = 4 * 2**20, 8 * 2**30  # the most bytes of a file of text, and of one of arrays
DENSER = (
    20  # how many times as large arrays may be as their file, plus 1 MB: hardly packed, they hold weights
)
STEPS = 1_000_000  # the most batches of an epoch

# The most that a number can be. Beyond it sums overflow and charts stumble, on the pages of others as well.
LARGEST_SHARE = LARGEST_RATE = 100.0  # generous: what was measured may come from elsewhere
LARGEST_LOSS = float(np.finfo(np.float32).max)  # it is float32: while a network diverges it comes near
Share = Annotated[float, Field(ge=0, le=LARGEST_SHARE, allow_inf_nan=False)]
Loss = Annotated[float, Field(ge=0, le=LARGEST_LOSS, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, le=LARGEST_RATE, allow_inf_nan=False)]
Word = Annotated[str, Field(max_length=200), AfterValidator(foreign)]
Text = Annotated[str, AfterValidator(foreign)]  # a sentence; what is too long is cut


T = TypeVar("T")


class Damaged(ValueError):
    """A file that cannot be read, or that does not hold what it should."""


def there(path: Path) -> bool:
    """Say whether there is something at this place; what may not be looked at, or is a loop, is not."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def content(path: Path, most: int = TEXT) -> bytes:
    """Return the bytes of a file; of nothing else, as who opens a pipe might wait for ever."""
    try:
        _require_file(path, most)
        with files.opened(path) as file:
            return file.read()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise Damaged(f"{path.name}: {error}") from error


def _require_file(path: Path, most: int) -> None:
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):  # as `files.create` makes it where there are no links
        try:
            about = (path / files.CONTENT).stat()
        except FileNotFoundError as error:
            raise Damaged(f"{path.name} is a folder") from error
    if not stat.S_ISREG(about.st_mode) or about.st_size > most:
        raise Damaged(f"{path.name} is no file, or far too large")


def text(path: Path, most: int = TEXT) -> str:
    """Return the text of a file."""
    try:
        return content(path, most).decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"{path.name} is no UTF-8") from error


def checked(data: bytes, kind: TypeAdapter[T]) -> T:
    """Return what a JSON text says, if it is of this kind."""
    try:
        return kind.validate_json(data)
    except ValidationError as error:
        raise Damaged(str(error)) from error


def value(path: Path, kind: TypeAdapter[T]) -> T:
    """Return what a JSON file says, if it is of this kind."""
    return checked(content(path), kind)


def lines(path: Path, kind: TypeAdapter[T], most: int = TEXT) -> list[T]:
    """Return what each line of a file says in JSON; a half-written last line does not count."""
    return [checked(line, kind) for line in content(path, most).split(b"\n")[:-1]]


def arrays(path: Path, only: str | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of numbers in an .npz, or that one alone if it is there; pickles are refused."""
    try:
        _require_file(path, ARRAYS)
        with files.opened(path) as stored, np.load(stored, allow_pickle=False) as file:
            _require_dense(stored, file)
            found = {name: file[name] for name in file.files if only in (None, name)}
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib, struct, tokenize and NumPy each raise errors of their own
        raise Damaged(f"{path.name}: {type(error).__name__}") from error
    if not all(isinstance(array, np.ndarray) and array.dtype.kind in "biuf" for array in found.values()):
        raise Damaged(f"{path.name} holds something else than numbers")
    return found


def _require_dense(stored: BinaryIO, file: NpzFile) -> None:
    """Raise Damaged where a small file unpacks to arrays that memory might not hold."""
    unpacked = sum(member.file_size for member in file.zip.infolist()) if file.zip else 0
    if unpacked > DENSER * os.fstat(stored.fileno()).st_size + 2**20:
        raise Damaged("packed far too well")


def whole_number(array: np.ndarray, low: int, high: int) -> int:
    """Return the one whole number that an array holds, if it lies within these limits."""
    if array.shape != () or array.dtype.kind not in "iuf" or not low <= array <= high or array != int(array):
        raise Damaged("not a whole number, or an impossible one")
    return int(array)
