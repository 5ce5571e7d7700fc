"""How does memory that students' pages have used go back to the system?

A session that has ended is a ring of objects that hold each other: only Python's collector frees it, and a
server that stands still after class never calls that. The C library then keeps what was freed, in a pool for
each thread; thirty sessions leave many pools that are mostly empty. So threads share two pools here, and once
a minute the collector runs and what is free goes back.
"""

import ctypes
import gc
import sys
import threading

ARENA_MAX = -8  # M_ARENA_MAX of glibc's mallopt
POOLS = 2
EVERY = 60.0  # seconds


def give_back() -> None:
    """Begin to do so. Where the C library is not glibc (macOS, musl) only the collector runs."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(library, "malloc_trim") and hasattr(library, "mallopt"):
        library.mallopt(ARENA_MAX, POOLS)
    else:
        library = None
    threading.Thread(target=_clear_up, args=(library,), daemon=True, name="memory").start()


def _clear_up(library: ctypes.CDLL | None) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        gc.collect()
        if library:
            library.malloc_trim(0)
