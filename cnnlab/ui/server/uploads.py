"""How much of the server's memory may uploads take, and for how long?

Streamlit (1.67) keeps every file that it is sent until the session ends, however many, and takes files that
no page has asked for. Here a file comes in only under an address that the server has given out, as long
as there is room for it, and goes as soon as its page has read it. Who chose it reads on the page why it was
not taken. All stays in memory; by default the web server keeps what exceeds 1 MB in a temporary file on disk.

`install` puts a store of our own in the place of Streamlit's. Where another version does not look for it
there, its own store is used and nothing is limited but the size of one file.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit.runtime import Runtime, memory_uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnlab.data import photos
from cnnlab.export.archive import LARGEST as LARGEST_ARCHIVE
from cnnlab.i18n import _, number

MEGABYTE = 1_000_000  # as browsers and phones count
LARGEST = max(photos.MAX_BYTES, LARGEST_ARCHIVE)
ENVELOPE = 2**20  # what may stand around a file in its request; `server.maxUploadSize` counts it too
OF_ONE, OF_ALL = 64 * MEGABYTE, 256 * MEGABYTE  # what a session, and all together, may have on the server
FILES = 32  # of a session at one time
ABANDONED = 60.0  # seconds without a byte of a session after which nobody will read its files any more
STALLED = 30.0  # seconds without a byte after which an upload is given up
ADDRESSES = 500  # given out to one session and not used yet
UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")


class Refused(HTTPException):
    """A file is not taken. why: a key of the sentences that `refusal` speaks; the rest is for the browser."""

    def __init__(self, why: str):
        status = {"room": 429, "unasked": 403, "stalled": 408}.get(why, 413)
        super().__init__(status, f"not taken: {why}")
        self.why = why


class Store(MemoryUploadedFileManager):
    """Streamlit's store of uploaded files, with an account of who has what and what is on its way."""

    def __init__(self, upload_endpoint: str):
        super().__init__(upload_endpoint)
        self.refused: dict[str, list] = {}  # session -> [why, the field that says so]
        self._given: dict[str, dict[str, None]] = {}  # session -> ids of files that it may send, in order
        self._coming: dict[tuple[str, str], tuple[int, int]] = {}  # (session, id) -> bytes announced, come
        self._heard: dict[str, float] = {}  # session -> when its last byte came

    def get_upload_urls(self, session_id, file_names):
        """A student has chosen files: note the addresses that they get."""
        self.refused.pop(session_id, None)
        addresses = super().get_upload_urls(session_id, file_names)
        given = self._given.setdefault(session_id, {})
        given.update((address.file_id, None) for address in addresses)
        for oldest in list(given)[:-ADDRESSES]:
            del given[oldest]
        return addresses

    def add_file(self, session_id, file) -> None:
        """Keep a file that has come. Raises Refused where its session has ended meanwhile."""
        if session_id not in self._given:
            raise Refused("unasked")
        self._given[session_id].pop(file.file_id, None)  # an address serves once
        super().add_file(session_id, file)

    def remove_session_files(self, session_id) -> None:
        """A session has ended."""
        super().remove_session_files(session_id)
        for known in (self.refused, self._given, self._heard):
            known.pop(session_id, None)

    @contextmanager
    def let_in(self, session_id: str, file_id: str, announced: int) -> Iterator[Callable[[int], None]]:
        """Make room for an upload; yield what counts its bytes as they come. Both raise Refused."""
        upload = session_id, file_id
        if file_id not in self._given.get(session_id, ()) or upload in self._coming:
            raise Refused("unasked")

        def count(size: int) -> None:
            if session_id not in self._given:  # it has ended
                raise Refused("unasked")
            self._coming[upload] = announced, self._coming.get(upload, (0, 0))[1] + size
            self._heard[session_id] = time.monotonic()
            if why := self._overfull(upload):
                raise self.refuse(session_id, why)

        self.tidy()
        try:
            count(0)
            yield count
        finally:
            self._coming.pop(upload, None)

    def refuse(self, session_id: str, why: str) -> Refused:
        """Note that a file is not taken, for the page to say; return what is to be raised."""
        self.refused[session_id] = [why, None]
        return Refused(why)

    def tidy(self) -> None:
        """Let go of what lies here unread: a page reads files at once when the last of them has come."""
        sending = {session for session, _file in self._coming}
        for session in self._held():
            if session not in sending and time.monotonic() - self._heard.get(session, 0) > ABANDONED:
                super().remove_session_files(session)

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

    def _held(self) -> dict[str, list[int]]:
        """Return the sizes of the files that are here, by session."""
        with self._lock:
            return {
                name: [len(file.data) for file in files.values()] for name, files in self.file_storage.items()
            }


class Limits:
    """ASGI middleware: take in no upload for which the store has no room, and have the page say so."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        place = UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        kept = store() if place else None
        if kept is None:
            return await self.app(scope, receive, send)
        session, file = place.groups()
        length = HTTPConnection(scope).headers.get("content-length", "")
        before = kept.refused.get(session)
        try:
            with kept.let_in(session, file, int(length[:15]) if length.isdecimal() else 0) as count:

                async def counted():
                    try:
                        async with asyncio.timeout(STALLED):
                            message = await receive()
                    except TimeoutError:
                        raise kept.refuse(session, "stalled") from None
                    count(len(message.get("body", b"")))
                    return message

                await self.app(scope, counted, send)
        except Refused as refused:  # at the door; within the app it becomes an answer there
            await PlainTextResponse(refused.detail, refused.status_code)(scope, receive, send)
        if kept.refused.get(session) is not before:
            await _draw_again(session)


def store() -> Store | None:
    """Return the running server's store; None where it has another one."""
    found = getattr(Runtime.instance(), "uploaded_file_mgr", None) if Runtime.exists() else None
    return found if isinstance(found, Store) else None


async def _draw_again(session: str) -> None:
    """Have a session's page drawn as it is, which then says what was refused; what it is doing ends first."""
    with suppress(AttributeError, TimeoutError):  # else it is said when the student changes something
        known = Runtime.instance()._session_mgr.get_active_session_info(session).session
        known.track_settling()
        async with asyncio.timeout(STALLED):
            await known.wait_until_settled()
        known.request_rerun(known._client_state)


def install() -> None:
    """Limit the uploads of the app that is created next, and keep all of them in memory."""
    memory_uploaded_file_manager.MemoryUploadedFileManager = Store
    MultiPartParser.spool_max_size = 2 * LARGEST  # more than any request may have


def refusal(field: str) -> str | None:
    """Return why files of this session were not taken, as a sentence, for the field that asks first."""
    context = get_script_run_ctx()
    refused = getattr(context.uploaded_file_mgr, "refused", {}).get(context.session_id) if context else None
    if refused is None or refused[1] not in (None, field):
        return None
    refused[1] = field
    return {
        "large": _("A file has more than {largest} MB, so it was not taken."),
        "many": _("Not all files were taken: {most} MB fit at once, in at most {files} files. Choose fewer."),
        "room": _("The whole class is sending files, so there was no room for yours. Try again in a minute."),
        "stalled": _("A file stopped on its way here. Try again."),
    }[refused[0]].format(largest=number(LARGEST / MEGABYTE), most=number(OF_ONE / MEGABYTE), files=FILES)


def field(
    label: str, types: list[str], largest: int, key: str, take: Callable[[str], None], **options
) -> None:
    """Draw a field for files of at most so many bytes, whose key `take` gets when there are some.

    Browsers themselves keep back what is too large, with a mark and not a word.
    """
    size = largest // MEGABYTE
    st.file_uploader(label, types, key=key, max_upload_size=size, on_change=take, args=(key,), **options)
    text = _("A red mark at a file: it has more than {limit} MB or is of another kind, so it was not taken.")
    st.caption(text.format(limit=number(size)))


def taken(key: str) -> tuple[list[UploadedFile], list[str]]:
    """Return the files in a field, and a sentence where one is gone (it lay here unread for too long)."""
    given = st.session_state.get(key) or []
    given = given if isinstance(given, list) else [given]
    files = [file for file in given if isinstance(file, UploadedFile)]
    return files, [_("A file did not arrive. Choose it once more.")] if len(files) < len(given) else []


def let_go(files: list[UploadedFile]) -> None:
    """Drop what has been read from the store, as Streamlit itself does for its chat field."""
    context = get_script_run_ctx()
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
