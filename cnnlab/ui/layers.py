"""How does a network look as a table: one row a step, with shapes, arithmetic and parameters?"""

import streamlit as st

from cnnlab import ops
from cnnlab.models import SIDE
from cnnlab.text import _, number


def layer_table(layers: list[dict]) -> None:
    """Draw the table and the sums; dividing by 255 stands in the photo's row, activation in the layer's."""
    shapes = ops.output_shapes(layers, (SIDE, SIDE, 3))
    counts = ops.parameters(layers, (SIDE, SIDE, 3))
    rows = [{"step": _("Photo, divided by 255"), "shape": _size((SIDE, SIDE, 3)), "sum": "", "count": 0}]
    before = (SIDE, SIDE, 3)
    for layer, shape, count in zip(layers, shapes, counts, strict=True):
        if layer["kind"] == "activation":
            rows[-1]["step"] += f" · {layer['function']}"
        elif layer["kind"] != "rescale":
            rows.append(
                {
                    "step": _name(layer),
                    "shape": _size(shape),
                    "sum": _arithmetic(layer, before),
                    "count": count,
                }
            )
        before = shape
    names = (_("Step"), _("Output"), _("Weights + biases"), _("Parameters"))
    table = {
        name: [row[key] for row in rows] for name, key in zip(names, ("step", "shape", "sum"), strict=False)
    }
    table[names[3]] = [number(row["count"]) if row["count"] else "" for row in rows]
    st.table(table, border="horizontal", hide_index=True)
    multiplications = sum(ops.multiplications(layers, (SIDE, SIDE, 3)))
    text = _("{parameters} parameters · {multiplications} multiplications a photo")
    st.caption(text.format(parameters=number(sum(counts)), multiplications=number(multiplications)))


def _name(layer: dict) -> str:
    match layer["kind"]:
        case "conv":
            side = layer["kernel"]
            extra = "" if layer["stride"] == 1 else _(", stride {stride}").format(stride=layer["stride"])
            border = "" if layer["padding"] == "valid" else _(", zero border")
            text = _("Convolution: {kernels} kernels {side}×{side}")
            return text.format(kernels=layer["filters"], side=side) + extra + border
        case "pool":
            kind = {"max": _("Max pooling"), "average": _("Average pooling")}[layer["mode"]]
            return f"{kind} {layer['window']}×{layer['window']}"
        case "dense" if layer["name"] == "scores":
            return _("Dense: {units} scores").format(units=layer["units"])
        case "dense":
            return _("Dense: {units} units").format(units=layer["units"])
        case "dropout":
            return _("Dropout {rate}").format(rate=layer["rate"])
    plain = {
        "flatten": _("Flatten"),
        "global_average": _("Average of each map"),
        "global_max": _("Maximum of each map"),
        "norm": _("Batch normalisation"),
        "add": _("Addition"),
    }
    return plain[layer["kind"]]


def _arithmetic(layer: dict, before: tuple[int, ...]) -> str:
    if layer["kind"] == "conv":
        terms = f"{layer['kernel']}×{layer['kernel']}×{before[-1]}×{layer['filters']}"
        return f"{terms} + {layer['filters']}" if layer["bias"] else terms
    if layer["kind"] == "dense":
        return f"{number(before[-1])}×{layer['units']} + {layer['units']}"
    return ""


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(number(side) for side in shape)
