"""How does memory that students' pages have used go back to the system?

Streamlit keeps a closed session for two minutes, in case its browser comes back, but looks at its watch only
when the next one closes: the last class of the day would stay all night. A session is a ring of objects that
hold each other, which only Python's collector frees. And the C library keeps what was freed, in a pool for
each thread; thirty sessions leave many pools that are mostly empty. So threads share two pools here, large
blocks (pictures, maps) come from the system directly and never lie between what stays, and three times a
minute sessions whose time is over are let go, collected, and what is free goes back.
"""

import asyncio
import ctypes
import gc
import sys

from streamlit.runtime import Runtime

ARENA_MAX, MMAP_THRESHOLD = -8, -3  # glibc's names for what mallopt sets
POOLS = 2
LARGE = 2**17  # bytes; glibc begins with this too, but raises it with every large block that is freed
EVERY = 20.0  # seconds


def give_back() -> asyncio.Task:
    """Begin to do so. Where the C library is not glibc (macOS, musl) it is left to itself."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    glibc = library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    if glibc:
        glibc.mallopt(ARENA_MAX, POOLS)
        glibc.mallopt(MMAP_THRESHOLD, LARGE)
    return asyncio.create_task(_go_on(glibc), name="memory")


async def _go_on(glibc: ctypes.CDLL | None) -> None:
    while True:
        await asyncio.sleep(EVERY)
        if let_go():
            gc.collect()
        if glibc:
            glibc.malloc_trim(0)


def let_go() -> bool:
    """Drop the closed sessions whose time is over; return whether there were any."""
    try:
        kept = Runtime.instance()._session_mgr._session_storage._cache
        return bool(kept.expire())
    except AttributeError:  # another Streamlit: they go when the next one closes
        return True
