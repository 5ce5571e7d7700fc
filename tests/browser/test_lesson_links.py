"""Does a lesson link open its page alone, and hold what it locks against clicks and reloads?"""

from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from cnnlab.lessons.lesson_link import LessonLink, write
from cnnlab.ui.classroom.link_maker import address_of
from tests.conftest import NO_WORKERS, App
from tests.support.browser import settled

LINK = LessonLink(
    "convolution", {"kernel": "sobel_y", "stride": 2, "relu": True}, frozenset({"kernel", "stride"})
)


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """A class without workers: nothing is trained here."""
    environment = {**NO_WORKERS, "CNNLAB_TEACHER_PIN": "2718"}
    app = App(tmp_path_factory.mktemp("links") / "runs", **environment).start()
    yield app
    app.stop()


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    settled(page)
    return page


def test_a_lesson_link_opens_one_page_and_holds_what_it_locks(light, page, chromium):
    opened(page, address_of(light.url, LINK))
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    expect(page.get_by_role("link", name="Next: a whole layer")).to_have_count(0)
    kernel = page.locator(".st-key-convolution-kernel")
    for option in ("Blur", "Sharpen"):
        expect(kernel.get_by_text(option, exact=True).locator("xpath=ancestor::button")).to_be_disabled()
    weights = page.locator("[data-part=kernel-cell]")
    expect(weights).to_have_text(["−1", "−2", "−1", "0", "0", "0", "1", "2", "1"])
    # What is not locked can be changed, and a reload begins anew with the link's settings.
    relu = page.get_by_role("switch", name="ReLU: a negative output becomes 0")
    expect(relu).to_be_checked()
    page.get_by_text("ReLU: a negative output becomes 0").click()
    expect(relu).not_to_be_checked()
    page.reload()
    settled(page)
    expect(relu).to_be_checked()
    expect(weights).to_have_text(["−1", "−2", "−1", "0", "0", "0", "1", "2", "1"])
    # The way out gives the whole app, with the settings as they are.
    page.get_by_role("button", name="The whole app").click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.get_by_role("link", name="Next: a whole layer")).to_be_visible()
    expect(kernel.get_by_text("Blur", exact=True).locator("xpath=ancestor::button")).to_be_enabled()
    assert "lesson=" not in page.url
    # The teacher offers the link to the class: the way back comes by itself, and goes where it was taken.
    teacher = chromium.new_context().new_page()
    teacher.goto(f"{light.url}/teacher")
    teacher.get_by_label("The teacher's PIN").fill("2718")
    teacher.keyboard.press("Enter")
    expect(teacher.get_by_role("heading", name="How is the class doing?")).to_be_visible()
    opened(teacher, address_of(light.url, LINK)).get_by_role("button", name="Offer this").click()
    call = page.get_by_role("link", name="Go there")
    expect(call).to_be_visible()
    call.click()
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    expect(kernel.get_by_text("Blur", exact=True).locator("xpath=ancestor::button")).to_be_disabled()
    expect(call).to_have_count(0)
    assert f"lesson={write(LINK)}" in unquote(page.url)
    teacher.context.close()


def test_a_changed_link_opens_the_usual_page_and_says_so(light, page):
    opened(page, address_of(light.url, LINK).replace("stride:2", "stride:3"))
    expect(page.get_by_text("The lesson link was not followed")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.locator("[data-part=output-cell]")).to_have_count(100)  # 12 x 12, a step of 1
