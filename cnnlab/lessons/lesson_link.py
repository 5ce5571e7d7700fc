"""What does a teacher's lesson link open? One page, with settings of it, of which some are locked.

The text can be read by eye: `convolution~kernel:sobel_x!~relu:on~3f9a0c1d` is *One kernel* with a kernel that
is locked (!) and ReLU, and ends in a checksum. The checksum has no key, so a link in a printed guide works on
every server; it finds what was changed or torn off. What keeps foreign values out is that each value of a
link is looked up among those of `PAGES`: nothing else can come out of `read`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cnnlab.config.presets import PRESETS
from cnnlab.data import photos
from cnnlab.data.datasets import DATASETS
from cnnlab.i18n import Sentence, _, number

LIMIT = 400  # characters of a link's text; the longest that `write` makes is far shorter
CHECK = 8  # hexadecimal digits of the checksum
PART, VALUE, LOCKED = "~", ":", "!"  # what stands between parts, before a value, behind a locked one
Value = str | int | float | bool


class LessonLinkError(Sentence, ValueError):
    """Why a lesson link cannot be followed, as a sentence to show."""


@dataclass(frozen=True)
class Control:
    """One setting of a page: its key in the session, its title, and its values with their words.

    `title` is translated when it is shown; `options` returns value -> words in the session's language.
    """

    key: str
    title: str
    options: Callable[[], Mapping[Value, str]]

    def texts(self) -> dict[str, Value]:
        """Return what each value is in a link's text: text -> value."""
        return {_written(value): value for value in self.options()}


@dataclass(frozen=True)
class LessonLink:
    """A page, the settings that the link makes on it (name in `PAGES` -> value), and which are locked."""

    page: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()

    def values(self, only: Iterable[str] | None = None) -> dict[str, Value]:
        """Return the settings (or `only` some) by their keys in the session."""
        names = self.settings if only is None else only
        return {PAGES[self.page][name].key: self.settings[name] for name in names}


def _numbers(values: Iterable[int | float], digits: int = 0) -> Callable[[], dict[Value, str]]:
    found = tuple(round(value, digits) if digits else value for value in values)
    return lambda: {value: number(value, digits) for value in found}


def _switch() -> dict[Value, str]:
    return {False: _("off"), True: _("on")}


def _borders() -> dict[Value, str]:
    return {"valid": _("No border"), "same": _("Zero border")}


def kernels() -> dict[Value, str]:
    """Return the kernels that need no trained network: name in the session -> words for learners."""
    return {
        "sobel_x": _("Vertical edges"),
        "sobel_y": _("Horizontal edges"),
        "gaussian": _("Blur"),
        "sharpen": _("Sharpen"),
        "identity": _("Identity"),
        "box_blur": _("Box blur"),
        "laplacian": _("Laplacian"),
        "emboss": _("Emboss"),
        "random": _("Random"),
    }


def _crop(page: str, *sizes: int) -> Control:
    return Control(f"{page}.crop.size", "Size of the crop, in pixels", _numbers(sizes))


LEVEL = Control(
    "lesson.level",
    "Show in the lessons",
    lambda: {"numbers": _("Numbers"), "formulas": _("+ Formulas"), "code": _("+ Code")},
)
PHOTO = Control("photo.choice", "Photo", photos.samples)
SIZES = (8, 10, 12, 16, 20, 24, 28, 32)
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98, 1.02, 1.1, 1.3)
PAGES: dict[str, dict[str, Control]] = {
    "home": {},
    "pixels": {
        "photo": PHOTO,
        "crop": _crop("pixels", 6, 8, 10, 12, 16),
        "divided": Control("pixels.divided", "Numbers", lambda: {False: _("0–255"), True: _("÷ 255: 0–1")}),
    },
    "convolution": {
        "photo": PHOTO,
        "crop": _crop("convolution", *SIZES),
        "kernel": Control("convolution.kernel", "Kernel, with its weights", kernels),
        "relu": Control("convolution.relu", "ReLU", _switch),
        "input": Control(
            "convolution.input",
            "Input",
            lambda: {"grey": _("Grey"), "colour": _("Colour"), "own": _("A small grid")},
        ),
        "stride": Control("convolution.stride", "Stride", _numbers(range(1, 5))),
        "padding": Control("convolution.padding", "Border", _borders),
        "dilation": Control("convolution.dilation", "Dilation", _numbers(range(1, 4))),
        "flip": Control("convolution.flip", "Flip the kernel", _switch),
    },
    "layer": {
        "photo": PHOTO,
        "crop": _crop("layer", 8, 10, 12, 14),
        "relu": Control("layer.relu", "ReLU", _switch),
        "bias": Control("layer.bias", "Bias of each kernel", _numbers(range(-300, 301, 10))),
    },
    "pooling": {
        "photo": PHOTO,
        "crop": _crop("pooling", *SIZES),
        "window": Control("pooling.window", "Window", _numbers(range(2, 5))),
        "stride": Control("pooling.stride", "Stride", _numbers(range(1, 5))),
        "padding": Control(
            "pooling.padding", "Border", lambda: {"valid": _("No border"), "same": _("Border")}
        ),
    },
    "answer": {
        "photo": PHOTO,
        "temperature": Control(
            "answer.temperature", "Temperature", _numbers((n / 10 for n in range(1, 101)), 1)
        ),
    },
    "network": {"photo": PHOTO},
    "learning": {
        "class": Control(
            "learning.class", "What it shows", lambda: dict(enumerate((_("cat"), _("dog"), _("bird"))))
        ),
        "step": Control(
            "learning.step", "Learning rate of this update", _numbers((n / 20 for n in range(1, 41)), 2)
        ),
        "rate": Control("learning.rate", "Learning rate of many steps", _numbers(RATES, 3)),
    },
    "train": {
        "data": Control(
            "train.dataset", "Data", lambda: {name: spec.title for name, spec in DATASETS.items()}
        ),
        "preset": Control(
            "train.preset",
            "Network, with all its settings",
            lambda: {name: _(preset.title) for name, preset in PRESETS.items()},
        ),
    },
    "inside": {},
    "classify": {"photo": PHOTO},
    "faq": {},
}
PAGES = {page: {"level": LEVEL, **controls} for page, controls in PAGES.items()}


def write(link: LessonLink) -> str:
    """Return the text that `read` turns into the same link. LessonLinkError: it holds what no page has."""
    parts = [link.page]
    for name, value in link.settings.items():
        parts.append(name + VALUE + _written(value) + LOCKED * (name in link.locked))
    body = PART.join(parts)
    text = body + PART + _checksum(body)
    if not link.locked <= set(link.settings) or read(text) != link:
        raise LessonLinkError(_("A lesson link can lock only what it sets, and set only what the page has."))
    return text


def read(text: str) -> LessonLink:
    """Return what a link's text stands for. Raises LessonLinkError, with a sentence, for any other text."""
    if len(text) > LIMIT:
        words = _("It has {length} characters; at most {limit} are read.")
        raise LessonLinkError(words.format(length=number(len(text)), limit=number(LIMIT)))
    body, _separator, checksum = text.rpartition(PART)
    if not text.isascii() or checksum != _checksum(body):
        raise LessonLinkError(_("A part of it is missing or was changed."))
    page, *items = body.split(PART)
    if page not in PAGES:
        raise LessonLinkError(_("It asks for a page that this app does not have."))
    settings: dict[str, Value] = {}
    locked = set()
    for item in items:
        name, _separator, written = item.removesuffix(LOCKED).partition(VALUE)
        control = PAGES[page].get(name)
        texts = control.texts() if control else {}
        if written not in texts or name in settings:
            raise LessonLinkError(_("It asks for a setting that this page does not have."))
        settings[name] = texts[written]
        if item.endswith(LOCKED):
            locked.add(name)
    return LessonLink(page, settings, frozenset(locked))


def read_or_none(text: str | None) -> LessonLink | None:
    """Return the link of a text that was kept in a file; None for one that is none, or no longer one."""
    try:
        return None if text is None else read(text)
    except LessonLinkError:
        return None


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _checksum(body: str) -> str:
    return sha256(body.encode("utf-8", "replace")).hexdigest()[:CHECK]
