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

from streamlit.runtime import Runtime

from cnnlab import malloc
from cnnlab.ui.server import uploads

EVERY = 20.0  # seconds


def give_back() -> asyncio.Task:
    """Begin to do so."""
    malloc.share()
    return asyncio.create_task(_go_on(), name="memory")


async def _go_on() -> None:
    while True:
        await asyncio.sleep(EVERY)
        if kept := uploads.store():
            kept.tidy()
        if let_go():
            gc.collect()
        malloc.give_back()


def let_go() -> bool:
    """Drop the closed sessions whose time is over; return whether there were any."""
    try:
        kept = Runtime.instance()._session_mgr._session_storage._cache
        return bool(kept.expire())
    except AttributeError:  # another Streamlit: they go when the next one closes
        return True
