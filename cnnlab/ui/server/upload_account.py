"""Who has how much of the server's memory with uploads, what is on its way, and is there room for more?"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

from cnnlab.data import photos
from cnnlab.export.archive import LARGEST as LARGEST_ARCHIVE

MEGABYTE = 1_000_000  # as browsers and phones count
LARGEST = max(photos.MAX_BYTES, LARGEST_ARCHIVE)
ENVELOPE = 2**20  # what may stand around a file in its request; `server.maxUploadSize` counts it too
OF_ONE, OF_ALL = 64 * MEGABYTE, 256 * MEGABYTE  # what a session, and all together, may have on the server
FILES = 32  # of a session at one time
ABANDONED = 60.0  # seconds without a byte of a session after which nobody will read its files any more
ADDRESSES = 500  # given out to one session and not used yet


class Refused(HTTPException):
    """A file is not taken. why: a key of the sentences that its page has; the rest is for the browser."""

    def __init__(self, why: str):
        status = {"room": 429, "unasked": 403, "stalled": 408}.get(why, 413)
        super().__init__(status, f"not taken: {why}")
        self.why = why


class Account:
    """What sessions have and may send.

    held: returns the sizes of the files that are here, by session. drop: lets go of those of a session.
    """

    def __init__(self, held: Callable[[], dict[str, list[int]]], drop: Callable[[str], None]):
        self._held, self._drop = held, drop
        self.refused: dict[str, list[str | None]] = {}  # session -> [why, the field that says so]
        self._given: dict[str, dict[str, None]] = {}  # session -> ids of files that it may send, in order
        self._coming: dict[tuple[str, str], tuple[int, int]] = {}  # (session, id) -> bytes announced, come
        self._heard: dict[str, float] = {}  # session -> when its last byte came

    def give(self, session: str, files: Iterable[str]) -> None:
        """A student has chosen files: note the ids under which they may come."""
        self.refused.pop(session, None)
        given = self._given.setdefault(session, {})
        given.update((file, None) for file in files)
        for oldest in list(given)[:-ADDRESSES]:
            del given[oldest]

    def take(self, session: str, file: str) -> None:
        """A file has come: its id serves once. Raises Refused where its session has ended meanwhile."""
        if session not in self._given:
            raise Refused("unasked")
        self._given[session].pop(file, None)

    def forget(self, session: str) -> None:
        """A session has ended."""
        for known in (self.refused, self._given, self._heard):
            known.pop(session, None)

    @contextmanager
    def let_in(self, session: str, file: str, announced: int) -> Iterator[Callable[[int], None]]:
        """Make room for an upload; yield what counts its bytes as they come. Both raise Refused."""
        upload = session, file
        if file not in self._given.get(session, ()) or upload in self._coming:
            raise Refused("unasked")

        def count(size: int) -> None:
            if session not in self._given:  # it has ended
                raise Refused("unasked")
            self._coming[upload] = announced, self._coming.get(upload, (0, 0))[1] + size
            self._heard[session] = time.monotonic()
            if why := self._overfull(upload):
                raise self.refuse(session, why)

        self.tidy()
        try:
            count(0)
            yield count
        finally:
            self._coming.pop(upload, None)

    def refuse(self, session: str, why: str) -> Refused:
        """Note that a file is not taken, for the page to say; return what is to be raised."""
        self.refused[session] = [why, None]
        return Refused(why)

    def tidy(self) -> None:
        """Let go of what lies here unread: a page reads files at once when the last of them has come."""
        sending = {session for session, _file in self._coming}
        for session in self._held():
            if session not in sending and time.monotonic() - self._heard.get(session, 0) > ABANDONED:
                self._drop(session)

    def _overfull(self, upload: tuple[str, str]) -> str | None:
        """Say why there is no room for an upload, if there is none.

        What others have announced counts for them alone: who announces much and sends nothing blocks nobody.
        """
        session, held = upload[0], self._held()
        announced, come = self._coming[upload]
        size = max(announced, come)
        mine = [max(sizes) for (other, _file), sizes in self._coming.items() if other == session]
        if size > LARGEST + ENVELOPE:
            return "large"
        if (
            sum(mine) + sum(held.get(session, ())) > OF_ONE + ENVELOPE
            or len(mine) + len(held.get(session, ())) > FILES
        ):
            return "many"
        all_come = sum(come for _announced, come in self._coming.values())
        return "room" if sum(map(sum, held.values())) + all_come + size - come > OF_ALL else None
