"""In which precision does an operation compute?"""

import numpy as np


def as_floats(values):
    """Return the values as a floating-point array: float32 stays float32 and float64 stays float64.

    Whole numbers (pixels from 0 to 255, kernels typed by hand) become float64, which adds them without error.
    float16, in which kernels are recorded to save space, becomes float32.
    """
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.floating):
        return values.astype(np.float64)
    return values.astype(np.result_type(values, np.float32), copy=False)
