"""A whole class vote in real browsers: the teacher, a student at a desk, a student with a phone."""

import re

from playwright.sync_api import expect

from cnnlab.lessons.votes import QUESTIONS
from tests.conftest import NO_WORKERS, App
from tests.support.browser import choose, settled


def test_two_students_and_a_teacher_go_through_a_whole_vote(chromium, tmp_path):
    question = QUESTIONS["relu"]()
    app = App(tmp_path / "runs", **NO_WORKERS, CNNLAB_TEACHER_PIN="2718").start()
    sizes = {"teacher": (1280, 900), "desk": (1280, 900), "phone": (390, 844)}
    contexts = {
        name: chromium.new_context(viewport={"width": w, "height": h}) for name, (w, h) in sizes.items()
    }
    try:
        pages = {name: context.new_page() for name, context in contexts.items()}
        teacher, desk, phone = pages.values()
        teacher.goto(f"{app.url}/teacher")
        teacher.get_by_label("The teacher's PIN").fill("2718")
        teacher.keyboard.press("Enter")
        expect(teacher.get_by_role("heading", name="How is the class doing?")).to_be_visible()
        desk.goto(f"{app.url}/vote")
        expect(desk.get_by_text("No vote is open")).to_be_visible()
        phone.goto(f"{app.url}/faq")
        settled(phone)
        before = phone.get_by_role("heading", level=1).bounding_box()

        teacher.goto(f"{app.url}/vote")
        choose(teacher, "Question", question.title)
        teacher.get_by_role("button", name="Open the vote").click()
        expect(teacher.get_by_text("0 of 2 have voted")).to_be_visible()
        # The call comes to the phone by itself and moves nothing that is being read.
        title, call = phone.get_by_role("heading", level=1), phone.get_by_role("link", name="Vote now")
        expect(call).to_be_visible()
        assert title.bounding_box() == before
        call.click()
        tap(phone, 0)
        expect(teacher.get_by_text("1 of 2 have voted")).to_be_visible()
        tap(desk, question.right)
        expect(phone.get_by_text("2 of 2 have voted")).to_be_visible()

        teacher.get_by_role("button", name="Show how the class voted").click()
        for page in pages.values():
            expect(page.get_by_text("Now talk to your neighbour")).to_be_visible()
            expect(page.locator(".js-plotly-plot")).to_have_count(1)
            expect(page.get_by_text("Nobody sees who voted how")).to_have_count(0)
        teacher.get_by_role("button", name="Open the second vote").click()
        tap(desk, question.right)
        tap(phone, question.right)
        expect(teacher.get_by_text("2 of 2 have voted")).to_be_visible()
        teacher.get_by_role("button", name="Show both votes").click()
        for page in pages.values():
            expect(page.get_by_text(question.reveal)).to_be_visible()
            charts = page.locator(".js-plotly-plot")
            expect(charts).to_have_count(2)
            expect(charts.first).to_contain_text("1 · 50")
            expect(charts.last).to_contain_text("2 · 100")
            expect(page.locator("[data-testid='stException']")).to_have_count(0)
        assert phone.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth + 2")
    finally:
        for context in contexts.values():
            context.close()
        app.stop()


def tap(page, place: int) -> None:
    button = page.get_by_role("button", name=re.compile(f"^(check )?{place + 1} · "))
    button.click()
    expect(page.get_by_text("Your vote is in")).to_be_visible()
