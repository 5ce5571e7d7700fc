"""How does one photo change the weights? One step of learning, with every number in between.

The classifier is the smallest there is: scores z = x W + b, probabilities p = softmax(z), cross-entropy.
With the truth y (1 for the true class, 0 elsewhere) its gradients are

    dL/dz(c) = p(c) - y(c)        dL/dW(i, c) = x(i) (p(c) - y(c))        dL/db(c) = p(c) - y(c)

and gradient descent takes `rate` times the gradient off each weight and each bias.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .dense import dense, softmax
from .floats import Floats, as_floats
from .losses import cross_entropy, one_hot


@dataclass(frozen=True, eq=False)
class Update:
    """One step of gradient descent on one photo of n pixels and c classes."""

    inputs: Floats  # (n,)
    weights: Floats  # (n, c) before
    bias: Floats  # (c,) before
    rate: float
    scores: Floats  # (c,)
    probabilities: Floats  # (c,)
    truth: Floats  # (c,)
    loss: float
    score_gradient: Floats  # (c,)
    weight_gradient: Floats  # (n, c)
    bias_gradient: Floats  # (c,)
    new_weights: Floats  # (n, c)
    new_bias: Floats  # (c,)
    new_probabilities: Floats  # (c,)
    new_loss: float


def update(inputs: ArrayLike, weights: ArrayLike, bias: ArrayLike, label: int, rate: float) -> Update:
    """Return the Update that the photo `inputs` (n,) of class `label` (counted from 0) makes.

    weights: (n, c), bias: (c,). Raises GeometryError where the sizes do not fit together or there is no such
    class.
    """
    x, weights, bias = as_floats(inputs), as_floats(weights), as_floats(bias)
    scores = dense(x, weights, bias)
    p = softmax(scores)
    y = one_hot(label, len(p))
    score_gradient = p - y
    weight_gradient = np.outer(x, score_gradient)  # each pixel times each score's gradient
    new_weights = weights - rate * weight_gradient
    new_bias = bias - rate * score_gradient
    new_p = softmax(dense(x, new_weights, new_bias))
    return Update(
        inputs=x,
        weights=weights,
        bias=bias,
        rate=float(rate),
        scores=scores,
        probabilities=p,
        truth=y,
        loss=cross_entropy(p, label),
        score_gradient=score_gradient,
        weight_gradient=weight_gradient,
        bias_gradient=score_gradient,
        new_weights=new_weights,
        new_bias=new_bias,
        new_probabilities=new_p,
        new_loss=cross_entropy(new_p, label),
    )
