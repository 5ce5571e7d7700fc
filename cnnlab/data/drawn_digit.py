"""What does a digit drawn with a finger look like to a network that was trained on Digits?

The drawing goes the way of the dataset's own digits (Alpaydin and Kaynak 1998, "Optical Recognition of
Handwritten Digits", UCI): a bitmap of 32 x 32 that the digit fills from top to bottom, of which each block of
4 x 4 becomes the number of its pixels with ink, 0 to 16. What follows is `digits.digit_image`.
"""

import numpy as np
from PIL import Image

from cnnlab.data.digits import digit_image
from cnnlab.data.spec import SIDE

BLOCK = 4


def read(drawing: str) -> np.ndarray | None:
    """Decode what the pad sends: one hexadecimal digit for each four pixels, row by row; (32, 32) bool.

    None where nothing is drawn, or where a browser sends something else.
    """
    try:
        ink = np.unpackbits(np.frombuffer(bytes.fromhex(drawing), np.uint8)).astype(bool)
    except (ValueError, TypeError):
        return None
    return ink.reshape(SIDE, SIDE) if ink.size == SIDE**2 and ink.any() else None


def filling(ink: np.ndarray) -> np.ndarray:
    """Enlarge and centre what is drawn so that it fills the frame, as every digit of the dataset does.

    ink: (32, 32) bool with at least one pixel. Height and width keep their proportion.
    """
    rows, cols = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    scale = SIDE / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    smooth = Image.fromarray(255 * cut.astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    frame = np.zeros((SIDE, SIDE), bool)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    frame[top : top + height, left : left + width] = np.asarray(smooth) >= 128
    return frame


def block_counts(ink: np.ndarray) -> np.ndarray:
    """Count the pixels with ink in each block of 4 x 4: (32, 32) bool -> (8, 8), 0 to 16."""
    blocks = ink.reshape(SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK)  # (32, 32) -> (8, 4, 8, 4)
    return np.asarray(blocks.sum(axis=(1, 3)))


def network_input(ink: np.ndarray) -> np.ndarray:
    """Return what the network sees of a drawing (32, 32) bool: (32, 32, 3) uint8."""
    return digit_image(block_counts(filling(ink)))
