"""The page Train: missing data, runs in every state, damaged files, what is stored when one presses Train."""

import json
import shutil
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.classroom import Classroom
from cnnlab.config import LARGEST_RATE, schedules
from cnnlab.config.presets import PRESETS
from cnnlab.lessons import lesson_link
from cnnlab.runs import Phase
from cnnlab.runs.attempt import Attempt
from cnnlab.ui.train import test_set
from cnnlab.workers import pool
from tests.support.pages import ME, again, button, open_page, press, words
from tests.support.runs import create, trained

CONFIG = PRESETS["article"].config.model_copy(update={"dataset": "digits", "epochs": 3})


pytestmark = pytest.mark.usefixtures("no_cifar10")


def opened(**query: str) -> AppTest:
    return open_page("train", query=query)


def labels(at: AppTest) -> set[str]:
    return {button.label for button in at.button}


def test_without_cifar10_the_page_starts_on_digits_and_says_what_they_are(store):
    at = opened()
    assert "1,293 images to learn from, 144 held out for validation, 360 sealed until the test" in words(at)
    assert button(at, "Train").disabled is False


def test_a_failed_download_names_the_ways_on(store):
    at = opened()
    at.session_state["train.dataset"] = "cifar10"
    again(at)
    assert "not on this computer yet" in words(at)
    assert button(at, "Train").disabled
    press(at, "Download")
    text = words(at)
    assert "could not be downloaded" in text
    assert "CNNLAB_CIFAR10" in text
    assert "Digits" in text
    press(at, "Go on with Digits")
    assert "1,293 images" in words(at)


def test_pressing_train_queues_what_the_page_shows(store):
    at = opened()
    press(at, "Train")
    [run] = store.runs()
    assert run.id in at.query_params["run"]
    assert run.recipe().owner == ME
    expected = PRESETS["article"].config.model_copy(update={"dataset": "digits"})
    stored = run.recipe().config
    assert stored.model == expected.model
    assert (stored.epochs, stored.batch_size, stored.learning_rate) == (10, 64, 0.001)
    assert run.id in words(at)
    assert "Stop and keep" in labels(at)


# What the page says of a run in each phase, and the buttons that lead on from there.
PHASES = {
    Phase.QUEUED: ("Waiting", {"Pause", "Stop and keep"}),
    Phase.STARTING: ("A worker is about to begin.", {"Pause", "Stop and keep"}),
    Phase.RUNNING: ("The training run goes on when you close this page.", {"Pause", "Stop and keep"}),
    Phase.PAUSED: ("Paused in epoch 3", {"Resume", "Stop and keep"}),
    Phase.STOPPED: ("Stopped; ", {"Resume", "One more epoch"}),
    Phase.FINISHED: ("Finished after 3 epochs.", {"One more epoch"}),
    Phase.FAILED: ("Something went wrong.", {"Resume"}),
    Phase.INTERRUPTED: ("Interrupted: its worker was lost.", {"Resume"}),
}


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_sentence_and_its_buttons(store, phase):
    sentence, possible = PHASES[phase]
    if phase is Phase.QUEUED:
        run = create(store, CONFIG)
    else:
        message = "Something went wrong." if phase is Phase.FAILED else ""
        run = trained(store, CONFIG, phase=phase, message=message)
    if phase is Phase.STARTING:
        run.claim("resume")
    at = opened(run=run.id)
    assert labels(at) & {"Pause", "Resume", "Stop and keep", "One more epoch"} == possible
    assert run.id in words(at) and sentence in words(at)


def test_the_test_set_is_opened_by_a_worker_and_told_at_once(digits_run, store, monkeypatch):
    """The worker is this process; a second look is a question of its own."""
    original = digits_run[1]
    run = create(store, original.recipe().config)
    for path in original.folder.iterdir():
        if path.name not in ("config.json", "evaluation.npz"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, run.folder / path.name)
    monkeypatch.setattr(pool, "_current", SimpleNamespace(ready=lambda _kind: True, lost=lambda _kind: ""))
    asked = []

    def answer(_kind, about, function, *arguments, ask, **_options):
        asked.append(ask)
        if test_set.st.button(ask):
            return function(*arguments)
        return None

    monkeypatch.setattr(test_set.background_job, "answer", answer)
    at = opened(run=run.id)
    assert asked[-1] == "Open the envelope" and "Test accuracy" not in metrics(at)
    press(at, "Open the envelope")
    assert run.evaluation().openings == 1
    assert "Test accuracy" in metrics(at) and asked[-1] == "Open it again"


def metrics(at: AppTest) -> set[str]:
    return {metric.label for metric in at.metric}


def test_a_strangers_run_can_only_be_looked_at(store):
    run = trained(store, phase="stopped", owner="somebody else")
    at = opened(run=run.id)
    assert not labels(at) & {"Pause", "Resume", "Stop and keep", "One more epoch", "Open the envelope"}
    assert "not yours" in words(at)


def test_resume_and_one_more_epoch_are_commands(store):
    run = trained(store, phase="stopped")
    at = opened(run=run.id)
    press(at, "Resume")
    assert run.needs_attempt() == "resume"
    other = trained(store, phase="finished")
    at = opened(run=other.id)
    press(at, "One more epoch")
    assert other.commanded("epochs", 3) == 4
    assert other.needs_attempt() == "resume"


def test_two_tabs_steer_the_same_run(store):
    """Each click is carried out as it comes, also from a tab that has not seen the other's."""
    run = trained(store, phase="running", rows=1)
    one, other = opened(run=run.id), opened(run=run.id)
    press(one, "Pause")
    press(other, "Stop and keep")
    assert not other.exception
    assert run.new_commands() == ["pause", "stop"]
    Attempt(run, run.attempt()).enter(Phase.PAUSED)  # the trainer obeys the first of them
    assert run.state().phase == "stopped"
    for tab in (one, other):
        again(tab)
        assert labels(tab) & {"Pause", "Resume", "Stop and keep"} == {"Resume"}
    for tab in (one, other):
        press(tab, "Resume")
    assert run.needs_attempt() == "resume"


@pytest.mark.parametrize("id", ["kite-999", "../../etc", "%00", "x" * 500])
def test_a_run_that_is_not_there_gets_a_sentence(store, id):
    at = opened(run=id)
    assert "no run called" in words(at)
    assert button(at, "Train").disabled is False


def test_a_run_deleted_while_it_is_watched_gets_a_sentence(store):
    run = trained(store, phase="stopped")
    at = opened(run=run.id)
    shutil.rmtree(run.folder)
    again(at)
    assert "no run called" in words(at)


@pytest.mark.parametrize("damage", ["empty", "rubbish", "gone"])
@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "state.json",
        "history.csv",
        "attempt-1",
        "kernels/epoch-0003.npz",
        "checkpoint/state.npz",
    ],
)
def test_a_damaged_file_never_breaks_the_page(store, name, damage):
    run, sound = trained(store, phase="stopped"), trained(store, phase="finished")
    path = run.folder / name
    path.unlink() if damage == "gone" else path.write_bytes({"empty": b"", "rubbish": b"\x00{]\xff"}[damage])
    at = opened(run=run.id)
    text = words(at)
    named = {"config.json", "state.json", "history.csv", "attempt-1", "kernels/epoch-0003.npz"}
    if name in named and not (damage == "gone" and name != "config.json"):
        assert "damaged" in text, text
    at = opened(run=sound.id)
    assert sound.id in words(at), "the other run is shown as ever"


OVERFITTING = [{"loss": 1 - i / 10, "val_loss": x} for i, x in enumerate((0.9, 0.7, 0.6, 0.8, 1.1, 1.4, 1.6))]
STUCK = [{"accuracy": 0.1, "loss": 2.31, "learning_rate": 0.05}] * 3


def with_history(store, config, rows, phase="finished", **state):
    """Return a run of one's own with this history."""
    usual = {"l2": 0.0, "learning_rate": config.learning_rate}
    return trained(store, config, phase=phase, rows=[usual | row for row in rows], kernels=False, **state)


def test_a_diagnosis_goes_by_the_rate_that_holds_now(store):
    """What was set while it trained is what was too large; what no epoch has had yet is not judged."""
    run = with_history(store, CONFIG, STUCK)
    run.command("rate", ME, 0.05)
    at = opened(run=run.id)
    assert "Its steps are too large. Try the learning rate 0.005 instead of 0.05." in words(at)
    press(at, "_train.try.not learning")
    assert at.session_state["train.learning_rate"] == 0.005
    run.command("rate", ME, 0.0005)
    assert "It is not learning" not in words(opened(run=run.id))


def test_what_is_advised_keeps_to_the_limits_of_the_class(store, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "271828")
    run = with_history(store, CONFIG, OVERFITTING)
    Classroom(store.root).change(epochs=2)
    at = opened(run=run.id)
    press(at, "_train.try.overfitting")
    assert at.session_state["train.shift"] == 2
    assert at.session_state["train.epochs"] == 2, "the run had 3"
    assert not button(at, "Train").disabled


def test_a_run_that_failed_for_another_reason_has_not_left_the_range_of_numbers(store):
    full = with_history(store, CONFIG, [{"accuracy": 0.9}], "failed")
    assert "range of numbers" not in words(opened(run=full.id))
    undefined = with_history(store, CONFIG, [{"accuracy": 0.9}], "failed", undefined=True)
    at = opened(run=undefined.id)
    assert "The loss left the range of numbers." in words(at)
    assert "Try the learning rate 0.0001 instead of 0.001." in words(at)


def test_a_form_that_a_lesson_link_holds_is_not_opened_with_a_change(store):
    run = with_history(store, CONFIG, OVERFITTING)
    link = lesson_link.write(lesson_link.LessonLink("train", {"preset": "article"}, frozenset({"preset"})))
    at = opened(run=run.id)
    assert "Open the form with this change" in labels(at)
    at = opened(run=run.id, lesson=link)
    assert "It is starting to overfit" in words(at)
    assert "Open the form with this change" not in labels(at)


def test_a_diagnosis_opens_the_form_with_its_change(store):
    run = with_history(store, CONFIG, OVERFITTING)
    at = opened(run=run.id)
    assert "It is starting to overfit" in words(at)
    assert "lowest after epoch 3 (0.600) and is 1.600 now" in words(at)
    press(at, "_train.try.overfitting")
    assert "run" not in at.query_params
    press(at, "Train")
    [new] = [other for other in store.runs() if other.id != run.id]
    config = new.recipe().config
    assert config.augmentation.shift == 2
    assert not config.augmentation.flip, "a mirrored digit is no digit"
    assert config.model_copy(update={"augmentation": CONFIG.augmentation}) == CONFIG


def test_runs_are_compared_and_optimisers_raced(store):
    one, two = trained(store), trained(store, owner="somebody else")
    at = opened(run=one.id)
    at.multiselect(key="compare.runs").set_value([one.id, two.id])
    again(at)
    assert "Ranked by validation" in words(at)
    before = {run.id for run in store.runs()}
    press(at, "Race the optimisers")
    racers = [run for run in store.runs() if run.id not in before]
    assert len(racers) == 4
    assert len({run.recipe().config.optimizer for run in racers}) == 4
    assert all(run.recipe().owner == ME for run in racers)
    assert {run.id for run in racers} <= set(at.multiselect(key="compare.runs").value)


def test_runs_on_different_data_have_their_own_charts_and_tables(store):
    one, two = trained(store), trained(store)
    at = opened(run=one.id)
    at.multiselect(key="compare.runs").set_value([one.id, two.id, "article", "champion"])
    again(at)
    titles = [text.value for text in at.markdown if text.value.startswith("### ")]
    assert sorted(titles) == ["### CIFAR-10", "### Digits"]
    charts = [chart.proto for chart in at.get("plotly_chart") if "_compare." in chart.proto.id]
    names = [{trace.get("name") for trace in json.loads(chart.spec)["data"]} for chart in charts]
    assert {one.id, two.id} in names and {"Baseline", "Champion"} in names
    for drawn in names:
        assert not ({one.id, two.id} & drawn and {"Champion", "Baseline"} & drawn)
    compared = [table.value for table in at.table if "What came out, and what differs" in table.value]
    assert len(compared) == 2 and all(len(table) < 25 for table in compared)
    assert "losses of different kinds" in words(at), "Champion's is smoothed and has a penalty"


def test_the_latest_run_of_ones_own_is_one_tap_away_until_a_run_is_watched(store):
    trained(store, owner="anna")
    assert not latest(opened())
    _first, last = trained(store), trained(store)
    trained(store, owner="anna")
    assert latest(opened()) == [(f"Your latest training run: {last.id}", f"run={last.id}")]
    assert not latest(opened(run=last.id))
    text = lesson_link.write(lesson_link.LessonLink("train", {"preset": "tiny"}))
    [(_label, query)] = latest(opened(lesson=text))
    assert query.startswith(f"run={last.id}&lesson=train")


def latest(at: AppTest) -> list[tuple[str, str]]:
    links = [link.proto for link in at.get("page_link")]
    return [(link.label, link.query_string) for link in links if link.label.startswith("Your latest")]


@pytest.fixture
def paused(store):
    """A run that rests within its work: one cycle up to 0.01, 1 of 3 epochs and 5 of 20 batches done."""
    config = CONFIG.model_copy(update={"schedule": "one_cycle", "learning_rate": 0.01})
    return trained(store, config, phase="paused", rows=1, step=5, steps=20)


def rate_field(at: AppTest):
    return next(field for field in at.number_input if field.label == "From now on")


def test_the_learning_rate_of_now_is_shown_with_what_its_schedule_does(paused):
    rate = schedules.rate("one_cycle", 0.01, 1.25, 3)
    at = opened(run=paused.id)
    share = f"{100 * rate / 0.01:.1f}\u00a0%"
    assert f"Now **{rate:.3g}**: the schedule (one cycle: up, down) makes {share} of 0.01." in words(at)
    assert rate_field(at).value == 0.01


def test_clicks_make_the_learning_rate_smaller_and_larger(paused):
    at = opened(run=paused.id)
    for label, expected in (("÷ 10", 0.001), ("÷ 10", 0.0001), ("÷ 10", 0.00001), ("÷ 2", 0.000005)):
        press(at, label)
        assert paused.commanded("rate", 0.01) == expected
        field = rate_field(at)
        assert field.value == expected, "the field shows what was set"
        assert field.proto.default == expected, "however late the popover is opened"
        assert float(field.proto.format % expected) == expected
    for label, expected in (("× 2", 0.00001), ("× 10", 0.0001)):
        press(at, label)
        assert paused.commanded("rate", 0.01) == expected
    assert "of 0.0001." in words(at)


def test_a_learning_rate_stays_within_what_training_takes(paused):
    at = opened(run=paused.id)
    rate_field(at).set_value(2.0)
    again(at)
    press(at, "Set it")
    assert paused.commanded("rate", 0.01) == 2.0
    assert button(at, "× 10").disabled, "20 is more than a configuration may have"
    assert not button(at, "× 2").disabled
    assert button(at, "Set it").disabled, "nothing to set"
    assert rate_field(at).max == LARGEST_RATE
    for wrong in (0.0, None):
        rate_field(at).set_value(wrong)
        again(at)
        assert button(at, "Set it").disabled


def test_a_rate_set_elsewhere_reaches_the_field(paused):
    at = opened(run=paused.id)
    paused.command("rate", ME, 0.003)
    again(at)
    assert rate_field(at).value == 0.003
