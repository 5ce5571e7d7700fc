"""How near to the truth are the estimates of training time, before a network was ever trained here and after?

    CNNLAB_CIFAR10=... python benchmarks/estimates.py [--batches N] [--cpu]

A worker's timing of single layers is made first, then each preset is really trained twice for three short
epochs (its own settings, fewer images). The truth is the shorter of a run's seconds without the first
epoch's. With --cpu both sides count the processor's seconds instead of the clock's, for a computer that has
other work. The last line is one JSON object: preset -> [estimate before any run / truth of the first,
estimate after the first / truth of the second], `timing`: seconds that the timing took.
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


def trained(store, config, classes: tuple[str, ...], preset: str):
    """Return a run that was really trained."""
    from cnnlab.training.run_attempt import train

    run = store.create(config, classes, preset=preset, owner="benchmark")
    train(run, run.claim("benchmark"), lambda: False)
    return run


def truth(run) -> float:
    """Return the seconds of an epoch that was really trained."""
    return min(row["seconds"] for row in run.history()[1:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", type=int, default=40, help="of an epoch; of Champion a quarter")
    parser.add_argument("--cpu", action="store_true", help="count the processor's seconds")
    options = parser.parse_args()
    from cnnlab import malloc

    malloc.keep()
    import keras

    from cnnlab.config.presets import PRESETS
    from cnnlab.data import datasets
    from cnnlab.runs import Store
    from cnnlab.training import cost, timing, trainer

    keras.utils.disable_interactive_logging()
    clock = time.process_time if options.cpu else time.perf_counter
    trainer.time = SimpleNamespace(perf_counter=clock)
    start = clock()
    speed = timing.measure(clock=clock)
    result = {"timing": round(clock() - start, 1)}
    data = datasets.load("cifar10")
    images = len(data.train_labels)
    for name, preset in PRESETS.items():
        batches = options.batches // (4 if name == "champion" else 1)
        wanted = round(batches * preset.config.batch_size / (1 - preset.config.validation))
        limit = min(wanted, preset.config.limit or wanted)
        config = preset.config.model_copy(update={"limit": limit, "epochs": 3})
        layers = config.model.layers(10)
        before, _basis = cost.epoch_seconds(config, layers, images, cost.Known(speed, timed=True))
        with tempfile.TemporaryDirectory() as folder:
            first, second = (trained(Store(folder), config, data.classes, name) for _ in range(2))
            measured = cost.measure(first, "cifar10", images, speed)
            known = cost.Known(speed, timed=True, runs=[measured])
            after, basis = cost.epoch_seconds(config, layers, images, known)
            ratios = before / truth(first), after / truth(second)
        print(f"{name}: {before:.2f} s estimated, {after:.2f} s from {basis}: {ratios}", file=sys.stderr)
        result[name] = [round(one, 2) for one in ratios]
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
