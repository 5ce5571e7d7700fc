"""Why is no click lost to a timer? Fragments with `run_every` ask to be run at any moment.

In the milliseconds between the end of another run and the sending of what it drew, Streamlit takes the
rest for outdated and drops it, or withdraws its word that the run has ended well. So a timer waits here until
all has been sent.
"""

import asyncio
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from cnnlab.ui.server.patch import Inside, Patch

PATIENCE = 20.0  # seconds after which a request is given up: the timer's next one is on its way


def wait_their_turn(sessions: Any) -> None:
    """Let the requests of timers wait in all sessions of this class; to be called once."""
    run_now = sessions.request_rerun
    waiting: WeakKeyDictionary[Any, dict[str, Any]] = (
        WeakKeyDictionary()
    )  # session -> {fragment: its timer's request}
    tasks: set[asyncio.Task[None]] = set()  # else the loop forgets them

    async def one_by_one(session: Any, requests: dict[str, Any]) -> None:
        while requests:
            try:
                async with asyncio.timeout(PATIENCE):
                    await session.wait_until_settled()
            except TimeoutError:
                requests.clear()
            if requests:
                run_now(session, requests.pop(next(iter(requests))))

    @wraps(run_now)
    def request_rerun(session: Any, client_state: Any) -> None:
        session.track_settling()
        requests = waiting.setdefault(session, {})
        if client_state is None or not client_state.is_auto_rerun:
            requests.clear()  # they have the widgets as they were before
            run_now(session, client_state)
        elif requests:
            requests[client_state.fragment_id] = client_state
        elif session.is_settled:
            run_now(session, client_state)
        else:
            requests[client_state.fragment_id] = client_state
            task = asyncio.get_running_loop().create_task(one_by_one(session, requests))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    sessions.request_rerun = request_rerun


PATCH = Patch(
    without="A click's answer can be lost where a timer asks at the same moment.",
    made_for="Streamlit 1.67",
    needs={
        "sessions": Inside(
            "streamlit.runtime.app_session:AppSession",
            {
                "request_rerun": "self client_state",
                "track_settling": "self",
                "is_settled": None,
                "wait_until_settled": "self",
            },
        ),
        "requests": Inside(
            "streamlit.proto.ClientState_pb2:ClientState",
            {"IS_AUTO_RERUN_FIELD_NUMBER": None, "FRAGMENT_ID_FIELD_NUMBER": None},
        ),
    },
    put_in=wait_their_turn,
)
