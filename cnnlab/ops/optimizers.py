"""Which way, and how far, does each optimiser move the weights?

Every optimiser is one function: it takes the weights w, the gradient g of the loss there (of the same shape),
the learning rate and what it remembers from the steps before (`memory`, {} at first), and returns the new
weights and the new memory; it changes neither in place. They are those of Keras, with Keras's default
settings. `cnnlab.config.optimizers` lists those that one can train with.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .floats import as_floats

Memory = dict[str, np.ndarray | float]
Moved = tuple[np.ndarray, Memory]
Step = Callable[[np.ndarray, np.ndarray, float, Memory], Moved]
EPSILON = 1e-7  # keeps a division from being one by 0


def gradient_descent(w: np.ndarray, g: np.ndarray, rate: float, memory: Memory) -> Moved:
    """Go downhill: w <- w - rate * g, w and g of any one shape.

    With a gradient estimated from a batch this is SGD (Robbins and Monro, 1951).
    """
    return w - rate * g, memory


def momentum(w: np.ndarray, g: np.ndarray, rate: float, memory: Memory, beta: float = 0.9) -> Moved:
    """Roll downhill: the velocity keeps 90 % of itself, and the slope adds to it (Polyak, 1964).

    w, g and the velocity have one shape, any.
    """
    velocity = beta * memory.get("velocity", 0.0) - rate * g
    return w + velocity, {"velocity": velocity}


def nesterov(w: np.ndarray, g: np.ndarray, rate: float, memory: Memory, beta: float = 0.9) -> Moved:
    """Roll downhill, taking the next step of the velocity into account already now.

    Nesterov, 1983, as Sutskever et al. wrote it in 2013. Shapes as in `momentum`.
    """
    velocity = beta * memory.get("velocity", 0.0) - rate * g
    return w + beta * velocity - rate * g, {"velocity": velocity}


def rmsprop(w: np.ndarray, g: np.ndarray, rate: float, memory: Memory, rho: float = 0.9) -> Moved:
    """Divide by the usual size of each weight's gradient, so that steep and flat directions move alike.

    Tieleman and Hinton, 2012. w and g have one shape, any, and so has the mean of the squares.
    """
    square = rho * memory.get("square", 0.0) + (1 - rho) * g**2
    return w - rate * g / np.sqrt(square + EPSILON), {"square": square}


def adam(
    w: np.ndarray, g: np.ndarray, rate: float, memory: Memory, beta_1: float = 0.9, beta_2: float = 0.999
) -> Moved:
    """Adaptive moment estimation: a running mean of the gradient over the root of one of its square.

    Both means, of the shape that w and g have, begin at 0 and are too small at first; m_hat and v_hat correct
    that (Kingma and Ba, 2015).
    """
    t = memory.get("t", 0) + 1
    m = beta_1 * memory.get("m", 0.0) + (1 - beta_1) * g
    v = beta_2 * memory.get("v", 0.0) + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    epsilon = EPSILON / np.sqrt(1 - beta_2**t)  # Keras adds it before it corrects v
    return w - rate * m_hat / (np.sqrt(v_hat) + epsilon), {"t": t, "m": m, "v": v}


def adamw(w: np.ndarray, g: np.ndarray, rate: float, memory: Memory, decay: float = 0.004) -> Moved:
    """Adam that also pulls every weight a little towards 0: weight decay (Loshchilov and Hutter, 2019).

    Shapes as in `adam`.
    """
    return adam(w - rate * decay * w, g, rate, memory)


def descend(
    step: Step, start: ArrayLike, gradient: Callable[[np.ndarray], np.ndarray], rate: float, steps: int
) -> np.ndarray:
    """Return the path (steps + 1, n) of weights that `step` takes from `start` (n,), start included.

    gradient: a function from weights (n,) to the gradient (n,) there, or to an estimate of it.
    """
    w, memory = as_floats(start), Memory()
    path = [w]
    with np.errstate(over="ignore", invalid="ignore"):  # too large a rate explodes: infinity, then nan
        for _ in range(steps):
            w, memory = step(w, gradient(w), rate, memory)
            path.append(w)
    return np.stack(path)


def estimated(
    gradient: Callable[[np.ndarray], np.ndarray], noise: float, rng: np.random.Generator
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a gradient that errs as one from a batch does, by normal noise of this standard deviation.

    It takes and returns what `gradient` does: weights (n,), gradient (n,).
    """
    return lambda w: gradient(w) + noise * rng.normal(size=np.shape(w))


def pace(weights: ArrayLike, losses: ArrayLike) -> str:
    """Return how a learning rate does by the path of one weight (steps + 1,) and its losses (steps + 1,).

    "diverging": the loss has grown, or is no finite number any more. "right": less than a hundredth of it is
    left. Otherwise "jumping" where every step goes the other way than the one before, else "small".
    """
    weights, losses = as_floats(weights), as_floats(losses)
    if not np.isfinite(losses[-1]) or losses[-1] > losses[0]:
        return "diverging"
    if losses[-1] < 0.01 * losses[0]:
        return "right"
    moves = np.diff(weights)
    return "jumping" if (moves[1:] * moves[:-1] < 0).all() else "small"
