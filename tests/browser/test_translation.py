"""Does the app keep its own words in a browser that translates pages?"""

import urllib.request

from tests.conftest import wait_for
from tests.support.browser import settled

TRANSLATED = """() => {
  for (const part of document.querySelectorAll("p, label, button"))
    for (const node of [...part.childNodes])
      if (node.nodeType === Node.TEXT_NODE) {
        const font = document.createElement("font");
        font.textContent = `übersetzt: ${node.textContent}`;
        node.replaceWith(font);
      }
}"""


def test_the_first_bytes_of_every_page_say_so(light):
    for path in ("/", "/pooling", "/no-such-page", "/index.html"):
        request = urllib.request.Request(light.url + path, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read().decode()
            assert int(answer.headers["Content-Length"]) == len(text.encode())
        html, head = text.index("<html "), text.index("<head>")
        assert 'translate="no"' in text[html:head] and 'lang="en"' in text[html:head]
        assert text[head : text.index("<script")].count('<meta name="google" content="notranslate"') == 1


def test_a_browser_that_translates_all_the_same_never_mixes_two_questions(light, page):
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{light.url}/pooling")
    question = page.get_by_text("Which output changes?")
    settled(page)
    assert page.locator("html").get_attribute("translate") == "no"
    before = question.inner_text()
    page.evaluate(TRANSLATED)
    assert question.inner_text() != before
    page.locator("font", has_text="3 × 3").first.click()

    def asked_anew() -> bool:
        texts = page.get_by_text("Which output changes?").all_inner_texts()
        return len(texts) == 1 and "übersetzt" not in texts[0] and texts[0] != before

    wait_for(asked_anew, "the question of the new setting stands there, in the app's own words")
    assert not problems
