"""How do kernels, feature maps and small photos become pictures? Arrays in, pixels out."""

import base64
import io

import numpy as np
from PIL import Image

from cnnlab.figures.colours import signed


def limits(maps: np.ndarray, across: str, everything: float = 0.0) -> np.ndarray:
    """Return the value at the end of the colour scale of each map: maps (h, w, n) -> (n,).

    across: "map" for the largest magnitude of each map, "layer" for that of all maps here, "network" for
    `everything`, the largest magnitude of all layers.
    """
    each: np.ndarray = np.abs(maps).max(axis=(0, 1))
    match across:
        case "map":
            return each
        case "layer":
            return np.full_like(each, each.max())
        case "network":
            return np.full_like(each, everything)
    raise ValueError(f'a colour range goes across a "map", a "layer" or the "network", not {across!r}')


def signed_tiles(maps: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
    """Colour maps (h, w, n) one by one, orange above 0 and blue below: n pictures (h, w, 3) uint8."""
    return [signed(maps[..., i], ends[i]) for i in range(maps.shape[-1])]


def colours(kernels: np.ndarray, limit: float) -> np.ndarray:
    """Show kernels (..., 3, n) that read red, green and blue in these colours: the same shape, uint8.

    Mid grey (128) stands for 0, and the magnitude `limit` for 0 or 255.
    """
    return np.rint(127.5 + 127.5 * np.clip(kernels / (limit or 1.0), -1, 1)).astype(np.uint8)


def colour_tiles(kernels: np.ndarray) -> list[np.ndarray]:
    """Show kernels (kh, kw, 3, n) in colour, the layer's largest magnitude at the ends: n pictures, uint8."""
    pictures = colours(kernels, float(np.abs(kernels).max()))
    return [pictures[..., i] for i in range(kernels.shape[-1])]


def enlarge(image: np.ndarray, side: int) -> np.ndarray:
    """Repeat the pixels of (h, w, 3) so that its longer side has at least `side`; nothing is smoothed."""
    factor = -(-side // max(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def shrink(image: np.ndarray, side: int) -> np.ndarray:
    """Return (h, w, 3) so small that its longer side has at most `side` pixels, to send it to a browser."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def framed(image: np.ndarray, row: int, col: int, size: int) -> np.ndarray:
    """Draw a double black-and-white outline around a square, and pale what lies outside of it.

    row, col: its top left corner, counted from 0.
    """
    picture = (0.45 * image.astype(np.float32) + 0.55 * 255).astype(np.uint8)
    inside = np.s_[row : row + size, col : col + size]
    picture[inside] = image[inside]
    width = max(1, round(max(image.shape) / 160))
    for inset, value in ((0, 0), (width, 255)):
        outer = slice(row + inset, row + size - inset), slice(col + inset, col + size - inset)
        ring = picture[outer]
        for edge in (np.s_[:width], np.s_[-width:]):
            ring[edge], ring[:, edge] = value, value
    return picture


def png(image: np.ndarray) -> bytes:
    """Return a picture (h, w, 3) uint8 as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_uri(image: np.ndarray) -> str:
    """Return a picture (h, w, 3) uint8 as a PNG in a data: address, for a component."""
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()


def jpeg(image: np.ndarray) -> bytes:
    """Return a picture (h, w, 3) uint8 as a JPEG in full colour: for photos quicker than PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()
