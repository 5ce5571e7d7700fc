"""How fast is the reference mathematics?

    python benchmarks/operations.py [--runs N]

Measures, each as the best of N runs in this process, and prints one JSON object on its last line:

    conv2d_ratio    `ops.conv2d` on a 512x512x3 photo with one 3x3 kernel, float64 / scipy.signal.correlate
    conv2d_ms       the same in milliseconds
    forward_ms      the shipped article network on one photo, all layers, in milliseconds
    steps_ms        all 900 steps of a 3x3x3 kernel over 32x32x3, in milliseconds
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.signal import correlate

sys.path.insert(0, str(Path(__file__).parents[1]))

from cnnlab import ops
from cnnlab.runs import Store


def best_ms(compute, runs: int) -> float:
    """Return the milliseconds of the quickest run."""
    times = []
    for _run in range(runs):
        start = time.perf_counter()
        compute()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(0)
    photo, kernel = rng.random((512, 512, 3)), rng.random((3, 3, 3, 1))
    small, picture = rng.random((32, 32, 3)), rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    network = Store().get("article")
    layers, weights = network.recipe().layers(), network.weights()
    ours = best_ms(lambda: ops.conv2d(photo, kernel), runs)
    scipy = best_ms(lambda: correlate(photo, kernel[..., 0], mode="valid"), runs)
    result = {
        "conv2d_ratio": round(ours / scipy, 3),
        "conv2d_ms": round(ours, 2),
        "forward_ms": round(best_ms(lambda: ops.forward(layers, weights, picture), runs), 2),
        "steps_ms": round(best_ms(lambda: list(ops.conv2d_steps(small, kernel)), runs), 2),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
