"""How many new browsers may come from one place? A device can say that it is as many as it likes.

A class that shares one address, as behind a router, comes at the same moment: so many come in at once. After
that some more each minute, from one network and from all together.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

AT_ONCE, A_MINUTE = 35, 10.0  # new browsers of one network
ALL_AT_ONCE, ALL_A_MINUTE = 200, 40.0  # of all networks together


@dataclass
class Newcomers:
    """Counts the new browsers of a class; `clock` gives seconds that never run backwards."""

    clock: Callable[[], float] = time.monotonic
    _class: str = ""
    _lately: dict[str, tuple[float, float]] = field(default_factory=dict)  # network ("": all) -> count, when
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, network: str, began: str) -> bool:
        """Say whether one more may come in now, and count it; `began` is the mark of the class."""
        with self._lock:
            if began != self._class:  # everybody is new
                self._class = began
                self._lately.clear()
            now = self.clock()
            here, all = self._count(network, A_MINUTE, now), self._count("", ALL_A_MINUTE, now)
            if here + 1 > AT_ONCE or all + 1 > ALL_AT_ONCE:
                return False
            self._lately[network], self._lately[""] = (here + 1, now), (all + 1, now)
            # What has run out by now is as good as never counted: so there are no more than came lately.
            longest = 60 * AT_ONCE / A_MINUTE
            self._lately = {
                one: kept for one, kept in self._lately.items() if not one or now - kept[1] < longest
            }
            return True

    def _count(self, network: str, a_minute: float, now: float) -> float:
        count, when = self._lately.get(network, (0.0, now))
        return max(0.0, count - a_minute * (now - when) / 60)
