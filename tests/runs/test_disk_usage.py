"""What fills the disk and what may go: on folders made by hand, with every kind of leftover in them."""

import csv
import io
import os
import time

import pytest

from cnnlab.access import TeacherPass
from cnnlab.classroom import Answer, answer_sheet
from cnnlab.config.presets import PRESETS
from cnnlab.runs import Checkpoint, Phase, RunError, Store, disk_usage
from cnnlab.runs.attempt import Attempt

TEACHER = TeacherPass()
CONFIG = PRESETS["article"].config.model_copy(update={"dataset": "digits"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def trained(store, phase: str, result: bool = True):
    run = store.create(CONFIG, tuple("0123456789"), preset="article", owner="anna")
    attempt = Attempt(run, run.claim("queued"))
    attempt.write_checkpoint(Checkpoint(1, {}, {}))
    if result:
        attempt.write_result({})
    attempt.enter(Phase(phase))
    return run


def put(path, size: int, hours: float = 0) -> None:
    path.mkdir(parents=True)
    (path / "file").write_bytes(b"x" * size)
    then = time.time() - 3600 * hours
    os.utime(path, (then, then))


def test_only_checkpoints_that_nothing_needs_go(store):
    finished, stopped = trained(store, "finished"), trained(store, "stopped")
    running, bare = trained(store, "running"), trained(store, "finished", result=False)
    damaged = trained(store, "finished")
    (damaged.folder / "state.json").write_text("{")
    expected = disk_usage.size(finished.folder / "checkpoint")
    assert expected > 0
    assert disk_usage.usage(store).checkpoints == expected
    before = disk_usage.size(store.root)
    assert disk_usage.delete_checkpoints(store, TEACHER) == expected
    assert disk_usage.size(store.root) == before - expected
    kept = [run for run in (finished, stopped, running, bare, damaged) if run.has_weights()]
    assert kept == [finished, stopped, running, bare, damaged]
    assert not (finished.folder / "checkpoint").exists() and finished.state().phase == "finished"
    assert all((run.folder / "checkpoint").exists() for run in (stopped, running, bare, damaged))


def test_everything_is_counted_and_named(store):
    run = trained(store, "finished")
    put(store.root / ".archive-2026-11-20-081500-ab12cd34" / "kite-421", 3000)
    (store.root / ".archive-2026-11-20-081500-ab12cd34" / "kite-421" / "config.json").write_text("{}")
    put(store.root / ".archive-2026-99-99-081500-ab12cd34", 50)  # no such day: not ours
    put(store.root / ".class" / "names", 10, hours=5)
    put(store.root / ".deleted-kite-1", 700, hours=2)
    put(store.root / ".new-0011", 600)  # somebody may be at work on it
    (store.root / "link").symlink_to(store.root)  # a circle is not walked
    found = disk_usage.usage(store)
    assert found.total == sum(path.lstat().st_size for path in every_file(store.root))
    assert dict(found.runs)[run.id] == disk_usage.size(run.folder)
    [archive] = found.archives
    assert (archive.runs, archive.bytes) == (1, 3002)
    assert f"{archive.put_away:%Y-%m-%d %H:%M}" == "2026-11-20 08:15"
    assert found.left == 700
    assert disk_usage.delete_left(store, TEACHER) == 700
    assert (store.root / ".new-0011").exists() and (store.root / ".class").exists()
    assert disk_usage.delete_archive(store, archive.name, TEACHER) == 3002
    assert disk_usage.archives(store) == [] and run.folder.exists()


def every_file(root):
    for folder, _folders, names in os.walk(root):
        yield from (root / folder / name for name in names)


@pytest.mark.parametrize("name", ["kite-421", "..", "../runs", ".class", ".archive-2026-11-20-081500-ab12"])
def test_nothing_but_an_archive_is_deleted_as_one(store, name):
    put(store.root / "kite-421", 10)
    put(store.root / ".class", 10)
    with pytest.raises(RunError, match="not there any more"):
        disk_usage.delete_archive(store, name, TEACHER)
    assert (store.root / "kite-421").exists() and (store.root / ".class").exists()


def test_only_the_teacher_cleans_up(store):
    run = trained(store, "finished")
    put(store.root / ".archive-2026-11-20-081500-ab12", 10)
    put(store.root / ".deleted-kite-1", 10, hours=2)
    for clean in (
        lambda: disk_usage.delete_checkpoints(store, "anna"),
        lambda: disk_usage.delete_archive(store, ".archive-2026-11-20-081500-ab12", "anna"),
        lambda: disk_usage.delete_left(store, None),
    ):
        with pytest.raises(RunError, match="Only the teacher"):
            clean()
    assert (run.folder / "checkpoint").exists()
    assert len(list(store.root.glob(".archive-*"))) == len(list(store.root.glob(".deleted-*"))) == 1


# ---- the class's answers


def answer(said: str, right: bool = True, question: str = "pooling.shift", partner: int = 1) -> Answer:
    return Answer("2026-11-22T19:05:25.123+00:00", question, "stride 2", said, right, partner)


def test_the_sheet_holds_the_answers_and_no_formula():
    said = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "−3",
        "-3",
        "-0.5",
        "ä, “b”",
        "2 × 2",
    ]
    table = answer_sheet.table([("Merry Otter", answer(text)) for text in said])
    assert table.startswith(b"\xef\xbb\xbf"), "by this mark Excel knows the encoding"
    head, *rows = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert head == ["student", "partner", "question", "settings", "first answer", "right", "time"]
    assert [row[:4] + row[5:6] for row in rows] == [
        ["Merry Otter", "1", "pooling.shift", "stride 2", "yes"]
    ] * 11
    cells = [row[4] for row in rows]
    assert cells == [f"'{text}" for text in said[:6]] + said[6:]


def test_questions_are_listed_the_hardest_first():
    pairs = [
        ("a", answer("x", False)),
        ("b", answer("y", False)),
        ("c", answer("y", False)),
        ("d", answer("z")),
    ]
    pairs += [("a", answer("1", True, "pixels.count"))]
    hard, easy = answer_sheet.outcomes(pairs)
    assert (hard.question, hard.answers, hard.right, hard.mistake, hard.mistaken) == (
        "pooling.shift",
        4,
        1,
        "y",
        2,
    )
    assert (easy.question, easy.right, easy.mistake) == ("pixels.count", 1, "")
