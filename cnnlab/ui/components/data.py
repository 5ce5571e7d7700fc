"""How do numbers travel to a component so that it can write them without computing?

As whole numbers with a fixed count of decimal places: 12.5 with one digit travels as 125. The browser
puts the point and the thousands separators in; rounding happened here.
"""

import base64
from typing import TypedDict

import numpy as np

from cnnlab.i18n import number

MOST_16, MOST_32 = 2**15 - 1, 2**31 - 1


class Packed(TypedDict):
    """An array as it travels: `type` is "int16" or "int32", `base64` its numbers row-major, little-endian."""

    shape: list[int]
    digits: int
    type: str
    base64: str


def exact(values: np.ndarray, digits: int) -> bool:
    """Do that many decimal places write every value in full (but for the noise of float arithmetic)?"""
    scaled = np.asarray(values, dtype=float) * 10**digits
    return bool(np.all(np.abs(scaled - np.rint(scaled)) <= 1e-3))


def digits_for(*arrays: np.ndarray | None, most: int = 2) -> int:
    """Decimal places to show arrays with: as many as they need up to `most`, else 1 to 3 by their size."""
    present = [np.asarray(array, dtype=float).ravel() for array in arrays if array is not None]
    values = np.concatenate(present)
    for digits in range(most + 1):
        if exact(values, digits):
            return digits
    largest = np.abs(values).max(initial=0.0)
    return 1 if largest >= 100 else 2 if largest >= 1 else 3


def written(value: float) -> str:
    """One number for reading, with as many decimal places as it needs."""
    return number(value, digits_for(np.array([value])))


def pack(values: np.ndarray, digits: int = 0, *, tight: bool = False) -> Packed:
    """An array as whole numbers, each 10**digits times its value, rounded.

    With `tight`, digits are dropped until 16 bits are enough, as far as that helps.
    Raises ValueError where a value is not finite or does not fit into 32 bits.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("A step-through view shows finite numbers only; these hold nan or infinity.")
    largest = np.abs(values).max(initial=0.0)
    while tight and digits and largest * 10**digits > MOST_16:
        digits -= 1
    if largest * 10**digits > MOST_32:
        raise ValueError(f"{largest:g} with {digits} decimal places does not fit into 32 bits.")
    kind, code = ("int16", "<i2") if largest * 10**digits <= MOST_16 else ("int32", "<i4")
    scaled = np.rint(values * 10**digits).astype(code)
    raw = base64.b64encode(scaled.tobytes()).decode()
    return {"shape": list(values.shape), "digits": digits, "type": kind, "base64": raw}


def pack_levels(rows: np.ndarray) -> str:
    """Rows of a palette (uint8) as base64, row-major."""
    return base64.b64encode(np.asarray(rows, dtype=np.uint8).tobytes()).decode()
