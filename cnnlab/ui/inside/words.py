"""How does Inside write down what arrays hold?"""

import numpy as np

from cnnlab.i18n import _, fine


def span(values: np.ndarray) -> str:
    return _("{low} to {high}").format(low=fine(values.min(), 2), high=fine(values.max(), 2))


def captions(text: str, arrays: np.ndarray) -> list[str]:
    """Write number and range of each of n arrays, (..., n)."""
    return [text.format(n=i + 1, range=span(arrays[..., i])) for i in range(arrays.shape[-1])]


def kernel(weights: np.ndarray, place: int) -> str:
    """Write number and range of one of n kernels, (kh, kw, c, n); place from 0."""
    return _("Kernel {n}: {range}").format(n=place + 1, range=span(weights[..., place]))
