"""One student's damaged or foreign file: everybody else goes on, the run is named, and can be set aside."""

import ast
import io
import json
import os
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks import faults
from benchmarks.damage import HEADERS, VALUES, npy
from cnnlab import reading
from cnnlab.access import PIN, TeacherPass
from cnnlab.classroom import Classroom, leaderboard, limits
from cnnlab.classroom.limits import LimitError
from cnnlab.config.class_rules import CLASS_RULES, Rules
from cnnlab.evaluation import reliability_record
from cnnlab.evaluation.metrics import confusion
from cnnlab.export import ArchiveError, archive_schema, export_archive, import_archive, report, safe_zip
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.runs import Phase, Run, RunError, Store, queue
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import COLUMNS
from cnnlab.runs.records import COMMANDS
from cnnlab.runs.survey import sound, survey
from cnnlab.ui.classroom.class_rules import LIMITS
from cnnlab.ui.widgets import run_status
from cnnlab.workers import resources
from tests.conftest import ROOT
from tests.support import stores
from tests.support.archives import npz, pack, to_send, unpack
from tests.support.pages import again, open_page, owner, press, words

ANNA, BEN = faults.OWNERS.values()


pytestmark = pytest.mark.usefixtures("classroom")


def waiting_run(store: Store, owner: str = ANNA) -> Run:
    return store.create(faults.CONFIG, faults.CLASSES, preset="article", owner=owner)


def broken(store: Store, owner: str = ANNA) -> Run:
    """A run that nobody can read, but for whose it is."""
    run = waiting_run(store, owner)
    (run.folder / "changes.jsonl").write_bytes(b'{"wish": "stop\xff"}\n')
    return run


# ---- The readers


def test_no_damage_to_one_run_or_to_the_class_stops_anybody(tmp_path, monkeypatch):
    """Sixty of the benchmark's cases; `benchmarks/faults.py` has more."""
    monkeypatch.setenv(
        "CNNLAB_RUNS", str(tmp_path)
    )  # both are set anew for each case, and put back at the end
    monkeypatch.setenv(PIN, "2718")
    told = []
    outcome = faults.torment(60, 5, tmp_path, lambda case, outcome: told.append(str(case)))
    assert outcome.cases == len(told) == 60
    assert outcome.sentences > 10
    assert not outcome.troubles, outcome.troubles
    assert (outcome.other_errors, outcome.stopped_the_queue, outcome.lost) == (0, 0, 0)


def test_whoever_reads_all_runs_does_so_by_the_survey():
    """A loop of its own would end at the first run that cannot be read."""
    allowed = {"survey", "sound", "standings", "unfinished"}  # the last two hand them on
    for path in [*ROOT.glob("cnnlab/**/*.py"), *ROOT.glob("pages/*.py")]:
        text = path.read_text()
        if path.name == "store.py" or ".runs()" not in text:
            continue
        tree = ast.parse(text)
        handed_on = {
            id(inner)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            and getattr(call.func, "attr", getattr(call.func, "id", "")) in allowed
            for argument in call.args[:1]
            for inner in ast.walk(argument)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "runs"
            ):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                assert node.args or id(node) in handed_on or "environment" in ast.dump(node.func), where


def test_the_survey_outlives_what_nobody_has_thought_of(store):
    runs = [waiting_run(store), waiting_run(store, BEN)]

    def read(run: Run) -> str:
        if run == runs[0]:
            raise RecursionError
        return run.id

    assert list(sound(runs, read)) == [(runs[1], runs[1].id)]
    first, second = survey(runs, read)
    assert "RecursionError" in first.fault and first.value is None
    assert (second.fault, second.value) == ("", runs[1].id)


def test_a_run_that_cannot_be_taken_up_keeps_no_other_from_its_worker(store, monkeypatch):
    first, second = waiting_run(store), waiting_run(store, BEN)
    claim = Run.claim

    def refused(run: Run, *how, **more) -> int | None:
        if run == first:
            raise RunError("Its folder takes nothing.")
        return claim(run, *how, **more)

    monkeypatch.setattr(Run, "claim", refused)
    assert faults.handed_out(store, second.id)


FOREIGN = [
    "attempt-1 (conflicted copy)",
    "attempt-x",
    "attempt-01",
    "attempt-99999999999",
    "attempt-1.sync-x",
]


@pytest.mark.parametrize("name", [*FOREIGN, "kernels/epoch-x.npz", "kernels/epoch-0001 (1).npz", ".DS_Store"])
def test_a_foreign_file_in_a_run_is_not_its_own(store, name):
    run = waiting_run(store)
    (run.folder / name).parent.mkdir(exist_ok=True)
    (run.folder / name).write_bytes(b"\xff")
    assert (run.attempt(), run.kernel_epochs(), run.state().phase) == (0, [], "queued")
    assert run.claim("queued") == 1


@pytest.mark.parametrize("name", ["{} (conflicted copy)", "Copy of {}", "{} 2", "System Volume Information"])
def test_a_foreign_folder_is_no_run(store, name):
    run = waiting_run(store)
    (store.root / name.format(run.id)).mkdir()
    (store.root / os.fsdecode(b"caf\xe9")).mkdir()
    (store.root / "loop").symlink_to(store.root / "loop")
    (store.root / "amber-100").write_text("a file")
    assert store.runs() == [run]


@pytest.mark.parametrize(
    "id", [None, 3, "", "../x", "kite-421\n", "*", "\0", "x" * 5000, b"kite-421", ["kite-421"]]
)
def test_what_is_no_name_is_no_run(store, id):
    with pytest.raises(RunError):
        store.get(id)


@pytest.mark.parametrize("value", VALUES[:18])
@pytest.mark.parametrize(
    "name", ["phase", "attempt", "epochs", "steps", "accuracy", "images_per_second", "beat"]
)
def test_a_state_of_other_types_is_damaged_or_harmless(store, name, value):
    run = waiting_run(store)
    Attempt(run, run.claim("queued")).enter(Phase.RUNNING)
    state = json.loads((run.folder / "state.json").read_text())
    (run.folder / "state.json").write_text(json.dumps(state | {name: value}))
    try:
        state = run.state()
    except RunError as error:
        assert "state.json" in str(error)
    else:
        assert 0 <= limits.seconds_trained(run, state) < 1e300
        assert run_status.phase_text(run, state)


def test_no_reader_waits_for_a_pipe_or_reads_a_file_without_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").touch()
    os.truncate(tmp_path / "long", 2**40)
    for name in ("pipe", "long"):
        for read in (reading.content, reading.text, reading.arrays):
            with pytest.raises(reading.Damaged):
                read(tmp_path / name)


# ---- Crafted arrays


@pytest.mark.parametrize("header", HEADERS)
def test_a_crafted_header_is_refused_wherever_arrays_are_read(tmp_path, header):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.npy", npy(header))
    (tmp_path / "x.npz").write_bytes(packed.getvalue())
    with pytest.raises(reading.Damaged):
        reading.arrays(tmp_path / "x.npz")
    with pytest.raises(ArchiveError):
        safe_zip.arrays(packed.getvalue(), {"x": ((3,), np.float32)})


EXPORTS = (script, notebook, report, export_archive)


def _row(**values) -> bytes:
    row = dict.fromkeys(COLUMNS, 0.5) | {"epoch": 1} | values
    return f"{','.join(row)}\n{','.join(map(str, row.values()))}\n".encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("changes.jsonl", b'{"wish": "epochs", "value": 0.5}\n'),
        ("changes.jsonl", b'{"wish": "epochs", "value": NaN}\n'),
        ("changes.jsonl", b'{"wish": "rate", "value": NaN}\n'),
        ("changes.jsonl", b'{"wish": "rate", "value": 1e999}\n'),
        ("changes.jsonl", b'{"wish": "epochs", "value": 100000}\n'),
        ("changes.jsonl", b'{"wish": "rate"}\n'),
        ("changes.jsonl", b'{"value": 3}\n"stop"\n'),
        ("history.csv", _row(epoch="inf")),
        ("history.csv", _row(learning_rate="nan")),
        ("history.csv", _row(loss="inf")),
        ("history.csv", _row(seconds="1e308")),
        ("kernels/epoch-0001.npz", npz()),
        ("kernels/epoch-0001.npz", npz(x=np.zeros((3, 3, 3, 4)))),
        ("kernels/epoch-0001.npz", npz(**{"conv_1/kernel": np.zeros((3, 3))})),
        ("evaluation.npz", npz(probabilities=np.ones((0, 3)), labels=np.zeros(0, int), openings=1)),
        ("evaluation.npz", npz(probabilities=np.ones((2, 3)), labels=[0, 1], openings=np.nan)),
        ("state.json", b'{"phase": "finished", "attempt": 1, "steps": 1e400}'),
        ("weights.npz", npz(**{"conv_1/kernel": np.zeros(3)})),
    ],
)
def test_every_export_of_a_damaged_run_is_a_file_or_a_sentence(store, name, content):
    run = to_send(store)
    (run.folder / name).write_bytes(content)
    refused = 0
    for export in EXPORTS:
        try:
            made = export(run)
        except RunError as error:
            assert str(error).endswith(".")
            refused += 1
        else:
            assert made and "nan" not in str(made).replace("channels", "").lower().split()
            if export is script:
                compile(made, "script", "exec")
    assert refused, "somebody says it"


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[]", b"{}", b'{"weights": "x"}', b"\xff"])
def test_what_was_measured_and_is_damaged_is_said_in_a_sentence(store, text):
    run = waiting_run(store)
    (run.folder / reliability_record.FILE).write_bytes(text)
    with pytest.raises(RunError, match="damaged"):
        reliability_record.read(run, 0)


# ---- What comes from outside steers nobody else


def archive(rows: int = 3, **values) -> bytes:
    """An archive whose history says something of its own."""
    there = to_send(Store(Path(os.environ["CNNLAB_RUNS"]).with_name("there")), rows=rows)
    made = dict.fromkeys(COLUMNS, 0.5) | {"learning_rate": 0.001} | values
    lines = [",".join(map(str, (made | {"epoch": n}).values())) for n in range(1, rows + 1)]
    history = "\n".join([",".join(made), *lines, ""]).encode()
    return pack(unpack(export_archive(there)) | {"history.csv": history})


def test_what_another_computer_measured_says_nothing_of_this_one(store):
    import_archive(archive(seconds=400), store, ANNA)
    assert run_status.known(str(store.root), "digits", 1797).runs == []


@pytest.mark.parametrize(
    "values", [{"seconds": 1e308}, {"loss": 1e300}, {"learning_rate": 1e9}, {"l2": "inf"}]
)
def test_impossible_numbers_do_not_come_in(store, values):
    with pytest.raises(ArchiveError, match=r"history\.csv"):
        import_archive(archive(**values), store, ANNA)


def test_an_archive_brought_in_is_no_turn_at_training(store):
    anna = waiting_run(store)
    ben = waiting_run(store, BEN)
    import_archive(archive(), store, ANNA)
    assert queue.last_taken_up(store) == ""
    assert [run for run, _reason in queue.waiting(store)] == [anna, ben]


@pytest.mark.parametrize(
    "created", ["9999-12-31T23:59:59.999999+00:00", "2999-01-01T00:00:00+00:00", "soon", ""]
)
def test_a_time_that_cannot_be_moves_nobody_else(store, created):
    run = waiting_run(store)
    recipe = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps(recipe | {"created": created}))
    run.claim("queued")
    claim = json.loads((run.folder / "attempt-1").read_text())
    (run.folder / "attempt-1").write_text(json.dumps(claim | {"at": created}))
    other = waiting_run(store, BEN)
    assert other.recipe().created[:2] == "20" and other.recipe().created[:4] < "2999"
    assert other.claim("queued", after=queue.last_taken_up(store)) == 1
    assert other.claimed(1).at[:4] < "2999"


def test_archives_have_limits_in_a_class_by_number_and_size(store):
    classroom, data = Classroom(store.root), archive()
    classroom.change(imports=2)

    def bring_in(owner: str) -> None:
        with classroom.importing(store, owner, len(data)):
            import_archive(data, store, owner)

    bring_in(ANNA)
    bring_in(ANNA)
    with pytest.raises(LimitError, match="at most 2 archives"):
        bring_in(ANNA)
    bring_in(BEN)
    classroom.change(imports=None, import_megabytes=1)
    data += b" " * 2**20
    with pytest.raises(LimitError, match="at most 1 MB together; yours would have 2 MB"):
        bring_in(BEN)
    assert len(store.runs()) == 3
    classroom.change(imports=0)
    with pytest.raises(LimitError, match="nobody brings in archives"):
        bring_in(BEN)


# ---- Set aside


def test_a_damaged_run_is_set_aside_by_its_owner_or_the_teacher_and_kept(store):
    run, other = broken(store), broken(store, BEN)
    with pytest.raises(RunError, match="somebody else"):
        run.set_aside(BEN)
    away = run.set_aside(ANNA)
    assert store.runs() == [other] and (away / "changes.jsonl").exists()
    other.set_aside(TeacherPass())
    assert store.runs() == []


@pytest.mark.parametrize("text", ["{", '{"schema": 1}', '{"owner": []}'])
def test_where_nobody_knows_whose_it_is_the_teacher_sets_it_aside_or_anybody_at_home(
    store, monkeypatch, text
):
    runs = [waiting_run(store), waiting_run(store)]
    for run in runs:
        (run.folder / "config.json").write_text(text)
    assert not runs[0].may_set_aside(ANNA)
    with pytest.raises(RunError):
        runs[0].set_aside(ANNA)
    runs[0].set_aside(TeacherPass())
    monkeypatch.delenv(PIN)
    runs[1].set_aside(BEN)
    assert store.runs() == []


def test_whose_run_it_is_can_be_read_where_another_version_wrote_it(store):
    run = waiting_run(store)
    recipe = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps(recipe | {"schema": 2}))
    with pytest.raises(RunError, match="another version"):
        run.recipe()
    assert run.owner() == ANNA and run.may_set_aside(ANNA)


def test_a_shipped_network_stays_where_it_is():
    with pytest.raises(RunError):
        Store().get("article").set_aside(TeacherPass())


# ---- The class's own files


def test_damaged_rules_are_the_usual_ones_and_what_is_whole_of_them_holds(store):
    classroom = Classroom(store.root)
    classroom.change(epochs=7, began="mark", names_hidden=True)
    file = classroom.folder / "rules.json"
    rules = json.loads(file.read_text())
    file.write_text(json.dumps(rules | {"later": 1, "waiting": "x", "students_open": "perhaps"}))
    now = classroom.in_force()
    assert (now.epochs, now.began, now.names_hidden) == (7, "mark", True)
    assert (now.waiting, now.students_open) == (CLASS_RULES.waiting, False)
    with pytest.raises(RunError, match="cannot be read"):
        classroom.rules()
    for damage in (b"{", b"\xff", b"[" * 10**5):
        file.write_bytes(damage)
        assert classroom.in_force() == CLASS_RULES
    file.unlink()
    file.mkdir()
    assert classroom.in_force() == CLASS_RULES
    assert classroom.change(epochs=3) == classroom.rules() == CLASS_RULES.model_copy(update={"epochs": 3})


def test_a_student_keeps_the_name_when_the_rules_are_damaged(store):
    classroom = Classroom(store.root)
    classroom.change(began="mark")
    name = classroom.nickname(ANNA)
    (classroom.folder / "rules.json").write_text("{")
    assert classroom.nickname(ANNA) == name


def test_what_cannot_be_read_of_one_student_is_passed_over(store):
    classroom, rng = Classroom(store.root), random.Random(0)
    names = {one: classroom.nickname(one).replace(" ", "-") for one in (ANNA, BEN)}
    vote = classroom.ask("brightest").vote
    for one in (ANNA, BEN):
        classroom.record(one, "a", "b", "c", right=True)
        classroom.cast(one, 1, vote)
    files = [classroom.folder / "names" / names[ANNA], classroom.folder / "answers" / f"{ANNA}.jsonl"]
    files.append(classroom.folder / "votes" / f"{vote.id}-first" / ANNA)
    for file in files:
        copy = file.with_name(f"{file.name} (conflicted copy)")
        copy.write_bytes(file.read_bytes())
        file.unlink()
        rng.choice((lambda f=file: f.mkdir(), lambda f=file: os.mkfifo(f), lambda f=file: f.symlink_to(f)))()
    assert [one.owner for one in classroom.students()] == [BEN]
    assert [answer.answer for _name, answer in classroom.answers()] == ["c"]
    assert classroom.ballots(vote, "first") == {BEN: 1}
    assert classroom.nickname(ANNA) not in (names[ANNA], classroom.nickname(BEN)), "she gets another name"
    classroom.record(ANNA, "a", "b", "c", right=True)
    classroom.cast(ANNA, 0, vote)
    assert len(classroom.answers()) == 2 and classroom.ballots(vote, "first") == {ANNA: 0, BEN: 1}


def test_a_damaged_final_board_is_said_in_a_sentence(store):
    classroom = Classroom(store.root)
    leaderboard.reveal(classroom, [], {})
    (classroom.folder / leaderboard.FILE).write_text("[" * 10**5)
    with pytest.raises(RunError, match="damaged"):
        leaderboard.revealed(classroom)


def test_workers_and_app_go_on_by_the_mark_that_they_have_read(store):
    waiting_run(store)
    mark = resources.mark(store.root)
    (store.root / resources.MARK).write_bytes(b"\xff")
    assert resources.mark(store.root) == mark
    resources._marks.clear()  # as after a restart
    assert len(resources.mark(store.root)) == 16 and resources.mark(store.root) != mark


def test_every_limit_is_one_that_the_teacher_can_set_and_the_guide_tells_it():
    assert LIMITS.keys() == {name for name, field in Rules.model_fields.items() if field.title}
    guide = (ROOT / "docs/teaching.md").read_text()
    told = f"may bring in {CLASS_RULES.imports}, {CLASS_RULES.import_megabytes} MB together"
    assert told in guide


# ---- The pages


def test_the_page_train_names_a_damaged_run_beside_the_others_and_its_owner_sets_it_aside(store):
    mine, theirs, whole = broken(store, owner("me")), broken(store, BEN), waiting_run(store, BEN)
    at = open_page("train")
    links = {link.proto.query_string: link.proto.label for link in at.main.get("page_link")}
    assert "changes.jsonl" in links[f"run={mine.id}"] and "changes.jsonl" in links[f"run={theirs.id}"]
    assert whole.id in links[f"run={whole.id}"]
    assert [button.label for button in at.button if "aside" in button.label] == [f"Set {mine.id} aside"]
    at = open_page("train", query={"run": mine.id})
    assert "changes.jsonl" in at.error[0].value
    press(at, f"_damaged.{mine.id}")
    assert set(store.runs()) == {theirs, whole}
    assert "run" not in at.query_params


def test_the_teacher_sees_damaged_runs_and_rules_and_sets_runs_aside(store):
    run, whole = broken(store), waiting_run(store, BEN)
    Classroom(store.root).change(waiting=1)
    (store.root / ".class" / "rules.json").write_text("{")
    at = open_page("teacher")
    at.text_input(key="_teacher.pin").input(stores.PIN)
    press(at, "_teacher.enter")
    assert any("rules of the class cannot be read" in error.value for error in at.error)
    assert run.id in words(at) and whole.id in words(at)
    at.session_state["teacher.tab"] = "Training runs"
    again(at)
    at.multiselect(key="teacher.runs").set_value([run.id, whole.id])
    again(at)
    press(at, "_teacher.runs.aside")
    assert store.runs() == [whole]
    assert f"Set aside: {run.id}" in words(at)


# ---- Links, bombs, too much of something, and files where folders belong


def test_a_link_is_no_run_so_nobody_s_run_is_trained_twice_under_two_names(store):
    mine = waiting_run(store)
    (store.root / "kite-998").symlink_to(mine.folder)
    (store.root / "kite-999").symlink_to("/")
    assert store.runs() == [mine]
    with pytest.raises(RunError, match="no run called"):
        store.get("kite-998")


def test_a_small_file_that_unpacks_to_far_more_is_damaged(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(2**21, np.float32))
    with pytest.raises(reading.Damaged):
        reading.arrays(path)
    np.savez_compressed(path, a=np.arange(2**18, dtype=np.float32))
    assert len(reading.arrays(path)["a"]) == 2**18


def test_commands_have_an_end_but_a_run_can_always_be_stopped(store):
    run = waiting_run(store)
    line = json.dumps({"wish": "pause"}) + "\n"
    (run.folder / "changes.jsonl").write_text(line * COMMANDS)
    with pytest.raises(RunError, match="500 times"):
        run.command("rate", ANNA, 0.01)
    run.command("stop", ANNA)
    assert run.state().phase == "stopped"
    (run.folder / "changes.jsonl").write_text(line * 10_000)
    with pytest.raises(RunError, match="damaged"):
        run.state()
    with pytest.raises(ArchiveError):
        archive_schema.changes(b'{"wish":"epochs","value":3}\n' * (COMMANDS + 1))


def test_labels_of_whatever_whole_type_are_counted(store):
    run = waiting_run(store)
    arrays = {"probabilities": np.full((20, 10), 0.1), "labels": np.arange(20, dtype=np.uint64) % 10}
    np.savez(run.folder / "evaluation.npz", openings=1, epochs=0, **arrays)
    evaluation = run.evaluation()
    assert confusion(evaluation.probabilities, evaluation.labels).sum() == 20


@pytest.mark.parametrize("name", [".class", ".class/names", ".class/answers", ".class/votes", ".teachers"])
@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_in_the_place_of_a_folder_of_the_class_is_moved_away(store, name, kind):
    place = store.root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("x") if kind == "file" else place.symlink_to(store.root / "nowhere")
    classroom = Classroom(store.root)
    classroom.nickname(ANNA)
    classroom.record(ANNA, "question", "k=1", "3", right=True)
    vote = classroom.ask("brightest").vote
    classroom.cast(ANNA, 1, vote)
    classroom.was_teacher(BEN)
    assert classroom.has_name(ANNA) and len(classroom.answers_of(ANNA)) == 1
    assert classroom.cast_by(ANNA, vote) == 1 and classroom.has_been_teacher(BEN)
    assert any(path.name.startswith(".set-aside-") for path in place.parent.iterdir())
