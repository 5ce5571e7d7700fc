"""What can be configured, and what is a valid configuration?

`ModelConfig` and `TrainConfig` are the one truth that forms, links, files and the trainer share. They are
frozen, validated on the way in, and know nothing of Keras. `ModelConfig.layers` spells a network out as the
flat list of layers (`cnnlab.ops.layers`) that `cnnlab.training.models` builds with Keras and
`cnnlab.ops.network` computes with NumPy.

A field's title and description are what a learner reads beside it; they are translated when shown.
"""

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import CoreSchema, core_schema

from cnnlab import ops
from cnnlab.config.optimizers import OPTIMIZERS
from cnnlab.config.schedules import SCHEDULES
from cnnlab.i18n import _

Dropout = Annotated[
    float,
    Field(
        ge=0,
        le=0.9,
        title="Dropout",
        description="The share of values set to 0 at random while training, so that none is relied on.",
    ),
]
LARGEST_RATE = 10.0  # whether set in a form, asked for while a run trains, or brought in with an archive


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OneOf:
    """What a field of a registry's names may hold: like Literal, but the registry says which they are."""

    def __init__(self, registry: Iterable[str]):
        self.names = list(registry)

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return core_schema.literal_schema(self.names)


Function = Annotated[str, OneOf(ops.ACTIVATIONS), Field(title="Activation")]


class ConvBlock(Frozen):
    """One convolution with what follows it: normalisation, activation, pooling, dropout (in this order)."""

    filters: int = Field(ge=1, le=512, title="Number of kernels", description="In Keras: filters.")
    kernel: int = Field(default=3, ge=1, le=7, title="Kernel size")
    stride: int = Field(
        default=1, ge=1, le=4, title="Stride", description="How many cells the kernel moves at a time."
    )
    padding: Literal["valid", "same"] = Field(
        default="valid",
        title="Border",
        description="At stride 1 a zero border (Keras: same) keeps the maps' size; no border (valid) "
        "shrinks them.",
    )
    normalise: bool = Field(
        default=False,
        title="Batch normalisation",
        description="Brings each map to mean 0 and spread 1 over the batch, then scales and shifts it.",
    )
    activation: Function = "relu"
    pool: Literal["none", "max", "average"] = Field(default="none", title="Pooling")
    pool_window: int = Field(default=2, ge=2, le=4, title="Pooling window")
    dropout: Dropout = 0.0

    def layers(self, number: int) -> list[ops.Layer]:
        """Return the block's layers; `number` counts blocks from 1 and becomes part of their names."""
        name = f"conv_{number}"
        # Normalisation shifts by its own beta; a bias would cancel out.
        bias = not self.normalise
        layers: list[ops.Layer] = [ops.Conv(name, self.filters, self.kernel, self.stride, self.padding, bias)]
        if self.normalise:
            layers.append(ops.BatchNorm(f"{name}_norm"))
        layers += _activation(name, self.activation)
        if self.pool != "none":
            layers.append(ops.Pool(f"pool_{number}", self.pool, self.pool_window, stride=self.pool_window))
        return layers + _dropout(name, self.dropout)


class DenseBlock(Frozen):
    """A hidden dense layer with its activation and dropout."""

    units: int = Field(ge=1, le=4096, title="Units")
    activation: Function = "relu"
    dropout: Dropout = 0.0

    def layers(self, number: int) -> list[ops.Layer]:
        """Return the block's layers, as those of a `ConvBlock`."""
        name = f"dense_{number}"
        dense = ops.Dense(name, self.units)
        return [dense, *_activation(name, self.activation), *_dropout(name, self.dropout)]


class ModelConfig(Frozen):
    """A network: convolution blocks, a way from maps to a vector, hidden dense layers, one score a class."""

    blocks: tuple[ConvBlock, ...] = Field(max_length=12, title="Convolution blocks")
    head: Literal["flatten", "global_average", "global_max"] = Field(
        default="flatten", title="From maps to a row of numbers"
    )
    dense: tuple[DenseBlock, ...] = Field(default=(), max_length=6, title="Dense layers")
    l2: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="L2 penalty",
        description="So much times the sum of all squared weights is added to the loss: keeps weights small.",
    )

    def layers(self, classes: int) -> list[ops.Layer]:
        """Return the flat list of layers, from the division by 255 to softmax over `classes` scores."""
        layers: list[ops.Layer] = [ops.Rescale("rescale", 1 / 255)]
        for number, block in enumerate(self.blocks, start=1):
            layers += block.layers(number)
        layers.append(ops.LAYER_KINDS[self.head](self.head))
        for number, hidden in enumerate(self.dense, start=1):
            layers += hidden.layers(number)
        return [*layers, ops.Dense("scores", classes), ops.Softmax("softmax")]


class Augmentation(Frozen):
    """Random changes of each training image in each epoch; 0 and False leave it as it is.

    shift: at most so many pixels up, down, left, right; rotate: at most so many degrees either way;
    cutout: the side of a square that is blackened, in pixels.
    """

    flip: bool = Field(default=False, title="Flip left and right")
    shift: int = Field(default=0, ge=0, le=8, title="Shift, pixels")
    rotate: int = Field(default=0, ge=0, le=45, title="Rotate, degrees")
    cutout: int = Field(default=0, ge=0, le=24, title="Cut out, pixels")


class TrainConfig(Frozen):
    """A training run: which network, which images, and how its weights are changed.

    `limit` takes that many of the training images; of those the share `validation` is held out. The test
    set stays sealed during training; `open_test` opens it once at the end. With `patience`, training ends
    when the validation loss has not improved for that many epochs.
    """

    model: ModelConfig = Field(title="Network")
    dataset: str = Field(default="cifar10", title="Data")
    limit: int | None = Field(
        default=None,
        ge=10,
        le=1_000_000,
        title="Training images, at most",
        description="Those held out are among them. Empty: all that there are.",
    )
    validation: float = Field(
        default=0.1,
        ge=0,
        le=0.5,
        title="Held out for validation",
        description="The share of the training images not learned from, but used to judge each epoch.",
    )
    optimizer: Annotated[str, OneOf(OPTIMIZERS)] = Field(
        default="adam",
        title="Optimiser",
        description="The rule by which gradients move the weights. Choosing one proposes its rate.",
    )
    learning_rate: float = Field(
        default=0.001,
        gt=0,
        le=LARGEST_RATE,
        title="Learning rate",
        description="How far one step moves the weights. Too large, and the loss explodes.",
    )
    schedule: Annotated[str, OneOf(SCHEDULES)] = Field(
        default="constant",
        title="Schedule",
        description="How the learning rate changes over the training run.",
    )
    loss: Literal["cross_entropy", "mse"] = Field(default="cross_entropy", title="Loss")
    label_smoothing: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        title="Label smoothing",
        description="The share of the label 1 that is spread over all classes, so that scores stay moderate.",
    )
    augmentation: Augmentation = Field(default=Augmentation(), title="Augmentation")
    batch_size: int = Field(
        default=64, ge=1, le=4096, title="Batch size", description="How many images one step averages over."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        title="Precision",
        description="bfloat16 computes with 8 significant binary digits instead of 24: quicker on "
        "processors made for it; others use float32. The weights are kept in float32.",
    )
    epochs: int = Field(
        default=10, ge=1, le=1000, title="Epochs", description="How often each training image is seen."
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        le=100,
        title="Stop early after",
        description="So many epochs without a better validation loss end the training run. Empty: never.",
    )
    seed: int = Field(
        default=1,
        ge=0,
        le=2**31 - 1,
        title="Seed of all random choices",
        description="The same seed draws the same first weights, the same order of images, the same changes.",
    )
    open_test: bool = Field(
        default=False,
        title="Open the test set at the end",
        description="Otherwise it stays sealed until you open it.",
    )

    @model_validator(mode="after")
    def known_dataset(self) -> Self:
        from cnnlab.data.datasets import known

        if self.dataset not in known():
            text = _("There is no data called “{name}”; there are: {names}.")
            raise ValueError(text.format(name=self.dataset[:40], names=", ".join(known())))
        return self

    @model_validator(mode="after")
    def no_contradiction(self) -> Self:
        if self.label_smoothing and self.loss != "cross_entropy":
            raise ValueError(_("Label smoothing goes with cross-entropy, not with the mean squared error."))
        if self.patience and not self.validation:
            raise ValueError(_("Stopping early needs validation images to judge by."))
        return self


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return how many batches it takes to see every image once; the last one may be smaller."""
    return math.ceil(images / batch_size)


def _activation(name: str, function: str) -> list[ops.Layer]:
    return [] if function == "linear" else [ops.Activation(f"{name}_{function}", function)]


def _dropout(name: str, rate: float) -> list[ops.Layer]:
    return [ops.Dropout(f"{name}_dropout", rate)] if rate else []
