"""Can the app do its work with what its environment says? If not, a sentence tells it at the start."""

import os
import re

from cnnlab.rights import PIN
from cnnlab.runs import Store

SHORTEST_PIN = 4  # characters; one device has five tries a minute, so four digits last it a day and a half


class SettingError(ValueError):
    """An environment variable has a value that cannot be used; the text is a sentence to show."""


def check() -> None:
    """Raise SettingError for the first setting with which the app could not do its work."""
    trainers()
    scheduler()
    _runs_can_be_written()
    _pin_can_be_kept()


def trainers() -> int:
    """Return CNNLAB_WORKERS, how many runs are trained at once; without it, one."""
    text = os.environ.get("CNNLAB_WORKERS") or "1"
    if not re.fullmatch(r"[1-9][0-9]?", text):
        raise SettingError(f"CNNLAB_WORKERS is {text!r}; it must be a whole number from 1 to 99.")
    return int(text)


def scheduler() -> str | None:
    """Return CNNLAB_SCHEDULER, the address of a cluster; None without it. Nobody need answer there yet."""
    text = os.environ.get("CNNLAB_SCHEDULER")
    if not text:
        return None
    found = re.fullmatch(r"(tcp|tls)://([^\s/:]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})", text)
    if not found or not 1 <= int(found[3]) <= 65535:
        raise SettingError(
            f"CNNLAB_SCHEDULER is {text!r}; it must be an address such as tcp://10.0.0.5:8786 (or tls://...)."
        )
    return text


def _runs_can_be_written() -> None:
    root, reason = Store().root, ""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK | os.X_OK):  # a full disk may: there is something to delete then
            reason = "you may not write there"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise SettingError(
            f"The training runs cannot be stored in {root} ({reason}); name another folder in CNNLAB_RUNS."
        )


def _pin_can_be_kept() -> None:
    length = len(os.environ.get(PIN, "").strip())
    if 0 < length < SHORTEST_PIN:  # without a PIN there is no class, and that is a choice
        raise SettingError(
            f"{PIN} is too easy to guess: it must have {SHORTEST_PIN} characters or more, and has {length}."
        )
