"""The pages of the app in their order, and on each the settings that a lesson link can make and lock.

What is listed here is listed nowhere else: the navigation, the way from page to page, the maker of lesson
links and the pages themselves take it from here. A new lesson is a file in `pages/` and an entry here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from cnnlab.config.presets import PRESETS
from cnnlab.data import datasets, photos
from cnnlab.i18n import N_, _, number, plain

Value = str | int | float | bool
Options = Callable[[], dict[Any, str]]  # every value -> its words, in the session's language
Kind = Literal["segments", "list", "radio", "steps", "slider", "switch"]  # which widget draws it


@dataclass(frozen=True)
class Numbers:
    """The options of a slider: numbers from `low` to `high`, `step` apart, with so many decimals."""

    low: float
    high: float
    step: float
    digits: int = 0

    def __call__(self) -> dict[Value, str]:
        steps = range(round((self.high - self.low) / self.step) + 1)
        values = (round(self.low + place * self.step, self.digits or None) for place in steps)
        return {value: number(value, self.digits) for value in values}


@dataclass(frozen=True)
class Control:
    """One setting of a page: drawn by the page, set and locked by a lesson link, kept in the session.

    `key` names it in the session, and its first part is the page's name unless pages share it. `first` is the
    value at first; None: the page knows it. `label` stands on the page where it says more than `title`.
    `parameter` names it in the address, where the address keeps it.
    """

    key: str
    kind: Kind
    title: str
    options: Options
    first: Value | None = None
    label: str = ""
    parameter: str = ""

    def texts(self) -> dict[str, Value]:
        """Return what each value is in an address: text -> value."""
        return {written(value): value for value in self.options()}


@dataclass(frozen=True)
class Page:
    """One page: a file in `pages/`, named as the page is in addresses and in the keys of its settings.

    `deed` says on the first page what one does there, `invitation` leads here from the page before. A page
    for the class is no lesson: no lesson link opens it. `needs_class`: else it is not in the navigation.
    """

    name: str
    title: str
    section: str
    deed: str = ""
    invitation: str = ""
    controls: Mapping[str, Control] = field(default_factory=dict)  # name in lesson links -> control
    needs_class: bool = False

    @property
    def is_lesson(self) -> bool:
        return self.section != CLASS

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.py"

    @property
    def url(self) -> str:
        """What stands behind the app's address; the first page has the address itself."""
        return "" if self.name == FIRST else self.name


def written(value: Value) -> str:
    """Write a value as it stands in addresses."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _among(values: Iterable[int | float]) -> Options:
    found = tuple(values)
    return lambda: {value: plain(value) for value in found}


def _switch() -> dict[Value, str]:
    return {False: _("off"), True: _("on")}


def _crop(page: str, first: int, sizes: Iterable[int]) -> Control:
    return Control(
        f"{page}.crop.size", "steps", N_("Size of the crop, in pixels"), _among(sizes), first=first
    )


def _kernels() -> dict[Value, str]:
    """Return the kernels that need no trained network."""
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


FOLDER = Path(__file__).parents[2] / "pages"
FIRST = "home"
LEARN, DO, CLASS, MORE = N_("Learn"), N_("Do"), N_("Class"), N_("More")  # sections of the navigation
SIZES = (8, 10, 12, 16, 20, 24, 28, 32)  # pixels: sides of a crop that is stepped over
LEVEL = Control(
    "lesson.level",
    "segments",
    N_("Show in the lessons"),
    lambda: {"numbers": _("Numbers"), "formulas": _("+ Formulas"), "code": _("+ Code")},
    first="numbers",
    parameter="level",
)
PHOTO = Control("photo.choice", "list", N_("Photo"), photos.samples, first=next(iter(photos.SAMPLES)))

_LISTED = (
    Page("home", N_("Can it tell?"), LEARN),
    Page(
        "pixels",
        N_("A picture is numbers"),
        LEARN,
        deed=N_("look into a photo"),
        invitation=N_("**Start here:** a picture is numbers"),
        controls={
            "photo": PHOTO,
            "crop": _crop("pixels", 8, (6, 8, 10, 12, 16)),
            "divided": Control(
                "pixels.divided",
                "segments",
                N_("Numbers"),
                lambda: {False: _("0–255"), True: _("÷ 255: 0–1")},
                first=False,
            ),
        },
    ),
    Page(
        "convolution",
        N_("One kernel"),
        LEARN,
        deed=N_("step it over a photo"),
        invitation=N_("Next: what does one kernel do with these numbers?"),
        controls={
            "photo": PHOTO,
            "crop": _crop("convolution", 12, SIZES),
            "kernel": Control(
                "convolution.kernel",
                "segments",
                N_("Kernel, with its weights"),
                _kernels,
                first="sobel_x",
                label=N_("Kernel"),
            ),
            "relu": Control(
                "convolution.relu",
                "switch",
                N_("ReLU"),
                _switch,
                first=False,
                label=N_("ReLU: a negative output becomes 0"),
            ),
            "input": Control(
                "convolution.input",
                "segments",
                N_("Input"),
                lambda: {"grey": _("Grey"), "colour": _("Colour"), "own": _("A small grid")},
                first="grey",
            ),
            "stride": Control(
                "convolution.stride",
                "segments",
                N_("Stride"),
                _among(range(1, 5)),
                first=1,
                label=N_("Stride: how far the window moves"),
            ),
            "padding": Control(
                "convolution.padding",
                "segments",
                N_("Border"),
                lambda: {"valid": _("No border"), "same": _("Zero border")},
                first="valid",
            ),
            "dilation": Control(
                "convolution.dilation",
                "segments",
                N_("Dilation"),
                _among(range(1, 4)),
                first=1,
                label=N_("Dilation: how far apart the weights reach"),
            ),
            "flip": Control(
                "convolution.flip",
                "switch",
                N_("Flip the kernel"),
                _switch,
                first=False,
                label=N_("Flip the kernel (true convolution)"),
            ),
        },
    ),
    Page(
        "layer",
        N_("A layer"),
        LEARN,
        deed=N_("many kernels, many maps"),
        invitation=N_("Next: a whole layer"),
        controls={
            "photo": PHOTO,
            "crop": _crop("layer", 8, (8, 10, 12, 14)),
            "relu": Control(
                "layer.relu",
                "switch",
                N_("ReLU"),
                _switch,
                first=True,
                label=N_("ReLU: a negative sum becomes 0"),
            ),
            "bias": Control(
                "layer.bias", "slider", N_("Bias of each kernel"), Numbers(-300, 300, 10), first=-50
            ),
        },
    ),
    Page(
        "pooling",
        N_("Pooling"),
        LEARN,
        deed=N_("keep the largest, or the mean"),
        invitation=N_("Next: pooling makes the maps smaller"),
        controls={
            "photo": PHOTO,
            "crop": _crop("pooling", 8, SIZES),
            "window": Control(
                "pooling.window",
                "segments",
                N_("Window"),
                lambda: {side: f"{side} × {side}" for side in range(2, 5)},
                first=2,
            ),
            "stride": Control(
                "pooling.stride",
                "segments",
                N_("Stride"),
                _among(range(1, 5)),
                first=2,
                label=N_("Stride: how far the window moves"),
            ),
            "padding": Control(
                "pooling.padding",
                "segments",
                N_("Border"),
                lambda: {"valid": _("No border"), "same": _("Border")},
                first="valid",
            ),
        },
    ),
    Page(
        "answer",
        N_("From maps to an answer"),
        LEARN,
        deed=N_("flatten, weigh, softmax"),
        invitation=N_("Next: from maps to an answer"),
        controls={
            "photo": PHOTO,
            "temperature": Control(
                "answer.temperature",
                "slider",
                N_("Temperature"),
                Numbers(0.1, 10.0, 0.1, digits=1),
                first=1.0,
                label=N_("Temperature: every score is divided by it"),
            ),
        },
    ),
    Page(
        "network",
        N_("One photo, all layers"),
        LEARN,
        deed=N_("walk through"),
        invitation=N_("Next: one photo, all layers"),
        controls={"photo": PHOTO},
    ),
    Page(
        "learning",
        N_("How weights change"),
        LEARN,
        deed=N_("one step, in numbers"),
        invitation=N_("Next: how weights change"),
        controls={
            "class": Control(
                "learning.class",
                "segments",
                N_("What it shows"),
                lambda: dict(enumerate((_("cat"), _("dog"), _("bird")))),
                first=0,
            ),
            "step": Control(
                "learning.step",
                "slider",
                N_("Learning rate of this update"),
                Numbers(0.05, 2.0, 0.05, digits=2),
                first=0.5,
            ),
            "rate": Control(
                "learning.rate",
                "steps",
                N_("Learning rate of many steps"),
                _among((0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98, 1.02, 1.1, 1.3)),
                first=0.1,
            ),
        },
    ),
    Page(
        "train",
        N_("Train"),
        DO,
        deed=N_("let a network learn, and watch it"),
        invitation=N_("Next: let a real network learn like this"),
        controls={
            "data": Control("train.dataset", "segments", N_("Data"), datasets.titles),
            "preset": Control(
                "train.preset",
                "list",
                N_("Network, with all its settings"),
                lambda: {name: _(preset.title) for name, preset in PRESETS.items()},
                label=N_("Network"),
            ),
        },
    ),
    Page(
        "inside",
        N_("What it learned"),
        DO,
        deed=N_("kernels, maps, mistakes"),
        invitation=N_("Look inside this very network"),
    ),
    Page(
        "classify",
        N_("Classify a photo"),
        DO,
        deed=N_("one of yours, if you like"),
        invitation=N_("Let it classify a photo"),
        controls={"photo": PHOTO},
    ),
    Page("teacher", N_("Teacher"), CLASS),
    Page("board", N_("The board"), CLASS, needs_class=True),
    Page("vote", N_("Class vote"), CLASS, needs_class=True),
    Page("faq", N_("Common questions"), MORE, deed=N_("and a glossary"), invitation=N_("Common questions")),
)
PAGES = {
    page.name: replace(page, controls={"level": LEVEL, **page.controls}) if page.is_lesson else page
    for page in _LISTED
}
LESSONS = {name: page for name, page in PAGES.items() if page.is_lesson}
CONTROLS = {control.key: control for page in LESSONS.values() for control in page.controls.values()}


def after(name: str) -> Page | None:
    """Return the lesson that follows another one, None after the last."""
    names = list(LESSONS)
    place = names.index(name) + 1
    return LESSONS[names[place]] if place < len(names) else None
