"""How each pixel would have to change to move the scores: the way back through a whole network.

By the chain rule, layer by layer from the scores to the photo: a layer that computes y from x turns the
gradient with respect to y into that with respect to x. No weight is changed.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats
from .layers import Layer
from .network import Weights, forward, own_arrays


def input_gradient(
    layers: Sequence[Layer], weights: Weights, image: ArrayLike, wanted: Callable[[Floats], ArrayLike]
) -> Floats:
    """Return the gradient (h, w, c), float32, of a number that depends on the scores, for one photo.

    wanted: from the probabilities (classes,) to the gradient of that number with respect to the scores
    (classes,); `lambda p: p - y` makes it the cross-entropy. The rest are the arguments of `forward`; raises
    GeometryError as that does. Backpropagation: Rumelhart, Hinton and Williams, 1986.
    """
    outputs = forward(layers, weights, image)
    inputs = [np.asarray(image, np.float32), *(output.values for output in outputs)]
    # The last layer is softmax, the last but one gives the scores.
    arriving: dict[str, Floats] = {layers[-2].name: np.asarray(wanted(outputs[-1].values), np.float32)}
    for place in range(len(layers) - 2, -1, -1):
        layer, x, y = layers[place], inputs[place], inputs[place + 1]
        gradient = arriving.pop(layer.name)
        back = layer.backward(x, y, gradient, own_arrays(layer, weights, x.shape))
        before = layers[place - 1].name if place else "image"
        for name, part in ((layer.joined, gradient), (before, back)):
            if name:
                arriving[name] = arriving.get(name, 0) + part
    return arriving["image"]
