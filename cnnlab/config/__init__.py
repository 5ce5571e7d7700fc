"""What can be set: configurations, presets, schedules of the rate, links with settings, a class's rules."""

from cnnlab.config.faults import INNER, faults, title
from cnnlab.config.optimizers import OPTIMIZERS
from cnnlab.config.schema import (
    LARGEST_RATE,
    Augmentation,
    ConvBlock,
    DenseBlock,
    Frozen,
    ModelConfig,
    TrainConfig,
    steps_per_epoch,
)

__all__ = [
    "INNER",
    "LARGEST_RATE",
    "OPTIMIZERS",
    "Augmentation",
    "ConvBlock",
    "DenseBlock",
    "Frozen",
    "ModelConfig",
    "TrainConfig",
    "faults",
    "steps_per_epoch",
    "title",
]
