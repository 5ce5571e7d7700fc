"""Digits: the handwritten digits that come with scikit-learn, enlarged to 32 x 32."""

from functools import cache

import numpy as np

from cnnlab.data.photos import resize
from cnnlab.data.spec import SIDE, Dataset, LoadingCode, Progress, Spec, Words
from cnnlab.i18n import _, number

COUNT, TEST_COUNT = 1_797, 360


def digit_image(counts: np.ndarray) -> np.ndarray:
    """Enlarge a digit as scikit-learn keeps it: (8, 8), 0 to 16 -> (32, 32, 3) uint8, bright on dark."""
    small = np.rint(counts * (255 / 16)).astype(np.uint8)
    return resize(np.stack([small] * 3, axis=-1), SIDE, "bilinear")  # (8, 8) -> (8, 8, 3) -> (32, 32, 3)


@cache
def _read() -> tuple[np.ndarray, ...]:
    """Enlarge all of them and divide them; the test set has each digit in proportion.

    Returns training images and labels, test images and labels, as `Dataset` has them.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()  # images (n, 8, 8), 0 to 16
    images = np.stack([digit_image(counts) for counts in digits.images])
    labels = digits.target.astype(np.int64)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=TEST_COUNT, random_state=0, stratify=labels
    )
    arrays = (train_images, train_labels, test_images, test_labels)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _load(_progress: Progress | None) -> Dataset:
    train_images, train_labels, test_images, test_labels = _read()
    text = _(
        "Digits, {total} handwritten digits of 8 × 8 pixels from scikit-learn, enlarged to 32 × 32: "
        "{train} training and {test} test images."
    )
    train, test = len(train_labels), len(test_labels)
    source = text.format(total=number(train + test), train=number(train), test=number(test))
    return Dataset(SPEC, train_images, train_labels, test_images, test_labels, source)


def _words() -> Words:
    return Words(
        title=_("Digits"),
        description=_("Handwritten digits, grey and coarse; needs no download, trains in seconds."),
        credit=_(
            "Digits: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, 1998, as it "
            "comes with scikit-learn."
        ),
    )


def _loading_code() -> LoadingCode:
    words = _(
        "Digits: handwritten digits of 8 × 8 pixels that come with scikit-learn, enlarged to 32 × 32. Some "
        "of each digit are put aside as the test set."
    )
    code = f'''\
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASSES = list("0123456789")


def enlarge(digit):
    """(8, 8) with values 0 to 16 -> (32, 32, 3) with values 0 to 255."""
    small = np.rint(digit * (255 / 16)).astype(np.uint8)
    picture = Image.fromarray(np.stack([small] * 3, axis=-1))
    return np.asarray(picture.resize((32, 32), Image.Resampling.BILINEAR))


digits = load_digits()
train_images, test_images, train_labels, test_labels = train_test_split(
    np.stack([enlarge(digit) for digit in digits.images]),
    digits.target,
    test_size={TEST_COUNT},
    random_state=0,
    stratify=digits.target,
)'''
    return LoadingCode(words, code)


SPEC = Spec(
    name="digits",
    classes=tuple("0123456789"),
    train_count=COUNT - TEST_COUNT,
    test_count=TEST_COUNT,
    words=_words,
    load=_load,
    loading_code=_loading_code,
    pictures="digits",
    samples={},
    foreign="cat",
    mirrored=False,
)
