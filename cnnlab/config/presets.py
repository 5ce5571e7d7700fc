"""Which networks and recipes does the app offer by name?

A preset is a whole `TrainConfig`; another one is one more entry.
"""

from dataclasses import dataclass
from typing import Any

from cnnlab.config import Augmentation, ConvBlock, DenseBlock, ModelConfig, TrainConfig


@dataclass(frozen=True)
class Preset:
    """A recipe with the words that introduce it; `title` and `purpose` are translated when shown."""

    title: str
    purpose: str
    config: TrainConfig


ARTICLE = ModelConfig(
    blocks=(
        ConvBlock(filters=32, pool="max"),
        ConvBlock(filters=64, pool="max"),
        ConvBlock(filters=64),
    ),
    dense=(DenseBlock(units=64),),
)


def _normalised(filters: int, **settings: Any) -> ConvBlock:
    """Return a block with zero border and batch normalisation."""
    return ConvBlock(filters=filters, padding="same", normalise=True, **settings)


# The first layer moves by 2 and is pooled at once, so that all others work on maps of 8x8 or less.
SPRINT = ModelConfig(
    blocks=(
        _normalised(24, kernel=4, stride=2, pool="max"),
        _normalised(48, pool="max"),
        _normalised(96),
    ),
)
TINY = ModelConfig(
    blocks=(
        _normalised(16, kernel=5, stride=2, pool="max"),
        _normalised(32, pool="max"),
        _normalised(64),
    ),
)

CHAMPION = ModelConfig(
    blocks=(
        _normalised(64),
        _normalised(96, pool="max"),
        _normalised(128),
        _normalised(256, pool="max"),
        _normalised(256),
        _normalised(256, pool="max"),
        _normalised(256),
    ),
    head="global_average",
    l2=2.5e-4,
)

PRESETS: dict[str, Preset] = {
    "article": Preset(
        title="Baseline (the article's)",
        purpose="Three convolutions, two poolings and two dense layers: the network this app grew from.",
        config=TrainConfig(model=ARTICLE, precision="bfloat16"),
    ),
    "sprint": Preset(
        title="Sprint",
        purpose="As good as the baseline in a fraction of its time: a coarse first layer, batch "
        "normalisation, and a learning rate that rises and falls. Which of these helps most?",
        config=TrainConfig(model=SPRINT, learning_rate=0.01, schedule="one_cycle", epochs=2),
    ),
    "tiny": Preset(
        title="Tiny",
        purpose="Fewer photos and a small network: done so quickly that a whole class can take turns.",
        config=TrainConfig(
            model=TINY,
            limit=10_000,
            learning_rate=0.01,
            schedule="one_cycle",
            batch_size=128,
            precision="bfloat16",
            epochs=8,
        ),
    ),
    "champion": Preset(
        title="Champion",
        purpose="Seven convolutions, photos that change from epoch to epoch, and by far the longest "
        "training: how good can it get? The app comes with the result.",
        config=TrainConfig(
            model=CHAMPION,
            validation=0.05,
            optimizer="nesterov",
            learning_rate=0.1,
            schedule="one_cycle",
            label_smoothing=0.1,
            augmentation=Augmentation(flip=True, shift=4, cutout=12),
            batch_size=128,
            precision="bfloat16",
            epochs=60,
        ),
    ),
    "overfit": Preset(
        title="Overfit on purpose",
        purpose="Very few photos, seen again and again, until the network gets every one right. Watch "
        "what becomes of the photos it does not learn from.",
        config=TrainConfig(
            model=ARTICLE, limit=625, validation=0.2, batch_size=32, precision="bfloat16", epochs=45
        ),
    ),
    "rate_too_high": Preset(
        title="Learning rate too high",
        purpose="The baseline with steps that are far too long. Predict its curve before you press Train.",
        config=TrainConfig(model=ARTICLE, limit=10_000, learning_rate=0.05, precision="bfloat16", epochs=5),
    ),
}
