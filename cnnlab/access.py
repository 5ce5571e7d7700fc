"""Who asks? A student, known by the hash of a browser's token, or the teacher, who holds a pass."""

import hmac
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cnnlab.i18n import Sentence, _
from cnnlab.network_address import HERE, network_of

PIN = "CNNLAB_TEACHER_PIN"  # the environment variable; while it is not set there is no class and no teacher
TRIES = 5  # wrong tries until a client has to wait
ALL_TRIES = 20  # wrong tries of all clients together until all have to wait
WAIT = 60.0  # seconds


class TeacherPass:
    """What the teacher's page holds after the right PIN; it may steer and delete every training run."""


Who = str | TeacherPass


class PinError(Sentence, RuntimeError):
    """Why the door stays shut, as a sentence to show."""


_taken = ""  # the PIN, once it is in the environment no more


def take_pin() -> None:
    """Move the PIN into memory from the environment, which every process started from here inherits."""
    global _taken
    _taken = os.environ.pop(PIN, _taken)


def without_pin(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for another process: the PIN is none of its business."""
    return {name: value for name, value in environment.items() if name != PIN}


def _pin() -> str:
    return os.environ.get(PIN, _taken).strip()


def teaching() -> bool:
    """Say whether this server has a teacher: a class with names, limits, votes and a board."""
    return bool(_pin())


@dataclass(frozen=True)
class Guesses:
    """Wrong PINs from browsers that never had it right; the times are seconds since 1970."""

    count: int
    first: float
    last: float


@dataclass
class Door:
    """The teacher's door: the PIN in constant time; wrong tries have to wait, a client's and all together.

    A device can say that it is another browser, and an IPv6 device has addresses without end: so a client is
    the network that one device can choose its address from, and there is a limit for all of them. A browser
    that has had the PIN right before is counted for itself: no student's guessing keeps its teacher out. The
    limit for all does not keep out who sits at this computer either.

    `clock` gives seconds that never run backwards.
    """

    clock: Callable[[], float] = time.monotonic
    guesses: Guesses | None = None
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)  # client -> tries, time of the last
    _lately: deque[tuple[float, str]] = field(default_factory=deque)  # time, browser: of the last minute
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, pin: str, client: str, browser: str = "", known: bool = False) -> TeacherPass:
        """Return the pass for the right PIN; PinError with a sentence otherwise.

        client: the network address; known: whether this browser has had the PIN right before.
        """
        right = _pin()
        if not right:
            raise PinError(_("There is no PIN on this server, so this page stays shut."))
        who = f"browser {browser}" if known else network_of(client)
        with self._lock:
            now = self.clock()
            self._forget(now)
            tries, last = self._wrong.get(who, (0, now))
            if tries >= TRIES:
                raise PinError(_wait(WAIT - (now - last)))
            if not known and who != HERE and len(self._lately) >= ALL_TRIES:
                raise PinError(_wait(WAIT - (now - self._lately[0][0])))
            if hmac.compare_digest(pin.strip().encode(), right.encode()):
                self._wrong.pop(who, None)
                self._excuse(browser)
                return TeacherPass()
            self._wrong[who] = (tries + 1, now)
            if not known:
                self._note(now, browser)
            if tries + 1 >= TRIES:
                raise PinError(_("Wrong PIN, five times: wait a minute, then try again."))
            raise PinError(_("Wrong PIN; {left} more tries.").format(left=TRIES - tries - 1))

    def _forget(self, now: float) -> None:
        """Drop what is older than a minute: so no more is kept than there are wrong tries in one."""
        self._wrong = {who: (tries, last) for who, (tries, last) in self._wrong.items() if now - last < WAIT}
        while self._lately and now - self._lately[0][0] >= WAIT:
            self._lately.popleft()

    def _note(self, now: float, browser: str) -> None:
        self._lately.append((now, browser))
        before = self.guesses or Guesses(0, time.time(), 0)
        self.guesses = replace(before, count=before.count + 1, last=time.time())

    def _excuse(self, browser: str) -> None:
        """Take back the wrong tries of a browser that has found the right PIN: a slip is no guess."""
        slips = [entry for entry in self._lately if browser and entry[1] == browser]
        for entry in slips:
            self._lately.remove(entry)
        if self.guesses and slips:
            left = self.guesses.count - len(slips)
            self.guesses = replace(self.guesses, count=left) if left else None


def _wait(seconds: float) -> str:
    text = _("Too many wrong tries: wait {seconds} s, then try again.")
    return text.format(seconds=round(seconds) or 1)
