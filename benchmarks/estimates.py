"""How near to the truth are the estimates of training time before a network was ever trained here?

    CNNLAB_CIFAR10=... python benchmarks/estimates.py [--batches N] [--cpu]

A worker's timing of single layers is made first, then each preset is really trained for three short epochs
(its own settings, fewer images) and their shorter seconds, without the first epoch's, are the truth. With
--cpu both sides count the processor's seconds instead of the clock's, for a computer that has other work.
The last line is one JSON object: preset -> estimate / truth, `timing`: seconds that the timing took.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def truth(config, classes: tuple[str, ...], preset: str) -> float:
    """Return the seconds of an epoch that was really trained."""
    from cnnlab.runs import Store
    from cnnlab.train import train

    with tempfile.TemporaryDirectory() as folder:
        run = Store(folder).create(config, classes, preset=preset, owner="benchmark")
        train(run, run.claim("benchmark"), lambda: False)
        return min(row["seconds"] for row in run.history()[1:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", type=int, default=40, help="of an epoch; of Champion a quarter")
    parser.add_argument("--cpu", action="store_true", help="count the processor's seconds")
    options = parser.parse_args()
    from cnnlab import malloc

    malloc.keep()
    import keras

    from cnnlab import datasets, timing, training
    from cnnlab.presets import PRESETS

    keras.utils.disable_interactive_logging()
    clock = time.process_time if options.cpu else time.perf_counter
    training.time = SimpleNamespace(perf_counter=clock)
    start = clock()
    speed = timing.measure(clock=clock)
    result = {"timing": round(clock() - start, 1)}
    data = datasets.load("cifar10")
    for name, preset in PRESETS.items():
        batches = options.batches // (4 if name == "champion" else 1)
        images = round(batches * preset.config.batch_size / (1 - preset.config.validation))
        limit = min(images, preset.config.limit or images)
        config = preset.config.model_copy(update={"limit": limit, "epochs": 3})
        held = round(config.validation * limit)
        guess = speed.epoch_seconds(config, config.model.layers(10), limit - held, held)
        real = truth(config, data.classes, name)
        print(f"{name}: estimated {guess:.2f} s, really {real:.2f} s", file=sys.stderr)
        result[name] = round(guess / real, 2)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
