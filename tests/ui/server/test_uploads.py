"""Do uploads find room as long as there is some, is the rest refused with a sentence, does memory come back?

Against Streamlit's own routes and store, without a server.
"""

import asyncio
import inspect
import os
import sys
import tomllib
from functools import partial
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from streamlit.runtime import Runtime, app_session, uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette import starlette_app, starlette_routes

from cnnlab.data import decode_photo, picture_kinds
from cnnlab.export import archive
from cnnlab.ui.server import upload_account, upload_spool, uploads
from cnnlab.ui.server.upload_account import ENVELOPE, LARGEST, MEGABYTE, Refused
from cnnlab.ui.widgets import upload_field
from tests.conftest import ROOT, elsewhere

HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'


class Store(MemoryUploadedFileManager):
    """Streamlit's own store, for an account to be kept of it without touching that of other tests."""


uploads.keep_account(Store)


class Server:
    """Streamlit's upload routes behind our limits; `live` are the sessions, `drawn` those drawn again."""

    def __init__(self):
        self.uploaded_file_mgr = self.store = Store("/_stcore/upload_file")
        self.account = getattr(self.store, uploads.ACCOUNT)
        self.live, self.drawn = {"anna", "ben", *map(str, range(9))}, []
        self._session_mgr = SimpleNamespace(get_active_session_info=self._session)
        routes = starlette_routes.create_upload_routes(self, self.store, None)
        self.app = Starlette(routes=routes, middleware=[Middleware(uploads.Limits)])

    def _session(self, name):
        """A session as Streamlit's own, but that it only notes what it is asked for."""
        session = SimpleNamespace(_client_state=f"{name}'s page")
        session.request_rerun = lambda state: self.drawn.append((name, state))
        session.track_settling, session.wait_until_settled = lambda: None, _nothing
        return SimpleNamespace(session=session)

    def is_active_session(self, name: str) -> bool:
        return name in self.live

    def asked(self, session: str, count: int = 1) -> list[str]:
        """Return addresses as a browser gets them when files have been chosen."""
        return [info.upload_url for info in self.store.get_upload_urls(session, count * ["a.jpg"])]

    def put(self, address: str, size: int, *, announced: bool = True, meanwhile=lambda: None) -> int:
        """Send a file of so many bytes in pieces; return the status of the answer."""
        pieces = [HEAD, *(size // MEGABYTE) * [bytes(MEGABYTE)], bytes(size % MEGABYTE), b"\r\n--x--\r\n"]
        headers = [(b"content-type", b"multipart/form-data; boundary=x")]
        if announced:
            headers.append((b"content-length", str(sum(map(len, pieces))).encode()))
        scope = {"type": "http", "method": "PUT", "path": address, "headers": headers, "query_string": b""}
        self.read, statuses = 0, []

        async def receive():
            if not pieces:
                return {"type": "http.disconnect"}
            self.read += len(pieces[0])
            if len(pieces) == 1:
                meanwhile()
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message):
            statuses.append(message.get("status"))

        elsewhere(asyncio.run, self.app(scope, receive, send))
        return statuses[0]

    def held(self) -> int:
        return sum(len(file.data) for files in self.store.file_storage.values() for file in files.values())

    def says(self, session: str, field: str = "photo") -> str | None:
        self.asking.session_id = session
        return upload_field.refusal(field)


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(Runtime, "_instance", server)
    monkeypatch.setattr(starlette_routes, "is_xsrf_enabled", lambda: False)
    monkeypatch.setattr(starlette_routes, "_set_cors_headers", _nothing)
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 2**20)
    upload_spool.PATCH.install()
    server.asking = SimpleNamespace(uploaded_file_mgr=server.store)
    monkeypatch.setitem(uploads.PATCH.found, "context", lambda: server.asking)
    return server


async def _nothing(*given):
    pass


def test_each_limit_stands_at_one_place():
    given = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert 0 <= given["server"]["maxUploadSize"] * 2**20 - (LARGEST + ENVELOPE) < 2**20  # in whole ones
    assert max(decode_photo.MAX_BYTES, archive.LARGEST) == LARGEST
    guide = " ".join((ROOT / "docs" / "teaching.md").read_text().split())
    phone = picture_kinds.PHONE_MEGAPIXELS
    deep = int(decode_photo.MEMORY_OF_ONE / picture_kinds.MEMORY_OF_A_PIXEL / 1e6)
    one, everybody = upload_account.OF_ONE // MEGABYTE, upload_account.OF_ALL // MEGABYTE
    for words in (
        f"A file may have {decode_photo.MAX_BYTES // MEGABYTE} MB; a JPEG or HEIC {phone} megapixels",
        f"(one of ten bits {deep}), other kinds {picture_kinds.MEGAPIXELS}.",
        f"{one} MB for one student at a time and {everybody} MB for all",
    ):
        assert words in guide
    assert decode_photo.MAX_BYTES % MEGABYTE == archive.LARGEST % MEGABYTE == 0  # fields count whole ones


def test_the_largest_file_comes_in_and_touches_no_disk(server):
    written, watching = [], [True]

    def watch(event, arguments):
        if watching[0] and event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            written.append(arguments)

    sys.addaudithook(watch)  # for good, so it is told when to look
    (address,) = server.asked("anna")
    assert server.put(address, LARGEST) == 204
    watching[0] = False
    assert server.held() == LARGEST and not written
    assert not server.drawn and server.says("anna") is None


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_beyond_the_largest_is_refused_with_a_sentence(server, announced):
    (address,) = server.asked("anna")
    assert server.put(address, LARGEST + ENVELOPE, announced=announced) == 413
    assert server.read <= (0 if announced else LARGEST + 3 * ENVELOPE) and server.held() == 0
    assert server.drawn == [("anna", "anna's page")]
    assert "more than 32 MB" in server.says("anna")
    assert server.says("anna", "archive") is None  # one field says it
    server.asked("anna")  # other files are chosen
    assert server.says("anna") is None


def test_what_no_page_has_asked_for_is_refused_at_once(server):
    (address,) = server.asked("anna")
    made_up = address.rsplit("/", 1)[0] + "/made-up"
    elses = address.replace("/anna/", "/ben/")
    nobodys = address.replace("/anna/", "/nobody/")
    for wrong in (made_up, elses, nobodys):
        assert server.put(wrong, 9) == 403 and server.read == 0
    server.live.remove("anna")  # she has closed the page, her session is kept for a while
    assert server.put(address, 9) == 400
    server.live.add("anna")
    assert server.put(address, 9) == 204
    assert server.put(address, 9) == 403  # an address serves once
    assert server.held() == 9 and not server.drawn
    for session in ("ben", "nobody"):
        assert session not in server.store.file_storage


def test_a_file_that_comes_after_the_end_of_its_session_is_not_kept(server):
    (address,) = server.asked("anna")
    ended = partial(server.store.remove_session_files, "anna")
    assert server.put(address, 99, meanwhile=ended) == 403
    record = uploaded_file_manager.UploadedFileRec(address.rsplit("/", 1)[1], "a.jpg", "image/jpeg", b"x")
    with pytest.raises(Refused):  # as Streamlit does at the very end of a request
        server.store.add_file("anna", record)
    assert "anna" not in server.store.file_storage and "anna" not in server.account._heard


def test_one_session_has_room_for_so_much(server):
    """As a class's server was filled once: sixty files of nine megabytes."""
    statuses = [server.put(address, 9 * MEGABYTE) for address in server.asked("anna", 60)]
    assert statuses == 7 * [204] + 53 * [413]
    assert server.held() == 63 * MEGABYTE and server.read == 0
    assert "64 MB" in server.says("anna") and server.says("ben") is None
    (address,) = server.asked("ben")
    assert server.put(address, 9 * MEGABYTE) == 204
    files = [
        uploaded_file_manager.UploadedFile(file, None) for file in server.store.file_storage["anna"].values()
    ]
    server.asking.session_id = "anna"
    uploads.let_go(files)  # her page has read them
    assert server.held() == 9 * MEGABYTE
    assert server.put(server.asked("anna")[0], 9 * MEGABYTE) == 204
    server.store.remove_session_files("anna")
    server.store.remove_session_files("ben")
    assert server.held() == 0


def test_the_room_of_a_session_is_filled_to_the_last_byte(server):
    assert upload_account.OF_ONE == 2 * LARGEST
    assert [server.put(address, LARGEST) for address in server.asked("anna", 2)] == 2 * [204]
    assert server.put(*server.asked("anna"), 2 * ENVELOPE) == 413


def test_one_session_has_room_for_so_many(server):
    statuses = [server.put(address, 1) for address in server.asked("anna", 40)]
    assert statuses == upload_account.FILES * [204] + 8 * [413]


def test_all_together_have_room_for_so_much(server, monkeypatch):
    monkeypatch.setattr(upload_account, "OF_ALL", 9 * MEGABYTE)
    assert [server.put(*server.asked(str(name)), 2 * MEGABYTE) for name in range(5)] == 4 * [204] + [429]
    assert "Try again in a minute" in server.says("4")
    server.store.remove_session_files("0")
    assert server.put(*server.asked("4"), 2 * MEGABYTE) == 204


def test_who_announces_much_and_sends_nothing_blocks_nobody(server):
    def announces():
        return server.account.let_in("anna", _id(server, "anna"), LARGEST)

    with pytest.raises(ZeroDivisionError), announces(), announces():
        with pytest.raises(Refused), announces():
            pass  # together more than one session may have
        for name in range(9):
            assert server.put(*server.asked(str(name)), 9) == 204
        raise ZeroDivisionError  # the connection breaks
    with announces():
        pass


def _id(server, session: str) -> str:
    return server.asked(session)[0].rsplit("/", 1)[1]


def test_what_lies_unread_is_let_go(server, monkeypatch):
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr(upload_account, "time", SimpleNamespace(monotonic=lambda: now.time))
    assert server.put(*server.asked("anna"), 9) == 204
    now.time += upload_account.ABANDONED - 1
    assert server.put(*server.asked("ben"), 9) == 204
    now.time += 2
    server.account.tidy()
    assert list(server.store.file_storage) == ["ben"]
    with server.account.let_in("ben", _id(server, "ben"), 9):  # another file of his choice is still coming
        now.time += 2 * upload_account.ABANDONED
        server.account.tidy()
        assert server.held() == 9
    server.account.tidy()
    assert server.held() == 0


def test_an_upload_that_stalls_is_given_up(server, monkeypatch):
    monkeypatch.setattr(uploads, "STALLED", 0.01)

    async def silent():
        await asyncio.Event().wait()

    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    scope = {"type": "http", "method": "PUT", "path": server.asked("anna")[0], "query_string": b""}
    scope["headers"] = [(b"content-type", b"multipart/form-data; boundary=x")]
    elsewhere(asyncio.run, server.app(scope, silent, send))
    assert statuses[0] == 408 and "stopped on its way" in server.says("anna")


def test_a_file_that_is_gone_when_its_page_asks_for_it_has_a_sentence(server, monkeypatch):
    assert server.put(*server.asked("anna"), 9) == 204
    (record,) = server.store.file_storage["anna"].values()
    here = uploaded_file_manager.UploadedFile(record, None)
    gone = uploaded_file_manager.DeletedFile("gone")
    said = ["A file did not arrive. Choose it once more."]
    for given, taken in (
        ([here, gone], ([here], said)),
        (gone, ([], said)),
        (here, ([here], [])),
        (None, ([], [])),
    ):
        monkeypatch.setattr(upload_field.st, "session_state", {"field": given})
        assert upload_field.taken("field") == taken


def test_streamlit_uses_the_store_as_it_is_counted_on():
    assert uploads.UPLOAD.search(f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE}/anna/file")
    assert "MemoryUploadedFileManager(" in inspect.getsource(starlette_app.App._create_runtime)
    assert "remove_session_files" in inspect.getsource(app_session.AppSession.shutdown)
    assert "self.request_rerun(self._client_state)" in inspect.getsource(app_session.AppSession)


def test_with_another_store_files_come_in_all_the_same(server):
    """As where a later version of Streamlit is built otherwise."""
    server.uploaded_file_mgr = server.store = MemoryUploadedFileManager("/_stcore/upload_file")
    routes = starlette_routes.create_upload_routes(server, server.store, None)
    server.app = Starlette(routes=routes, middleware=[Middleware(uploads.Limits)])
    server.asking.uploaded_file_mgr = server.store
    assert uploads.account() is None
    assert server.put(*server.asked("anna"), 9) == 204 and server.says("anna") is None
    (record,) = server.store.file_storage["anna"].values()
    uploads.let_go([uploaded_file_manager.UploadedFile(record, None)])
    assert server.held() == 0
