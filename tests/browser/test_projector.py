"""Can a class read the app from the back row, and can a presenter's remote step it?"""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PATIENCE
from tests.support.browser import settled

SMALL, LARGE = (1280, 720), (1920, 1080)
# Every number on a grid or in the table of a step-through view that is on show, with the size it is drawn in.
NUMBERS = """() => {
    const found = [], walk = (root) => {
        for (const node of root.querySelectorAll("*")) {
            if (node.shadowRoot) walk(node.shadowRoot);
            const grid = /-cell$|^term-|^cell$/.test(node.dataset?.part ?? "");
            const text = node.textContent.trim();
            if (!grid || !/^[−+]?[\\d.,]+$/.test(text) || !node.checkVisibility()) continue;
            const size = parseFloat(getComputedStyle(node).fontSize);
            const whole = node.scrollWidth <= node.clientWidth + 1 || !node.clientWidth;
            if (size > 0) found.push([text, size, whole]);
        }
    };
    walk(document);
    return found;
}"""
# What reaches beyond the window sideways, or hangs out of the card that it lies in.
CUT = """() => {
    const wide = document.querySelector("[data-testid=stMain]");
    const all = [...document.querySelectorAll("*")];
    const views = all.filter((node) => node.shadowRoot?.querySelector(".view"));
    return [
        ...(wide.scrollWidth > wide.clientWidth + 1 ? ["the page"] : []),
        ...views.map((host) => host.shadowRoot.querySelector(".view")).flatMap((view) => {
            const right = view.getBoundingClientRect().right + 1;
            return [...view.querySelectorAll("*")]
                .filter((node) => node.checkVisibility() && !node.closest(".layer, .unseen, .scroll"))
                .filter((node) => node.getBoundingClientRect().right > right)
                .map((node) => node.className || node.tagName);
        }),
    ];
}"""


@pytest.fixture
def show(light, chromium):
    """Return a function that opens an address as on a projector of some size."""
    contexts = []

    def show(address: str, size: tuple[int, int] = SMALL, theme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
        )
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{light.url}/{address}")
        settled(page)
        return page

    yield show
    for context in contexts:
        context.close()


def place(page: Page, view: int = 0):
    return page.locator("[data-part=view]").nth(view).locator("[data-part=slider]")


@pytest.mark.parametrize(
    ("lesson", "size", "theme"),
    [
        ("pixels", SMALL, "dark"),
        ("convolution", SMALL, "light"),
        ("layer", SMALL, "dark"),
        ("pooling", LARGE, "dark"),
        ("answer", SMALL, "light"),
        ("learning", LARGE, "light"),
        ("network", SMALL, "light"),
    ],
)
def test_numbers_are_large_and_nothing_is_cut(show, lesson, size, theme):
    page = show(f"{lesson}?projector=1&level=formulas", size, theme)
    expect(page.locator("[data-part=view]").first).to_be_visible()
    if page.locator("[data-part=last]").count():
        page.locator("[data-part=last]").first.click()  # every cell of the first view has its number
    numbers = page.evaluate(NUMBERS)
    assert len(numbers) > 20
    assert min(size for _text, size, _whole in numbers) >= 24, numbers
    assert [text for text, _size, whole in numbers if not whole] == []
    assert page.evaluate(CUT) == []
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)


def test_the_crop_is_six_by_six_and_the_usual_one_comes_back(show):
    page = show("convolution?projector=1")
    cells = page.locator("[data-part=input-cell]")
    expect(cells).to_have_count(36)
    page.get_by_role("button", name="End projector mode").click()
    expect(cells).to_have_count(144)
    assert "projector" not in page.url
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "16px"


def test_page_keys_step_whatever_has_the_focus_and_the_next_page_stays_large(show):
    page = show("convolution?projector=1")
    page.get_by_role("combobox").first.focus()
    page.keyboard.press("PageDown")  # the view comes into sight first
    expect(page.locator("[data-part=output-grid]").first).to_be_in_viewport(ratio=0.9)
    at = int(place(page).input_value())
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect(place(page)).to_have_value(str(at + 2))
    page.keyboard.press("PageUp")
    expect(place(page)).to_have_value(str(at + 1))
    page.get_by_role("link", name="Next: a whole layer").click()
    expect(page.get_by_role("heading", name="What does a layer make of a photo?")).to_be_visible()
    settled(page)
    assert "projector=1" in page.url
    expect(page.locator("[data-part=input-cell]")).to_have_count(36)


def test_after_the_last_step_the_page_key_goes_on_to_the_next_view(show):
    page = show("learning?projector=1")
    page.locator("[data-part=last]").first.click()
    last = place(page).input_value()
    for _press in range(3):  # a page on where the next view is farther away, then to it, then its first step
        page.keyboard.press("PageDown")
        if place(page, 1).input_value() != "0":
            break
    expect(place(page, 1)).to_have_value("1")
    expect(page.locator("[data-part=view]").nth(1)).to_be_in_viewport()
    expect(place(page)).to_have_value(last)


def test_elsewhere_page_keys_scroll_as_ever(show):
    page = show("convolution")
    view = page.locator("[data-part=output-grid]").first
    view.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    expect(place(page)).to_have_value("1")  # the arrow alone has stepped
