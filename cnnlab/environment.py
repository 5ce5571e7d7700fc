"""Can the app do its work with what its environment says? If not, a sentence tells it at the start."""

import errno
import os
import re
from pathlib import Path

from cnnlab import files
from cnnlab.access import PIN

SHORTEST_PIN = 4  # characters; there are 20 tries a minute for all, so four digits last eight hours


class SettingError(ValueError):
    """An environment variable has a value that cannot be used; the text is a sentence to show."""


def check() -> None:
    """Raise SettingError for the first setting with which the app could not do its work."""
    trainers()
    scheduler()
    cifar10()
    _runs_can_be_kept()
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


def runs() -> Path:
    """Return CNNLAB_RUNS, the folder of the training runs; without it, runs/."""
    return (_folder("CNNLAB_RUNS") or Path("runs")).absolute()


def cifar10() -> Path | None:
    """Return CNNLAB_CIFAR10, the folder of the six batches; None without it. It need not be there yet."""
    folder = _folder("CNNLAB_CIFAR10")
    return folder and folder.absolute()


def _folder(name: str) -> Path | None:
    text = os.environ.get(name)
    try:
        return expanded(text) if text else None
    except ValueError as error:
        raise SettingError(f"{name} is {text!r}, and {error}") from None


def expanded(text: str) -> Path:
    """Return the folder that a text names, ~ and ~name included; ValueError where that cannot be one."""
    try:
        text.encode()
    except UnicodeEncodeError:  # it cannot be passed on to the workers
        raise ValueError("that is no name in UTF-8.") from None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"there is no home folder {Path(text).parts[0]!r} on this computer.") from None


def _runs_can_be_kept() -> None:
    root = runs()
    try:
        root.mkdir(parents=True, exist_ok=True)
        files.try_out(root)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return  # there are old training runs to delete then, by the app
        what, why = getattr(error, "__notes__", ()), error.strerror or error
        reason = f"{what[0]} ({why})" if what else why
        raise SettingError(
            f"The training runs cannot be stored in {root}: {reason}; name another folder in CNNLAB_RUNS."
        ) from error


def _pin_can_be_kept() -> None:
    length = len(os.environ.get(PIN, "").strip())
    if 0 < length < SHORTEST_PIN:  # without a PIN there is no class, and that is a choice
        raise SettingError(
            f"{PIN} is too easy to guess: it must have {SHORTEST_PIN} characters or more, and has {length}."
        )
