"""A student's session without a browser: Streamlit's own websocket protocol, timed from outside.

Also starts and stops the app to be measured. The server does for such a session what it
does for a browser; `run` returns when the server says that the script has finished.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import websocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).parents[1]
COOKIE = "cnnlab_browser"


class Session:
    """One websocket session. `widgets` holds what is on the page: key -> (element kind, message)."""

    def __init__(self, url: str, browser: str = "benchmark"):
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        self.socket = websocket.create_connection(
            address, subprotocols=["streamlit"], cookie=f"{COOKIE}={browser}", timeout=60, max_size=None
        )
        self.page = self.query = ""
        self.states: dict[str, tuple[str, object]] = {}
        self.widgets: dict[str, tuple[str, object]] = {}
        self.fragments: dict[str, str] = {}
        self.payload = 0
        self.errors: list[str] = []

    def open(self, page: str, query: str = "") -> float:
        """Go to a page; return the seconds until the server has sent the whole of it."""
        self.page, self.query = page, query
        self.widgets, self.fragments, self.states = {}, {}, {}
        return self.run()

    def set(self, key: str, value) -> float:
        """Change a widget (by its key) and return the seconds until everything that follows has arrived."""
        kind, message = self.widgets[key]
        self.states[message.id] = _state(kind, message, value)
        return self.run(self.fragments.get(key, ""))

    def run(self, fragment: str = "") -> float:
        request = BackMsg()
        rerun = request.rerun_script
        rerun.query_string, rerun.page_name, rerun.fragment_id = self.query, self.page, fragment
        for id, (field, value) in self.states.items():
            state = rerun.widget_states.widgets.add(id=id)
            if field.endswith("_array_value"):
                getattr(state, field).data.extend(value)
            else:
                setattr(state, field, value)
        start = time.perf_counter()
        self.socket.send_binary(request.SerializeToString())
        self.payload = 0
        while True:
            data = self.socket.recv()
            self.payload += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._remember(message.delta)
            elif kind == "new_session" and not fragment:
                self.widgets, self.fragments = {}, {}
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return time.perf_counter() - start

    def close(self) -> None:
        self.socket.close()

    def _remember(self, delta) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        message = getattr(delta.new_element, kind) if kind else None
        if kind == "exception":
            self.errors.append(f"{self.page}: {message.message}")
        if id := getattr(message, "id", ""):
            key = id.split("-", 2)[-1]  # Streamlit's ids end in the key that the page gave
            self.widgets[key] = (kind, message)
            self.fragments[key] = delta.fragment_id


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
        case "button":
            return "trigger_value", True
    raise ValueError(f"a {kind} cannot be set from here")


@contextmanager
def running_app(**environment: str):
    """Start the app on a free port with a run folder of its own; yield its address and process."""
    with tempfile.TemporaryDirectory() as folder:
        address, process = start_app(CNNLAB_RUNS=folder, **environment)
        try:
            yield address, process
        finally:
            process.terminate()
            process.wait(30)


def start_app(**environment: str) -> tuple[str, subprocess.Popen]:
    """Start the app and return at once."""
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


def wait_until_up(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).status == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"the app did not answer within {seconds} s")
