"""Whose browser is this?

A browser gets a random token in a cookie that scripts cannot read; there are no accounts. Only the token's
hash is ever stored, as the owner of a run.
"""

import hashlib
import secrets

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnlab.network_address import HERE
from cnnlab.ui.server.responses import is_page

COOKIE = "cnnlab_browser"
YEAR = 365 * 24 * 3600


class IdentityCookie:
    """ASGI middleware: answer a page request without the cookie by setting one."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or HTTPConnection(scope).cookies.get(COOKIE):
            return await self.app(scope, receive, send)
        bearer = Response()
        bearer.set_cookie(COOKIE, secrets.token_urlsafe(24), max_age=YEAR, httponly=True, samesite="lax")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and is_page(message):
                MutableHeaders(scope=message).append("set-cookie", bearer.headers["set-cookie"])
            await send(message)

        return await self.app(scope, receive, send_with_cookie)


def owner() -> str:
    """Return this browser's owner hash; a browser without the cookie counts as one session."""
    token = st.context.cookies.get(COOKIE)
    if not isinstance(token, str) or not token:  # no cookie, or no browser at all
        token = st.session_state.setdefault("identity.token", secrets.token_urlsafe(24))
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def client() -> str:
    """Return the network address of this browser's computer."""
    address = st.context.ip_address  # None: this computer itself
    return address if isinstance(address, str) else HERE
