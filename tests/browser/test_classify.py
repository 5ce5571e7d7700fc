"""A real photo goes in, the square and a test are moved, and the probabilities follow: with real clicks."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.runs import Store
from tests.conftest import wait_for
from tests.support.browser import choose, jpeg, no_trouble, settled
from tests.support.pages import number


@pytest.fixture
def classify(page, app) -> Page:
    page.goto(f"{app.url}/classify?run=article")
    settled(page)
    choose(page, "Photo", "A photo of yours …")
    return page


def upload(page: Page, data: bytes, name="photo.jpg") -> None:
    file = {"name": name, "mimeType": "image/jpeg", "buffer": data}
    page.locator("input[type=file]").set_input_files(file)


def shown(page: Page, view=".answer >> nth=0") -> list[float]:
    """Read the ten percentages of an answer, with their bars, which must be as long as the numbers say."""
    read = """rows => rows.map(row => [row.querySelector(".value").textContent,
                                       parseFloat(row.querySelector(".bar").style.width)])"""
    rows = page.locator(view).locator(".row").evaluate_all(read)  # at one moment: they may be about to change
    numbers = [number(text.rstrip("\u00a0%")) for text, _width in rows]
    np.testing.assert_allclose([width for _text, width in rows], numbers, atol=0.0501)
    return numbers


def expected(app, image: np.ndarray) -> np.ndarray:
    run = Store(app.runs).get("article")
    return 100 * ops.forward(run.recipe().layers(), run.weights(), image)[-1].values


def follows(page: Page, app, photo: np.ndarray) -> tuple[list[float], tuple[int, ...]]:
    """Wait until the ten numbers belong to the square that the page tells of; return them and its place."""
    square = page.locator("[data-part=crop]").first

    def agreed():
        row, col, size = (int(n) for n in re.findall(r"\d+", square.get_attribute("aria-label")))
        wanted = expected(app, photos.resize(photos.square(photo, row - 1, col - 1, size)))
        now = shown(page)
        return np.allclose(now, wanted, atol=0.0501) and (now, (row, col, size))

    return wait_for(agreed, "the probabilities follow the square")


def test_an_uploaded_photo_its_square_and_a_test(classify, app):
    page, data = classify, jpeg("coffee")
    whole = photos.read(data)
    upload(page, data)
    wanted = expected(app, photos.resize(photos.square(whole)))
    wait_for(lambda: np.allclose(shown(page), wanted, atol=0.0501), "the answer to the upload")
    answer, place = follows(page, app, whole)
    assert sum(answer) == pytest.approx(100, abs=0.5) and place[2] == min(whole.shape[:2])
    # The square: dragged by its corner, then by itself, then with the keyboard.
    square, grip = page.locator("[data-part=crop]").first, page.locator("[data-part=grip]").first
    corner = grip.bounding_box()
    page.mouse.move(corner["x"] + 14, corner["y"] + 14)
    page.mouse.down()
    page.mouse.move(corner["x"] - 50, corner["y"] - 50, steps=4)
    page.mouse.up()
    sized, smaller = follows(page, app, whole)
    assert smaller[:2] == place[:2] and smaller[2] < place[2] and sized != answer
    box = square.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    moved, elsewhere = follows(page, app, whole)
    assert elsewhere[2] == smaller[2] and elsewhere[:2] > smaller[:2] and moved != sized
    square.focus()
    page.keyboard.press("ArrowLeft")
    keyed, left = follows(page, app, whole)
    assert left[1] < elsewhere[1] and keyed != moved
    settled(page)
    # A test: the slider needs no server.
    asked = []
    page.on("websocket", lambda _socket: asked.append("a connection"))
    page.on("request", lambda request: asked.append(request.url))
    slider = page.locator("input[type=range]").first
    assert shown(page, ".sweep .answer") == keyed
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".sweep output")).to_have_text("+180°")
    turned = shown(page, ".sweep .answer")
    assert turned != keyed and sum(turned) == pytest.approx(100, abs=0.5)
    page.locator(".sweep summary").click()
    rows = page.locator(".sweep tbody tr").all_inner_texts()
    assert len(rows) == 25 and rows[-1].split()[0] == "+180°"
    assert number(rows[-1].split()[2]) == max(turned)
    assert not asked
    no_trouble(page)


def test_what_is_no_photo_gets_a_sentence(classify):
    upload(classify, b"this is no picture at all", "cat.jpg")
    sentence = classify.locator("[data-testid=stAlert]").filter(has_text="no photo that can be read here")
    expect(sentence).to_be_visible()
    no_trouble(classify)


def test_a_cover_is_dragged_on_a_phone(page, app):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/classify?run=article")
    settled(page)
    page.get_by_role("radio", name="Cover a part").or_(page.get_by_text("Cover a part")).first.click()
    cover = page.locator("[data-part=crop]").nth(1)
    cover.scroll_into_view_if_needed()
    words = page.locator(".answer .head span").first
    before = words.inner_text()
    cover.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(words).not_to_have_text(before)
    assert "with it" in words.inner_text()
    box, main = cover.bounding_box(), page.locator("[data-testid=stMain]")
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert main.evaluate("main => main.scrollWidth <= window.innerWidth + 2")
