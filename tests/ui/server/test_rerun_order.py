"""A timer's request and a click at once: nothing that the click has drawn is lost."""

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.session import Session
from cnnlab.ui.server.rerun_order import wait_their_turn
from tests.conftest import NO_WORKERS, App, elsewhere

STUDENTS, CLICKS = 6, 40


@pytest.fixture
def classroom(tmp_path):
    """The app of a class: every page looks by a timer whether the teacher asks something."""
    app = App(tmp_path / "runs", CNNLAB_TEACHER_PIN="314159", **NO_WORKERS).start()
    yield app
    app.stop()


def click_while_timers_run(url: str, student: int) -> list[tuple[int, bool]]:
    """Change a fragment's control again and again, each time a timer's request close behind.

    Return for each the number of elements that came, and whether the server said that it had ended well.
    """
    pace, answers = random.Random(student), []
    session = Session(url, f"student-{student}")
    session.open("answer")
    [key] = [key for key in session.widgets if key == "answer.position"]
    fragment, timer = session.fragments[key], min(session.timers, key=session.timers.get)
    for click in range(CLICKS):
        kind = session.widgets[key][1]
        session.socket.send(session.set(key, (kind.min, kind.max)[click % 2]))
        time.sleep(pace.uniform(0, 0.03))  # the moment of the timer is the thing to try
        session.socket.send(session.request(timer, by_timer=True))
        elements, well, ended = 0, False, ()
        while timer not in ended:
            data = session.socket.recv(timeout=300)
            message = ForwardMsg.FromString(data)
            elements += message.delta.fragment_id == fragment
            if session.receive(data) == "finished":
                ended = session.answered
                well |= fragment in ended
        answers.append((elements, well))
    session.close()
    return answers


def test_a_click_is_answered_in_full_whenever_a_timer_asks(classroom):
    with ThreadPoolExecutor(STUDENTS) as pool:
        everything = list(pool.map(click_while_timers_run, [classroom.url] * STUDENTS, range(STUDENTS)))
    answers = [answer for one in everything for answer in one]
    assert len(answers) == STUDENTS * CLICKS
    assert len({elements for elements, _well in answers}) == 1, "each click draws the same number of elements"
    assert all(well for _elements, well in answers)


class Pretended:
    """A session that is at rest when it is told so."""

    def __init__(self):
        self.rest, self.ran = asyncio.Event(), []

    def track_settling(self) -> None: ...

    @property
    def is_settled(self) -> bool:
        return self.rest.is_set()

    async def wait_until_settled(self) -> None:
        await self.rest.wait()

    def request_rerun(self, request) -> None:
        self.ran.append(request)
        self.rest.clear()


def asked(fragment: str, by_timer: bool = True):
    return SimpleNamespace(fragment_id=fragment, is_auto_rerun=by_timer)


def test_timers_go_one_after_the_other_and_what_somebody_does_goes_before_them():
    class Page(Pretended): ...

    wait_their_turn(Page)

    async def story():
        page = Page()
        curve, vote, click = asked("curve"), asked("vote"), asked("chart", by_timer=False)
        page.request_rerun(click)
        assert page.ran == [click], "what somebody does never waits"
        for request in (curve, vote, asked("curve")):
            page.request_rerun(request)
        await asyncio.sleep(0)
        assert page.ran == [click], "the answer is still on its way"
        for fragment in ("curve", "vote"):  # both get their turn, each once
            page.rest.set()
            while page.is_settled:
                await asyncio.sleep(0)
            assert page.ran[-1].fragment_id == fragment
        page.rest.set()
        for _turn in range(5):
            await asyncio.sleep(0)
        assert len(page.ran) == 3
        page.request_rerun(click)
        page.request_rerun(curve)
        page.request_rerun(click)
        page.rest.set()
        for _turn in range(5):
            await asyncio.sleep(0)
        assert page.ran[3:] == [click, click], "a request from before the click would take the click back"

    elsewhere(asyncio.run, asyncio.wait_for(story(), 300))
