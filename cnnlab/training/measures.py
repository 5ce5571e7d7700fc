"""What is measured of a network's answers while it trains: the loss, accuracy, and cross-entropy."""

import math
from collections.abc import Mapping

from cnnlab.config import TrainConfig, losses
from cnnlab.runs import Checkpoint

MEANS = ("loss", "accuracy", "cross_entropy")  # counted over the images of an epoch, or of validation


def measures(config: TrainConfig) -> dict[str, object]:
    """Return what Keras computes of answers, for `compile`; cross-entropy apart only if it is not the loss.

    `cnnlab.config.losses` computes the same with NumPy.
    """
    import keras

    loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    if config.loss == "mse":
        loss = keras.losses.MeanSquaredError()
    own = [] if losses.is_cross_entropy(config) else [keras.metrics.CategoricalCrossentropy("cross_entropy")]
    return {"loss": loss, "metrics": ["accuracy", *own]}


def means(logs: Mapping[str, float]) -> tuple[float, ...]:
    """Return MEANS of what Keras has counted."""
    return tuple(float(logs.get(name, logs["loss"])) for name in MEANS)


def of_both_parts(values: tuple[float, ...], steps: int, before: Checkpoint | None) -> tuple[float, ...]:
    """Return MEANS of an epoch in two parts: these of `steps` batches now, and those of a pause before."""
    if before is None:
        return values
    share = steps / (steps + before.step)
    kept = (*before.so_far, math.nan)[: len(MEANS)]  # earlier versions kept loss and accuracy alone
    return tuple(share * now + (1 - share) * then for now, then in zip(values, kept, strict=True))
