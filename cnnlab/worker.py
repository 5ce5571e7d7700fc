"""What does a worker process do at its start? (Loaded by Dask through --preload.)

It imports Keras, so that the first training need not wait for it, and gives way to the pages.
"""

import os


def dask_setup(worker) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "train" in worker.state.available_resources:
        os.nice(10)
    import keras

    keras.backend.clear_session()
