"""How does memory that students' pages have used go back to the system?

The C library keeps what was freed, in a pool for each thread; thirty sessions, each in a thread of its own,
leave many pools that are mostly empty. Here threads share two, and once a minute what is free goes back.
"""

import ctypes
import sys
import threading

ARENA_MAX = -8  # M_ARENA_MAX of glibc's mallopt
POOLS = 2
EVERY = 60.0  # seconds


def give_back() -> None:
    """Begin to do so; where the C library is not glibc (macOS, musl) there is nothing to do."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "malloc_trim") or not hasattr(library, "mallopt"):
        return
    library.mallopt(ARENA_MAX, POOLS)
    threading.Thread(target=_trim, args=(library,), daemon=True, name="memory").start()


def _trim(library: ctypes.CDLL) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        library.malloc_trim(0)
