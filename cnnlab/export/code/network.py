"""How does a network look as lines of Keras to read? `cnnlab.training.models` builds the same layers."""

import json

from cnnlab.i18n import _


def network(flat: list[dict], l2: float, precision: str) -> tuple[str, str]:
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
    kept = {spec["with"] for spec in flat if spec["kind"] == "add"}
    for place, spec in enumerate(flat):
        last = place == len(flat) - 1
        name = f"name={_word(spec['name'])}" + (
            ', dtype="float32"' if last and precision == "bfloat16" else ""
        )
        lines.append(f"x = {_layer(spec, place, name)}({_input(spec)})")
        if spec["name"] in kept:
            lines.append(f"{spec['name']} = x")
    lines += ['model = keras.Model(inputs, x, name="network")', "model.summary()"]
    return words, "\n".join(lines)


def _penalised(l2: float) -> list[str]:
    return [
        f"    penalty = keras.regularizers.L2({l2!r})",
        '    return {"kernel_initializer": initial, "kernel_regularizer": penalty}',
    ]


def _input(spec: dict) -> str:
    return f"[x, {spec['with']}]" if spec["kind"] == "add" else "x"


def _word(text: str) -> str:
    return json.dumps(text)  # in double quotes, and safe whatever it holds


def _layer(spec: dict, place: int, name: str) -> str:
    """Write one entry of the flat layer list as a call of Keras, as `cnnlab.training.models` builds it."""
    match spec["kind"]:
        case "rescale":
            scale = "1 / 255" if spec["scale"] == 1 / 255 else repr(spec["scale"])
            return f"layers.Rescaling({scale}, {name})"
        case "conv":
            shape = f"{spec['filters']}, {spec['kernel']}, strides={spec['stride']}"
            shape += f", padding={_word(spec['padding'])}"
            bias = "" if spec["bias"] else "use_bias=False, "
            return f"layers.Conv2D({shape}, {bias}**weights({place}), {name})"
        case "norm":
            return f"layers.BatchNormalization(epsilon={spec['epsilon']!r}, {name})"
        case "activation":
            return f"layers.Activation({_word(spec['function'])}, {name})"
        case "pool":
            kind = {"max": "MaxPooling2D", "average": "AveragePooling2D"}[spec["mode"]]
            shape = f"{spec['window']}, strides={spec['stride']}, padding={_word(spec['padding'])}"
            return f"layers.{kind}({shape}, {name})"
        case "dropout":
            return f"layers.Dropout({spec['rate']!r}, seed=SEED * 1000 + {place}, {name})"
        case "dense":
            return f"layers.Dense({spec['units']}, **weights({place}), {name})"
        case "flatten" | "global_average" | "global_max" | "add" as kind:
            plain = {"flatten": "Flatten", "add": "Add"}
            plain |= {"global_average": "GlobalAveragePooling2D", "global_max": "GlobalMaxPooling2D"}
            return f"layers.{plain[kind]}({name})"
    raise ValueError(f"no line of Keras is known for the kind {spec['kind']!r} of layer {spec['name']!r}")
