"""What do the questions look at? Pieces of sample photos, a kernel, the network that comes with the app."""

from functools import cache

import numpy as np

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.data.datasets import class_name
from cnnlab.data.spec import SIDE
from cnnlab.lessons.questions.convolution import Setting
from cnnlab.runs import Run, Store

NETWORK = "article"  # of the networks that come with the app
SHRUNK = 64  # pixels: the side of the photo that the small crops are cut from


@cache
def grey_crop(name: str, row: int, col: int, size: int) -> np.ndarray:
    """Cut (size, size) grey values, 0-255, out of a sample photo that was made SHRUNK pixels wide."""
    photo = photos.resize(photos.square(photos.sample(name)), SHRUNK)
    return photos.crop(photos.grey(photo), row, col, size, size)


def sobel() -> np.ndarray:
    return ops.KERNELS["sobel_x"](3)


def under_sobel(crop: np.ndarray) -> Setting:
    """Return the setting of the 3x3 Sobel kernel on a grey crop (h, w)."""
    return Setting(crop[..., None].astype(float), sobel()[..., None])


@cache
def network_photo(name: str) -> np.ndarray:
    """Return a sample photo as the network sees it, (32, 32, 3) uint8."""
    return photos.resize(photos.square(photos.sample(name)), SIDE)


def shipped() -> Run:
    return Store().get(NETWORK)


@cache
def outputs(name: str) -> list[ops.LayerOutput]:
    """Send a sample photo through the shipped network."""
    run = shipped()
    return ops.forward(run.recipe().layers(), run.weights(), network_photo(name))


def scores_of(name: str) -> np.ndarray:
    return outputs(name)[-2].values.astype(float)


def class_title(place: int) -> str:
    return class_name(shipped().recipe().classes[place])
