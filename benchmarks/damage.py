"""What can befall the files of a run or of a class? Each kind of damage as a function, repeatable by a seed.

A damage takes the path of one file (or folder) and a random generator, and leaves something else in its
place: what a cut connection, a full disk, a cloud folder, an editor, another version or a prankster leaves.
"""

import io
import json
import math
import os
import random
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

Damage = Callable[[Path, random.Random], None]
DEEP = "[" * 100_000 + "]" * 100_000
VALUES = (None, True, "", "x" * 100_000, "\ud800", [], {}, [[]], {"a": []}, -1, 0, 0.5, 10**400, -(10**18))
VALUES += (
    2**63,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
    "1",
    "NaN",
    "running\n# *x*",
    "../../etc",
    "9999-12-31",
)
NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1",
    "0.5",
    "",
    "x",
    "1e999",
    "9" * 400,
    "\0",
    "0x10",
    "1,5",
    "true",
)
# Headers of .npy files that make parsers stumble; the braces stand for shape and type.
HEADERS = (
    "{'descr': '<f4', 'fortran_order': False, 'shape': (",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (True, 2L), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<q9', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
    "{'descr': [[[]]], 'fortran_order': 7, 'shape': 'x', }",
    "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f4', 'fortran_order': False}",
    "[1, 2, 3]",
    "'''",
    "\\",
    "(" * 300,
    "(" * 5000,
    "-" * 5000 + "1",
    "{" + "'a': {" * 200,
    "lambda: 0",
    "1 if",
    "\0\0\0",
    "é" * 20,
    "",
)
CONFLICTED = (
    "{} (conflicted copy)",
    "{} (Anna's conflicted copy 2026-03-01){}",
    "{}.sync-conflict-20260301{}",
)
CONFLICTED += ("{} 2{}", "Copy of {}{}", "{}~", ".{}.swp", "{}.tmp")


# ---- Any file


def one_bit(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def some_bits(path: Path, rng: random.Random) -> None:
    for _bit in range(rng.randint(8, 64)):
        one_bit(path, rng)


def no_utf8(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    place = rng.randrange(len(data))
    path.write_bytes(
        data[:place] + rng.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x80")) + data[place + 1 :]
    )


def cut_off(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def emptied(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def zeroed(path: Path, rng: random.Random) -> None:
    """As some file systems leave a file after a power cut."""
    path.write_bytes(bytes(path.stat().st_size))


def noise(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(rng.choice((1, 100, 10_000))))


def appended(path: Path, rng: random.Random) -> None:
    with path.open("ab") as file:
        file.write(rng.choice((b"\n", b"\0" * 500, b"<<<<<<< HEAD\n", rng.randbytes(300))))


def byte_order_mark(path: Path, rng: random.Random) -> None:
    """As an editor on Windows leaves a text: with a mark, in another encoding, with other ends of lines."""
    text = path.read_bytes().decode("latin-1")
    path.write_bytes(
        rng.choice(("\ufeff" + text, text.replace("\n", "\r\n"))).encode(rng.choice(("utf-8-sig", "utf-16")))
    )


def removed(path: Path, rng: random.Random) -> None:
    path.unlink()


def folder_instead(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()
    if rng.random() < 0.5:
        (path / path.name).write_text("{}")


def link_to_itself(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to(path)


def link_to_nowhere(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def pipe_instead(path: Path, rng: random.Random) -> None:
    """Who opens it waits for ever."""
    path.unlink()
    os.mkfifo(path)


def enormous(path: Path, rng: random.Random) -> None:
    """Far more than memory holds, and no room on the disk: a file with a hole."""
    os.truncate(path, 2**40)


def unreadable(path: Path, rng: random.Random) -> None:
    path.chmod(0)


def conflicted_copy(path: Path, rng: random.Random) -> None:
    pattern = rng.choice(CONFLICTED)
    shutil.copy(
        path,
        path.with_name(
            pattern.format(*((path.name,) if pattern.count("{}") == 1 else (path.stem, path.suffix)))
        ),
    )


def another_s(path: Path, rng: random.Random) -> None:
    """The content of another file of the same folder."""
    others = sorted(other for other in path.parent.iterdir() if other.is_file() and other != path)
    if others:
        shutil.copy(rng.choice(others), path)


ANY = (one_bit, some_bits, no_utf8, cut_off, emptied, zeroed, noise, appended, byte_order_mark, removed)
ANY += (
    folder_instead,
    link_to_itself,
    link_to_nowhere,
    pipe_instead,
    enormous,
    unreadable,
    conflicted_copy,
    another_s,
)


# ---- JSON, one value or one a line


def _places(value, place=()) -> Iterator[tuple]:
    """Yield the way to each value within nested dicts and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*place, key)
        yield from _places(part, (*place, key))


def _changed(path: Path, rng: random.Random, change: Callable[[dict | list, str | int], None]) -> None:
    """Change one value of one line, or of the whole."""
    text = path.read_text()
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    if not lines:
        return
    chosen = rng.randrange(len(lines))
    value = json.loads(lines[chosen])
    places = list(_places(value))
    if places:
        *way, last = rng.choice(places)
        inner = value
        for step in way:
            inner = inner[step]
        change(inner, last)
    lines[chosen] = json.dumps(value)
    path.write_text("\n".join(lines) + "\n")


def other_value(path: Path, rng: random.Random) -> None:
    def change(inner, key) -> None:
        inner[key] = rng.choice(VALUES)

    _changed(path, rng, change)


def missing_key(path: Path, rng: random.Random) -> None:
    def change(inner, key) -> None:
        del inner[key]

    _changed(path, rng, change)


def more_keys(path: Path, rng: random.Random) -> None:
    """As a later version may write."""

    def change(inner, key) -> None:
        if isinstance(inner, dict):
            inner["added_later"] = rng.choice(VALUES)

    _changed(path, rng, change)


def deep_value(path: Path, rng: random.Random) -> None:
    _changed(path, rng, lambda inner, key: inner.__setitem__(key, "deep"))
    path.write_text(path.read_text().replace('"deep"', DEEP))


def deep(path: Path, rng: random.Random) -> None:
    path.write_text(DEEP + "\n")


def no_object(path: Path, rng: random.Random) -> None:
    lines = rng.choice(("null", "[]", "3", '"x"', "true", "NaN", "[{}]", "{}", "9" * 5000, "1e999"))
    path.write_text(lines + "\n")


def python_s(path: Path, rng: random.Random) -> None:
    """As a hand that repairs a file may leave it."""
    text = path.read_text()
    path.write_text(rng.choice((text.replace('"', "'"), text.replace("}", ",}"), "// mine\n" + text)))


JSON = (other_value, other_value, other_value, missing_key, more_keys, deep_value, deep, no_object, python_s)


def other_schema(path: Path, rng: random.Random) -> None:
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value | {"schema": rng.choice((0, 2, 10**30, "2", None, [1], 1.5))}))


def not_to_be_built(path: Path, rng: random.Random) -> None:
    """Valid settings of a network that does not fit together."""
    value = json.loads(path.read_text())
    block = {"filters": 4, "stride": 4, "pool": "max", "pool_window": 4}
    value["config"]["model"]["blocks"] = [block] * rng.randint(2, 12)
    path.write_text(json.dumps(value))


# ---- The table of the history


def _table(path: Path, change: Callable[[list[list[str]]], None]) -> None:
    rows = [line.split(",") for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")


def other_number(path: Path, rng: random.Random) -> None:
    def change(rows) -> None:
        rows[rng.randrange(1, len(rows))][rng.randrange(len(rows[0]))] = rng.choice(NUMBERS)

    _table(path, change)


def column_of(path: Path, rng: random.Random) -> None:
    """One column, wholly of one value."""

    def change(rows) -> None:
        column, value = rng.randrange(len(rows[0])), rng.choice(NUMBERS)
        for row in rows[1:]:
            row[column] = value

    _table(path, change)


def missing_column(path: Path, rng: random.Random) -> None:
    column = rng.randrange(5)
    _table(path, lambda rows: [row.pop(column) for row in rows[: rng.choice((1, len(rows)))]])


def more_columns(path: Path, rng: random.Random) -> None:
    _table(path, lambda rows: [row.append(rng.choice(("later", "nan", "1e308", "3"))) for row in rows])


def other_rows(path: Path, rng: random.Random) -> None:
    def change(rows) -> None:
        match rng.randrange(4):
            case 0:
                rows[1:] = reversed(rows[1:])
            case 1:
                rows[1:] = rows[1:] * rng.choice((2, 5000))
            case 2:
                rows.insert(1, rows[0])
            case 3:
                del rows[0]

    _table(path, change)


TABLE = (
    other_number,
    other_number,
    other_number,
    column_of,
    column_of,
    missing_column,
    more_columns,
    other_rows,
)


# ---- Arrays


def npy(header: str, data: bytes = b"\0" * 12, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return a .npy file with this header."""
    text = header.encode("latin-1") + b"\n"
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H" if version == (1, 0) else "<I", len(text))
        + text
        + data
    )


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def pack(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in files.items():
            packed.writestr(name, data)


def crafted_header(path: Path, rng: random.Random) -> None:
    files = _members(path)
    name = rng.choice(sorted(files))
    version = rng.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9)))
    pack(path, files | {name: npy(rng.choice(HEADERS), version=version)})


def other_array(path: Path, rng: random.Random) -> None:
    """An array of another shape or type."""
    files = _members(path)
    name = rng.choice(sorted(files))
    array = np.load(io.BytesIO(files[name]))
    wide = np.zeros(np.array(array.shape) + 1, array.dtype)
    texts, times = np.array(["x"]), np.array(["2026-03-01"], "M8[s]")
    records = np.zeros(2, [("a", "f4"), ("b", "i2")])
    few = array.ravel()[: rng.randrange(3)]
    scalars = [np.array(value) for value in (math.nan, math.inf, 10**18, -1, 1j, True, "x")]
    other = rng.choice([wide, texts, times, records, few, array[np.newaxis], array.astype(complex), *scalars])
    buffer = io.BytesIO()
    np.save(buffer, other)
    pack(path, files | {name: buffer.getvalue()})


def pickled(path: Path, rng: random.Random) -> None:
    files = _members(path)
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}, []], dtype=object), allow_pickle=True)
    pack(path, files | {rng.choice(sorted(files)): buffer.getvalue()})


def missing_array(path: Path, rng: random.Random) -> None:
    files = _members(path)
    files.pop(rng.choice(sorted(files)))
    pack(path, files)


def more_arrays(path: Path, rng: random.Random) -> None:
    files = _members(path)
    first = next(iter(files.values()))
    pack(
        path,
        files | {rng.choice(("later.npy", "x", "../x.npy", "weights/.npy")): rng.choice((first, b"x"))},
    )


def no_arrays(path: Path, rng: random.Random) -> None:
    pack(path, {})


def array_alone(path: Path, rng: random.Random) -> None:
    """A .npy under the name of an .npz."""
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def bent_zip(path: Path, rng: random.Random) -> None:
    """A field of the zip's own tables changed: sizes, offsets, method, flags."""
    pack(path, _members(path), rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data) - 4) if data[i : i + 4] in (b"PK\1\2", b"PK\3\4", b"PK\5\6")]
    start = rng.choice(starts)
    for _byte in range(rng.randint(1, 4)):
        place = min(start + rng.randrange(4, 30), len(data) - 1)
        data[place] = rng.choice((0, 1, 8, 9, 12, 14, 99, 255, rng.randrange(256)))
    path.write_bytes(data)


def bent_stream(path: Path, rng: random.Random) -> None:
    """Packed bytes within a whole zip that do not unpack."""
    pack(path, _members(path), zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for _byte in range(20):
        data[rng.randrange(40, max(41, len(data) // 2))] = rng.randrange(256)
    path.write_bytes(data)


ARRAYS = (crafted_header, crafted_header, crafted_header, other_array, other_array, pickled, missing_array)
ARRAYS += (more_arrays, no_arrays, array_alone, bent_zip, bent_zip, bent_stream)


# ---- A run's folder as a whole


def foreign_file(path: Path, rng: random.Random) -> None:
    names = (
        "attempt-1 (conflicted copy)",
        "attempt-x",
        "attempt-",
        "attempt-01",
        "attempt--3",
        "attempt-1.5",
    )
    names += (
        "attempt-2",
        "attempt-999999",
        "attempt-99999999999999999999",
        "attempt-٣",
        ".DS_Store",
        "Thumbs.db",
    )
    names += (
        "kernels/epoch-x.npz",
        "kernels/epoch-.npz",
        "kernels/epoch-0001 (1).npz",
        "kernels/epoch-99999.npz",
    )
    names += ("kernels/epoch--001.npz", "kernels/._epoch-0001.npz", ".attempt-1.state.json", "desktop.ini")
    place = path / rng.choice(names)
    place.parent.mkdir(exist_ok=True)
    if rng.random() < 0.3:
        place.mkdir(exist_ok=True)
    elif not place.exists():
        place.write_bytes(rng.choice((b"", b"{}", b"\xff\xfe", (path / "config.json").read_bytes())))


def copied_folder(path: Path, rng: random.Random) -> None:
    """The whole folder once more, under a name that is none of a run, or is."""
    names = (
        f"{path.name} (conflicted copy)",
        f"{path.name} 2",
        f"{path.name}~",
        "Copy of it",
        "kite-999",
        "new",
    )
    names += ("ünder", "x" * 200, "a\nb", "*bold*", os.fsdecode(b"caf\xe9"))
    shutil.copytree(path, path.with_name(rng.choice(names)), symlinks=True)


def file_instead(path: Path, rng: random.Random) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"x")


def folder_loop(path: Path, rng: random.Random) -> None:
    if rng.random() < 0.5:
        (path / "kernels" / "again").symlink_to(path)
    else:
        shutil.rmtree(path)
        path.symlink_to(path)


def emptied_folder(path: Path, rng: random.Random) -> None:
    shutil.rmtree(path)
    path.mkdir()


def closed_folder(path: Path, rng: random.Random) -> None:
    path.chmod(rng.choice((0, 0o100, 0o400, 0o500)))


FOLDER = (foreign_file, foreign_file, foreign_file, copied_folder, copied_folder, file_instead, folder_loop)
FOLDER += (emptied_folder, closed_folder)


class Case(NamedTuple):
    """One damage to one file, named relative to the folder of the runs."""

    place: str
    damage: Damage
    seed: int

    def __str__(self) -> str:
        return f"{self.damage.__name__} of {self.place} (seed {self.seed})"

    def befall(self, root: Path) -> None:
        self.damage(root / self.place, random.Random(self.seed))


def fitting(place: str, run: str) -> tuple[Damage, ...]:
    """Return the kinds of damage that this file can meet."""
    name = place.rsplit("/", 1)[-1]
    if place == run:
        return FOLDER
    if name.endswith(".npz"):
        return ANY + ARRAYS
    if name == "history.csv":
        return ANY + TABLE
    if name == "config.json":
        return (*ANY, *JSON, other_schema, not_to_be_built)
    if name.endswith((".json", ".jsonl")) or name.startswith("attempt-"):
        return ANY + JSON
    return ANY


def cases(root: Path, run: str, count: int, seed: int) -> list[Case]:
    """Return so many cases for this folder of runs: each kind on each file in turn, then again.

    run: the name of the run that is damaged; the files of the class are damaged as well, others never.
    """
    places = [run]
    for folder in (root / run, root / ".class"):
        places += sorted(path.relative_to(root).as_posix() for path in folder.rglob("*") if path.is_file())
    places.append(".mark")
    rng = random.Random(seed)
    every = [(place, damage) for place in places for damage in fitting(place, run)]
    rng.shuffle(every)
    return [Case(*every[number % len(every)], rng.randrange(2**31)) for number in range(count)]
