"""Which functions of this app stand in a script? Their own source: what the trainer runs is what is shown."""

import inspect
from collections.abc import Callable

from cnnlab.config import Augmentation
from cnnlab.i18n import _
from cnnlab.training.augmentation import asked


def augmentation(settings: Augmentation) -> tuple[str, str]:
    """Return the words and the code that change images in this way, with the trainer's own functions."""
    words = _(
        "Each image is changed at random each time it is seen, so that the network meets ever new pictures "
        "of the same things."
    )
    functions, lines = [], []
    for kind, amount in asked(settings):
        functions += [*kind.uses, kind.function]
        given = ", ".join(["images", *map(repr, amount), "rng"])
        lines.append(f"    images = {kind.function.__name__}({given})")
    body = ["def augment(images, rng):", '    """Change images (n, 32, 32, 3) at random."""']
    return words, "\n\n\n".join([*map(source, functions), "\n".join([*body, *lines, "    return images"])])


def source(function: Callable[..., object]) -> str:
    """Return a function of this app as text: what the trainer runs is what the script shows."""
    return inspect.getsource(function).strip()
