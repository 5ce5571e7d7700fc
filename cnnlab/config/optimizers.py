"""The optimisers that a network can be trained with: one record each, which everybody reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnlab.ops import optimizers as steps


@dataclass(frozen=True)
class Race:
    """How an optimiser runs in the race over surfaces of two weights (`cnnlab.ops.surfaces`)."""

    name: str  # translated when shown
    step: steps.Step
    rate: float  # a learning rate that suits it there
    noisy: bool = False  # does it see an estimate of the gradient, as from a batch?
    drawn: bool = True  # whether its path is on the map at first


@dataclass(frozen=True)
class Optimizer:
    """An optimiser: for the form, the trainer, the exported script, the estimates and the lesson.

    title: translated when shown. keras: its class in `keras.optimizers`, made with a learning rate and with
    `arguments`. rate: the learning rate to start from. kept: how many numbers it keeps for each weight,
    beside the weight and its gradient. race: None where the lesson does not have it.
    """

    title: str
    keras: str
    rate: float
    kept: int
    race: Race | None = None
    arguments: Mapping[str, float | bool] = field(default_factory=dict)

    def source(self, rate: float) -> str:
        """Return the line of Python that makes it with this learning rate."""
        given = [repr(rate), *(f"{name}={value!r}" for name, value in self.arguments.items())]
        return f"keras.optimizers.{self.keras}({', '.join(given)})"


# The learning rates are Keras's own defaults.
OPTIMIZERS = {
    "sgd": Optimizer(
        "SGD", "SGD", 0.01, 0, Race("SGD, with noise", steps.gradient_descent, 0.04, noisy=True)
    ),
    "momentum": Optimizer(
        "SGD with momentum",
        "SGD",
        0.01,
        1,
        Race("Momentum", steps.momentum, 0.01),
        {"momentum": 0.9},
    ),
    "nesterov": Optimizer(
        "SGD with Nesterov momentum",
        "SGD",
        0.01,
        1,
        Race("Nesterov", steps.nesterov, 0.01, drawn=False),
        {"momentum": 0.9, "nesterov": True},
    ),
    "rmsprop": Optimizer("RMSprop", "RMSprop", 0.001, 1, Race("RMSprop", steps.rmsprop, 0.05)),
    "adam": Optimizer("Adam", "Adam", 0.001, 2, Race("Adam", steps.adam, 0.1)),
    "adamw": Optimizer("AdamW", "AdamW", 0.001, 2, Race("AdamW", steps.adamw, 0.1, drawn=False)),
}
