"""A student's whole path, with real clicks in a real browser: step, pool, softmax, train, look, classify."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnnlab import ops
from cnnlab.runs import Store
from tests.conftest import NO_WORKERS, ROOT, App, wait_for
from tests.support.browser import no_trouble, settled, values
from tests.support.pages import number

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("[a-z]*.py"))
OF_A_CLASS = {"board", "vote"}  # reached without a class too, but not offered


def test_a_kernel_steps_over_a_photo_without_the_server(page, app):
    page.goto(f"{app.url}/convolution")
    settled(page)
    view = page.locator("[data-part=view]").first
    view.locator("[data-part=first]").wait_for()
    pixels, kernel = values(page, "input-grid", "input-cell"), values(page, "kernel-grid", "kernel-cell")
    assert pixels.shape == (12, 12)
    expected = ops.conv2d(pixels[..., None], kernel[..., None, None])[..., 0]
    asked = []
    page.on("websocket", lambda _socket: asked.append("a new connection"))
    page.on("request", lambda request: asked.append(request.url))
    for step in range(1, 4):
        view.locator("[data-part=forward]").click()
        row, col = divmod(step, 10)
        expect(view.locator("[data-part=position]")).to_have_text(re.compile(rf"{row + 1}\D+{col + 1}"))
        assert number(view.locator("[data-part=sum]").first.inner_text()) == expected[row, col]
        products = [
            number(t.replace("+", "")) for t in view.locator("[data-part=term-product]").all_inner_texts()
        ]
        window = pixels[row : row + 3, col : col + 3]
        np.testing.assert_array_equal(products, (window * kernel).ravel())
    view.locator("[data-part=output-grid]").focus()
    page.keyboard.press("ArrowDown")
    expect(view.locator("[data-part=position]")).to_have_text(re.compile(r"2\D+4"))
    assert number(view.locator("[data-part=sum]").first.inner_text()) == expected[1, 3]
    assert not asked, "a step needs no server"


def test_pooling_shows_the_winner_and_the_mean(page, app):
    page.goto(f"{app.url}/pooling")
    settled(page)
    view = page.locator("[data-part=view]").first
    view.locator("[data-part=last]").click()
    pixels = values(page, "input-grid", "input-cell")
    grids = page.locator("[data-part=output-grid]")
    expect(grids).to_have_count(2)
    texts = grids.nth(0).locator("[data-part=output-cell]").all_inner_texts()
    largest = ops.max_pool(pixels[..., None], 2)[..., 0]
    shown = [number(text) for text in texts if re.fullmatch(r"[−\d.,]+", text.strip())]
    hidden = len(texts) - len(shown)
    assert hidden <= 1, "at most the cell that gives the answer away is hidden"
    assert set(shown) <= set(largest.ravel())


def test_softmax_arrives_term_by_term(page, app):
    page.goto(f"{app.url}/answer")
    settled(page)
    view = page.locator("[data-part=view]").filter(has_text="exponential").first
    view.locator("[data-part=last]").click()
    rows = view.locator("[data-part=row][data-kind=term]")
    expect(rows).to_have_count(10)
    scores, shares = [], []
    for row in rows.all():
        cells = row.locator("[data-part=cell]").all_inner_texts()
        scores.append(number(cells[1]))
        shares.append(number(cells[4].replace("%", "")) / 100)
    np.testing.assert_allclose(shares, ops.softmax(np.array(scores)), atol=0.01)
    assert sum(shares) == pytest.approx(1, abs=0.001)


def start_long_training(page: Page, app: App) -> None:
    page.goto(f"{app.url}/train")
    settled(page)
    page.get_by_role("radio", name="Digits").or_(page.get_by_text("Digits", exact=True)).first.click()
    expect(page.get_by_text("1,293 images to learn from")).to_be_visible()
    page.get_by_text("Settings of training", exact=True).click()
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("200")
    epochs.press("Enter")
    settled(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"run=[a-z]+-\d+"))


def points(page: Page) -> int:
    return page.locator(".scatterlayer .point").count()


def test_train_look_inside_and_classify(page, app):
    start_long_training(page, app)
    id = re.search(r"run=([a-z]+-\d+)", page.url)[1]
    # While it trains: the chart gains points, and a reload shows the same run.
    page.locator(".scatterlayer .point").first.wait_for()
    first = points(page)
    wait_for(lambda: points(page) > first, "the chart has gained points")
    page.reload()
    settled(page)
    expect(page.get_by_text(id).first).to_be_visible()
    page.locator(".scatterlayer .point").first.wait_for()
    # Pause, another rate, resume, stop: each is carried out.
    run = Store(app.runs).get(id)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile("Paused in epoch")).first).to_be_visible()
    paused = len(run.history())
    page.get_by_role("button", name="Learning rate").click()
    rate = page.get_by_label("From now on")
    expect(rate).to_have_value("0.001")
    rate.fill("0.0005")
    rate.press("Enter")
    page.get_by_role("button", name="Set it").click()
    wait_for(lambda: run.commanded("rate", 0.001) == 0.0005, "the new rate is asked for")
    page.get_by_role("button", name="Resume").click()
    wait_for(lambda: len(run.history()) > paused + 1, "it goes on after the pause")
    assert run.history()[-1]["learning_rate"] == 0.0005
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_text(re.compile("finished epochs? (is|are) kept")).first).to_be_visible()
    no_trouble(page)
    # Open the envelope.
    page.get_by_role("button", name="Open the envelope").click()
    expect(page.get_by_text("Test accuracy")).to_be_visible()
    assert run.evaluation().openings == 1
    # Its own kernels and maps.
    page.get_by_role("link", name="Look inside this very network").first.click()
    settled(page)
    assert f"run={id}" in page.url
    expect(page.get_by_text("32 kernels of 3 × 3 × 3")).to_be_visible()
    page.locator("[data-part=tile][data-tile='5']").first.click()
    expect(page.locator("[data-part=facts]").first).to_contain_text("Kernel 5")
    kernel = run.weights()["conv_1/kernel"][..., 4]  # (3, 3, 3): its last axis is red, green, blue
    expect(page.locator("[data-part=large]").first).to_have_attribute("data-waiting", "false")
    for channel in range(3):
        cells = page.locator("[data-part=grid]").nth(channel).locator(".numbers span")
        shown = np.array([number(text) for text in cells.all_inner_texts()])
        assert np.allclose(shown, kernel[..., channel].ravel(), atol=0.006)


@pytest.fixture(scope="module")
def light_app(tmp_path_factory):
    """The app without workers of its own (its cluster is not there), so that it starts quickly."""
    app = App(tmp_path_factory.mktemp("light") / "runs", **NO_WORKERS)
    yield app
    if app.process is not None:
        app.stop()


@pytest.mark.parametrize("name", PAGES)
def test_any_page_is_the_first_request_of_a_fresh_server(page, light_app, name):
    if light_app.process is not None:
        light_app.stop()
    light_app.start()
    page.goto(f"{light_app.url}/{'' if name == 'home' else name}")
    settled(page)
    expect(page.locator("[data-testid=stSidebarNavLink]")).to_have_count(len(set(PAGES) - OF_A_CLASS))
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["cnnlab_browser"]["httpOnly"]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_a_phone(page, app, name):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/{'' if name == 'home' else name}")
    settled(page)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= window.innerWidth + 2")


def test_one_student_cannot_steer_anothers_run(page, app, chromium):
    start_long_training(page, app)
    expect(page.get_by_role("button", name="Stop and keep")).to_be_visible()
    other = chromium.new_context()
    stranger = other.new_page()
    stranger.goto(page.url)
    settled(stranger)
    expect(stranger.get_by_text("This training run is not yours")).to_be_visible()
    expect(stranger.get_by_role("button", name="Stop and keep")).to_have_count(0)
    other.close()
    page.get_by_role("button", name="Stop and keep").click()
    expect(page.get_by_text(re.compile("finished epochs? (is|are) kept|Stopped")).first).to_be_visible(
        timeout=300_000
    )
