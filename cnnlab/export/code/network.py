"""How a network looks as lines of Keras to read. `cnnlab.training.models` builds the same layers."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from cnnlab import ops
from cnnlab.i18n import _


def network(flat: Sequence[ops.Layer], l2: float, precision: str) -> tuple[str, str]:
    """Return words and code for a flat layer list (see `ModelConfig.layers`), L2 penalty and precision."""
    words = _(
        "One line a layer. The first weights are drawn at random (Glorot and Bengio 2010), each layer from a "
        "seed of its own."
    )
    if l2:
        words += " " + _("L2 adds the squared weights to the loss, so that large weights cost something.")
    lines = []
    if precision == "bfloat16":
        words += " " + _("bfloat16 computes with fewer digits and keeps the weights in float32.")
        lines = ['keras.config.set_dtype_policy("mixed_bfloat16")', "", ""]
    lines += [
        "def weights(place):",
        '    """Say how the weights of the layer at this place begin."""',
        "    initial = keras.initializers.GlorotUniform(SEED * 1000 + place)",
        *(_penalised(l2) if l2 else ['    return {"kernel_initializer": initial}']),
        "",
        "",
        'inputs = keras.Input((32, 32, 3), name="image")',
        "x = inputs",
    ]
    kept = {layer.joined for layer in flat}
    for place, layer in enumerate(flat):
        last = place == len(flat) - 1
        name = f"name={_word(layer.name)}" + (', dtype="float32"' if last and precision == "bfloat16" else "")
        read = f"[x, {layer.joined}]" if layer.joined else "x"
        lines.append(f"x = layers.{LINES[type(layer)](layer, place, name)}({read})")
        if layer.name in kept:
            lines.append(f"{layer.name} = x")
    lines += ['model = keras.Model(inputs, x, name="network")', "model.summary()"]
    return words, "\n".join(lines)


def _penalised(l2: float) -> list[str]:
    return [
        f"    penalty = keras.regularizers.L2({l2!r})",
        '    return {"kernel_initializer": initial, "kernel_regularizer": penalty}',
    ]


def _word(text: str) -> str:
    return json.dumps(text)  # in double quotes, and safe whatever it holds


def _rescale(layer: ops.Rescale, place: int, name: str) -> str:
    scale = "1 / 255" if layer.scale == 1 / 255 else repr(layer.scale)
    return f"Rescaling({scale}, {name})"


def _conv(layer: ops.Conv, place: int, name: str) -> str:
    shape = f"{layer.filters}, {layer.kernel}, strides={layer.stride}, padding={_word(layer.padding)}"
    bias = "" if layer.bias else "use_bias=False, "
    return f"Conv2D({shape}, {bias}**weights({place}), {name})"


def _pool(layer: ops.Pool, place: int, name: str) -> str:
    kind = {"max": "MaxPooling2D", "average": "AveragePooling2D"}[layer.mode]
    return f"{kind}({layer.window}, strides={layer.stride}, padding={_word(layer.padding)}, {name})"


# Kind of layer -> how it is called in `keras.layers`, from the layer, its place, and its further arguments.
LINES: dict[type[ops.Layer], Callable[[Any, int, str], str]] = {
    ops.Rescale: _rescale,
    ops.Conv: _conv,
    ops.BatchNorm: lambda layer, place, name: f"BatchNormalization(epsilon={layer.epsilon!r}, {name})",
    ops.Activation: lambda layer, place, name: f"Activation({_word(layer.function)}, {name})",
    ops.Softmax: lambda layer, place, name: f'Activation("softmax", {name})',
    ops.Pool: _pool,
    ops.Dropout: lambda layer, place, name: f"Dropout({layer.rate!r}, seed=SEED * 1000 + {place}, {name})",
    ops.Flatten: lambda layer, place, name: f"Flatten({name})",
    ops.GlobalAverage: lambda layer, place, name: f"GlobalAveragePooling2D({name})",
    ops.GlobalMax: lambda layer, place, name: f"GlobalMaxPooling2D({name})",
    ops.Dense: lambda layer, place, name: f"Dense({layer.units}, **weights({place}), {name})",
    ops.Add: lambda layer, place, name: f"Add({name})",
}
