"""One device cannot fill the server with open pages; others are still connected."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from cnnlab.ui.server.crowd import OF_ALL, OF_ONE, Crowd
from tests.conftest import elsewhere

REFUSED = "websocket.close"


async def streamlit(scope, receive, send):
    """Stand for the app: accept, and stay connected until the browser goes."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return await send({"type": "http.response.body", "body": b"page"})
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


@asynccontextmanager
async def connected(crowd, client: str):
    """Open a page, and yield the first word of the server."""
    asked, said = asyncio.Queue(), asyncio.Queue()
    asked.put_nowait({"type": "websocket.connect"})
    scope = {"type": "websocket", "client": (client, 50000), "headers": []}
    task = asyncio.create_task(crowd(scope, asked.get, said.put))
    yield (await said.get())["type"]
    asked.put_nowait({"type": "websocket.disconnect"})
    await task


async def page(crowd, client: str, accept: bytes = b"text/html,*/*") -> int:
    said = asyncio.Queue()
    scope = {"type": "http", "client": (client, 50000), "headers": [(b"accept", accept)], "method": "GET"}
    await crowd(scope, asyncio.Queue().get, said.put)
    return said.get_nowait()["status"]


async def crowded(crowd, clients: list[str]) -> list[str]:
    """Return the first words to all of these, each of which stays, and to one more of the last."""
    async with AsyncExitStack() as all:
        words = [await all.enter_async_context(connected(crowd, client)) for client in clients]
        assert await page(crowd, clients[-1]) == (503 if words[-1] == REFUSED else 200)
        assert await page(crowd, clients[-1], b"*/*") == 200, "what an open page loads still comes"
        return words


def test_a_device_has_so_many_pages_and_others_theirs():
    crowd = Crowd(streamlit)
    clients = [*[f"2001:db8::{n:x}" for n in range(OF_ONE + 5)], "2001:db8:0:1::1"]
    words = elsewhere(asyncio.run, crowded(crowd, clients))
    assert words.count(REFUSED) == 5
    assert words[OF_ONE:] == [REFUSED] * 5 + ["websocket.accept"]
    assert not crowd.open, "who has gone is not counted"


def test_all_together_have_a_limit_and_a_class_behind_one_address_room():
    crowd = Crowd(streamlit)
    words = elsewhere(asyncio.run, crowded(crowd, [f"10.0.{n}.1" for n in range(200)] * 3))
    assert words.count("websocket.accept") == OF_ALL
    assert OF_ONE >= 30 * 4, "thirty students with four pages each"


def test_a_page_that_breaks_is_not_counted_for_ever():
    async def breaks(scope, receive, send):
        raise ValueError

    crowd = Crowd(breaks)

    async def come():
        await crowd({"type": "websocket", "client": None, "headers": []}, None, None)

    with pytest.raises(ValueError):
        elsewhere(asyncio.run, come())
    assert not crowd.open
