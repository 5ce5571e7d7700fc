"""How does a worker learn that the app is gone, even killed? (Loaded by Dask through --preload-nanny.)

The app holds the other end of this process's standard input. When the app dies in whatever way, the system
closes it, this process ends, and Dask's worker process ends with its nanny.
"""

import os
import sys
import threading


def dask_setup(nanny: object) -> None:
    threading.Thread(target=_end_with_the_app, daemon=True, name="app watch").start()


def _end_with_the_app() -> None:
    while os.read(sys.stdin.fileno(), 2**10):  # not through Python's buffer, which is locked meanwhile
        pass
    os._exit(0)
