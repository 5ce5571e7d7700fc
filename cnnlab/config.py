"""What can be configured, and what is a valid configuration?

`ModelConfig` and `TrainConfig` are the one truth that forms, links, files and the trainer share. They are
frozen, validated on the way in, and know nothing of Keras. `ModelConfig.layers` spells a network out as the
flat list of layers that `cnnlab.models` builds with Keras and `cnnlab.ops.network` computes with NumPy.
"""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "linear"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
Rate = Annotated[float, Field(ge=0, le=0.9)]

# Each optimiser with the learning rate to start from: Keras's own defaults, but for plain SGD's relatives.
OPTIMIZERS: dict[str, float] = {
    "sgd": 0.01,
    "momentum": 0.01,
    "nesterov": 0.01,
    "rmsprop": 0.001,
    "adam": 0.001,
    "adamw": 0.001,
}


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ConvBlock(Frozen):
    """One convolution with what follows it: normalisation, activation, pooling, dropout (in this order)."""

    filters: int = Field(ge=1, le=512)
    kernel: int = Field(default=3, ge=1, le=7)
    stride: int = Field(default=1, ge=1, le=4)
    padding: Literal["valid", "same"] = "valid"
    normalise: bool = False
    activation: Activation = "relu"
    pool: Literal["none", "max", "average"] = "none"
    pool_window: int = Field(default=2, ge=2, le=4)
    dropout: Rate = 0.0

    def layers(self, number: int) -> list[dict]:
        """Return the block's layers; `number` counts blocks from 1 and becomes part of their names."""
        name = f"conv_{number}"
        layers = [
            {
                "kind": "conv",
                "name": name,
                "filters": self.filters,
                "kernel": self.kernel,
                "stride": self.stride,
                "padding": self.padding,
                "bias": not self.normalise,  # normalisation shifts by its own beta; a bias would cancel out
            }
        ]
        if self.normalise:
            layers.append({"kind": "norm", "name": f"{name}_norm", "epsilon": 1e-3})
        layers += _activation(name, self.activation)
        if self.pool != "none":
            window = {"window": self.pool_window, "stride": self.pool_window, "padding": "valid"}
            layers.append({"kind": "pool", "name": f"pool_{number}", "mode": self.pool, **window})
        return layers + _dropout(name, self.dropout)


class DenseBlock(Frozen):
    """A hidden dense layer with its activation and dropout."""

    units: int = Field(ge=1, le=4096)
    activation: Activation = "relu"
    dropout: Rate = 0.0

    def layers(self, number: int) -> list[dict]:
        name = f"dense_{number}"
        dense = {"kind": "dense", "name": name, "units": self.units}
        return [dense, *_activation(name, self.activation), *_dropout(name, self.dropout)]


class ModelConfig(Frozen):
    """A network: convolution blocks, a way from maps to a vector, hidden dense layers, one score a class."""

    blocks: tuple[ConvBlock, ...] = Field(max_length=12)
    head: Literal["flatten", "global_average", "global_max"] = "flatten"
    dense: tuple[DenseBlock, ...] = Field(default=(), max_length=6)
    l2: float = Field(default=0.0, ge=0, le=1)

    def layers(self, classes: int) -> list[dict]:
        """Return the flat list of layers, from the division by 255 to softmax over `classes` scores."""
        layers = [{"kind": "rescale", "name": "rescale", "scale": 1 / 255}]
        for number, block in enumerate(self.blocks, start=1):
            layers += block.layers(number)
        layers.append({"kind": self.head, "name": self.head})
        for number, block in enumerate(self.dense, start=1):
            layers += block.layers(number)
        layers.append({"kind": "dense", "name": "scores", "units": classes})
        return [*layers, {"kind": "activation", "name": "softmax", "function": "softmax"}]


class Augmentation(Frozen):
    """Random changes of each training image in each epoch; 0 and False leave it as it is.

    shift: at most so many pixels up, down, left, right; rotate: at most so many degrees either way;
    cutout: the side of a square that is blackened, in pixels.
    """

    flip: bool = False
    shift: int = Field(default=0, ge=0, le=8)
    rotate: int = Field(default=0, ge=0, le=45)
    cutout: int = Field(default=0, ge=0, le=24)


class TrainConfig(Frozen):
    """A training run: which network, which images, and how its weights are changed.

    `limit` takes that many of the training images; of those the share `validation` is held out. The test
    set stays sealed during training; `open_test` opens it once at the end. With `patience`, training ends
    when the validation loss has not improved for that many epochs.
    """

    model: ModelConfig
    dataset: str = "cifar10"
    limit: int | None = Field(default=None, ge=10)
    validation: float = Field(default=0.1, ge=0, le=0.5)
    optimizer: OptimizerName = "adam"
    learning_rate: float = Field(default=0.001, gt=0, le=10)
    schedule: Literal["constant", "cosine", "one_cycle"] = "constant"
    loss: Literal["cross_entropy", "mse"] = "cross_entropy"
    label_smoothing: float = Field(default=0.0, ge=0, le=0.5)
    augmentation: Augmentation = Augmentation()
    batch_size: int = Field(default=64, ge=1, le=4096)
    epochs: int = Field(default=10, ge=1, le=1000)
    patience: int | None = Field(default=None, ge=1, le=100)
    seed: int = Field(default=1, ge=0, lt=2**31)
    open_test: bool = False

    @model_validator(mode="after")
    def known_dataset(self):
        from cnnlab.datasets import DATASETS

        if self.dataset not in DATASETS:
            raise ValueError(f"dataset {self.dataset!r} is not one of {', '.join(DATASETS)}")
        return self

    @model_validator(mode="after")
    def no_contradiction(self):
        if self.label_smoothing and self.loss != "cross_entropy":
            raise ValueError("label smoothing goes with cross-entropy, not with the mean squared error")
        if self.patience and not self.validation:
            raise ValueError("stopping early needs validation images to judge by")
        return self


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return how many batches it takes to see every image once; the last one may be smaller."""
    return math.ceil(images / batch_size)


def _activation(name: str, function: str) -> list[dict]:
    if function == "linear":
        return []
    return [{"kind": "activation", "name": f"{name}_{function}", "function": function}]


def _dropout(name: str, rate: float) -> list[dict]:
    return [{"kind": "dropout", "name": f"{name}_dropout", "rate": rate}] if rate else []
