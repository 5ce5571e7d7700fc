"""The app: `streamlit run app.py`. Starts and stops the workers and gives each browser an identity."""

import sys
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from cnnlab import rights, settings, system, workers
from cnnlab.ui import uploads
from cnnlab.ui.crowd import Crowd
from cnnlab.ui.identity import IdentityCookie
from cnnlab.ui.incoming import take_only_what_fits
from cnnlab.ui.memory import give_back
from cnnlab.ui.nodelay import send_at_once
from cnnlab.ui.offline import ask_nobody
from cnnlab.ui.timers import wait_their_turn
from cnnlab.ui.untranslated import Untranslated
from cnnlab.ui.welcome import welcome

# Before the server starts: what fails in `lifespan` is told with a page of traceback above it.
try:
    settings.check()
except settings.SettingError as error:
    sys.exit(str(error))
rights.take_pin()
system.allow_open_files()

uploads.install()


@asynccontextmanager
async def lifespan(app):
    ask_nobody()
    send_at_once()
    wait_their_turn()
    take_only_what_fits()
    tidying = give_back()
    workers.start()
    sys.stdout.write(welcome())
    sys.stdout.flush()
    yield
    tidying.cancel()
    workers.stop()


app = st.App(
    "cnnlab/ui/main.py",
    lifespan=lifespan,
    middleware=[
        Middleware(Crowd),
        Middleware(IdentityCookie),
        Middleware(Untranslated),
        Middleware(uploads.Limits),
    ],
)
