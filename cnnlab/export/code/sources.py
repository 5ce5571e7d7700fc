"""Which functions of this app stand in a script? Their own source: what the trainer runs is what is shown."""

import inspect

from cnnlab.config import Augmentation
from cnnlab.i18n import _
from cnnlab.training import augmentation as trainer


def augmentation(settings: Augmentation) -> tuple[str, str]:
    """Return the words and the code that change images in this way, with the trainer's own functions."""
    words = _(
        "Each image is changed at random each time it is seen, so that the network meets ever new pictures "
        "of the same things."
    )
    helpers, lines = [], []
    if settings.flip:
        lines.append("mirrored = rng.random(len(images))[:, None, None, None] < 0.5")
        lines.append("images = np.where(mirrored, images[:, :, ::-1], images)")
    if settings.rotate:
        helpers.append(trainer.rotated)
        drawn = f"rng.uniform({-settings.rotate}, {settings.rotate}, len(images))"
        lines.append(f"images = rotated(images, np.radians({drawn}))")
    if settings.shift:
        helpers.append(trainer.shifted)
        drawn = f"rng.integers({-settings.shift}, {settings.shift + 1}, (len(images), 2))"
        lines.append(f"images = shifted(images, {drawn})")
    if settings.cutout:
        helpers.append(trainer.cut_out)
        lines.append(f"images = cut_out(images, {settings.cutout}, rng)")
    body = ["def augment(images, rng):", '    """Change images (n, 32, 32, 3) at random."""']
    body += [f"    {line}" for line in [*lines, "return images"]]
    return words, "\n\n\n".join([*map(source, helpers), "\n".join(body)])


def source(function) -> str:
    """Return a function of this app as text: what the trainer runs is what the script shows."""
    return (
        inspect.getsource(function)
        .strip()
        .replace(f"def {function.__name__}", f"def {function.__name__.strip('_')}")
    )
