"""The teacher's page in a real browser: PIN, reload, typing while it refreshes itself, stopping a run."""

import pytest
from playwright.sync_api import expect

from cnnlab.classroom import Classroom
from cnnlab.config.presets import PRESETS
from cnnlab.runs import Phase, Store
from cnnlab.runs.attempt import Attempt
from tests.conftest import NO_WORKERS, App, wait_for


@pytest.fixture(scope="module")
def class_app(tmp_path_factory):
    """The app with a class, without workers (its cluster is not there), so that it starts quickly."""
    environment = {**NO_WORKERS, "CNNLAB_TEACHER_PIN": "2718"}
    app = App(tmp_path_factory.mktemp("class") / "runs", **environment).start()
    yield app
    app.stop()


def test_the_teacher_enters_types_and_stops_a_students_run(page, class_app, monkeypatch):
    monkeypatch.setenv("CNNLAB_TEACHER_PIN", "2718")
    store = Store(class_app.runs)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{class_app.url}/teacher")
    page.get_by_label("The teacher's PIN").fill("2718")
    page.keyboard.press("Enter")
    title = page.get_by_role("heading", name="How is the class doing?")
    expect(title).to_be_visible()
    page.reload()
    expect(title).to_be_visible()
    page.get_by_role("tab", name="Rules").click()
    epochs = page.get_by_label("Epochs of a training run", exact=True)
    epochs.fill("7")  # and no Enter yet
    config = PRESETS["article"].config.model_copy(update={"dataset": "digits"})
    run = store.create(config, tuple("0123456789"), preset="article", owner="anna")
    with Attempt(run, run.claim("queued")) as attempt:
        attempt.update(epochs=10, steps=10, step=4)
        expect(page.get_by_text(run.id)).to_be_visible()  # by itself
        expect(epochs).to_have_value("7")
        expect(epochs).to_be_focused()
        page.keyboard.press("Enter")
        wait_for(lambda: Classroom(store.root).rules().epochs == 7, "the rule holds")
        page.get_by_role("button", name="Stop", exact=True).click()
        wait_for(lambda: run.new_commands() == ["stop"], "the run is asked to stop")
        attempt.enter(Phase.STOPPED)
    expect(page.get_by_text("Nothing is being trained.")).to_be_visible()
    expect(page.locator("[data-testid='stException']")).to_have_count(0)
    own = (class_app.url, "data:", "blob:")
    assert asked and not [url for url in asked if not url.startswith(own)], "a browser asks only this server"
