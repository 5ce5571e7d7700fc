"""How much of the server's memory may uploads take, and for how long?

Streamlit keeps every file that it is sent until the session ends, however many, and takes files that no page
has asked for. Here a file comes in only under an address that the server has given out, as long as there is
room for it, and goes as soon as its page has read it. Who chose it reads on the page why it was not taken.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial, wraps
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnlab.ui.server.patch import Inside, Patch
from cnnlab.ui.server.upload_account import Account, Refused

STALLED = 30.0  # seconds without a byte after which an upload is given up
UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
ACCOUNT = "cnnlab_account"  # the attribute of a store that has its account


def keep_account(stores: Any) -> None:
    """Give each of Streamlit's stores of this class an account of its files; to be called once."""
    begin, give, add, end = (
        getattr(stores, name) for name in ("__init__", "get_upload_urls", "add_file", "remove_session_files")
    )

    @wraps(begin)
    def __init__(store: Any, upload_endpoint: str) -> None:
        begin(store, upload_endpoint)
        setattr(store, ACCOUNT, Account(partial(_held, store), partial(end, store)))

    @wraps(give)
    def get_upload_urls(store: Any, session_id: str, file_names: Sequence[str]) -> Any:
        addresses = give(store, session_id, file_names)
        getattr(store, ACCOUNT).give(session_id, [address.file_id for address in addresses])
        return addresses

    @wraps(add)
    def add_file(store: Any, session_id: str, file: Any) -> None:
        getattr(store, ACCOUNT).take(session_id, file.file_id)
        add(store, session_id, file)

    @wraps(end)
    def remove_session_files(store: Any, session_id: str) -> None:
        end(store, session_id)
        getattr(store, ACCOUNT).forget(session_id)

    for ours in (__init__, get_upload_urls, add_file, remove_session_files):
        setattr(stores, ours.__name__, ours)


def _held(store: Any) -> dict[str, list[int]]:
    """Return the sizes of the files in a store, by session."""
    with store._lock:
        return {
            name: [len(file.data) for file in files.values()] for name, files in store.file_storage.items()
        }


class Limits:
    """ASGI middleware: take in no upload for which there is no room, and have its page say so."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        kept = account() if place else None
        if place is None or kept is None:
            return await self.app(scope, receive, send)
        session, file = place.groups()
        length = HTTPConnection(scope).headers.get("content-length", "")
        before = kept.refused.get(session)
        try:
            with kept.let_in(session, file, int(length[:15]) if length.isdecimal() else 0) as count:

                async def counted() -> Message:
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


def account() -> Account | None:
    """Return the account of the running server's store; None where no server runs or it keeps none."""
    runtime = PATCH.found["runtime"] if PATCH.found else None
    if runtime is None or not runtime.exists():
        return None
    return getattr(runtime.instance().uploaded_file_mgr, ACCOUNT, None)


async def _draw_again(session: str) -> None:
    """Have a session's page drawn as it is, which then says what was refused; what it is doing ends first."""
    if PATCH.found is None:
        return
    found = PATCH.found["runtime"].instance()._session_mgr.get_active_session_info(session)
    if found is None:  # it is closed
        return
    page = found.session
    page.track_settling()
    with suppress(TimeoutError):  # else it is said when the student changes something
        async with asyncio.timeout(STALLED):
            await page.wait_until_settled()
        page.request_rerun(page._client_state)


def refused(field: str) -> str | None:
    """Return why files of this session were not taken, a key of Refused's, for the field that asks first."""
    context: Any = PATCH.found["context"]() if PATCH.found else None
    kept = getattr(context.uploaded_file_mgr, ACCOUNT, None) if context else None
    noted = kept.refused.get(context.session_id) if kept else None
    if noted is None or noted[1] not in (None, field):
        return None
    noted[1] = field
    why: str | None = noted[0]
    return why


def let_go(files: Sequence[Any]) -> None:
    """Drop files (Streamlit's UploadedFile) that this session has read, as Streamlit does for its chat."""
    context: Any = PATCH.found["context"]() if PATCH.found else None
    for file in files if context else ():
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


PATCH = Patch(
    without="Uploads have no limit but the size of one file, and stay in memory until their session ends.",
    made_for="Streamlit 1.67",
    needs={
        "stores": Inside(
            "streamlit.runtime.memory_uploaded_file_manager:MemoryUploadedFileManager",
            {
                "__init__": "self upload_endpoint",
                "get_upload_urls": "self session_id file_names",
                "add_file": "self session_id file",
                "remove_file": "self session_id file_id",
                "remove_session_files": "self session_id",
                "file_storage": None,
                "_lock": None,
            },
        ),
        "file": Inside("streamlit.runtime.uploaded_file_manager:UploadedFile", {"file_id": None}),
        "record": Inside(
            "streamlit.runtime.uploaded_file_manager:UploadedFileRec", {"file_id": None, "data": None}
        ),
        "address": Inside("streamlit.runtime.uploaded_file_manager:UploadFileUrlInfo", {"file_id": None}),
        "runtime": Inside(
            "streamlit.runtime:Runtime",
            {"instance": "", "exists": "", "uploaded_file_mgr": None, "_session_mgr": None},
        ),
        "sessions": Inside(
            "streamlit.runtime.websocket_session_manager:WebsocketSessionManager",
            {"get_active_session_info": "self session_id"},
        ),
        "session": Inside(
            "streamlit.runtime.app_session:AppSession",
            {
                "request_rerun": "self client_state",
                "track_settling": "self",
                "wait_until_settled": "self",
                "_client_state": None,
            },
        ),
        "context": Inside("streamlit.runtime.scriptrunner:get_script_run_ctx"),
        "contexts": Inside(
            "streamlit.runtime.scriptrunner:ScriptRunContext", {"session_id": None, "uploaded_file_mgr": None}
        ),
    },
    put_in=keep_account,
)
