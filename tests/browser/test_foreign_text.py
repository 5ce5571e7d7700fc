"""Does a text in an address make a browser ask another computer for anything?"""

from urllib.parse import quote, urlsplit

FOREIGN = "![x](http://127.0.0.1:9/p.png)<img src=http://127.0.0.1:9/q.png>"


def test_an_address_makes_no_browser_ask_anybody_else(app, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    config = quote(f'{{"preset": "{FOREIGN}"}}')
    for address, says in (
        (f"train?run={quote(FOREIGN)}", "There is no run called"),
        (f"train?config={config}", "There is no network called"),
        (f"network?run={quote(FOREIGN)}", "There is no run called"),
        (f"pooling?lesson={quote(FOREIGN)}&level={quote(FOREIGN)}", "The lesson link was not followed"),
    ):
        page.goto(f"{app.url}/{address}")
        page.get_by_text(says).first.wait_for()
        assert page.locator("[data-testid=stAlert]").locator("img, a").count() == 0
    ours = urlsplit(app.url).netloc
    assert len(asked) > 10 and all(urlsplit(url).netloc in (ours, "") for url in asked)
