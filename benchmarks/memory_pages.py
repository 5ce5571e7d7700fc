"""What does it cost that a step of training takes its memory from the system, and what does keeping it?

    CNNLAB_CIFAR10=... python benchmarks/memory_pages.py [--steps N] [--plain]

Some steps of presets, each in a process of its own, with the C library as Dask sets it for its workers and as
`cnnlab.malloc` does (Linux with glibc). With --plain TensorFlow computes without oneDNN, and so without the
pool that oneDNN keeps on processors with AVX-512: as on those with AVX2. The last line is one JSON object:
preset -> [before, after] of `faults` (page faults a step), `system` and `user` (milliseconds of the
processor's time a step), `peak` (MB).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEPS = {"article": 60, "sprint": 100, "tiny": 100, "champion": 4}


def measure(preset: str, steps: int, kept: bool) -> dict[str, float]:
    """Train so many batches after some that prepare; return what one of them took."""
    from cnnlab import malloc

    if kept:
        malloc.keep()
    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.runs import Store
    from cnnlab.runs.attempt import Attempt
    from cnnlab.training.trainer import Training

    config = PRESETS[preset].config.model_copy(update={"validation": 0.0})
    with tempfile.TemporaryDirectory() as folder:
        classes = datasets.load("cifar10").classes
        run = Store(folder).create(config, classes, preset=preset, owner="benchmark")
        training = Training(run, Attempt(run, run.claim("benchmark")), lambda: False)

        def fit(batches: int) -> resource.struct_rusage:
            order = training.training[: batches * config.batch_size]
            training.model.fit(training._batches(order, 0), shuffle=False, verbose=0)
            return resource.getrusage(resource.RUSAGE_SELF)

        before, after = fit(5), fit(steps)
    return {
        "faults": round((after.ru_minflt - before.ru_minflt) / steps),
        "system": round(1e3 * (after.ru_stime - before.ru_stime) / steps, 1),
        "user": round(1e3 * (after.ru_utime - before.ru_utime) / steps, 1),
        "peak": round(after.ru_maxrss / 1024),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=float, default=1.0, help="times as many steps")
    parser.add_argument("--plain", action="store_true", help="without oneDNN")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*json.loads(options.measure))))
        return 0
    result: dict[str, dict[str, list[float]]] = {}
    for preset, steps in STEPS.items():
        for kept in (False, True):
            arguments = json.dumps([preset, max(1, round(steps * options.steps)), kept])
            environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
            environment |= {"MALLOC_TRIM_THRESHOLD_": "65536"}  # as Dask does
            environment |= {"TF_ENABLE_ONEDNN_OPTS": "0", "CNNLAB_BFLOAT16": "0"} if options.plain else {}
            command = [sys.executable, __file__, "--measure", arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            for name, value in json.loads(done.stdout.splitlines()[-1]).items():
                result.setdefault(preset, {}).setdefault(name, []).append(value)
        print(preset, result[preset], file=sys.stderr)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
