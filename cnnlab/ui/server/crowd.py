"""How many pages may be open at once? Each takes megabytes of the server, and one device can open thousands.

A class that shares one address has a few pages open for each student, so there is room for that. Beyond it
whoever opens one more reads a sentence instead, and what tries to connect all the same is turned away.
"""

from collections import Counter

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cnnlab.i18n import _
from cnnlab.network_address import network_of

OF_ONE, OF_ALL = 150, 400  # open pages of one network, and of all together


class Crowd:
    """ASGI middleware: connect so many pages and no more."""

    def __init__(self, app: ASGIApp, of_one: int = OF_ONE, of_all: int = OF_ALL):
        self.app, self.of_one, self.of_all = app, of_one, of_all
        self.open: Counter[str] = Counter()  # network -> connections; none of which there are none

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        network = network_of(scope["client"][0] if scope.get("client") else "")
        full = self.open[network] >= self.of_one or self.open.total() >= self.of_all
        if scope["type"] == "http":
            if full and "text/html" in HTTPConnection(scope).headers.get("accept", ""):
                text = _(
                    "Too many pages are open at once. Close those that nobody needs, and reload this one."
                )
                return await PlainTextResponse(text, 503)(scope, receive, send)
            return await self.app(scope, receive, send)
        if full:
            await receive()  # what asks to be connected
            return await send({"type": "websocket.close", "code": 1013, "reason": "try again later"})
        self.open[network] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.open[network] -= 1
            self.open += Counter()  # drops what is zero
