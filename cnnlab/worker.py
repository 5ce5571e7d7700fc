"""What does a worker process do at its start? (Loaded by Dask through --preload.)

It gives way to the pages, imports Keras, and trains on a handful of digits once: the first training in a
process takes seconds longer than the next, and no student should wait for that.
"""

import os
import tempfile


def dask_setup(worker) -> None:
    trains = "train" in worker.state.available_resources
    if trains:
        os.nice(10)
    import keras

    keras.utils.disable_interactive_logging()
    if trains:
        _warm_up()


def _warm_up() -> None:
    from cnnlab import datasets
    from cnnlab.presets import PRESETS
    from cnnlab.runs import Store
    from cnnlab.train import train

    config = PRESETS["article"].config.model_copy(update={"dataset": "digits", "epochs": 1, "limit": 200})
    with tempfile.TemporaryDirectory() as folder:
        run = Store(folder).create(config, datasets.load("digits").classes, preset="article", owner="warm-up")
        train(run, run.claim("warm-up"), should_stop=lambda: False)
