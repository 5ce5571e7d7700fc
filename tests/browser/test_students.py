"""Two students, two browsers: each keeps its nickname and its runs, and neither steers the other's."""

import re

import pytest
from playwright.sync_api import Page, expect

from cnnlab.runs import Store
from tests.conftest import NO_WORKERS, App, wait_for
from tests.support.browser import settled

# Keeps the page's connection to the server, so that a test can send on it what another browser has sent.
KEEP_SOCKETS = """
const Real = window.WebSocket;
window.sockets = [];
window.WebSocket = class extends Real {
  constructor(...args) { super(...args); window.sockets.push(this); }
};
"""


@pytest.fixture(scope="module")
def class_app(tmp_path_factory):
    """A class with a teacher; without workers, so that runs wait."""
    environment = {**NO_WORKERS, "CNNLAB_TEACHER_PIN": "4711"}
    app = App(tmp_path_factory.mktemp("class") / "runs", **environment).start()
    yield app
    app.stop()


def nickname(page: Page) -> str:
    text = page.get_by_text(re.compile("^You are .+$")).first
    expect(text).to_be_visible()
    return text.inner_text().removeprefix("You are ")


def test_a_browser_keeps_its_name_and_its_runs_and_another_cannot_steer_them(page, class_app, chromium):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"{class_app.url}/train")
    settled(page)
    name = nickname(page)
    page.get_by_text("Digits", exact=True).first.click()
    expect(page.get_by_text("1,293 images to learn from")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile("Training run .* · yours"))).to_be_visible()
    [run] = Store(class_app.runs).runs()
    assert run.id in page.url

    page.reload()
    tab = page.context.new_page()
    tab.goto(page.url)
    for window in (page, tab):
        settled(window)
        assert nickname(window) == name
        expect(window.get_by_text(re.compile("Training run .* · yours"))).to_be_visible()

    other = chromium.new_context(viewport={"width": 1280, "height": 900})
    other.add_init_script(KEEP_SOCKETS)
    stranger = other.new_page()
    stranger.goto(page.url)
    settled(stranger)
    assert nickname(stranger) != name
    expect(stranger.get_by_text(f"· {name}").first).to_be_visible()
    expect(stranger.get_by_text("This training run is not yours")).to_be_visible()
    expect(stranger.get_by_role("button", name=re.compile("Pause|Stop|Delete"))).to_have_count(0)

    # The click that the owner's browser sends does nothing when another browser sends it.
    sent.clear()
    page.get_by_role("button", name="Pause").click()
    wait_for(lambda: run.state().phase == "paused", "the run is paused")
    page.get_by_role("button", name="Resume").click()
    wait_for(lambda: run.state().phase == "queued", "the run waits again")
    before = run.commands()
    click = next(frame for frame in sent if isinstance(frame, bytes) and b"_train.pause" in frame)
    stranger.evaluate("bytes => window.sockets.at(-1).send(new Uint8Array(bytes))", list(click))
    two = "We are two at this computer"
    stranger.get_by_text(two).click()
    kinds = (stranger.get_by_role(role, name=two) for role in ("switch", "checkbox"))
    expect(next(kinds).or_(next(kinds)).first).to_be_checked()
    settled(stranger)
    assert run.commands() == before
    other.close()
