"""A student's session without a browser: Streamlit's own websocket protocol, timed from outside.

`Screen` is what a browser knows: it remembers the widgets of the page, writes requests and reads answers.
`Session` has a connection and waits for each answer. Also starts the app to be measured.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

ROOT = Path(__file__).parents[1]
COOKIE = "cnnlab_browser"
WIDGETS = {"slider", "button_group", "number_input", "checkbox", "radio", "selectbox", "button", "text_input"}


def connection(url: str, browser: str) -> dict:
    """Return what opens a websocket connection to the app at `url`; `browser` is its cookie's token."""
    return {
        "uri": url.replace("http", "ws", 1) + "/_stcore/stream",
        "subprotocols": ["streamlit"],
        "additional_headers": {"Cookie": f"{COOKIE}={browser}"},
        "max_size": None,
    }


class Screen:
    """What a browser knows of the page that it shows.

    `widgets` holds what can be set: key -> (element kind, message); `timers` the fragments that want to be
    run again and again: id -> seconds; `answered` the fragments just run, none where it was the whole page.
    """

    def __init__(self):
        self.page = self.query = ""
        self.states: dict[str, tuple[str, object]] = {}
        self.widgets: dict[str, tuple[str, object]] = {}
        self.fragments: dict[str, str] = {}
        self.timers: dict[str, float] = {}
        self.answered: tuple[str, ...] = ()
        self.errors: list[str] = []

    def go(self, page: str, query: str = "") -> bytes:
        """Return the request for a page."""
        self.page, self.query = page, query
        for known in (self.states, self.widgets, self.fragments, self.timers):
            known.clear()
        return self.request()

    def set(self, key: str, value) -> bytes:
        """Return the request that reports a changed widget (by its key)."""
        kind, message = self.widgets[key]
        self.states[message.id] = _state(kind, message, value)
        request = self.request(self.fragments.get(key, ""))
        if kind == "button":
            del self.states[message.id]  # pressed once
        return request

    def request(self, fragment: str = "", *, by_timer: bool = False) -> bytes:
        """Return the request to run the page, or a fragment of it, with the widgets as they are."""
        request = BackMsg()
        rerun = request.rerun_script
        rerun.query_string, rerun.page_name = self.query, self.page
        rerun.fragment_id, rerun.is_auto_rerun = fragment, by_timer
        for id, (field, value) in self.states.items():
            state = rerun.widget_states.widgets.add(id=id)
            if field.endswith("_array_value"):
                getattr(state, field).data.extend(value)
            else:
                setattr(state, field, value)
        return request.SerializeToString()

    def receive(self, data: bytes) -> str:
        """Take in a message of the server; return its kind, such as "delta", "finished" or "interrupted"."""
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        match kind:
            case "delta":
                self._remember(message.delta)
            case "new_session":
                self.answered = tuple(message.metadata.run.fragment_ids)
                if not self.answered:  # the whole page is drawn anew, and its timers with it
                    for known in (self.widgets, self.fragments, self.timers):
                        known.clear()
            case "auto_rerun":
                self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self.timers.pop(fragment, None)
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "page_not_found":
                self.errors.append(f"there is no page {self.page}")
            case "script_finished":
                early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
                return "interrupted" if early else "finished"
        return kind

    def _remember(self, delta) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"{self.page}: {delta.new_element.exception.message}")
        elif kind in WIDGETS:
            message = getattr(delta.new_element, kind)
            key = message.id.split("-", 2)[-1]  # Streamlit's ids end in the key that the page gave
            self.widgets[key] = (kind, message)
            self.fragments[key] = delta.fragment_id


class Session(Screen):
    """A screen with a connection, which waits until the server says that the script has finished."""

    def __init__(self, url: str, browser: str = "benchmark"):
        super().__init__()
        self.socket = connect(**connection(url, browser), compression=None)
        self.payload = 0  # bytes of the last answer

    def open(self, page: str, query: str = "") -> float:
        """Go to a page; return the seconds until the server has sent the whole of it."""
        return self._answer(self.go(page, query))

    def change(self, key: str, value) -> float:
        """Change a widget (by its key) and return the seconds until everything that follows has arrived."""
        return self._answer(self.set(key, value))

    def close(self) -> None:
        self.socket.close()

    def _answer(self, request: bytes) -> float:
        start = time.perf_counter()
        self.socket.send(request)
        self.payload = 0
        while True:
            data = self.socket.recv(timeout=60)
            self.payload += len(data)
            if self.receive(data) == "finished":
                return time.perf_counter() - start


def _state(kind: str, message, value) -> tuple[str, object]:
    """Return the field and the value by which Streamlit's browser code reports this kind of widget."""
    match kind:
        case "slider" if message.type == message.SELECT_SLIDER:
            return "string_array_value", [str(value)]
        case "slider":
            return "double_array_value", [float(value)]
        case "button_group":
            return "string_array_value", [message.options[value].content]
        case "number_input":
            return "double_value", float(value)
        case "checkbox":
            return "bool_value", bool(value)
        case "radio" | "selectbox":
            return "string_value", message.options[value]
        case "text_input":
            return "string_value", value
        case "button":
            return "trigger_value", True
    raise ValueError(f"a {kind} cannot be set from here")


def start_app(port: int | None = None, **environment: str) -> tuple[str, subprocess.Popen]:
    """Start the app, on a free port where none is given, and return at once."""
    if port is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return f"http://127.0.0.1:{port}", process


def wait_until_up(url: str, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).status == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"the app did not answer within {seconds} s")
