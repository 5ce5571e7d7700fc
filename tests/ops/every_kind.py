"""A network with every kind of layer, and the same network in Keras."""

from cnnlab import ops

KERAS_NAMES = {"mean": "moving_mean", "variance": "moving_variance"}
ENDS = ["flatten", "global_average", "global_max"]


def conv(name, filters, **changes):
    return ops.Conv(name, filters, **{"kernel": 3, "padding": "same"} | changes)


def pool(name, mode, **changes):
    return ops.Pool(name, mode, **{"window": 2, "stride": 2} | changes)


def every_kind(end):
    """Return a flat layer list with every kind of layer and every activation, its maps ending in `end`."""
    return [
        ops.Rescale("rescale", 1 / 255),
        conv("conv_1", 8, kernel=5, padding="valid"),
        ops.Activation("conv_1_relu", "relu"),
        conv("conv_2", 8, bias=False),
        ops.BatchNorm("conv_2_norm"),
        ops.Activation("conv_2_gelu", "gelu"),
        ops.Add("add_1", "conv_1_relu"),
        pool("pool_1", "max", window=3, padding="same"),
        conv("conv_3", 12, stride=2, kernel=2),
        ops.Activation("conv_3_elu", "elu"),
        ops.Dropout("dropout_1", 0.3),
        conv("conv_4", 12, kernel=1),
        ops.Activation("conv_4_leaky", "leaky_relu"),
        pool("pool_2", "average", window=3, stride=1, padding="same"),
        ops.Activation("pool_2_tanh", "tanh"),
        pool("pool_3", "average"),
        ops.Activation("pool_3_linear", "linear"),
        ops.LAYER_KINDS[end](end),
        ops.Dense("dense_1", 16),
        ops.Activation("dense_1_sigmoid", "sigmoid"),
        ops.Dense("scores", 10),
        ops.Softmax("softmax"),
    ]


def keras_model(keras, layers, shape):
    """Return a Keras model that gives the output of every layer."""
    kinds = {
        ops.Rescale: lambda layer: keras.layers.Rescaling(layer.scale),
        ops.Conv: lambda layer: keras.layers.Conv2D(
            layer.filters,
            layer.kernel,
            strides=layer.stride,
            padding=layer.padding,
            use_bias=layer.bias,
            name=layer.name,
        ),
        ops.BatchNorm: lambda layer: keras.layers.BatchNormalization(epsilon=layer.epsilon, name=layer.name),
        ops.Activation: lambda layer: keras.layers.Activation(layer.function),
        ops.Softmax: lambda layer: keras.layers.Softmax(),
        ops.Pool: lambda layer: {
            "max": keras.layers.MaxPooling2D,
            "average": keras.layers.AveragePooling2D,
        }[layer.mode](layer.window, strides=layer.stride, padding=layer.padding),
        ops.Dropout: lambda layer: keras.layers.Dropout(layer.rate),
        ops.Flatten: lambda layer: keras.layers.Flatten(),
        ops.GlobalAverage: lambda layer: keras.layers.GlobalAveragePooling2D(),
        ops.GlobalMax: lambda layer: keras.layers.GlobalMaxPooling2D(),
        ops.Dense: lambda layer: keras.layers.Dense(layer.units, name=layer.name),
        ops.Add: lambda layer: keras.layers.Add(),
    }
    x = photo = keras.Input(shape)
    outputs = {}
    for layer in layers:
        made = kinds[type(layer)](layer)
        x = made([x, outputs[layer.other]]) if isinstance(layer, ops.Add) else made(x)
        outputs[layer.name] = x
    return keras.Model(photo, list(outputs.values()))
