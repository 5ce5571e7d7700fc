"""How each kind of layer is called: as a title, above its maps, in the table of a network, below its box."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlab import ops
from cnnlab.i18n import _, number


@dataclass(frozen=True)
class Words:
    """What is said of one layer; "" where there is nothing to say."""

    after: str = ""  # what it does to the maps of its block: the end of its title
    heading: str = ""  # above its maps, where that is not its title
    step: str = ""  # its row in the table of layers
    added: str = ""  # what it adds to the row before it instead
    box: str = ""  # below its box in the picture of a network
    weights: Callable[[int], str] = lambda channels: (
        ""
    )  # how its parameters are counted, by channels that come in


def _conv(layer: ops.Conv) -> Words:
    side, filters = layer.kernel, layer.filters
    stride = "" if layer.stride == 1 else _(", stride {stride}").format(stride=layer.stride)
    border = "" if layer.padding == "valid" else _(", zero border")
    text = _("Convolution: {kernels} kernels {side}×{side}").format(kernels=filters, side=side)
    bias = f" + {filters}" if layer.bias else ""
    return Words(
        step=text + stride + border,
        box=_("Convolution"),
        weights=lambda channels: f"{side}×{side}×{channels}×{filters}{bias}",
    )


def _activation(layer: ops.Activation) -> Words:
    title = ops.ACTIVATIONS[layer.function].title
    return Words(after=_("after {function}").format(function=title), added=layer.function)


def _pool(layer: ops.Pool) -> Words:
    mode = {"max": _("Max pooling"), "average": _("Average pooling")}[layer.mode]
    return Words(step=f"{mode} {layer.window}×{layer.window}", box=_("Pooling"))


def _dense(layer: ops.Dense) -> Words:
    scores, units = layer.name == "scores", layer.units
    step = _("Dense: {units} scores") if scores else _("Dense: {units} units")
    return Words(
        heading=_("Scores") if scores else "",
        step=step.format(units=units),
        box=_("Scores") if scores else _("Dense"),
        weights=lambda numbers: f"{number(numbers)}×{units} + {units}",
    )


WORDS: dict[type[ops.Layer], Callable[[Any], Words]] = {
    ops.Rescale: lambda layer: Words(heading=_("Photo ÷ 255")),
    ops.Conv: _conv,
    ops.BatchNorm: lambda layer: Words(
        after=_("normalised"), step=_("Batch normalisation"), weights=lambda channels: f"4×{channels}"
    ),
    ops.Activation: _activation,
    ops.Softmax: lambda layer: Words(heading=_("Softmax: probabilities"), added="softmax"),
    ops.Pool: _pool,
    ops.Dropout: lambda layer: Words(
        heading=_("Dropout (rests after training)"), step=_("Dropout {rate}").format(rate=layer.rate)
    ),
    ops.Flatten: lambda layer: Words(heading=_("Flatten: one long row"), step=_("Flatten"), box=_("Flatten")),
    ops.GlobalAverage: lambda layer: Words(
        heading=_("Average of each map"), step=_("Average of each map"), box=_("Average")
    ),
    ops.GlobalMax: lambda layer: Words(
        heading=_("Largest of each map"), step=_("Maximum of each map"), box=_("Maximum")
    ),
    ops.Dense: _dense,
    ops.Add: lambda layer: Words(step=_("Addition")),
}


def words(layer: ops.Layer) -> Words:
    """Return the words for a layer, in the session's language."""
    return WORDS[type(layer)](layer)


def title(layer: ops.Layer) -> str:
    """Name a layer of a network: conv_1_relu -> "Convolution 1 · after ReLU"."""
    block, _separator, place = layer.name.partition("_")
    place = place.partition("_")[0]
    name = {
        "conv": _("Convolution {place}"),
        "pool": _("Pooling {place}"),
        "dense": _("Dense {place}"),
        "add": _("Addition {place}"),
        "dropout": _("Dropout {place}"),
    }.get(block, layer.name)
    name, after = name.format(place=place), words(layer).after
    return f"{name} · {after}" if after else name


def heading(layer: ops.Layer) -> str:
    """Name a layer above its maps, for one photo."""
    return words(layer).heading or title(layer)


def convolutions(layers: Sequence[ops.Layer]) -> dict[str, str]:
    """Return the title of each convolution of a network, by its name, in order."""
    return {layer.name: title(layer) for layer in layers if isinstance(layer, ops.Conv)}
