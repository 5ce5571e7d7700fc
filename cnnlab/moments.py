"""When was it? How a time is written in files, and how far a file's word is believed."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

IN_NAMES = "%Y-%m-%d-%H%M%S"
EARLY = timedelta(days=1)  # by how much clocks that write one file differ at most


def now() -> str:
    """Return the time now as files hold it: a text that sorts by time."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """Return a time as files hold it, to the microsecond."""
    return moment.isoformat(timespec="microseconds")


def read(text: str, path: Path | None = None) -> datetime:
    """Return a time as it stands in a file; what is none counts as long ago.

    path: the file that it stands in. It knows of no time after the one at which it was written itself, so a
    foreign clock far ahead is not believed.
    """
    long_ago = datetime.fromtimestamp(0, UTC)
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
        if path is not None:
            found = min(found, datetime.fromtimestamp(path.stat().st_mtime, UTC) + EARLY)
    except (ValueError, OverflowError, OSError):
        return long_ago
    return max(found, long_ago)


def in_name() -> str:
    """Return the time now as names of folders hold it: "2026-11-20-081500", in UTC."""
    return f"{datetime.now(UTC):{IN_NAMES}}"


def from_name(text: str) -> datetime:
    """Return the time that `in_name` wrote. Raises ValueError where there is no such time."""
    return datetime.strptime(text, IN_NAMES).replace(tzinfo=UTC)


def later_than(times: Iterable[datetime]) -> str:
    """Return the time now; where a clock was set back, a moment after the latest of these, to keep order."""
    latest, present = max(times, default=None), now()
    if latest is None or latest < read(present):
        return present
    with suppress(OverflowError):
        latest += timedelta(microseconds=1)
    return written(latest)
