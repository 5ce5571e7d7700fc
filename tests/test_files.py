"""Does a reader find whole files, and has a name one winner, on every disk and whoever is killed when?"""

import ast
import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from cnnlab import files
from cnnlab.classroom import Classroom
from cnnlab.config.presets import PRESETS
from cnnlab.runs import Store
from cnnlab.runs.attempt import Attempt
from cnnlab.workers import resources
from tests.conftest import ROOT

REFUSALS = ("EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES", "EINVAL", "EXDEV")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def refuse(name: str):
    def refusing(*_arguments, **_more):
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    return refusing


@pytest.fixture(params=["links", "no os.link", *REFUSALS])
def disk(request, monkeypatch):
    """A disk with hard links, and each way in which one can be without."""
    if request.param == "no os.link":
        monkeypatch.delattr(os, "link")
    elif request.param != "links":
        monkeypatch.setattr(os, "link", refuse(request.param))


@pytest.fixture
def without_links(monkeypatch):
    monkeypatch.setattr(os, "link", refuse("EPERM"))


# A name that nobody has


def test_a_name_is_taken_once_and_read_whole(disk, tmp_path):
    path = tmp_path / "name"
    assert files.create(path, "first ü\n") and not files.create(path, "second")
    assert files.read_text(path) == "first ü\n"
    assert names(tmp_path) == ["name"], "nothing is left beside it"


def test_what_a_disk_with_links_holds_is_taken_for_one_without(tmp_path, monkeypatch):
    """Two computers share a folder, and only one of them can make links there."""
    with monkeypatch.context() as other:
        other.setattr(os, "link", refuse("EPERM"))
        assert files.create(tmp_path / "a", "other")
    assert not files.create(tmp_path / "a", "here") and files.create(tmp_path / "b", "here")
    monkeypatch.setattr(os, "link", refuse("EPERM"))
    assert not files.create(tmp_path / "b", "other")
    assert [files.read_text(tmp_path / name) for name in "ab"] == ["other", "here"]


RACER = """
import errno, os, sys
from pathlib import Path
from cnnlab import files
def refused(*_): raise OSError(errno.EPERM, "no links here")
os.link = refused
folder, me = Path(sys.argv[1]), sys.argv[2]
for n in range(80):
    path = folder / f"attempt-{n}"
    while not (folder / "go").exists(): pass
    won = files.create(path, me * 4000)
    seen = files.read_text(path)
    assert len(seen) == 4000 and len(set(seen)) == 1, seen
    assert (seen[0] == me) == won
    if won: print(n)
"""


def test_of_many_processes_one_gets_a_name_and_all_read_the_same_whole_content(tmp_path):
    command = [sys.executable, "-c", RACER, str(tmp_path)]
    racers = [
        subprocess.Popen([*command, me], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for me in "abcd"
    ]
    (tmp_path / "go").touch()
    ends = [racer.communicate(timeout=300) for racer in racers]
    assert [error for _won, error in ends] == [""] * 4
    won = [int(n) for numbers, _error in ends for n in numbers.split()]
    assert sorted(won) == list(range(80)), "each name has exactly one owner"


def test_of_many_threads_one_gets_a_name(tmp_path, without_links):
    with ThreadPoolExecutor(8) as threads:
        for n in range(30):
            won = list(threads.map(lambda me, n=n: files.create(tmp_path / f"{n}", str(me)), range(8)))
            assert sum(won) == 1 and files.read_text(tmp_path / f"{n}") == str(won.index(True))


KILLED = """
import os, sys
from pathlib import Path
from cnnlab import files
del os.link
kill = lambda *_, **__: os.kill(os.getpid(), 9)
path, moment = Path(sys.argv[1]), sys.argv[2]
if moment == "before the folder": Path.mkdir = kill
if moment == "before the content":
    make = Path.mkdir
    Path.mkdir = lambda folder: (make(folder), kill())
if moment == "before it takes its place": files.place = kill
files.create(path, "killed")
"""


@pytest.mark.skipif(os.name == "nt", reason="the signal is POSIX")
@pytest.mark.parametrize("moment", ["before the folder", "before the content", "before it takes its place"])
def test_who_is_killed_on_the_way_to_a_name_leaves_it_free(tmp_path, moment, without_links):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "name", moment], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert not [name for name in names(tmp_path) if name[0] != "."], "no reader meets it"
    assert files.create(tmp_path / "name", "next") and files.read_text(tmp_path / "name") == "next"


def test_where_nothing_can_be_written_the_reason_is_told(tmp_path, without_links):
    with pytest.raises(FileNotFoundError):
        files.create(tmp_path / "gone" / "name", "text")
    assert names(tmp_path) == []


def test_claims_names_and_the_mark_need_no_links(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "271828")
    store = Store(tmp_path)
    run = store.create(PRESETS["article"].config, ("a", "b"), preset="article", owner="anna")
    assert (run.claim("queued"), run.claimed(1).reason, run.attempt()) == (1, "queued", 1)
    with Attempt(run, 1) as first:
        assert run.state().phase == "running"
        monkeypatch.setattr(run, "attempt", lambda: 0)  # another server has not seen the first one yet
        assert run.claim("queued") is None
        monkeypatch.undo()
        assert run.claim("resume") == 2 and first.superseded()

    classroom = Classroom(tmp_path)
    name = classroom.nickname("ab12")
    classroom.seen("ab12")
    assert classroom.nickname("ab12") == name != classroom.nickname("cd34")
    assert {one.owner for one in classroom.here()} == {"ab12", "cd34"}
    assert resources.mark(tmp_path) == resources.mark(tmp_path) != ""


# A file that somebody has open


def held(monkeypatch, name: str, times: int) -> None:
    """Refuse a call of `os` so many times, as Windows does where a reader has the file open."""
    original, refused = getattr(os, name), []

    def call(*arguments, **more):
        if len(refused) < times:
            refused.append(arguments)
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return original(*arguments, **more)

    monkeypatch.setattr(os, name, call)


HALF_A_SECOND = int(0.5 / files.WAIT)


@pytest.mark.parametrize("name", ["replace", "rename", "unlink", "rmdir"])
def test_what_is_refused_for_half_a_second_is_done_after_it(tmp_path, monkeypatch, name):
    monkeypatch.setattr(files.time, "sleep", lambda _seconds: None)
    path, folder = tmp_path / "file", tmp_path / "folder"
    path.write_bytes(b"old")
    held(monkeypatch, name, HALF_A_SECOND)
    files.write_text(path, "new")
    assert files.read_text(path) == "new"
    files.remove(path)
    assert not path.exists()
    folder.mkdir()
    (folder / "in").touch()
    assert files.place(folder, tmp_path / "placed")
    files.move(tmp_path / "placed", folder)
    files.remove_folder(folder)
    assert names(tmp_path) == []


def test_what_is_refused_for_good_is_told_and_leaves_the_old_file(tmp_path, monkeypatch):
    monkeypatch.setattr(files.time, "sleep", lambda _seconds: None)
    path = tmp_path / "file"
    files.write_text(path, "old")
    held(monkeypatch, "replace", 10**9)
    with pytest.raises(PermissionError):
        files.write_text(path, "new")
    assert names(tmp_path) == ["file"] and files.read_text(path) == "old"


def test_a_full_disk_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(files.time, "sleep", lambda _seconds: pytest.fail("it waits for nothing"))
    monkeypatch.setattr(os, "replace", refuse("ENOSPC"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        files.write_text(tmp_path / "file", "text")


def test_only_windows_refuses_a_reader_for_a_moment(tmp_path, monkeypatch):
    path, original, tries = tmp_path / "file", Path.open, []
    files.write_text(path, "text")

    def opening(*arguments):
        tries.append(arguments)
        if len(tries) < 5:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return original(*arguments)

    monkeypatch.setattr(Path, "open", opening)
    with pytest.raises(PermissionError):
        files.read_text(path)
    monkeypatch.setattr(files, "WINDOWS", True)
    assert files.read_text(path) == "text"


# Text


def test_text_is_the_same_bytes_everywhere(tmp_path):
    files.write_text(tmp_path / "text", "a\nü–\n")
    files.append(tmp_path / "text", "β")
    assert (tmp_path / "text").read_bytes() == "a\nü–\nβ\n".encode()
    files.write_arrays(tmp_path / "arrays.npz", {"a": np.arange(3)})
    with files.opened(tmp_path / "arrays.npz") as file, np.load(file) as arrays:
        assert arrays["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "told"), [("EINVAL", False), ("ENOTSUP", False), ("EIO", True), ("ENOSPC", True)]
)
def test_a_disk_that_cannot_promise_to_survive_a_power_cut_serves_as_well(tmp_path, monkeypatch, name, told):
    monkeypatch.setattr(os, "fsync", refuse(name))
    with pytest.raises(OSError, match=os.strerror(getattr(errno, name))) if told else nullcontext():
        files.write_arrays(tmp_path / "arrays.npz", {"a": np.arange(3)})
    assert (tmp_path / "arrays.npz").exists() != told


def test_a_line_that_was_left_half_written_goes_with_the_next(tmp_path):
    (tmp_path / "lines").write_bytes(b"one\ntw")
    files.append(tmp_path / "lines", "three")
    assert files.read_text(tmp_path / "lines") == "one\nthree\n"


ALONE = {"link", "rename", "replace", "unlink", "rmtree"}  # `cnnlab.files` waits where Windows refuses these
ELSEWHERE = {
    "cnnlab/data/download.py": {"rmtree"},  # what a killed download left behind
    "cnnlab/runs/store.py": {"rmtree"},  # a folder that nobody has seen
}


def calls(path: Path):
    """Yield each method call of a source file: (its name, its node)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def of_a_path(name: str, node: ast.Call) -> bool:
    """Tell Path.replace(other) from str.replace(old, new) and dataclasses.replace(thing, field=...)."""
    return name != "replace" or (len(node.args) == 1 and not node.keywords)


def says_its_encoding(name: str, node: ast.Call) -> bool:
    """Without one, Windows takes that of its language."""
    given = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    if any(word.arg == "encoding" for word in node.keywords) or "utf-8" in given:
        return True
    return name == "open" and bool(node.args) and (not given or "b" in given[0])  # what is no mode: a zip's


def test_files_are_moved_by_one_module_and_text_says_its_encoding():
    for path in (ROOT / "cnnlab").rglob("*.py"):
        place = path.relative_to(ROOT).as_posix()
        for name, node in calls(path):
            where = f"{place}:{node.lineno}: {ast.unparse(node)[:60]}"
            if name in ALONE and of_a_path(name, node) and place != "cnnlab/files.py":
                assert name in ELSEWHERE.get(place, ()), where
            if name in ("read_text", "write_text", "open") and ast.unparse(node.func.value) != "files":
                assert says_its_encoding(name, node), where
