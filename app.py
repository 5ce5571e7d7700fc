"""The app: `streamlit run app.py`. Starts and stops the workers and gives each browser an identity."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from cnnlab import access, environment, system
from cnnlab.ui.server.crowd import Crowd
from cnnlab.ui.server.install import install
from cnnlab.ui.server.memory import give_back
from cnnlab.ui.server.tcp_nodelay import send_at_once
from cnnlab.ui.server.untranslated import Untranslated
from cnnlab.ui.server.uploads import Limits
from cnnlab.ui.session.browser import IdentityCookie
from cnnlab.ui.shell.welcome import welcome
from cnnlab.workers import pool

# Before the server starts: what fails in `lifespan` is told with a page of traceback above it.
try:
    environment.check()
except environment.SettingError as error:
    sys.exit(str(error))
access.take_pin()
system.allow_open_files()

install()


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    send_at_once()
    tidying = give_back()
    pool.start()
    sys.stdout.write(welcome())
    sys.stdout.flush()
    yield
    tidying.cancel()
    pool.stop()


app = st.App(
    "cnnlab/ui/shell/main.py",
    lifespan=lifespan,
    middleware=[
        Middleware(Crowd),
        Middleware(IdentityCookie),
        Middleware(Untranslated),
        Middleware(Limits),
    ],
)
