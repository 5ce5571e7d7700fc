"""A class without internet: the app asks nobody beyond this computer for anything."""

import re

import pytest
from streamlit.web.server import server_util
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from cnnlab.ui.server import offline
from tests.conftest import NO_WORKERS, App, elsewhere


@pytest.fixture(scope="module")
def open_app(tmp_path_factory):
    """The app as a teacher starts it, for the whole class; when it stops, it must have asked nobody."""
    app = App(tmp_path_factory.mktemp("open") / "runs", "0.0.0.0", **NO_WORKERS).start()
    yield app
    app.stop()


def test_the_terminal_says_where_it_opens(open_app):
    said = open_app.said.read_text()
    assert f"  Local URL: http://localhost:{open_app.port}\n" in said
    assert len(re.findall("URL: http", said)) <= 2


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "https://203.0.113.7:8501"])
def test_a_page_from_elsewhere_is_turned_away_without_asking_anybody(open_app, origin):
    def knock() -> int:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{open_app.port}/_stcore/stream", origin=origin, proxy=None)
        return refused.value.response.status_code

    assert elsewhere(knock) == 403
    assert not open_app.asked.exists(), open_app.asked.read_text()


def test_streamlit_still_asks_by_the_function_that_is_replaced(monkeypatch):
    monkeypatch.setattr("streamlit.net_util._external_ip", None)
    asked: list[str] = []
    monkeypatch.setattr("requests.get", lambda url, **_how: asked.append(url))
    monkeypatch.setattr("streamlit.net_util.get_external_ip", server_util.net_util.get_external_ip)
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert asked, "then the replacement can go"
    asked.clear()
    offline.PATCH.install()
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert not asked
