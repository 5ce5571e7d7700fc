"""Does the answer hold when the photo is changed a little? One change at a time, by its strength.

A perturbation takes a `Scene` and returns pictures as the network would see them. What turns, moves or sizes
the crop takes in what lies around it on the photo; beyond the photo its border pixels are repeated.
Everything else changes the pixels that the network sees. No change at all gives exactly what it sees.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from cnnlab.data import photos
from cnnlab.data.spec import SIDE
from cnnlab.i18n import _, number, percent

FINE = 4  # the scene has so many pixels for each one that the network sees
AROUND = 3  # and is so many times as wide as the crop, which lies in its middle


@dataclass(frozen=True, eq=False)
class Scene:
    """What the network sees of the crop, (32, 32, 3) uint8, and the crop with its surroundings, finer."""

    seen: np.ndarray
    wide: np.ndarray  # (384, 384, 3) uint8: three crops by three, 128 pixels each


def scene(photo: np.ndarray, row: int, col: int, size: int, seen: np.ndarray) -> Scene:
    """Cut the crop of a photo (h, w, 3) uint8 with its surroundings.

    row, col: its top left corner, counted from 0; size: its side in pixels of the photo; seen: (32, 32, 3),
    what the network sees of it.
    """
    height, width = photo.shape[:2]
    side = SIDE * FINE * AROUND
    steps = (np.arange(side) + 0.5) * size * AROUND / side - size * (AROUND - 1) / 2
    if size > SIDE * FINE:  # several pixels to one: first take their mean, as a plain choice would flicker
        scale = SIDE * FINE / size
        photo = np.asarray(
            Image.fromarray(photo).resize(
                (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
            )
        )
    rows = np.floor((row + steps) / height * photo.shape[0]).astype(int).clip(0, photo.shape[0] - 1)
    cols = np.floor((col + steps) / width * photo.shape[1]).astype(int).clip(0, photo.shape[1] - 1)
    return Scene(seen, photo[rows[:, np.newaxis], cols])


@dataclass(frozen=True)
class Perturbation:
    """One way to change a photo: its strengths in order, the one without a change, how they are written."""

    label: Callable[[], str]
    strengths: tuple[float, ...]
    nothing: float
    change: Callable[[Scene, float], np.ndarray]  # (scene, strength) -> (32, 32, 3) uint8
    written: Callable[[float], str]

    def apply(self, of: Scene, strength: float) -> np.ndarray:
        """Return what the network sees at this strength, (32, 32, 3) uint8."""
        return of.seen if strength == self.nothing else self.change(of, strength)

    def sweep(self, of: Scene) -> np.ndarray:
        """Return what the network sees at each strength, (n, 32, 32, 3) uint8."""
        return np.stack([self.apply(of, strength) for strength in self.strengths])


def _window(of: Scene, matrix: np.ndarray) -> np.ndarray:
    """Look at the scene through a changed window.

    matrix: (2, 3), takes a place (x, y) of the window, in network pixels from its middle, and 1 to the place
    of the scene that is seen there.
    """
    fine = SIDE * FINE
    middle = np.array([[fine / 2], [fine / 2]])
    turn, move = matrix[:, :2], FINE * matrix[:, 2:]
    shift = move + AROUND * middle - turn @ middle  # Pillow counts both from the top left corner
    data = np.hstack([turn, shift]).ravel().tolist()
    window = Image.fromarray(of.wide).transform(
        (fine, fine), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR
    )
    return photos.resize(np.asarray(window), SIDE)


def rotate(of: Scene, degrees: float) -> np.ndarray:
    """Turn the photo clockwise under the crop, by degrees: (32, 32, 3) uint8."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return _window(of, np.array([[cos, sin, 0], [-sin, cos, 0]]))


def shift(of: Scene, pixels: float) -> np.ndarray:
    """Move the photo to the right under the crop, by pixels that the network sees: (32, 32, 3) uint8."""
    return _window(of, np.array([[1, 0, -pixels], [0, 1, 0]]))


def zoom(of: Scene, factor: float) -> np.ndarray:
    """Show everything larger by a factor, smaller below 1: (32, 32, 3) uint8."""
    return _window(of, np.array([[1 / factor, 0, 0], [0, 1 / factor, 0]]))


def brightness(of: Scene, levels: float) -> np.ndarray:
    """Add grey levels to every value; what leaves 0 to 255 is cut off: (32, 32, 3) uint8."""
    return _clipped(of.seen + float(levels))


def contrast(of: Scene, factor: float) -> np.ndarray:
    """Stretch the values about the picture's mean, by a factor; 0 leaves only that: (32, 32, 3) uint8."""
    mean = of.seen.mean()
    return _clipped(mean + factor * (of.seen - mean))


def blur(of: Scene, radius: float) -> np.ndarray:
    """Smooth with a Gaussian whose standard deviation is `radius` pixels of the network's.

    (32, 32, 3) uint8.
    """
    return np.asarray(Image.fromarray(of.seen).filter(ImageFilter.GaussianBlur(radius)))


def noise(of: Scene, deviation: float) -> np.ndarray:
    """Add to each value a random number of this standard deviation, the same pattern at every strength.

    deviation: in grey levels. Returns (32, 32, 3) uint8.
    """
    return _clipped(of.seen + deviation * np.random.default_rng(0).standard_normal(of.seen.shape))


def jpeg(of: Scene, quality: float) -> np.ndarray:
    """Store as a JPEG of this quality, 1 to 100, and read it again: (32, 32, 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(of.seen).save(buffer, "JPEG", quality=int(quality))
    return np.asarray(Image.open(buffer).convert("RGB"))


def colour(of: Scene, share: float) -> np.ndarray:
    """Keep a share of the colour; 0 leaves grey (luma of ITU-R BT.601): (32, 32, 3) uint8."""
    grey = photos.grey(of.seen)[..., np.newaxis].astype(float)
    return _clipped(grey + share * (of.seen - grey))


def cover(seen: np.ndarray, row: int, col: int, size: int) -> np.ndarray:
    """Hide a square of what the network sees (32, 32, 3) behind mid grey; `row` and `col` count from 0.

    They are its top left corner, `size` is its side, in pixels.
    """
    covered = seen.copy()
    covered[row : row + size, col : col + size] = 128
    return covered


def against(seen: np.ndarray, gradient: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Move every value by a strength (n,) in the direction in which the loss rises: (n, 32, 32, 3) uint8.

    The fast gradient sign method: Goodfellow, Shlens, Szegedy, *Explaining and Harnessing Adversarial
    Examples*, 2015. gradient: of the loss, with the shape of `seen`.
    """
    steps = np.asarray(strengths, float)[:, np.newaxis, np.newaxis, np.newaxis]
    return _clipped(seen + steps * np.sign(gradient))


def _clipped(values: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.rint(values).clip(0, 255).astype(np.uint8)
    return rounded


def _signed(unit: str) -> Callable[[float], str]:
    return lambda value: ("+" if value > 0 else "") + number(value) + unit


def _times(value: float) -> str:
    return "× " + number(value, 2)


def _steps(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple(float(value) for value in np.linspace(first, last, count).round(4))


PERTURBATIONS = {
    "rotate": Perturbation(lambda: _("Turn it"), _steps(-180, 180, 25), 0, rotate, _signed("°")),
    "brightness": Perturbation(
        lambda: _("Light: grey levels added"), _steps(-150, 150, 25), 0, brightness, _signed("")
    ),
    "shift": Perturbation(
        lambda: _("Shift: pixels to the right"), _steps(-12, 12, 25), 0, shift, _signed("")
    ),
    "zoom": Perturbation(
        lambda: _("Zoom"), tuple(round(2 ** (i / 8), 4) for i in range(-8, 9)), 1, zoom, _times
    ),
    "contrast": Perturbation(lambda: _("Contrast"), _steps(0, 2, 21), 1, contrast, _times),
    "blur": Perturbation(
        lambda: _("Blur: pixels"), _steps(0, 4, 17), 0, blur, lambda value: number(value, 2)
    ),
    "noise": Perturbation(lambda: _("Noise: grey levels"), _steps(0, 96, 17), 0, noise, number),
    "jpeg": Perturbation(
        lambda: _("JPEG quality"),
        (100, *(float(q) for q in range(95, 0, -5)), 1),
        100,
        jpeg,
        lambda quality: _("as it is") if quality == 100 else number(quality),
    ),
    "colour": Perturbation(
        lambda: _("Colour that is left"), _steps(1, 0, 11), 1, colour, lambda share: percent(share, 0)
    ),
}
EPSILONS = np.arange(17.0)  # strengths of `against`, in grey levels
