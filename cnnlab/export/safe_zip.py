"""How is a zip file read that anybody may have made? In memory, by known names, and never more than allowed.

Nothing is written to disk and no name in the archive is ever used as a path. What the headers claim about
sizes is not believed: bytes are counted while they are read.
"""

import io
import re
import stat
import zipfile
from collections.abc import Callable, Mapping

import numpy as np

from cnnlab.i18n import Sentence, _, number

MEGABYTE = 2**20
UNPACKED = 64 * MEGABYTE  # all its files together
MEMBERS = 2_100  # files in it: kernels for 2,000 epochs, and a few more
CHUNK = 2**16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1  # flag bit 0 (APPNOTE.TXT 4.4.4)
Sides = tuple[int | None, ...]  # of an array; None stands for any length
Expected = Mapping[str, tuple[Sides, type]]  # arrays by name, with their types
RECORD = b"PK\x01\x02"  # begins each entry of a zip's table of contents (APPNOTE.TXT 4.3.12)


class ArchiveError(Sentence, ValueError):
    """Why an archive is not taken in, as a sentence for the student who brought it."""


def members(data: bytes, limit: Callable[[str], int | None]) -> dict[str, bytes]:
    """Return the files of a zip by name. Raises ArchiveError.

    limit: name -> the most bytes that such a file may have, None for a name that does not belong here.
    """
    if data.count(RECORD) > 10 * MEMBERS:  # before anything is built for each; inner archives have some too
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_names([info.filename for info in infos], limit)
            files, left = {}, UNPACKED
            for info in infos:
                _check_kind(info)
                most = limit(info.filename) or 0  # no other name has come as far as this
                files[info.filename] = _read(archive, info, min(left, most))
                left -= len(files[info.filename])
            return files
    except ArchiveError:
        raise
    except Exception as error:  # zipfile, zlib, struct and whatever they call raise errors of their own
        text = _("This is not an archive of a training run, or it is damaged: it cannot be unpacked.")
        raise ArchiveError(text) from error


def arrays(data: bytes, expected: Expected) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz, exactly the expected ones: name -> (shape, type). Raises ArchiveError.

    A None in a shape stands for any length. Shape and type are checked in the header, before NumPy reserves
    memory for them; pickled objects are refused.
    """
    files = members(data, lambda name: UNPACKED if name.removesuffix(".npy") in expected else None)
    if missing := expected.keys() - {name.removesuffix(".npy") for name in files}:
        raise ArchiveError(_("The array {name} is missing.").format(name=min(missing)))
    return {name: _array(name, files.get(f"{name}.npy", b""), *expected[name]) for name in expected}


def _check_names(names: list[str], limit: Callable[[str], int | None]) -> None:
    if len(names) > MEMBERS:
        raise _too_many()
    for name in names:
        if name.startswith(("/", "~")) or "\\" in name or ":" in name or ".." in name.split("/"):
            raise ArchiveError(_("The archive names a file outside of its own folder, so it was not read."))
        if limit(name) is None:
            shown = name if re.fullmatch(r"[\w./ -]{1,60}", name) else "?"
            text = _("The archive holds a file that does not belong to a training run: {name}.")
            raise ArchiveError(text.format(name=shown))
    if len(set(names)) < len(names):
        raise ArchiveError(_("The archive holds the same file twice, so it was not read."))


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on a Unix
    if kind not in (0, stat.S_IFREG):
        raise ArchiveError(_("The archive holds a link or a device instead of a file, so it was not read."))
    if info.flag_bits & ENCRYPTED or info.compress_type not in METHODS:
        raise ArchiveError(_("The archive is encrypted or packed in a way that this app does not read."))


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    parts, size = [], 0
    with archive.open(info) as file:
        while part := file.read(CHUNK):
            size += len(part)
            if size > most:
                text = _("{name} unpacks to more than the {limit} MB that it may have.")
                raise ArchiveError(text.format(name=info.filename, limit=number(most / MEGABYTE, 2)))
            parts.append(part)
    return b"".join(parts)


def _array(name: str, data: bytes, shape: tuple[int | None, ...], kind: type) -> np.ndarray:
    try:
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        found, _order, dtype = np.lib.format.read_array_header_1_0(stream)
        fits = len(found) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, found, strict=True)
        )
        if not fits or dtype != np.dtype(kind):
            text = _("{name} should have the shape {shape} and the type {type}; it has {found} and {dtype}.")
            wanted = tuple("n" if side is None else side for side in shape)
            words = {"shape": _shape(wanted), "found": _shape(found), "type": np.dtype(kind), "dtype": dtype}
            raise ArchiveError(text.format(name=name, **words))
        if len(data) - stream.tell() != int(np.prod(found, dtype=object)) * dtype.itemsize:
            raise ValueError("the length does not fit the header")
        array: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
        return array
    except ArchiveError:
        raise
    except Exception as error:  # NumPy hands headers to Python's own parsers: tokenize.TokenError and more
        raise ArchiveError(_("{name} is not a plain array of numbers.").format(name=name)) from error


def _shape(sides: tuple[object, ...]) -> str:
    return "×".join(str(side)[:12] for side in sides[:8]) or "1"


def _too_many() -> ArchiveError:
    text = _("The archive holds more than {limit} files, so it was not read.")
    return ArchiveError(text.format(limit=number(MEMBERS)))
