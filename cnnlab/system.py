"""What can this computer do, and what does a process ask of its system, whichever that is?"""

import os
from pathlib import Path

import psutil

try:
    import resource

    LIMITED = True
except ImportError:  # Windows, which has no such limits
    LIMITED = False

FILES = 8192  # open files that a class, its runs and Dask's connections have room in


def allow_open_files() -> None:
    """Raise the soft limit of open files as far as this process may: macOS begins with 256."""
    if not LIMITED:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def give_way(niceness: int) -> None:
    """Let other processes go first; the threads that this one starts from now on do so too."""
    process = psutil.Process()
    below = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)  # what Windows has in the place of niceness
    process.nice(below or min(19, process.nice() + niceness))


def bfloat16_is_native() -> bool:
    """Say whether this processor multiplies bfloat16 itself; emulated it would be slow.

    Linux tells; elsewhere it is not known, and float32 is right everywhere. CNNLAB_BFLOAT16 (0 or 1) says it
    instead, so that on either kind of processor one can see what happens on the other.
    """
    if said := os.environ.get("CNNLAB_BFLOAT16"):
        return said == "1"
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
