"""A network with every kind of layer, and the same network in Keras."""

KERAS_NAMES = {"mean": "moving_mean", "variance": "moving_variance"}
ENDS = ["flatten", "global_average", "global_max"]


def conv(name, filters, **changes):
    plain = {"kernel": 3, "stride": 1, "padding": "same", "bias": True}
    return {"kind": "conv", "name": name, "filters": filters} | plain | changes


def pool(name, mode, **changes):
    return {
        "kind": "pool",
        "name": name,
        "mode": mode,
        "window": 2,
        "stride": 2,
        "padding": "valid",
    } | changes


def activation(name, function):
    return {"kind": "activation", "name": name, "function": function}


def every_kind(end):
    """Return a flat layer list with every kind of layer and every activation, its maps ending in `end`."""
    return [
        {"kind": "rescale", "name": "rescale", "scale": 1 / 255},
        conv("conv_1", 8, kernel=5, padding="valid"),
        activation("conv_1_relu", "relu"),
        conv("conv_2", 8, bias=False),
        {"kind": "norm", "name": "conv_2_norm", "epsilon": 1e-3},
        activation("conv_2_gelu", "gelu"),
        {"kind": "add", "name": "add_1", "with": "conv_1_relu"},
        pool("pool_1", "max", window=3, padding="same"),
        conv("conv_3", 12, stride=2, kernel=2),
        activation("conv_3_elu", "elu"),
        {"kind": "dropout", "name": "dropout_1", "rate": 0.3},
        conv("conv_4", 12, kernel=1),
        activation("conv_4_leaky", "leaky_relu"),
        pool("pool_2", "average", window=3, stride=1, padding="same"),
        activation("pool_2_tanh", "tanh"),
        pool("pool_3", "average"),
        activation("pool_3_linear", "linear"),
        {"kind": end, "name": end},
        {"kind": "dense", "name": "dense_1", "units": 16},
        activation("dense_1_sigmoid", "sigmoid"),
        {"kind": "dense", "name": "scores", "units": 10},
        activation("softmax", "softmax"),
    ]


def keras_model(keras, layers, shape):
    """Return a Keras model that gives the output of every layer."""
    kinds = {
        "rescale": lambda spec: keras.layers.Rescaling(spec["scale"]),
        "conv": lambda spec: keras.layers.Conv2D(
            spec["filters"],
            spec["kernel"],
            strides=spec["stride"],
            padding=spec["padding"],
            use_bias=spec["bias"],
            name=spec["name"],
        ),
        "norm": lambda spec: keras.layers.BatchNormalization(epsilon=spec["epsilon"], name=spec["name"]),
        "activation": lambda spec: keras.layers.Activation(spec["function"]),
        "pool": lambda spec: {
            "max": keras.layers.MaxPooling2D,
            "average": keras.layers.AveragePooling2D,
        }[spec["mode"]](spec["window"], strides=spec["stride"], padding=spec["padding"]),
        "dropout": lambda spec: keras.layers.Dropout(spec["rate"]),
        "flatten": lambda spec: keras.layers.Flatten(),
        "global_average": lambda spec: keras.layers.GlobalAveragePooling2D(),
        "global_max": lambda spec: keras.layers.GlobalMaxPooling2D(),
        "dense": lambda spec: keras.layers.Dense(spec["units"], name=spec["name"]),
        "add": lambda spec: keras.layers.Add(),
    }
    x = photo = keras.Input(shape)
    outputs = {}
    for spec in layers:
        layer = kinds[spec["kind"]](spec)
        x = layer([x, outputs[spec["with"]]]) if spec["kind"] == "add" else layer(x)
        outputs[spec["name"]] = x
    return keras.Model(photo, list(outputs.values()))
