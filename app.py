"""The app: `streamlit run app.py`. Starts and stops the workers and gives each browser an identity."""

from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from cnnlab import workers
from cnnlab.ui.identity import IdentityCookie


@asynccontextmanager
async def lifespan(app):
    workers.start()
    yield
    workers.stop()


app = st.App("cnnlab/ui/main.py", lifespan=lifespan, middleware=[Middleware(IdentityCookie)])
