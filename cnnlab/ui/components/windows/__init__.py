"""A window that steps over grids: convolution, pooling, a layer of several kernels, in the browser.

The page computes the whole trace with `cnnlab.ops` and sends it once. Playing, stepping, pointing and
jumping then need no server, and no arithmetic happens in the browser: every number it writes is in the data.
"""

from cnnlab.ui.components.windows.component import Cell, windows
from cnnlab.ui.components.windows.payload import (
    MOST_BYTES,
    Mark,
    Output,
    PayloadError,
    Plane,
    convolved,
    pooled,
)

__all__ = [
    "MOST_BYTES",
    "Cell",
    "Mark",
    "Output",
    "PayloadError",
    "Plane",
    "convolved",
    "pooled",
    "windows",
]
