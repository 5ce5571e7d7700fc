"""How long does the server take for a changed setting, on each lesson page?

    python benchmarks/pages.py [--changes N]

Starts the app without worker processes, opens a real websocket session, changes settings as a student would,
and times each from sending to the server's word that all has been sent. "at the largest settings" first sets
what makes a page's work largest. The last line is one JSON object: first_page_s (from starting the server
until a session holds the whole first page), p95_ms, p95_ms_largest, median_ms, payload_mb (the largest single
answer), each by page.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time

from session import Session, start_app, wait_until_up

# What is changed on a page, one after the other: a key and the values it goes through. For choices a value is
# the place of the option, for sliders of words the word.
CHANGES = {
    "pixels": {"pixels.crop.row": range(10, 50, 3), "pixels.divided": (1, 0), "pixels.class": (2, 5, 0)},
    "convolution": {
        "convolution.crop.row": range(10, 50, 3),
        "convolution.kernel": (1, 2, 3, 0),
        "convolution.relu": (True, False),
    },
    "layer": {
        "layer.crop.row": range(10, 50, 3),
        "layer.relu": (False, True),
        "layer.bias": range(-90, 90, 20),
    },
    "pooling": {"pooling.crop.row": range(10, 50, 3), "pooling.window": (1, 0)},
    "answer": {"answer.class": (1, 5, 3, 7), "photo.choice": (1, 2, 0)},
    "network": {"network.layer": (2, 4, 1, 5), "network.map": (2, 5, 1), "network.range": (1, 2, 0)},
    "learning": {
        "learning.step": (0.5, 1.0, 0.2),
        "learning.pixel1": (0.2, 0.6, 0.9),
        "learning.class": (1, 2, 0),
    },
    "inside": {"inside.layer": (1, 2, 0), "inside.maps": (1, 3, 0), "inside.range": (1, 2, 0)},
    "classify": {"classify.size": (200, 260, 120), "classify.row": (3, 30, 12), "classify.trial": (1, 2, 0)},
}
LARGEST = {
    "pixels": {"pixels.crop.size": "16"},
    "convolution": {"convolution.crop.size": "32", "convolution.size": 6, "convolution.input": 1},
    "layer": {"layer.crop.size": "14"},
    "pooling": {"pooling.crop.size": "32"},
}


def measure(session: Session, page: str, changes: int) -> tuple[list[float], int]:
    """Return the milliseconds of so many changes, and the bytes of the largest answer."""
    steps = [[(key, value) for value in values] for key, values in CHANGES[page].items()]
    turns = itertools.islice(itertools.cycle(itertools.chain(*steps)), changes)
    times, largest = [], 0
    for key, value in turns:
        times.append(1000 * session.change(key, value))
        largest = max(largest, session.payload)
    return times, largest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--changes", type=int, default=60, help="changes measured on each page")
    count = parser.parse_args().changes
    result = {"first_page_s": None, "p95_ms": {}, "p95_ms_largest": {}, "median_ms": {}, "payload_mb": {}}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        url, process = start_app(CNNLAB_RUNS=folder, CNNLAB_SCHEDULER="tcp://127.0.0.1:9")
        try:
            wait_until_up(url)
            session = Session(url)
            session.open("")
            result["first_page_s"] = round(time.perf_counter() - start, 2)
            for page in CHANGES:
                session.open(page)
                payload = session.payload
                measure(session, page, 8)  # what is computed once and then kept
                times, largest = measure(session, page, count)
                result["median_ms"][page] = round(statistics.median(times), 1)
                result["p95_ms"][page] = round(statistics.quantiles(times, n=20)[-1], 1)
                for key, value in LARGEST.get(page, {}).items():
                    session.change(key, value)
                if page in LARGEST:
                    measure(session, page, 8)
                    times, most = measure(session, page, count)
                    largest = max(largest, most)
                    result["p95_ms_largest"][page] = round(statistics.quantiles(times, n=20)[-1], 1)
                result["payload_mb"][page] = round(max(payload, largest) / 1e6, 3)
                print(
                    f"{page}: median {result['median_ms'][page]} ms, p95 {result['p95_ms'][page]} ms",
                    file=sys.stderr,
                )
            assert not session.errors, session.errors
        finally:
            process.terminate()
            process.wait(30)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
