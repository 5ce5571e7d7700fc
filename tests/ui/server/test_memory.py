"""Closed sessions are let go when their time is over, though no other one closes."""

import asyncio
import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from cnnlab.ui.server import memory
from cnnlab.ui.server.patch import Inside
from tests.conftest import PATIENCE, elsewhere


class Page:
    """A ring of objects, as a session is."""

    def __init__(self, name: str):
        self.session = SimpleNamespace(id=name, page=self)


@pytest.fixture
def kept(monkeypatch):
    """Streamlit's own store of closed sessions, with a watch that the test sets."""
    storage, now = MemorySessionStorage(ttl_seconds=120), SimpleNamespace(time=0.0)
    monkeypatch.setattr(storage._cache, "_timer", lambda: now.time)
    sessions = SimpleNamespace(_session_storage=storage)
    running = SimpleNamespace(_session_mgr=sessions, uploaded_file_mgr=None)
    monkeypatch.setattr(Runtime, "_instance", running)
    return storage, now


def test_a_session_is_kept_for_its_time_and_then_collected(kept, monkeypatch):
    storage, now = kept
    monkeypatch.setattr(memory, "EVERY", 0.01)
    page = Page("early")
    storage.save(page)
    gone = weakref.ref(page)
    del page

    async def wait(condition) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    async def story():
        rounds = 0

        def counted():
            nonlocal rounds
            rounds += 1
            return now.time

        monkeypatch.setattr(storage._cache, "_timer", counted)
        tidying = memory.give_back()
        now.time = 119
        await wait(lambda: rounds > 3)
        assert gone() is not None
        now.time = 121
        await wait(lambda: gone() is None)
        tidying.cancel()

    gc.disable()  # as on a server at rest
    try:
        elsewhere(asyncio.run, story())
    finally:
        gc.enable()


def test_another_streamlit_breaks_nothing(monkeypatch):
    monkeypatch.setattr(
        memory, "PATCH", replace(memory.PATCH, needs={"runtime": Inside("streamlit.runtime:No")})
    )
    monkeypatch.setattr(Runtime, "_instance", SimpleNamespace())
    assert memory.let_go()
