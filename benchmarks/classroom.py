"""What does a class of thirty ask of one server, with training runs going on beside it?

    CNNLAB_CIFAR10=... python benchmarks/classroom.py [--students 30] [--minutes 3] [--rounds N] [--together]

Starts the app as a teacher does, with its worker processes. One student first walks through all pages (that
is the memory "before"), and training runs are timed alone. Then the class comes: websocket sessions, each
with a cookie and living fragments of its own, at human pace (a change 2-6 s after the last answer); a teacher
who looks at the class and at the board; and one real Chromium. Students begin at different lessons; with
--together all begin with the first. Some train the preset Tiny, the others watch the teacher's run (Baseline
on 10,000 images, a new one after each), so that one is always at work. At the end a third of the sessions
close, a third lose their connection, a third fall silent; training runs are timed alone again; 150 s after
the server has let go of the last session its memory is measured. Needs Chromium on PATH. To try it out:
`--students 5 --minutes 0.3 --alone 0 --wait 5`. The last line is one JSON object:

    interactions        changes and opened pages of all websocket sessions
    p50_s, p95_s        seconds from sending one until the server's word that all has been sent; p95_by_page
    watch_p95_s         the same for a fragment that is run by its timer, which nobody waits for
    browser_p95_s       seconds until a page stands in Chromium, loaded anew
    errors              exceptions, disconnects and silences seen by any session; named on stderr
    server_mb           peak memory (RSS) of the page server alone, without its workers
    mb_per_student      (that peak - memory just before the class) / students
    training_slowdown   seconds an epoch of the same runs with the class / alone, medians; the worse of the
                        two presets; `training` has both and the numbers of epochs (first ones do not count)
    server_cpu_share, load_cpu_share, chromium_cpu_share    of all cores, while the class was there: the page
                        server, the websocket sessions, the browser
    sessions_left       sessions that the server still takes for connected, 200 s after all have gone
    memory_start, memory_before, memory_after   MB: of the fresh server, before the class, after each round
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import shutil
import signal
import statistics
import sys
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import psutil
from session import ROOT, Session, start_app, wait_until_up
from students import CHANGES, PATH, PATIENCE, Student, Teacher, in_chromium

sys.path.insert(0, str(ROOT))  # only now: the folder pages/ there has the name of a file here

from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.runs import Store

RUNS = Path(os.environ.get("CNNLAB_RUNS", ROOT / "benchmarks" / ".classroom-runs"))
LET_GO = 200  # seconds until the server must have noticed that a session has fallen silent: it asks each 30 s
KEPT = 150  # seconds after the last session until memory is measured; Streamlit keeps closed ones for 120
PIN = "benchmark"
LEAVING = ("closed", "dropped", "silent")
SIZES = {"article": {"limit": 10_000, "epochs": 4}, "tiny": {}}  # what is timed alone, and with the class


class Course:
    """The training runs of this benchmark, by how they were trained: alone or with the class."""

    def __init__(self, store: Store):
        self.store = store
        self.dataset = datasets.usable().name
        self.classes = datasets.load(self.dataset).classes
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)  # (when, preset) -> epochs
        self._counted: set[str] = set()
        self._teachers: list = []

    def begin(self, preset: str):
        """Put a run into the queue; the server finds it there."""
        config = PRESETS[preset].config.model_copy(update=SIZES[preset] | {"dataset": self.dataset})
        return self.store.create(config, self.classes, preset=preset, owner="teacher")

    async def alone(self, turns: int) -> None:
        """Time so many runs of each preset, one after the other, with nobody in class."""
        runs = [self.begin(preset) for preset in turns * list(SIZES)]
        while any(run.state().phase.active for run in runs):
            await asyncio.sleep(1)
        self.count("alone")

    async def keep_busy(self) -> None:
        """Always have two of the teacher's runs waiting or at work."""
        while True:
            if sum(run.state().phase.active for run in self._teachers) < 2:
                self._teachers.append(self.begin("article"))
            await asyncio.sleep(1)

    def followed(self) -> str | None:
        """Name the run that the class follows: the teacher's newest that is at work, else the one before."""
        begun = [run.id for run in self._teachers if run.attempt()]
        return begun[-1] if begun else None

    def end(self) -> None:
        """Take what still waits out of the queue, and stop what is at work."""
        for run in self.store.runs():
            if run.state().phase.active:
                run.command("stop", run.recipe().owner)

    def count(self, when: str) -> None:
        """Note the seconds of all epochs but the first of each run that was not counted before."""
        for run in self.store.runs():
            if run.id not in self._counted and run.recipe().preset in SIZES:
                self._counted.add(run.id)
                rows = run.history()[1:]
                self.seconds[when, run.recipe().preset] += [row["seconds"] for row in rows]

    def result(self) -> dict:
        """Return by preset the medians alone and with the class, the number of epochs of each, the ratio."""
        found = {}
        for preset in SIZES:
            alone, beside = self.seconds["alone", preset], self.seconds["class", preset]
            if alone and beside:
                seconds = [statistics.median(alone), statistics.median(beside)]
                found[preset] = {
                    "seconds": [round(value, 2) for value in seconds],
                    "epochs": [len(alone), len(beside)],
                    "slowdown": round(seconds[1] / seconds[0], 2),
                }
        return found


class Meter:
    """Memory of the page server, and who uses the processors: all from the system's own counters."""

    def __init__(self, server: psutil.Process):
        self.server, self.me, self.peak = server, psutil.Process(), 0.0

    def megabytes(self) -> float:
        return self.server.memory_info().rss / 1e6

    async def watch(self) -> None:
        """Keep the largest memory in `peak`, looked at five times a second."""
        while True:
            self.peak = max(self.peak, self.megabytes())
            await asyncio.sleep(0.2)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds so far of the page server, of this process, and of Chromium."""
        theirs = {self.server.pid, *(child.pid for child in self.server.children(recursive=True))}
        chromium = [child for child in self.me.children(recursive=True) if child.pid not in theirs]
        return {
            "server": _seconds(self.server),
            "load": _seconds(self.me),
            "chromium": sum(map(_seconds, chromium)),
        }


def _seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


def walk_through(url: str) -> None:
    """Open every page and change every setting once, as a teacher does before class."""
    session = Session(url)
    for page in PATH:
        session.open(page)
        for key, values in CHANGES.get(page, {}).items():
            if key in session.widgets:
                session.change(key, next(iter(values)))
            else:
                print(f"on {page} there is no {key} any more", file=sys.stderr)
    assert not session.errors, session.errors
    session.close()


def sessions(url: str) -> int:
    """Return how many connected sessions the server counts."""
    with urllib.request.urlopen(f"{url}/_stcore/metrics?families=active_sessions", timeout=10) as answer:
        found = re.search(r"^active_sessions (\d+)", answer.read().decode(), re.M)
    return int(found[1])


async def hold_class(url: str, arguments, course: Course, meter: Meter) -> tuple[list, list, list, dict]:
    """Let a class come, work and go; return its students, Chromium's page times and errors, CPU shares."""
    seconds, count = 60 * arguments.minutes, arguments.students
    starts = [0 if arguments.together else i * len(PATH) // count for i in range(count)]
    students = [Student(url, i, start, course.followed) for i, start in enumerate(starts)]
    everybody = [*students, Teacher(url, PIN)]
    busy, watching = asyncio.create_task(course.keep_busy()), asyncio.create_task(meter.watch())
    async with asyncio.timeout(PATIENCE):
        while course.followed() is None:
            await asyncio.sleep(0.2)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    real = asyncio.create_task(in_chromium(url, seconds, chromium, course.followed))
    before, start = meter.cpu(), time.monotonic()
    attending = asyncio.gather(*(one.attend(seconds) for one in everybody))
    await asyncio.sleep(seconds)  # Chromium's counters end with it
    used, wall = meter.cpu(), (time.monotonic() - start) * os.cpu_count()
    shares = {f"{name}_cpu_share": round((used[name] - before[name]) / wall, 3) for name in used}
    await attending
    opened, errors = await real
    for task in (busy, watching):
        task.cancel()
    for one, how in zip(everybody, itertools.cycle(LEAVING), strict=False):
        errors += [f"{one.name}: {error}" for error in one.errors]
        await one.leave(how)
    return students, opened, errors, shares


async def measure(arguments, url: str, process) -> dict:
    store = Store(RUNS)
    meter = Meter(psutil.Process(process.pid))
    result: dict = {"students": arguments.students, "memory_start": round(meter.megabytes())}
    say("one student walks through all pages")
    walk_through(url)
    course = Course(store)
    say("training runs alone")
    await course.alone(arguments.alone)
    before = meter.megabytes()
    done, ticks, opened, errors, shares, after, left = [], [], [], [], [], [], 0
    for turn in range(1, arguments.rounds + 1):
        say(f"class {turn} of {arguments.rounds}")
        students, pages, problems, share = await hold_class(url, arguments, course, meter)
        course.end()
        say("the class has left; training runs alone")
        for student in students:
            done += student.done
            ticks += student.ticks
        opened += pages
        errors += problems
        shares.append(share)
        while any(run.state().phase.active for run in store.runs()):
            await asyncio.sleep(0.5)
        course.count("class")
        await course.alone(arguments.alone)
        say("waiting until the server has let go of the sessions")
        end = time.monotonic() + LET_GO
        while (left := sessions(url)) and time.monotonic() < end:
            await asyncio.sleep(1)
        await asyncio.sleep(arguments.wait)
        after.append(round(meter.megabytes()))
    times, by_page = [one.seconds for one in done], defaultdict(list)
    for one in done:
        by_page[one.page].append(one.seconds)
    for error in errors:
        print(error, file=sys.stderr)
    training = course.result()
    return result | {
        "interactions": len(times),
        "p50_s": round(statistics.median(times), 3),
        "p95_s": p95(times),
        "p95_by_page": {page: p95(values) for page, values in by_page.items()},
        "watch_p95_s": p95(ticks),
        "watched": len(ticks),
        "browser_p95_s": p95(opened),
        "errors": len(errors),
        "server_mb": round(meter.peak),
        "mb_per_student": round((meter.peak - before) / arguments.students, 1),
        "training_slowdown": max((one["slowdown"] for one in training.values()), default=None),
        "training": training | {"dataset": course.dataset},
        **{name: max(share[name] for share in shares) for name in shares[0]},
        "sessions_left": left,
        "memory_before": round(before),
        "memory_after": after,
    }


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def p95(values: list[float]) -> float | None:
    return round(statistics.quantiles(values, n=20)[-1], 3) if len(values) > 1 else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=30, help="websocket sessions, beside one Chromium")
    parser.add_argument("--minutes", type=float, default=3, help="of a class")
    parser.add_argument("--rounds", type=int, default=1, help="classes, one after the other")
    parser.add_argument("--together", action="store_true", help="all begin with the first lesson")
    parser.add_argument("--alone", type=int, default=2, help="runs of each preset timed alone, each time")
    parser.add_argument("--port", type=int, help="of the app; default: a free one")
    parser.add_argument("--wait", type=float, default=KEPT, help="seconds until memory is measured")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the app ends with this
    shutil.rmtree(RUNS, ignore_errors=True)
    url, process = start_app(arguments.port, CNNLAB_RUNS=str(RUNS), CNNLAB_TEACHER_PIN=PIN)
    try:
        wait_until_up(url)
        result = asyncio.run(measure(arguments, url, process))
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(RUNS, ignore_errors=True)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
