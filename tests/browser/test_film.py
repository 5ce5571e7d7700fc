"""Does the cover move over the photo when it is played, stepped by keyboard and pointed at?"""

import re

from playwright.sync_api import expect


def test_the_cover_moves_and_the_answers_develop(app, page):
    page.goto(f"{app.url}/inside?run=article")
    page.locator("summary").get_by_text("More", exact=True).click()
    film = page.locator(".view.film")
    question = page.get_by_text("In which quarter of the photo")
    expect(film.or_(question).first).to_be_visible()  # the look worker warms up first
    if question.count():
        page.get_by_role("radio", name="top left").or_(page.get_by_role("button", name="top left")).click()
    expect(film).to_be_visible()
    place, fact = film.locator("[data-part=position]"), film.locator("[data-part=fact]")
    cells, cover = film.locator("[data-part=cell]"), film.locator("[data-part=cover]")
    expect(place).to_have_text("1 of 81")
    expect(cells).to_have_count(81)
    expect(film.locator("[data-state=pending]")).to_have_count(80)
    film.focus()
    film.press("ArrowRight")
    expect(place).to_have_text("2 of 81")
    expect(fact).to_contain_text("Rows 1–4, columns 1–8 covered")
    before = cover.bounding_box()
    film.press("ArrowDown")
    expect(place).to_have_text("11 of 81")
    expect(fact).to_contain_text("Rows 1–8, columns 1–8 covered")
    expect(film.locator("[data-state=done]")).to_have_count(10)
    page.wait_for_function(
        "([node, old]) => node.offsetHeight > old", arg=[cover.element_handle(), before["height"] * 1.5]
    )
    cells.nth(40).click()
    expect(place).to_have_text("41 of 81")
    film.get_by_role("button", name="To the end").click()
    expect(film.locator("[data-state=pending]")).to_have_count(0)
    expect(fact).to_contain_text("Rows 29–32, columns 29–32 covered")
    film.get_by_role("button", name="Play").click()  # from the start again
    on_its_way = re.compile(r"^([2-9]|[1-7]\d) of 81$")  # too fast to wait for one of them
    expect(place).to_have_text(on_its_way)
