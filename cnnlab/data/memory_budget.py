"""Work that needs much memory waits until enough is free, instead of filling the computer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """So many bytes that all threads share."""

    def __init__(self, memory: float) -> None:
        self.all = self._free = memory
        self._changed = threading.Condition()

    @contextmanager
    def held(self, memory: float) -> Iterator[None]:
        """Wait until so many bytes are free, and hold them; what is larger than all waits to be alone."""
        memory = min(memory, self.all)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= memory)
            self._free -= memory
        try:
            yield
        finally:
            with self._changed:
                self._free += memory
                self._changed.notify_all()
