"""What the tests share: a running app, a real browser, runs to look at."""

import gc
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from cnnlab import malloc

pytest_plugins = ["tests.support.stores"]
ROOT = Path(__file__).parents[1]
# One process tree with TensorFlow at a time is enough for two cores.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CNNLAB_TIMING", "0")  # no worker needs to know how fast it is
malloc.keep()  # tests train too
# Seconds that a test waits for anything. It only guards: a far slower machine passes as well.
PATIENCE = 300
NO_WORKERS = {"CNNLAB_SCHEDULER": "tcp://127.0.0.1:9"}  # an app that trains nothing, and so starts quickly
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


# Files of real processes, browsers and trainings: they come first, so that none is left over at the end for
# one process while the other has nothing more to do.
LONGEST = (
    "browser/test_main_path",
    "workers",
    "browser",
    "runs/test_faults",
    "training",
    "ui/server",
    "export",
)


def pytest_collection_modifyitems(items):
    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(ROOT / "tests").as_posix()
        return next((n for n, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))

    items.sort(key=place)


def wait_for(condition, what: str):
    """Return the condition's first true value; fail with `what` when it has none within PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"after {PATIENCE:g} s still not: {what}")
        time.sleep(0.05)
    return value


@pytest.fixture(autouse=True)
def light_pages():
    """Keep what came with Keras out of every further collection of garbage.

    Where Keras is loaded, as here by other tests, Streamlit clears its session after each run of a page, and
    that goes through the whole heap: 0.4 s for a page that takes 0.03 s.
    """
    if "keras" in sys.modules and not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def elsewhere(function, *arguments):
    """Return what the function returns in another thread: Playwright leaves an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()


class App:
    """`streamlit run app.py` in a process of its own, on a free port, with a run folder of its own.

    Neither it nor one of its workers may ask anybody beyond this computer for anything: `tests/recorder`.
    """

    def __init__(self, runs: Path, address: str = "127.0.0.1", **environment: str):
        self.runs, self.address, self.environment = runs, address, environment
        self.process: subprocess.Popen | None = None
        self.said, self.asked = runs.parent / "said.txt", runs.parent / "asked.txt"

    def start(self) -> "App":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        options = [
            "--server.port",
            str(self.port),
            "--server.headless",
            "true",
            "--server.address",
            self.address,
        ]
        places = [str(ROOT / "tests" / "recorder"), *filter(None, [os.environ.get("PYTHONPATH")])]
        recorded = {"PYTHONPATH": os.pathsep.join(places), "ASKED": str(self.asked)}
        with self.said.open("a") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *options],
                cwd=ROOT,
                env={**os.environ, "CNNLAB_RUNS": str(self.runs), **recorded, **self.environment},
                stdout=said,
                stderr=said,
            )
        wait_for(self._answers, "the app answers")
        return self

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert not self.asked.exists(), self.asked.read_text()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the app ended at its start"
        try:
            return urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2).status == 200
        except OSError:
            return False


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app, for all browser tests that do not harm it."""
    app = App(tmp_path_factory.mktemp("app") / "runs").start()
    yield app
    app.stop()


@pytest.fixture(scope="session")
def light(tmp_path_factory):
    """The app without workers, for all browser tests that train and ask nothing."""
    app = App(tmp_path_factory.mktemp("light") / "runs", **NO_WORKERS).start()
    yield app
    app.stop()


@pytest.fixture(scope="session")
def chromium():
    """Debian's (or any) Chromium found on PATH, driven by Playwright; missing it is a failure in CI alone."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no Chromium on PATH (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)

    quiet = [
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--no-first-run", *quiet]
        )
        new_context = browser.new_context

        def watched_context(**how):
            context = new_context(**how)
            context.on("request", lambda request: _asked.append(request.url))
            return context

        browser.new_context = watched_context
        yield browser
        browser.close()


_asked: list[str] = []  # the addresses that browsers have asked in this test


@pytest.fixture(autouse=True)
def browsers_stay_here():
    """Let no browser of a test ask another computer than this one for anything."""
    _asked.clear()
    yield
    assert not [url for url in _asked if urlsplit(url).hostname not in (None, "127.0.0.1", "localhost")]


@pytest.fixture
def page(chromium):
    """A fresh browser window, 1280 pixels wide, with cookies of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory):
    """A store with one network that was really trained, two epochs on Digits; returns (store, run)."""
    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.runs import Store
    from cnnlab.training.run_attempt import train

    store = Store(tmp_path_factory.mktemp("trained") / "runs")
    config = PRESETS["article"].config.model_copy(
        update={"dataset": "digits", "epochs": 2, "open_test": True}
    )
    run = store.create(config, datasets.load("digits").classes, preset="article", owner="anna")
    train(run, run.claim("queued"), should_stop=lambda: False)
    assert run.state().phase == "finished", run.state().message
    return store, run
