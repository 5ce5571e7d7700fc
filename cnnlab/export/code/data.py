"""Where do the images of an exported script come from, without this app? Words and code for each dataset."""

import json

from cnnlab.data.datasets import CIFAR10_CLASSES, DIGITS_TEST, FOLDER
from cnnlab.i18n import _


def _cifar10() -> tuple[str, str]:
    words = _(
        "CIFAR-10: 60,000 photos of 32 × 32 pixels (Krizhevsky 2009). They are read from the folder {folder} "
        "of the official binary version if the environment variable CNNLAB_CIFAR10 names it; otherwise Keras "
        "downloads them once."
    )
    code = f'''\
CLASSES = {json.dumps(CIFAR10_CLASSES)}


def read(folder, names):
    """Read whole batches: a record is a label, then all red, all green and all blue values."""
    records = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8) for name in names])
    records = records.reshape(-1, 1 + 3 * 32 * 32)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (n, c, h, w) -> (n, h, w, c)
    return images, records[:, 0].astype(np.int64)


if folder := os.path.expanduser(os.environ.get("CNNLAB_CIFAR10", "")):
    train_images, train_labels = read(folder, [f"data_batch_{{i}}.bin" for i in range(1, 6)])
    test_images, test_labels = read(folder, ["test_batch.bin"])
else:
    (train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()
    train_labels, test_labels = train_labels[:, 0], test_labels[:, 0]'''
    return words.format(folder=FOLDER), code


def _digits() -> tuple[str, str]:
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
    test_size={DIGITS_TEST},
    random_state=0,
    stratify=digits.target,
)'''
    return words, code


DATA = {"cifar10": _cifar10, "digits": _digits}
