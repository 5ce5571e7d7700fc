"""The teacher's page: who gets in, what each action changes, and that none of them works without the pass."""

import os
import re
import shutil
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import access, network_address
from cnnlab.classroom import Classroom
from cnnlab.runs import Phase, RunError
from cnnlab.runs.attempt import Attempt
from cnnlab.ui.classroom import address
from cnnlab.ui.session import teacher_pass
from tests.support.pages import ME, again, button, open_page, press, words
from tests.support.runs import create, trained
from tests.support.stores import PIN

pytestmark = pytest.mark.usefixtures("classroom", "no_cifar10")


def opened(tab: str | None = None, token: str = "me", address: str | None = None) -> AppTest:
    at = open_page("teacher", token, state={"teacher.address": address} if address else {})
    if tab:
        at.session_state["teacher.tab"] = tab
        again(at)
    return at


def enter(at: AppTest, pin: str = PIN) -> AppTest:
    at.text_input(key="_teacher.pin").input(pin)
    return press(at, "Enter")


def teach(tab: str | None = None, address: str | None = None) -> AppTest:
    """Open the page as somebody who has entered, and has chosen or typed an address before."""
    teacher_pass._inside[ME] = access.TeacherPass()
    return opened(tab, address=address)


# ---- the door


def test_without_a_pin_the_page_says_how_to_switch_the_class_on(store, monkeypatch):
    monkeypatch.delenv("CNNLAB_TEACHER_PIN")
    at = opened()
    assert re.search(r"export CNNLAB_TEACHER_PIN=\d{6}\nstreamlit run app.py", words(at))
    assert "Can students reach me?" in words(at)
    assert not at.text_input and not at.tabs


def test_the_right_pin_opens_and_a_reload_stays_in(store):
    at = opened()
    assert "enter the PIN" in words(at) and not at.tabs
    enter(at, f" {PIN} ")
    assert "How is the class doing?" in words(at)
    assert PIN not in repr(at.session_state)
    assert "How is the class doing?" in words(opened()), "a reload is a new session of the same browser"
    assert "How is the class doing?" not in words(opened(token="another browser"))
    press(at, "_teacher.leave")
    assert "enter the PIN" in words(at)
    assert "enter the PIN" in words(opened())


def test_five_wrong_pins_shut_the_door_for_a_minute(store, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(teacher_pass, "_door", access.Door(clock=lambda: now[0]))
    at = opened()
    for left in (4, 3, 2, 1):
        assert f"{left} more tries" in words(enter(at, "wrong"))
    assert "wait a minute" in words(enter(at, ""))
    now[0] += 59
    assert "wait 1 s" in words(enter(at, PIN)), "even the right one has to wait"
    now[0] += 2
    assert "How is the class doing?" in words(enter(at, PIN))


def test_guessing_from_the_teachers_own_address_does_not_keep_the_teacher_out_after_a_restart(
    store, monkeypatch
):
    enter(opened())
    monkeypatch.setattr(teacher_pass, "_door", access.Door())  # as after a restart
    monkeypatch.setattr(teacher_pass, "_inside", {})
    student = opened(token="student")
    for _try in range(access.TRIES):
        enter(student, "wrong")
    assert "Too many wrong tries" in words(enter(student))
    assert "Too many wrong tries" in words(enter(opened(token="another of theirs")))
    at = enter(opened())
    assert "How is the class doing?" in words(at)
    assert re.search(r"A wrong PIN was entered 5× since \d\d:\d\d", words(at))


def test_a_few_browsers_of_teachers_are_remembered_the_latest(store):
    room = Classroom(store.root)
    for n in range(25):
        room.was_teacher(f"{n:032x}")
        os.utime(store.root / ".teachers" / f"{n:032x}", (n, n))
    assert [room.has_been_teacher(f"{n:032x}") for n in (0, 4, 5, 24)] == [False, False, True, True]


# ---- can students reach me?


def test_the_address_is_that_of_the_chosen_network(store, monkeypatch):
    networks = [
        network_address.Network("192.168.1.20", "wlan0", True),
        network_address.Network("10.0.0.7", "eth1"),
    ]
    monkeypatch.setattr(network_address, "networks", lambda: networks)
    monkeypatch.setattr(address, "path", lambda: "/cnn")  # server.baseUrlPath
    at = teach()
    assert "[http://192.168.1.20:8501/cnn]" in words(at)
    field = at.selectbox(key="teacher.address")
    assert field.options == ["http://192.168.1.20:8501/cnn · wlan0", "http://10.0.0.7:8501/cnn · eth1"]
    at = teach(address="http://10.0.0.7:8501/cnn")
    assert "[http://10.0.0.7:8501/cnn]" in words(at)
    at.session_state["teacher.tab"] = "Lesson links"
    again(at)
    assert "http://10.0.0.7:8501/cnn/convolution?lesson=" in words(at), "lesson links lead there too"
    assert "[http://lab.school:9000/cnn]" in words(teach(address="lab.school:9000"))
    text = words(teach(address="my laptop"))
    assert "“my laptop” is not an address" in text and "[http://192.168.1.20:8501/cnn]" in text


def test_what_keeps_students_out_is_said(store, monkeypatch):
    monkeypatch.setattr(network_address, "networks", lambda: [])
    monkeypatch.setattr(network_address, "open_to_others", lambda port: False)
    monkeypatch.setattr(network_address, "system", lambda: "wsl")
    text = words(teach())
    assert "in no network" in text and "started for this computer alone" in text
    assert "networkingMode=mirrored" in text and "netsh interface portproxy" in text
    assert "No other device is connected yet" in text


def test_other_devices_are_the_proof(store, monkeypatch):
    monkeypatch.setattr(network_address, "connected", lambda port: {"192.168.1.31", "192.168.1.32"})
    assert "2 other devices are connected now" in words(teach())


def test_the_poster_holds_the_address_whatever_it_contains():
    drawn = ElementTree.fromstring(address.poster("http://a.b/<&>"))
    assert drawn.findtext("{http://www.w3.org/2000/svg}text") == "http://a.b/<&>"


ACTIONS = {
    "stop": (None, "_teacher.work.stop.{running}"),
    "take out of the queue": (None, "_teacher.queue.stop.{queued}"),
    "pause the queue": (None, "_teacher.queue"),
    "delete": ("Training runs", "_teacher.runs.delete"),
    "follow": ("Training runs", "_teacher.runs.follow"),
    "clean up": ("This computer", "_teacher.clean.checkpoints"),
    "new class": ("New class", "_teacher.new_class"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_click_without_the_pass_does_nothing(store, action):
    """As from a tab that was left open when the teacher left in another, or from a message that is forged."""
    running, queued, finished = (
        trained(store, owner="anna", phase="running"),
        create(store, owner="anna"),
        trained(store, owner="anna"),
    )
    tab, key = ACTIONS[action]
    at = teach(tab)
    if tab == "Training runs":
        at.multiselect(key="teacher.runs").set_value([finished.id])
        again(at)
    before = files(store)
    teacher_pass._inside.clear()
    press(at, key.format(running=running.id, queued=queued.id))
    assert files(store) == before
    assert "needs the teacher's PIN" in words(at)


def files(store) -> dict:
    """Return the content of all files but the marks of who was seen."""
    paths = (path for path in store.root.rglob("*") if path.is_file() and "names" not in path.parts)
    return {str(path): path.read_bytes() for path in paths}


@pytest.mark.parametrize(("field", "value"), [("waiting", 9), ("minutes", 1.5), ("images", None)])
def test_a_rule_is_not_changed_without_the_pass(store, field, value):
    at = teach("Rules")
    before = Classroom(store.root).rules()
    teacher_pass._inside.clear()
    at.number_input(key=f"_teacher.rule.{field}").set_value(value)
    again(at)
    assert Classroom(store.root).rules() == before


# ---- training runs


def test_first_sight_names_what_trains_and_what_waits(store):
    Classroom(store.root).seen("anna")
    name = Classroom(store.root).nickname("anna")
    running = trained(store, owner="anna", phase="running", rows=1, images_per_second=1234.0)
    queued = create(store, owner="gone")
    failed = trained(store, owner="anna", phase="failed")
    at = teach()
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown == {"Students here": "1", "Training": "1", "Waiting": "1"}
    text = words(at)
    assert f"**{running.id}** · {name}" in text
    assert f"**{queued.id}** · nobody in this class" in text
    assert re.search(rf"damaged: {failed.id}\.", text)
    assert any(
        "Epoch 2 of 3" in bar.proto.text and "1,234 photos a second" in bar.proto.text for bar in bars(at)
    )


def bars(at: AppTest) -> list:
    return at.get("progress")


def test_any_run_is_stopped_and_the_queue_paused(store):
    running, queued = trained(store, owner="anna", phase="running"), create(store, owner="anna")
    at = teach()
    press(at, f"_teacher.work.stop.{running.id}")
    assert running.new_commands() == ["stop"]
    assert button(at, "Stopping").disabled
    press(at, f"_teacher.queue.stop.{queued.id}")
    assert queued.state().phase == "stopped"
    press(at, "_teacher.queue")
    assert Classroom(store.root).rules().queue_paused
    assert "nothing new begins" in words(at)
    press(at, "_teacher.queue")
    assert not Classroom(store.root).rules().queue_paused


def test_chosen_runs_are_paused_resumed_and_deleted(store):
    one, two, other = (create(store, owner="anna") for _n in range(3))
    at = teach("Training runs")
    at.multiselect(key="teacher.runs").set_value([one.id, two.id])
    again(at)
    press(at, "_teacher.runs.pause")
    assert [run.state().phase for run in (one, two, other)] == ["paused", "paused", "queued"]
    assert f"Paused: {one.id}, {two.id}" in words(at)
    again(at)
    press(at, "_teacher.runs.resume")
    assert one.state().phase == "queued"
    shutil.rmtree(two.folder)
    press(at, "_teacher.runs.delete")
    assert [run.id for run in store.runs()] == [other.id]
    assert f"no run called {two.id}" in words(at) and f"Deleted: {one.id}" in words(at)
    assert again(at).multiselect(key="teacher.runs").value == []


def test_the_class_follows_one_run(store):
    run = trained(store, owner="anna")
    at = teach("Training runs")
    at.multiselect(key="teacher.runs").set_value([run.id])
    again(at)
    press(at, "_teacher.runs.follow")
    assert Classroom(store.root).rules().following == run.id
    press(at, "_teacher.unfollow")
    assert Classroom(store.root).rules().following is None


def test_damaged_runs_stand_in_the_table_and_can_be_deleted(store):
    run, sound = trained(store, owner="anna"), trained(store, owner="anna")
    (run.folder / "config.json").write_text("{")
    at = teach("Training runs")
    doing = at.dataframe[0].value["What it is doing"].tolist()
    assert any("damaged" in text for text in doing) and any("Finished" in text for text in doing)
    at.multiselect(key="teacher.runs").set_value([run.id])
    again(at)
    press(at, "_teacher.runs.delete")
    assert [left.id for left in store.runs()] == [sound.id]


# ---- rules


def test_rules_hold_at_once_and_an_impossible_one_gets_a_sentence(store):
    at = teach("Rules")
    at.number_input(key="_teacher.rule.epochs").set_value(7)
    again(at)
    at.number_input(key="_teacher.rule.minutes").set_value(None)
    again(at)
    at.toggle(key="_teacher.rule.pair_mode").set_value(True)
    again(at)
    rules = Classroom(store.root).rules()
    assert (rules.epochs, rules.minutes, rules.pair_mode) == (7, None, True)
    assert "Now, for each student at most: 4 training runs waiting or at work · 7 epochs ·" in words(at)
    at.number_input(key="_teacher.rule.waiting").set_value(-3)
    again(at)
    assert Classroom(store.root).rules().waiting == 4
    assert at.error[0].value == "Training runs waiting or at work must be at least 1."
    assert at.number_input(key="_teacher.rule.waiting").value == 4, "the field shows what holds"


# ---- students


def test_students_stand_there_by_name_and_the_teacher_is_none(store):
    names = [Classroom(store.root).nickname(owner) for owner in ("anna", "ben", "cem", ME)]
    at = teach("Students")
    [table] = [table.value for table in at.table if "Seen" in table.value]
    assert table["Student"].tolist() == sorted(names[:3])
    assert "3 here in the last two minutes, 3 in all" in words(at)


# ---- answers


def test_answers_are_counted_by_question(store):
    class_ = Classroom(store.root)
    for owner, right in (("anna", True), ("ben", False), ("cem", False)):
        class_.nickname(owner)
        class_.record(owner, "pooling.shift", "stride 2", "all" if right else "none", right)
    at = teach("Answers")
    [table] = [table.value for table in at.table if "Right" in table.value]
    assert table["Right"].tolist() == ["33\u00a0%"]
    assert table["Commonest mistake"].tolist() == ["none (2×)"]


# ---- the computer, the class


def test_a_new_class_stops_what_trains_and_begins_when_it_has_stopped(store):
    class_ = Classroom(store.root)
    before = class_.nickname("anna")
    running, queued = trained(store, owner="anna", phase="running", rows=1), create(store, owner="anna")
    at = teach("New class")
    assert f"At work now: {running.id}." in words(at)
    press(at, "_teacher.new_class")
    assert running.new_commands() == ["stop"]
    assert class_.rules().queue_paused and f"Waiting for {running.id} to stop" in words(at)
    Attempt(running, running.attempt()).enter(Phase.STOPPED)  # the trainer obeys
    again(at)
    again(at)
    assert store.runs() == [] and "A new class has begun" in words(at)
    assert not class_.rules().queue_paused
    assert [one.nickname for one in class_.students()] == []
    [archive] = store.root.glob(".archive-*")
    assert {running.id, queued.id} <= {path.name for path in archive.iterdir()}
    assert class_.nickname("anna") != before


def test_a_new_class_can_be_called_off(store):
    running = trained(store, owner="anna", phase="running", rows=1)
    at = teach("New class")
    press(at, "_teacher.new_class")
    press(at, "_teacher.keep_class")
    Attempt(running, running.attempt()).enter(Phase.STOPPED)
    again(at)
    assert [run.id for run in store.runs()] == [running.id]
    assert not Classroom(store.root).rules().queue_paused


def test_the_computer_says_what_is_missing_and_cleans_up(store):
    run = trained(store, owner="anna")
    at = teach("This computer")
    text = words(at)
    assert "CIFAR-10 is not on this computer yet" in text and "**Digits** comes with the app" in text
    assert "The workers are not running" in text
    press(at, "_teacher.clean.checkpoints")
    assert "Freed: " in words(at)
    assert not (run.folder / "checkpoint").exists() and run.state().phase == "finished"
    with pytest.raises(RunError, match="cannot go on"):
        run.command("resume", "anna")
