"""How does the C library of this process get memory from the system, and when does it give it back?

This is about glibc (Linux); macOS, Windows and musl are left to themselves. By default it gives back whatever
lies free at the end of a pool, and takes every large block from the system anew. Both cost a page fault for
every 4 kB, of which a training step touches tens of thousands, and on many virtual machines these are dear:
there, training spent nine tenths of its time in them. And once anybody sets one threshold, as Dask does for
its workers, glibc no longer raises them by itself.

So a process that trains keeps what it has, and gives it back when a training run is over (`give_back`). The
server of the pages has the opposite aim (`share`).
"""

import ctypes
import sys
from functools import cache

# What mallopt(3) sets: its number, and the variable of the environment that says the same from the start.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -2, -3, -4, -8
VARIABLES = {
    TRIM_THRESHOLD: "MALLOC_TRIM_THRESHOLD_",
    TOP_PAD: "MALLOC_TOP_PAD_",
    MMAP_MAX: "MALLOC_MMAP_MAX_",
    ARENA_MAX: "MALLOC_ARENA_MAX",
}
# No block past the pool, however large (glibc ignores a threshold above 32 MB in many versions); one pool,
# as all others consist of pieces of 64 MB, which go back when they are empty, unless the padding forbids it
# (for threads that had such a pool before); and nothing goes back from the end of it.
KEEPING = {MMAP_MAX: 0, ARENA_MAX: 1, TOP_PAD: 2**26, TRIM_THRESHOLD: 2**31 - 1}
# Two pools for all threads, and large blocks (pictures, maps) never lie between what stays. glibc begins with
# this threshold too, but raises it with every large block that is freed.
SHARING = {ARENA_MAX: 2, MMAP_THRESHOLD: 2**17}


@cache
def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def keep() -> None:
    """Let this process keep the memory that it frees, for its next step: before TensorFlow is loaded."""
    _set(KEEPING)


def environment() -> dict[str, str]:
    """Return what says the same to a process from its first thread on."""
    return {VARIABLES[what]: str(value) for what, value in KEEPING.items()}


def share() -> None:
    """Let the threads of this process share memory, and large blocks go back at once."""
    _set(SHARING)


def give_back() -> None:
    """Give back to the system what is free now."""
    if library := _glibc():
        library.malloc_trim(0)


def _set(values: dict[int, int]) -> None:
    if library := _glibc():
        for what, value in values.items():
            library.mallopt(what, value)
