"""In which precision does an operation compute?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]


def as_floats(values: ArrayLike) -> Floats:
    """Return the values, of any shape, as floating-point numbers: float32 and float64 stay what they are.

    Whole numbers (pixels from 0 to 255, kernels typed by hand) become float64, which adds them without error.
    float16, in which kernels are recorded to save space, becomes float32.
    """
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.floating):
        return array.astype(np.float64)
    return array.astype(np.result_type(array, np.float32), copy=False)
