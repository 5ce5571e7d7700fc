"""How does memory that students' pages have used go back to the system?

Streamlit keeps a closed session for two minutes, in case its browser comes back, but looks at its watch only
when the next one closes: the last class of the day would stay all night. A session is a ring of objects that
hold each other, which only Python's collector frees. And the C library keeps what was freed, in a pool for
each thread; thirty sessions leave many pools that are mostly empty. So threads share their pools here
(`cnnlab.malloc`), and three times a minute uploads that nobody reads and sessions whose time is over are let
go, collected, and what is free goes back.
"""

import asyncio
import gc

from cnnlab import malloc
from cnnlab.ui.server import uploads
from cnnlab.ui.server.patch import Inside, Patch

EVERY = 20.0  # seconds

PATCH = Patch(
    without="A closed session stays in memory until the next one closes.",
    made_for="Streamlit 1.67",
    needs={
        "runtime": Inside("streamlit.runtime:Runtime", {"instance": "", "_session_mgr": None}),
        "sessions": Inside(
            "streamlit.runtime.websocket_session_manager:WebsocketSessionManager", {"_session_storage": None}
        ),
        "closed": Inside("streamlit.runtime.memory_session_storage:MemorySessionStorage", {"_cache": None}),
        "cache": Inside("streamlit.runtime.caching.ttl_cache:TTLCache", {"expire": "self at_time"}),
    },
)


def give_back() -> "asyncio.Task[None]":
    """Begin to do so."""
    malloc.share()
    return asyncio.create_task(_go_on(), name="memory")


async def _go_on() -> None:
    while True:
        await asyncio.sleep(EVERY)
        if account := uploads.account():
            account.tidy()
        if let_go():
            gc.collect()
        malloc.give_back()


def let_go() -> bool:
    """Drop the closed sessions whose time is over; return whether there may have been any."""
    if PATCH.found is None:
        return True
    return bool(PATCH.found["runtime"].instance()._session_mgr._session_storage._cache.expire())
