"""What might one try next, as changed settings? None where a setting cannot go further that way.

Each function answers for one direction: whatever it returns is valid, differs from what is set, and changes
the very thing that its words name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from cnnlab.config import (
    LARGEST_RATE,
    OPTIMIZERS,
    Augmentation,
    ConvBlock,
    DenseBlock,
    ModelConfig,
    TrainConfig,
)
from cnnlab.data import datasets
from cnnlab.i18n import _, plain

DROPOUTS = (0.3, 0.5)  # what to try first, and what then
L2 = 0.0005  # a usual penalty, where there was none or far too much
Part = TypeVar("Part", ConvBlock, DenseBlock)
HEAVY_L2, HEAVY_DROPOUT = 0.01, 0.7  # from which on they can keep a network from learning at all


@dataclass(frozen=True)
class Advice:
    """What to try, in words and as changed settings of a `TrainConfig`."""

    words: str
    change: dict[str, Any]


def smaller_steps(config: TrainConfig) -> Advice | None:
    """Advise a tenth of the rate; where that is more than ten times the optimiser's usual rate, that one."""
    usual, tenth = OPTIMIZERS[config.optimizer].rate, config.learning_rate / 10
    if tenth < usual / 1000:
        return None  # steps as small as these cannot be the fault
    text = _("Its steps are too large. Try the learning rate {rate} instead of {now}.")
    return _other_rate(text, config, usual if tenth > 10 * usual else tenth)


def larger_steps(config: TrainConfig) -> Advice | None:
    """Advise ten times the rate; where that is less than a tenth of the optimiser's usual rate, that one."""
    usual, tenfold = OPTIMIZERS[config.optimizer].rate, config.learning_rate * 10
    if tenfold > LARGEST_RATE:
        return None
    text = _("Its steps are too small. Try the learning rate {rate} instead of {now}.")
    return _other_rate(text, config, usual if tenfold < usual / 10 else tenfold)


def _other_rate(text: str, config: TrainConfig, rate: float) -> Advice:
    rate = float(f"{rate:.3g}")
    words = text.format(rate=plain(rate), now=plain(config.learning_rate))
    return Advice(words, {"learning_rate": rate})


def shrinking_steps(config: TrainConfig) -> Advice | None:
    """Advise a schedule, where the steps are as large at the end as at the beginning."""
    if config.schedule != "constant":
        return None
    words = _("Try a schedule that makes the steps smaller towards the end (cosine).")
    return Advice(words, {"schedule": "cosine"})


def against_overfitting(config: TrainConfig) -> Advice | None:
    """Advise what is not on yet: changed images, then dropout, then more of it, then an L2 penalty."""
    if config.augmentation == Augmentation():
        words = _("Show it more: try augmentation, random changes of each image.")
        flip = datasets.find(config.dataset).mirrored  # a mirrored digit is no digit
        return Advice(words, {"augmentation": Augmentation(flip=flip, shift=2)})
    inner: list[ConvBlock | DenseBlock] = [*config.model.blocks, *config.model.dense]
    for rate in DROPOUTS:
        if any(block.dropout < rate for block in inner):
            words = _("Make it lean on more than a few values: try dropout {rate}.")
            if any(block.dropout >= rate for block in inner):
                words = _("Make it lean on more than a few values: try dropout {rate} where it has less.")
            words = words.format(rate=plain(rate))
            blocks, dense = _dropped(config.model.blocks, rate, max), _dropped(config.model.dense, rate, max)
            return Advice(words, {"model": _with_parts(config.model, blocks, dense)})
    if not config.model.l2:
        words = _("Keep its weights small: try an L2 penalty of {l2}.").format(l2=plain(L2))
        return Advice(words, {"model": config.model.model_copy(update={"l2": L2})})
    return None


def waking(config: TrainConfig, layers: Iterable[str]) -> Advice | None:
    """Advise leaky ReLU for the parts that these activations (layers' names, as "conv_2_relu") belong to."""
    layers = set(layers)
    blocks, dense = _leaky(config.model.blocks, layers), _leaky(config.model.dense, layers)
    if (blocks, dense) == (config.model.blocks, config.model.dense):
        return None
    words = _("A ReLU that is always 0 passes no gradient, so its weights rest. Try leaky ReLU there.")
    return Advice(words, {"model": _with_parts(config.model, blocks, dense)})


def gentler(config: TrainConfig) -> Advice | None:
    """Advise to take back what leaves a network little to learn with: a heavy L2 penalty, much dropout."""
    model = config.model
    if model.l2 >= HEAVY_L2:
        words = _("Its L2 penalty of {l2} weighs more than its mistakes. Try {less}.")
        words = words.format(l2=plain(model.l2), less=plain(L2))
        return Advice(words, {"model": model.model_copy(update={"l2": L2})})
    inner: list[ConvBlock | DenseBlock] = [*model.blocks, *model.dense]
    most = max((block.dropout for block in inner), default=0.0)
    if most < HEAVY_DROPOUT:
        return None
    words = _("A dropout of {dropout} leaves it little to learn from. Try {less}.")
    words = words.format(dropout=plain(most), less=plain(DROPOUTS[0]))
    blocks, dense = _dropped(model.blocks, DROPOUTS[0], min), _dropped(model.dense, DROPOUTS[0], min)
    return Advice(words, {"model": _with_parts(model, blocks, dense)})


def _dropped(
    blocks: tuple[Part, ...], rate: float, choose: Callable[[float, float], float]
) -> tuple[Part, ...]:
    """Return the blocks with the greater (choose: max) or the smaller (min) of their dropout and `rate`."""
    return tuple(block.model_copy(update={"dropout": choose(rate, block.dropout)}) for block in blocks)


def _leaky(blocks: tuple[Part, ...], layers: set[str]) -> tuple[Part, ...]:
    """Return the blocks, with leaky ReLU where one of these layers is the block's."""
    return tuple(
        block.model_copy(update={"activation": "leaky_relu"})
        if layers & {layer.name for layer in block.layers(place)}
        else block
        for place, block in enumerate(blocks, start=1)
    )


def _with_parts(
    model: ModelConfig, blocks: tuple[ConvBlock, ...], dense: tuple[DenseBlock, ...]
) -> ModelConfig:
    return model.model_copy(update={"blocks": blocks, "dense": dense})
