"""Does *What it learned* work under a finger and a mouse? Each number is compared with the network's own."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnnlab.runs import Store
from tests.conftest import PATIENCE
from tests.support.browser import PHONE, settled
from tests.support.pages import number


@pytest.fixture
def phone(chromium):
    """A fresh browser window as narrow as a phone."""
    context = chromium.new_context(**PHONE)
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


def grids(page, view: int) -> list[np.ndarray]:
    """Read the numbers of the large grids of a gallery back from the page."""
    large = page.locator("[data-part=large]").nth(view)
    expect(large).to_have_attribute("data-waiting", "false")
    found = []
    for cells in large.locator("[data-part=grid]").all():
        found.append(np.array([number(text) for text in cells.locator(".numbers span").all_inner_texts()]))
    return found


def test_on_a_phone_a_tapped_kernel_and_its_numbers_share_one_screen(phone, app):
    phone.goto(f"{app.url}/inside?run=article")
    settled(phone)
    phone.locator("[data-part=tile][data-tile='7']").first.tap()
    facts = phone.locator("[data-part=facts]").first
    expect(facts).to_contain_text("Kernel 7")
    kernel = Store().get("article").weights()["conv_1/kernel"][..., 6]
    for channel, shown in enumerate(grids(phone, 0)):
        assert np.allclose(shown, kernel[..., channel].ravel(), atol=0.0006)
    tile = phone.locator("[data-part=tile][data-tile='7']").first.bounding_box()
    last = phone.locator("[data-part=value]").first.bounding_box()
    assert last["y"] + last["height"] - tile["y"] < 600  # of 844, so also below the browser's own bars
    expect(phone.locator("[data-part=facts]").nth(1)).to_contain_text("Map 7")  # its map follows
    wide = phone.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390


def test_epochs_play_in_the_browser_and_cells_can_be_read(page, app):
    page.goto(f"{app.url}/inside?run=article")
    settled(page)
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _payload: sent.append(1)))
    view = page.locator("[data-part=view]").first
    kernel = Store().get("article").kernels(0)["conv_1/kernel"][..., 0]
    view.locator("[data-part=first]").click()
    expect(view.locator("[data-part=position]")).to_have_text("before training")
    shown = grids(page, 0)
    assert all(np.allclose(shown[c], kernel[..., c].ravel(), atol=0.0006) for c in range(3))
    expect(view.locator("[data-part=facts]")).to_contain_text(re.compile("Changed by 0\\s%"))
    view.locator("[data-part=speed]").select_option("16")
    view.locator("[data-part=play]").click()
    expect(view.locator("[data-part=position]")).to_have_text("epoch 10 of 10")
    assert not sent, "playing needs no server"
    cell = view.locator("[data-part=grid]").nth(1)
    cell.press("ArrowDown")
    cell.press("ArrowRight")
    value = Store().get("article").weights()["conv_1/kernel"][1, 1, 1, 0]
    expect(view.locator("[data-part=value]")).to_have_text(
        f"on green, row 2, column 2: {value:.3f}".replace("-", "−")
    )


def test_a_cell_of_the_matrix_opens_by_click_and_by_arrow_key(page, app):
    page.goto(f"{app.url}/inside?run=article")
    settled(page)
    question = page.get_by_text("Which class is most often taken for")
    question.scroll_into_view_if_needed()
    page.get_by_role("radio", name="dog", exact=True).click()
    evaluation = Store().get("article").evaluation()
    said = evaluation.probabilities.argmax(1)
    page.locator("[data-place='4-6']").click()  # cats called dogs
    count = int(((evaluation.labels == 3) & (said == 5)).sum())
    expect(page.get_by_text(f"cat, called dog: {count} images")).to_be_visible()
    page.locator("[data-place='4-6'] input").press("ArrowRight")
    count = int(((evaluation.labels == 3) & (said == 6)).sum())
    expect(page.get_by_text(f"cat, called frog: {count} images")).to_be_visible()
