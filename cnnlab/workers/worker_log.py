"""Why is a worker not there? What its log tells of a start that failed.

A worker process that dies at its first start takes its nanny with it; one that had been well is started again
by its nanny, for as long as it takes. In the log stand the lines below, what Python says when the processor
or the system breaks it off (`faulthandler`), and whatever libraries have to say.
"""

import faulthandler
import re
import sys
from contextlib import suppress
from pathlib import Path

from cnnlab.i18n import _

BEGINS, READY, ENDS = "cnnlab: the worker begins", "cnnlab: the worker is ready", "cnnlab: the worker ends:"
CPU = Path("/proc/cpuinfo")
END = 2**16  # bytes of a log that are read
LINE = 200  # characters of it that are shown
BROKEN_OFF = re.compile(r"(?:Fatal Python error|Windows fatal exception): (.+)")
SIGNAL = re.compile(r"[Ii]llegal|[Ss]egmentation|Abort|Bus|Floating|violation|overflow|code 0x")
NO_INSTRUCTION = re.compile(r"illegal instruction|code 0xc000001d", re.IGNORECASE)
NOT_COMPILED_FOR = re.compile(r"compiled to use .* instructions, but these aren't available")  # TensorFlow's
NO_MEMORY = re.compile(r"MemoryError|ResourceExhausted|bad_alloc|cannot allocate memory", re.IGNORECASE)


def path(root: Path, name: str) -> Path:
    """Return where the worker of this name, started here, writes what it has to say."""
    return root / f".{name}-worker.log"


def note(line: str) -> None:
    """Write one of the lines above into the log of this process."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def begin() -> None:
    """Begin the log of a start, in which also stands what breaks Python off, as an illegal instruction."""
    with suppress(OSError, RuntimeError):  # there may be no such log
        faulthandler.enable()
    note(BEGINS)


def trouble(log: Path, alive: bool) -> tuple[str, str]:
    """Return what is wrong with a worker that is not connected, and why, as Markdown; "" while it starts.

    alive: its nanny is there, and starts it again whenever it dies.
    """
    try:
        text = log.read_bytes()[-END:].decode(errors="replace")
    except OSError:
        text = ""
    since, where = text.rpartition(READY)[2], _("Its log is `{file}`.").format(file=log)
    if not alive:
        then = _("Mend that and start the app again.")
        return _("Its process has ended."), " ".join(filter(None, [_reason(since), where, then]))
    ended = since.rpartition(BEGINS)[0]  # but for the try under way
    if BEGINS not in ended:
        return "", ""
    return _("It ends at its start, again and again."), f"{_reason(ended)} {where}"


def _reason(text: str) -> str:
    """Return why it ended, as far as this part of its log tells."""
    broken = [word for word in BROKEN_OFF.findall(text) if SIGNAL.search(word)]
    if any(NO_INSTRUCTION.search(word) for word in broken) or NOT_COMPILED_FOR.search(text):
        if _lacks_avx():
            return _("The processor of this computer lacks AVX instructions, which TensorFlow needs.")
        return _("TensorFlow needs instructions that the processor of this computer lacks.")
    if NO_MEMORY.search(text):
        return _("There was not enough memory.")
    said = [line for line in text.splitlines() if line.strip()]
    ends = [line.removeprefix(ENDS) for line in said if line.startswith(ENDS)]
    if last := (ends or broken or ([] if BEGINS in text else said))[-1:]:
        return _("The last that it said was `{line}`.").format(line=last[0].replace("`", "'").strip()[:LINE])
    if BEGINS in text:
        return _("Something ended it from outside, most likely because the memory was full.")
    return ""


def _lacks_avx() -> bool:
    """Say whether this processor is known to be without AVX, for which TensorFlow is built."""
    try:
        flags = re.search(r"^flags\s*:(.*)$", CPU.read_text("utf-8"), re.MULTILINE)
    except OSError:  # not Linux
        return False
    return flags is not None and "avx" not in flags[1].split()
