"""A class at human pace: who opens the lessons in order, answers, changes settings, trains and watches.

A `Student` speaks Streamlit's websocket protocol, all of them in one asyncio loop, so that they cost the
measured machine little; `in_chromium` is one student with a real browser.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from session import Screen, connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from pages import CHANGES  # what is changed on a page, and the values it goes through

PAUSE = (2.0, 6.0)  # seconds from an answer to the next change
LOOKS = 15.0  # seconds that the teacher looks at the board, or at the teacher's page
PATIENCE = 60.0  # seconds without an answer that count as an error
PATH = ("", "pixels", "convolution", "layer", "pooling", "answer", "network", "learning", "train")
PATH += ("inside", "classify", "faq")
CHANGES = CHANGES | {"faq": {"faq.belief": range(4)}}
CHANGES["convolution"] |= {"convolution.question": range(3)}
TINY = "Tiny"  # how the preset's title begins


@dataclass(frozen=True)
class Interaction:
    """What was done on which page, and the seconds until the server had answered it in full."""

    page: str
    what: str
    seconds: float


class Student(Screen):
    """A session of a browser of its own, with the timers of its fragments alive."""

    def __init__(self, url: str, number: int, start: int, followed: Callable[[], str | None]):
        super().__init__()
        self.url, self.name = url, f"student {number}"
        self.random = random.Random(number)
        self.place, self.followed = start, followed  # where in PATH; which run the class follows
        self.socket: ClientConnection | None = None
        self.done: list[Interaction] = []
        self.ticks: list[float] = []  # seconds that a fragment run by its timer took
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asked: dict[str, float] = {}  # fragment -> when its timer asked for it
        self._waiting: tuple[str, asyncio.Future] | None = None
        self._begun = False
        self._running: set[asyncio.Task] = set()  # else the loop forgets them

    def go(self, page: str, query: str = "") -> bytes:
        request = super().go(page, query)
        self._set_timers()  # the old page's come to an end
        return request

    async def attend(self, seconds: float) -> None:
        """Be there for so long; what goes wrong stands in `errors`."""
        try:
            self.socket = await connect(
                **connection(self.url, f"classroom-{self.random.random()}"), compression=None
            )
            reading = asyncio.create_task(self._read())
            living = asyncio.create_task(self._live())
            done, _rest = await asyncio.wait(
                {reading, living}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for task in (reading, living):
                task.cancel()
            await asyncio.gather(reading, living, return_exceptions=True)  # nothing is sent any more
            for task in done:
                if error := task.exception():
                    self.errors.append(f"{self.page}: {type(error).__name__}: {error}")
        except (OSError, ConnectionClosed, TimeoutError) as error:
            self.errors.append(f"no connection: {error!r}")
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def leave(self, how: str) -> None:
        """Close the page ("closed"), lose the connection ("dropped") or fall silent ("silent") for good."""
        if self.socket is None:
            return  # it never came in
        if how == "closed":
            await self.socket.close()
        elif how == "dropped":
            self.socket.transport.abort()
        else:
            self.socket.transport.pause_reading()  # pings stay unanswered, as of a laptop that is shut

    async def _live(self) -> None:
        """Work through the lessons, without end."""
        await asyncio.sleep(self.random.uniform(0, PAUSE[1]))
        while True:
            page = PATH[self.place % len(PATH)]
            self.place += 1
            if page == "train":
                await self._train()
                continue
            await self._do("open", self.go(page))
            for key in self._predictions():
                await self._change(key, self.random.randrange(len(self.widgets[key][1].options)))
            changes = CHANGES.get(page, {})
            for key in self.random.sample(sorted(changes), min(2, len(changes))):
                if key in self.widgets:
                    await self._change(key, self.random.choice(list(changes[key])))

    async def _train(self) -> None:
        """Train a Tiny network, or follow the class's run; watch it, and look at both curves."""
        if self.random.random() < 1 / 3 or self.followed() is None:
            await self._do("open", self.go("train"))
            options = self.widgets["train.preset"][1].options
            await self._change("train.preset", next(i for i, o in enumerate(options) if o.startswith(TINY)))
            if "_train.start" in self.widgets:
                await self._change("_train.start", True)
        else:
            await self._do("open", self.go("train", f"run={self.followed()}"))
        for turn in range(6):
            if "train.curve" in self.widgets:
                await self._change("train.curve", (turn + 1) % 2)

    def _predictions(self) -> list[str]:
        """Return the keys of at most two questions on the page."""
        keys = [key for key in self.widgets if self._asks(key) and self.widgets[key][0] == "button_group"]
        return self.random.sample(keys, min(2, len(keys)))

    @staticmethod
    def _asks(key: str) -> bool:
        return key.startswith("_") and ":" in key  # "_<page>.<question>:<what it is about>"

    async def _change(self, key: str, value) -> None:
        if key in self.widgets:  # a run that came by itself may have taken it away
            fragment = self.fragments.get(key, "")
            what = "predict" if self._asks(key) else key
            await self._do(what, self.set(key, value), fragment)

    async def _do(self, what: str, request: bytes, fragment: str = "") -> None:
        """Send an interaction, note how long its answer took, and think."""
        page, start = self.page or "home", time.perf_counter()
        self._waiting, self._begun = (fragment, asyncio.get_running_loop().create_future()), False
        await self.socket.send(request)
        await asyncio.wait_for(self._waiting[1], PATIENCE)
        self.done.append(Interaction(page, what, time.perf_counter() - start))
        await asyncio.sleep(self.random.uniform(*PAUSE))

    async def _read(self) -> None:
        """Take in whatever the server sends, as a browser does, until the connection ends."""
        async for data in self.socket:
            kind = self.receive(data)
            if kind in ("new_session", "auto_rerun", "stop_auto_rerun"):
                self._set_timers()
            if kind == "new_session" and self._waiting:
                self._begun = not self.answered or self._waiting[0] in self.answered
            elif kind == "interrupted":
                self._begun = False
            elif kind == "finished":
                now = time.perf_counter()
                self.ticks += [now - self._asked.pop(f) for f in self.answered if f in self._asked]
                if self._begun and not self._waiting[1].done():
                    self._waiting[1].set_result(None)
        raise ConnectionError("the server closed the connection")

    def _set_timers(self) -> None:
        """Let a timer run for each fragment that wants one, and no other."""
        for fragment in self._timers.keys() - self.timers.keys():
            self._timers.pop(fragment).cancel()
        for fragment in self.timers.keys() - self._timers.keys():
            self._set_timer(fragment)

    def _set_timer(self, fragment: str) -> None:
        loop = asyncio.get_running_loop()
        self._timers[fragment] = loop.call_later(self.timers[fragment], self._tick, fragment)

    def _tick(self, fragment: str) -> None:
        self._set_timer(fragment)
        self._asked.setdefault(fragment, time.perf_counter())
        task = asyncio.get_running_loop().create_task(self._run(fragment))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, fragment: str) -> None:
        with suppress(ConnectionClosed):  # `_read` says so
            await self.socket.send(self.request(fragment, by_timer=True))


class Teacher(Student):
    """Enters with the PIN, and looks at the teacher's page and at the board in turn."""

    def __init__(self, url: str, pin: str):
        super().__init__(url, -1, 0, lambda: None)
        self.name, self.pin = "the teacher", pin

    async def _live(self) -> None:
        await self._do("open", self.go("teacher"))
        if "_teacher.pin" in self.widgets:  # in a second class the door is still open to this browser
            self.set("_teacher.pin", self.pin)
            await self._change("_teacher.enter", True)
        if not self.timers:
            raise ValueError("the page did not open with the PIN")
        for page in itertools.cycle(("board", "teacher")):
            await asyncio.sleep(LOOKS)
            await self._do("open", self.go(page))


async def in_chromium(url: str, seconds: float, chromium: str, followed) -> tuple[list[float], list[str]]:
    """Work through the lessons in a real browser; return the seconds until each page stood, and errors."""
    from playwright.async_api import Error, async_playwright

    opened: list[float] = []
    errors: list[str] = []
    pace, end = random.Random(0), time.monotonic() + seconds
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: errors.append(f"Chromium: {error}"))
        page.on("websocket", lambda socket: socket.on("socketerror", lambda e: errors.append(f"socket: {e}")))
        at_rest = '[data-testid="stApp"][data-test-script-state="notRunning"]'
        place = 0
        while time.monotonic() < end:
            name = PATH[place % len(PATH)]
            place += 1
            query = f"?run={followed()}" if name == "train" and followed() else ""
            start = time.perf_counter()
            try:
                await page.goto(f"{url}/{name}{query}")
                await page.locator("h1").first.wait_for(timeout=1000 * PATIENCE)
                await page.locator(at_rest).wait_for(timeout=1000 * PATIENCE)
                opened.append(time.perf_counter() - start)
                for kind in ('[data-testid="stPills"] button', '[data-testid="stSlider"] [role="slider"]'):
                    await asyncio.sleep(pace.uniform(*PAUSE))
                    if control := await page.locator(kind).all():
                        await control[0].click()
                        await page.keyboard.press("ArrowRight")
                        await page.locator(at_rest).wait_for(timeout=1000 * PATIENCE)
                if await page.locator('[data-testid="stException"]').count():
                    errors.append(f"Chromium: an exception on {name or 'home'}")
            except Error as error:
                errors.append(f"Chromium on {name or 'home'}: {error.message.splitlines()[0]}")
        await browser.close()
    return opened, errors
