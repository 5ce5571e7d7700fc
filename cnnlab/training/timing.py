"""How fast is this computer? A worker that trains finds out once, layer by layer, while nobody trains.

Each piece takes a moment, and the next one waits until the worker has nothing to do. What was found is kept
(`cnnlab.training.speed`), until there is another processor, or another number of threads.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab import ops, system
from cnnlab.config import Augmentation, TrainConfig
from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets
from cnnlab.runs import Store
from cnnlab.runs.attempt import Attempt
from cnnlab.training import layers, models, speed
from cnnlab.training.augmentation import AUGMENTATIONS, augment
from cnnlab.training.speed import Speed
from cnnlab.training.trainer import Training

if TYPE_CHECKING:
    import tensorflow as tf

Clock = Callable[[], float]

WEIGHTS = 1_000_000  # changed by Adam at once
TIMES = 4  # the shortest counts: what else the computer did at that moment is not its speed
FEW, MANY = 2, 12  # batches: their difference is what a batch takes, the rest what an epoch takes beside


_conv, _dense = partial(ops.Conv, "timed"), partial(ops.Dense, "timed")
LIGHT = (
    ops.BatchNorm("timed"),
    ops.Dropout("timed", 0.3),
    *(ops.Pool("timed", mode, 2, stride=2) for mode in ("max", "average")),
)
# What is timed: a layer, the shape that goes in, how many at once. Like those of the presets.
LAYERS: list[tuple[ops.Layer, ops.Shape, int]] = [
    (_conv(32, 3), (32, 32, 3), 64),
    (_conv(16, 5, stride=2, padding="same"), (32, 32, 3), 128),
    (_conv(64, 3, padding="same"), (32, 32, 3), 32),
    (_conv(64, 3), (15, 15, 32), 64),
    (_conv(64, 3), (6, 6, 64), 64),
    (_conv(32, 3, padding="same"), (8, 8, 16), 128),
    (_conv(48, 3, padding="same"), (8, 8, 24), 64),
    (_conv(64, 3, padding="same"), (4, 4, 32), 128),
    (_conv(96, 3, padding="same"), (32, 32, 64), 64),
    (_conv(256, 3, padding="same"), (16, 16, 128), 32),
    (_conv(256, 3, padding="same"), (8, 8, 256), 64),
    (_dense(64), (1024,), 64),
    (_dense(10), (256,), 64),
    (_dense(512), (2048,), 64),
    *((layer, (16, 16, 16), 64) for layer in LIGHT),
    *((layer, (32, 32, 64), 32) for layer in LIGHT),
    *(
        (ops.Activation("timed", name), shape, 32)
        for name in ("relu", "tanh")
        for shape in ((8, 8, 32), (32, 32, 64))
    ),
]


def seconds_of(call: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Return the seconds of the quickest of TIMES calls, after one that prepares."""
    call()
    found = []
    for _time in range(TIMES):
        start = clock()
        call()
        found.append(clock() - start)
    return max(min(found), 1e-7)


def layer_call(timed: ops.Layer, before: ops.Shape, batch: int, precision: str) -> Callable[[], object]:
    """Return what computes a layer forwards and backwards, as in training.

    before: the shape that comes in; batch: images at once; precision: "float32" or "bfloat16".
    """
    import tensorflow as tf

    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    layer = layers.keras_layer(timed, 1, None, policy, for_training=True)
    x = tf.cast(tf.random.uniform((batch, *before)), layer.compute_dtype)
    gradient = tf.ones_like(layer(x, training=True))

    @tf.function(autograph=False, jit_compile=False)  # type: ignore[untyped-decorator]  # without types
    def both(x: "tf.Tensor", gradient: "tf.Tensor") -> list["tf.Tensor"]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        passed_on = [] if before == speed.INPUT else [x]
        sources = [*passed_on, *(one.value for one in layer.trainable_variables)]
        found: list[tf.Tensor] = tape.gradient(y, sources, output_gradients=gradient)
        return found

    return lambda: both(x, gradient)


def measure(wait: Callable[[], None] = lambda: None, clock: Clock = time.perf_counter) -> Speed:
    """Time everything; `wait` is called before each piece and returns when it may begin."""

    def seconds(prepare: Callable[..., Callable[[], object]], *arguments: object) -> float:
        wait()
        return seconds_of(prepare(*arguments), clock)

    native = system.bfloat16_is_native()
    call = seconds(_nothing)  # is part of all that is timed alone, and of no layer in a network
    costs = {}
    for precision in ["float32", "bfloat16"][: 1 + native]:
        timed: dict[str, list[tuple[list[float], float]]] = {kind: [] for kind in speed.MEASURES}
        for layer, before, batch in LAYERS:
            values = layers.measures(layer, before, batch, first=before == speed.INPUT)
            spent = seconds(layer_call, layer, before, batch, precision) - call
            timed[layers.kind_of(layer)].append((values, max(spent, call / 10)))
        costs[precision] = {kind: speed.fitted(found) for kind, found in timed.items()}
    images = datasets.load("digits").train_images[:128]
    changes = {name: seconds(_change, name, images) / len(images) for name in AUGMENTATIONS}
    weight = seconds(_adam) / WEIGHTS
    known = Speed(costs, changes, weight, 1.0, 0.0, 0.0, native, threads())
    return replace(known, **_beside(known, wait, clock))


def threads() -> int:
    """Return with how many threads a layer is computed here."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count() or 1)


def _networks() -> Iterator[TrainConfig]:
    """Return a network of small layers and one of large ones, on data that are always there."""
    large = PRESETS["champion"].config.model
    large = large.model_copy(update={"blocks": large.blocks[:2], "l2": 0.0})
    for model in (PRESETS["tiny"].config.model, large):
        yield TrainConfig(model=model, dataset="digits", precision="bfloat16", batch_size=32, validation=0.0)


def _beside(known: Speed, wait: Callable[[], None], clock: Clock) -> dict[str, Any]:
    """Return what real networks take more than the sum of their layers: `together`, `step` and `epoch`."""
    steps, epochs, alone = [], [], []
    for config in _networks():
        step, epoch = _step_and_epoch(config, wait, clock)
        steps.append(step)
        epochs.append(epoch)
        alone.append(known.epoch_seconds(config, config.model.layers(10), config.batch_size, 0))
    together = ratio(steps, alone)
    step = max(0.0, steps[0] - together * alone[0])
    return {"together": together, "step": step, "epoch": epochs[0]}


def ratio(steps: Sequence[float], layers: Sequence[float]) -> float:
    """Return how many times as long a network takes as its layers alone, from a small and a large one.

    steps, layers: the seconds of a step of each, and those of its layers. The result is cut to 1 to 2.
    """
    found = (steps[1] - steps[0]) / (layers[1] - layers[0])
    return float(np.clip(found, 1, 2))  # a moment in which the computer had other work is no speed


def _step_and_epoch(config: TrainConfig, wait: Callable[[], None], clock: Clock) -> tuple[float, float]:
    """Return the seconds of a step of training, and of what an epoch takes beside its steps."""
    with tempfile.TemporaryDirectory() as folder:
        run = Store(folder).create(config, datasets.load("digits").classes, preset="tiny", owner="timing")
        wait()
        attempt = Attempt(run, run.claim("timing") or 1)  # nobody else knows of the folder
        training = Training(run, attempt, lambda: False)  # without the attempt's heartbeat
        spent = {}
        for batches in (FEW, MANY):
            order = training.training[: batches * config.batch_size]
            fit = partial(training.model.fit, shuffle=False, verbose=0)
            wait()
            spent[batches] = seconds_of(lambda: fit(training._batches(order, 0)), clock)  # noqa: B023
    step = max(0.0, (spent[MANY] - spent[FEW]) / (MANY - FEW))
    return step, max(0.0, spent[FEW] - FEW * step)


def _nothing() -> Callable[[], object]:
    """Return the call of a function that computes nothing: what every call takes."""
    import tensorflow as tf

    x = tf.zeros(1)
    call = tf.function(lambda x: x + 1, autograph=False)
    return lambda: call(x)


def _adam(weights: int = WEIGHTS) -> Callable[[], object]:
    """Return what changes so many weights by a step of Adam."""
    import keras
    import tensorflow as tf

    weight = keras.Variable(np.zeros(weights, np.float32))
    optimizer = models.optimizer("adam", 0.001)
    optimizer.build([weight])
    call = tf.function(lambda gradient: optimizer.apply([gradient], [weight]), autograph=False)
    gradient = tf.ones(weights)
    return lambda: call(gradient)


def _change(name: str, images: np.ndarray) -> Callable[[], object]:
    """Return what augments these images in one way."""
    off = Augmentation.model_fields[name].default
    settings = Augmentation(**{name: type(off)(4)})  # on; or by 4 pixels, degrees or what its unit is
    return lambda: augment(images, settings, np.random.default_rng(0))
