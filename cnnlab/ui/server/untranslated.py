"""Why does no browser translate a page by itself?

A browser that translates puts elements of its own in the place of the texts that Streamlit has drawn. When a
text changes, Streamlit changes the one that is no longer shown: one reads the old question above the options
of the new one, and what is to be taken away cannot be found. So the first bytes of each page forbid it.
"""

from pathlib import PurePosixPath

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnlab.ui.server.patch import say_once
from cnnlab.ui.server.responses import is_page

MARKS = (
    (b"<html ", b'<html translate="no" '),
    (b"<head>", b'<head>\n    <meta name="google" content="notranslate" />'),
)
# What a browser asks that would keep the marks out: to pack the page, to send it only if it is another one.
LEFT_OUT = (b"accept-encoding", b"if-none-match", b"if-modified-since")


class Untranslated:
    """ASGI middleware: tell the browser in every page that it is not to be translated."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["method"] == "GET"
        if not asks or PurePosixPath(scope["path"]).suffix not in ("", ".html"):
            return await self.app(scope, receive, send)
        start: Message | None = None
        body = b""

        async def send_marked(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and is_page(message):
                start = message  # its length is known when the whole page is
                return
            if start is None:
                return await send(message)
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            for plain, marked in MARKS:
                if plain not in body:
                    say_once("Browsers may translate pages.", "Streamlit 1.67", f"no {plain!r} in a page")
                body = body.replace(plain, marked, 1)
            headers = MutableHeaders(raw=start["headers"])
            headers["content-length"] = str(len(body))
            for name in ("etag", "last-modified"):  # those of the page without marks
                del headers[name]
            await send(start)
            await send({**message, "body": body})

        asked = [(name, value) for name, value in scope["headers"] if name not in LEFT_OUT]
        await self.app({**scope, "headers": asked}, receive, send_marked)
