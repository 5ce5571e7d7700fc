"""Does a student with mouse, keyboard and touch get through the page on one kernel?"""

import re

import pytest
from playwright.sync_api import expect

NUMBER = re.compile(r"^−?[\d,]+$")


@pytest.fixture
def lesson(light, page):
    page.goto(f"{light.url}/convolution")
    expect(page.locator("[data-part=input-cell]")).to_have_count(144)
    return page


def first_pixel(page):
    return page.locator("[data-part=input-cell]").first


def test_a_prediction_reveals_exactly_its_step(lesson):
    cells = lesson.locator("[data-part=output-cell]")
    lesson.locator("[data-part=last]").click()
    expect(cells.filter(has_text="?")).to_have_count(2)
    lesson.get_by_role("radio", name="B", exact=True).click()
    expect(lesson.get_by_text("so brightness alone cancels")).to_be_visible()
    expect(cells.filter(has_text="?")).to_have_count(0)
    place = re.search(r"row (\d+) · column (\d+)", lesson.locator("[data-part=position]").inner_text())
    row, col = map(int, place.groups())
    value = cells.nth(10 * (row - 1) + col - 1).inner_text()
    assert NUMBER.match(value)
    expect(lesson.get_by_text(re.compile(rf"[AB] gives {re.escape(value)};"))).to_be_visible()


def test_the_crop_is_dragged_and_nudged(lesson):
    square = lesson.locator("[data-part=crop]")
    expect(square).to_have_attribute("aria-label", re.compile(r"row 21, column 29"))
    box = square.bounding_box()
    lesson.mouse.move(box["x"] + 5, box["y"] + 5)
    lesson.mouse.down()
    lesson.mouse.move(box["x"] + 45, box["y"] + 25, steps=4)
    lesson.mouse.up()
    expect(square).not_to_have_attribute("aria-label", re.compile(r"row 21,|column 29\."))
    expect(first_pixel(lesson)).not_to_have_text("93")
    pixel = first_pixel(lesson).inner_text()
    second_row = lesson.locator("[data-part=input-cell]").nth(12).inner_text()
    assert pixel != second_row
    square.press("ArrowDown")
    expect(first_pixel(lesson)).to_have_text(second_row)


def test_a_weight_is_typed_and_a_wrong_one_changes_nothing(lesson):
    lesson.get_by_text("More: every kernel and weight").click()
    weight = lesson.locator(".cells input").first
    shown = lesson.locator("[data-part=kernel-cell]").first
    expect(shown).to_have_text("−1")
    weight.fill("eight")
    weight.press("Enter")
    expect(lesson.get_by_text("“eight” is not a number.")).to_be_visible()
    expect(weight).to_have_attribute("aria-invalid", "true")
    expect(shown).to_have_text("−1")
    weight.fill("8")
    weight.press("Enter")
    expect(shown).to_have_text("8")
    expect(lesson.get_by_text("“eight” is not a number.")).to_have_count(0)
    bias = lesson.get_by_label("Bias")
    bias.fill("")
    bias.press("Enter")
    expect(lesson.get_by_text("The bias is empty")).to_be_visible()
    expect(shown).to_have_text("8")


def test_on_a_phone_a_tap_moves_the_crop_and_answers(light, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{light.url}/convolution")
    photo = page.locator(".photo img")
    expect(page.locator("[data-part=crop]")).to_be_visible()
    photo.tap(position={"x": 20, "y": 20})
    expect(page.locator("[data-part=crop]")).to_have_attribute(
        "aria-label", re.compile(r"row [123], column [123]\b")
    )
    page.get_by_role("radio", name="An even patch").tap()
    page.get_by_role("radio", name="0", exact=True).tap()
    expect(page.get_by_text("200 × the sum of the weights 0 + bias 0 = 0")).to_be_visible()
    wide = "document.querySelector('[data-testid=stMain]').scrollWidth > window.innerWidth"
    assert not page.evaluate(wide)
    context.close()
