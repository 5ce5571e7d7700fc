"""Which networks and recipes does the app offer by name?

A preset is a whole `TrainConfig`; another one is one more entry.
"""

from dataclasses import dataclass

from cnnlab.config import ConvBlock, DenseBlock, ModelConfig, TrainConfig


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

PRESETS: dict[str, Preset] = {
    "article": Preset(
        title="Baseline (the article's)",
        purpose="Three convolutions, two poolings and two dense layers: the network this app grew from.",
        config=TrainConfig(model=ARTICLE),
    ),
}
