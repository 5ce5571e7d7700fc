"""Who asks? A student, known by the hash of a browser's token, or the teacher, who holds a pass."""

import hmac
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cnnlab.text import _

PIN = "CNNLAB_TEACHER_PIN"  # the environment variable; while it is not set there is no class and no teacher
TRIES = 5  # wrong tries until a client has to wait
WAIT = 60.0  # seconds


class TeacherPass:
    """What the teacher's page holds after the right PIN; it may steer and delete every training run."""


Who = str | TeacherPass


class PinError(RuntimeError):
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


@dataclass
class Door:
    """The teacher's door: the PIN in constant time; five wrong tries of a client cost it a minute.

    `clock` gives seconds that never run backwards. A client is counted by its network address, so that a
    student's guessing does not lock out the teacher.
    """

    clock: Callable[[], float] = time.monotonic
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)  # client -> tries, time of the last
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, pin: str, client: str) -> TeacherPass:
        """Return the pass for the right PIN; PinError with a sentence otherwise."""
        right = _pin()
        if not right:
            raise PinError(_("There is no PIN on this server, so this page stays shut."))
        with self._lock:
            tries, last = self._wrong.get(client, (0, 0.0))
            left = WAIT - (self.clock() - last)
            if left <= 0:
                tries = 0
            if tries >= TRIES:
                text = _("Too many wrong tries: wait {seconds} s, then try again.")
                raise PinError(text.format(seconds=round(left) or 1))
            if hmac.compare_digest(pin.strip().encode(), right.encode()):
                self._wrong.pop(client, None)
                return TeacherPass()
            self._wrong[client] = (tries + 1, self.clock())
            if tries + 1 >= TRIES:
                raise PinError(_("Wrong PIN, five times: wait a minute, then try again."))
            raise PinError(_("Wrong PIN; {left} more tries.").format(left=TRIES - tries - 1))
