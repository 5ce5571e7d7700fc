"""Students on the pages: nicknames, limits, two at a computer, sealed results; and nobody's hash leaves."""

import errno
import io
import json
import shutil
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.config.presets import PRESETS
from cnnlab.export import export_archive, report
from cnnlab.export.code.notebook import notebook
from cnnlab.export.code.script import script
from cnnlab.runs import SHIPPED, Phase, Run, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.ui.session import browser, class_state
from cnnlab.ui.session.newcomers import AT_ONCE, Newcomers
from cnnlab.ui.widgets.prediction import in_words
from cnnlab.ui.widgets.run_status import title_of
from tests.support.pages import again, button, open_page, owner, press, sound, words

CONTROLS = {"Pause", "Resume", "Stop and keep", "One more epoch", "Set it", "Delete it", "Open the envelope"}


pytestmark = pytest.mark.usefixtures("classroom", "no_cifar10")


def opened(page: str = "train", token: str = "anna", **query: str) -> AppTest:
    return open_page(page, token, query)


def everything(at: AppTest) -> str:
    """Return all that the page sends to the browser."""
    return "".join(str(getattr(node, "proto", "")) for part in (at.main, at.sidebar) for node in part)


def finished(store: Store, token: str = "anna") -> Run:
    """Return a student's run that is whole: the shipped one, test result included, as if trained here."""
    run = store.create(PRESETS["article"].config, ("cat",), preset="article", owner=owner(token))
    shipped = json.loads((SHIPPED / "article" / "config.json").read_text())
    shutil.copytree(SHIPPED / "article", run.folder, dirs_exist_ok=True)
    (run.folder / "config.json").write_text(json.dumps(shipped | {"owner": owner(token), "note": ""}))
    attempt = Attempt(run, run.claim("queued"))
    attempt.update(epoch=len(run.history()), epochs=len(run.history()))
    attempt.enter(Phase.FINISHED)
    return run


# ---- Names


def test_a_student_reads_the_own_nickname_and_those_of_others_beside_their_runs(store, classroom):
    mine, other = finished(store), finished(store, "ben")
    ben = opened("faq", "ben")
    at = opened(run=mine.id)
    anna = classroom.nickname(owner("anna"))
    assert f"You are **{anna}**" in at.sidebar.markdown[0].value
    assert f"You are **{classroom.nickname(owner('ben'))}**" in ben.sidebar.markdown[0].value
    assert f"**{mine.id}** · {title_of('article')} · yours" in words(at)
    assert f"{other.id} · {classroom.nickname(owner('ben'))}" in everything(at)
    assert at.multiselect(key="compare.runs").options == [
        f"{mine.id} · yours",
        f"{other.id} · {classroom.nickname(owner('ben'))}",
        "Baseline (the article's)",
        "Champion",
    ]
    assert len(classroom.students()) == 2

    classroom.change(names_hidden=True)
    at = again(at)
    assert classroom.nickname(owner("ben")) not in everything(at)
    assert f"You are **{anna}**" in words(at)


def test_made_up_browsers_run_out_of_names_and_take_no_part_then(store, classroom, monkeypatch):
    monkeypatch.setattr(class_state, "_newcomers", Newcomers())
    for _n in range(AT_ONCE):
        assert class_state._newcomers.admit("here", str(store.root))
    made_up = opened("train", "one more")
    assert "You have no name in the class yet" in words(made_up)
    button(made_up, "Train").click()
    assert "You have no name in the class yet" in words(again(made_up))
    predict(opened("pixels", "another"), 0)
    opened("vote", "a third")
    assert not classroom.students() and not store.runs()
    assert not list((classroom.folder / "answers").glob("*"))
    monkeypatch.setattr(class_state, "_newcomers", Newcomers())  # as some minutes later
    assert "You are **" in words(again(made_up))


def test_at_home_there_are_no_names_and_nothing_is_kept(store, classroom, monkeypatch):
    monkeypatch.delenv("CNNLAB_TEACHER_PIN")
    run = finished(store)
    at = opened(run=run.id)
    assert not at.sidebar.markdown
    assert "yours" not in words(at)
    at = opened("pixels")
    predict(at, 0)
    assert "Right first answers so far: 0 of 1" in words(at)
    assert not classroom.folder.exists()


def test_no_page_and_no_download_holds_the_hash_or_the_token_of_a_browser(store, classroom):
    token = "a-token-of-anna"
    run = finished(store, token)
    classroom.nickname(owner("ben"))
    for reader in (token, "ben"):
        page = everything(opened(token=reader, run=run.id))
        assert run.id in page
        for secret in (token, owner(token), owner("ben")):
            assert secret not in page
    archive = zipfile.ZipFile(io.BytesIO(export_archive(run)))
    files = {name: archive.read(name) for name in archive.namelist()}
    files |= {"script": script(run), "notebook": notebook(run), "report": report(run)}
    files["history"] = (run.folder / "history.csv").read_bytes()
    assert len(files) > 8
    for name, content in files.items():
        content = content.encode() if isinstance(content, str) else content
        assert owner(token).encode() not in content, name


def test_a_failing_disk_and_a_damaged_class_leave_the_pages_whole(store, classroom, monkeypatch):
    run = finished(store)
    store.root.joinpath(".class").write_text("a file where the folder should be")
    at = opened(run=run.id)
    assert "You are" in words(at), "what stood in the folder's place was moved aside"
    at = opened("pixels")

    def full(*_given, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(classroom), "record", full)
    predict(at, 0)
    assert "could not be kept for the class" in words(at)
    assert "Right first answers so far: 0 of 1" in words(at)


# ---- Limits


def test_train_tells_the_limits_and_keeps_them(store, classroom):
    classroom.change(epochs=9, minutes=20, images=5000, waiting=1)
    at = opened()
    told = "In this class at most: 9 epochs · 20 min of training · 5,000 training images, those"
    assert told in words(at)
    press(at, "Train")
    assert "at most 9 epochs; this one would have 10" in words(at)
    assert store.runs() == []
    press(at, "Keep to the limits")
    press(at, "Train")
    [run] = store.runs()
    assert run.recipe().config.epochs == 9
    press(at, "Train")
    assert "one training run waiting or at work, not more. You have 1." in words(at)
    press(at, "Race the optimisers")
    assert "A race is 4 training runs at once; in this class a student has at most 1." in words(at)
    assert [one.id for one in store.runs()] == [run.id]


def test_one_more_epoch_is_limited_where_the_click_is_carried_out(store, classroom):
    run = finished(store)
    (run.folder / "checkpoint").mkdir()
    (run.folder / "checkpoint" / "state.npz").write_bytes((run.folder / "weights.npz").read_bytes())
    at = opened(run=run.id)
    classroom.change(epochs=len(run.history()))
    press(at, "One more epoch")
    assert f"this one would have {len(run.history()) + 1}" in words(at)
    assert run.commands() == []


def test_only_the_owner_steers_and_deletes_whatever_a_page_has_drawn(store):
    run = store.create(PRESETS["tiny"].config, ("cat", "dog"), preset="tiny", owner=owner("anna"))
    assert not {button.label for button in opened(token="ben", run=run.id).button} & CONTROLS
    for label in ("Pause", "Stop and keep", "Delete it"):
        at = opened(run=run.id)
        at.session_state["identity.token"] = "ben"  # the click comes from another browser
        press(at, label)
        assert "belongs to somebody else" in words(at)
        assert run.commands() == []
    at = opened(run=run.id)
    press(at, "Delete it")
    assert store.runs() == []
    assert "run" not in at.query_params
    assert f"{run.id} has been deleted" in words(at)


def test_a_run_at_work_is_stopped_before_it_is_deleted(store):
    run = store.create(PRESETS["tiny"].config, ("cat", "dog"), preset="tiny", owner=owner("anna"))
    at = opened(run=run.id)
    Attempt(run, run.claim("queued")).enter(Phase.RUNNING)  # since the page was drawn
    press(at, "Delete it")
    assert "stop it first" in words(at)
    assert run.state().phase == "running"


# ---- The sealed test set


def test_test_results_stay_sealed_in_class_until_the_board_opens_them(store, classroom):
    run = finished(store)
    at = opened(run=run.id)
    assert "your teacher opens them on the board" in words(at)
    assert "Test accuracy" not in [metric.label for metric in at.metric]
    assert not {"Open the envelope", "Open it again"} & {button.label for button in at.button}
    assert "still sealed" in words(opened("inside", run=run.id))

    assert "evaluation.npz" not in members(class_state.as_seen(run))
    assert "still sealed" in report(class_state.as_seen(run))
    assert "stays sealed here" in script(class_state.as_seen(run))
    assert class_state.as_seen(store.get("article")).evaluation() is not None

    classroom.change(test_sets_opened="2026-01-01T10:00:00")
    at = opened(run=run.id)
    assert "Test accuracy" in [metric.label for metric in at.metric]
    assert "evaluation.npz" in members(class_state.as_seen(run))


def members(run: Run) -> list[str]:
    """Return the names of the files in the archive of a run."""
    return zipfile.ZipFile(io.BytesIO(export_archive(run))).namelist()


def test_the_teacher_s_browser_steers_all_and_is_not_among_the_students(store, classroom):
    run = store.create(PRESETS["tiny"].config, ("cat", "dog"), preset="tiny", owner=owner("anna"))
    at = opened(token="teacher", run=run.id)
    press(at, "Pause")
    assert run.state().phase == "paused"
    assert classroom.students() == []


# ---- Predictions


def pills(at: AppTest) -> list:
    return [group for group in at.button_group if (group.key or "").startswith("_pixels.count")]


def predict(at: AppTest, option: int) -> AppTest:
    [group] = pills(at)
    return sound(group.set_value(group.options[option]).run())


def test_a_first_answer_is_kept_once_also_over_a_reload(store, classroom):
    at = opened("pixels")
    options = pills(at)[0].options
    predict(at, 0)
    predict(at, 2)
    [(name, kept)] = classroom.answers()
    assert name == classroom.nickname(owner("anna"))
    assert (kept.question, kept.answer, kept.right) == ("pixels.count", options[0], False)
    at = opened("pixels")  # as after a reload: another session of the same browser
    assert "Right first answers so far: 0 of 1" in words(at)
    predict(at, 2)
    assert "Right first answers so far: 0 of 1" in words(at)
    assert classroom.answers() == [(name, kept)]
    classroom.new_class()
    again(at)
    assert "so far" not in words(at), "the next class is asked anew, also on a page that stayed open"
    assert classroom.answers() == []


def test_two_at_a_computer_answer_covered_and_then_convince_each_other(store, classroom):
    classroom.change(pair_mode=True)
    at = opened("pixels")
    options = pills(at)[0].options
    assert pills(at)[0].label.startswith("**Left partner**")
    predict(at, 0)
    assert pills(at)[0].label == "**Right partner**"
    assert pills(at)[0].value is None, "the left one's answer is covered"
    predict(at, 2)
    assert "Convince each other" in words(at)
    assert f"The answer is **{options[2]}**" not in words(at)
    assert [group.value for group in pills(at)] == [options[0], options[2]]
    pills(at)[0].set_value(options[2])
    press(at, "Reveal")
    assert f"first “{options[0]}”, then “{options[2]}”" in words(at)
    assert f"The answer is **{options[2]}**" in words(at)
    assert "Right first answers so far, of you two: 1 of 2" in words(at)
    kept = [(answer.partner, answer.answer, answer.right) for _name, answer in classroom.answers()]
    assert kept == [(1, options[0], False), (2, options[2], True)]
    assert "of you two: 1 of 2" in words(opened("pixels"))


def test_two_who_agree_see_the_answer_at_once_and_one_alone_switches_pairs_off(store, classroom):
    classroom.change(pair_mode=True)
    at = opened("pixels")
    options = pills(at)[0].options
    predict(predict(at, 0), 0)
    assert f"The answer is **{options[2]}**" in words(at)
    alone = opened("pixels", "ben")
    sound(alone.toggle(key="lesson.two").set_value(False).run())
    predict(alone, 2)
    assert f"**{options[2]}** — 32 rows" in words(alone)
    assert "Right partner" not in words(alone)
    again(alone)
    assert alone.toggle(key="lesson.two").value is False, "the class's rule is set once, not at each click"


def test_what_a_question_was_about_is_one_short_text():
    assert in_words(None) == ""
    assert in_words(("kite-421", 12, 0.5)) == "kite-421, 12, 0.5"
    long = [in_words(tuple([n, *range(100)])) for n in range(3)]
    assert len(set(long)) == 3
    assert max(map(len, long)) <= 100


# ---- The cookie


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (b"", False),
        (b"cnnlab_browser=abc", True),
        (b'other={"a": 1, "b": [2]}; cnnlab_browser=abc', True),  # cookies of other apps on this machine
        (b"user@host=1; cnnlab_browser=abc", True),
        (b"cnnlab_browser=", False),
    ],
)
def test_a_browser_that_is_known_keeps_its_token(header, known):
    sent = []

    async def page(_scope, _receive, send):
        await send({"type": "http.response.start", "headers": [(b"content-type", b"text/html")]})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"cookie", header)] if header else []}
    call = browser.IdentityCookie(page)(scope, None, send)
    with pytest.raises(StopIteration):
        call.send(None)
    cookies = [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert len(cookies) == (0 if known else 1)
    wanted = {b"httponly", b"samesite=lax", b"path=/", f"max-age={365 * 24 * 3600}".encode()}
    assert all(wanted <= set(cookie.lower().split(b"; ")) for cookie in cookies)
