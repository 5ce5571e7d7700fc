"""The reference mathematics: every operation that the app teaches, in NumPy alone.

Most come twice: for a whole array at once, and as steps that show every product and sum.
"""

from .convolution import ConvStep, conv2d, conv2d_step, conv2d_steps, flip
from .dense import (
    DenseStep,
    SoftmaxSteps,
    contributions,
    dense,
    dense_steps,
    flat_index,
    flatten,
    map_index,
    softmax,
    softmax_naive,
    softmax_steps,
)
from .elementwise import (
    ACTIVATIONS,
    add,
    batch_norm,
    elu,
    gelu,
    leaky_relu,
    linear,
    relu,
    rescale,
    sigmoid,
    tanh,
)
from .geometry import GeometryError, output_size, outputs_fed, padding_amounts, window_index, window_span
from .gradient import input_gradient
from .kernels import KERNELS
from .losses import cross_entropy, cross_entropy_gradient, mse, mse_gradient, one_hot
from .network import (
    LayerOutput,
    forward,
    multiplications,
    network_shapes,
    output_shapes,
    parameters,
    weight_shapes,
)
from .optimizers import descend, estimated, pace
from .pooling import (
    PoolStep,
    average_pool,
    global_average_pool,
    global_max_pool,
    max_pool,
    pool_gradient,
    pool_step,
    pool_steps,
)
from .receptive import ReceptiveField, receptive_field
from .surfaces import SURFACES, Surface
from .update import Update, update

__all__ = [
    "ACTIVATIONS",
    "KERNELS",
    "SURFACES",
    "ConvStep",
    "DenseStep",
    "GeometryError",
    "LayerOutput",
    "PoolStep",
    "ReceptiveField",
    "SoftmaxSteps",
    "Surface",
    "Update",
    "add",
    "average_pool",
    "batch_norm",
    "contributions",
    "conv2d",
    "conv2d_step",
    "conv2d_steps",
    "cross_entropy",
    "cross_entropy_gradient",
    "dense",
    "dense_steps",
    "descend",
    "elu",
    "estimated",
    "flat_index",
    "flatten",
    "flip",
    "forward",
    "gelu",
    "global_average_pool",
    "global_max_pool",
    "input_gradient",
    "leaky_relu",
    "linear",
    "map_index",
    "max_pool",
    "mse",
    "mse_gradient",
    "multiplications",
    "network_shapes",
    "one_hot",
    "output_shapes",
    "output_size",
    "outputs_fed",
    "pace",
    "padding_amounts",
    "parameters",
    "pool_gradient",
    "pool_step",
    "pool_steps",
    "receptive_field",
    "relu",
    "rescale",
    "sigmoid",
    "softmax",
    "softmax_naive",
    "softmax_steps",
    "tanh",
    "update",
    "weight_shapes",
    "window_index",
    "window_span",
]
