"""Which questions can a whole class vote on? The same for everybody, on photos that come with the app.

Each entry of QUESTIONS computes its question from a fixed photo or network, with the functions that the
lessons ask with. It is called anew each time, for its words are in the session's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.data.datasets import class_name
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions import answer, convolution, layer, learning, network, pooling
from cnnlab.runs import Run, Store
from cnnlab.training.models import SIDE

NETWORK = "article"  # of the networks that come with the app
SHRUNK = 64  # pixels: the side of the photo that the small crops are cut from


@dataclass(frozen=True)
class Mark:
    """A frame around cells of a grid, counted from 0, with a letter."""

    row: int
    col: int
    size: int
    letter: str


@dataclass(frozen=True, eq=False)
class Sight:
    """What is looked at: grey values or weights (h, w), or a photo (h, w, 3) uint8."""

    title: str
    values: np.ndarray
    role: Literal["pixels", "weights", "photo"]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """What the class is asked; `right` is the place of the right option, `lesson` the page about it."""

    lesson: str
    title: str
    text: str
    options: tuple[str, ...]
    right: int
    reveal: str
    sights: tuple[Sight, ...] = ()


def tally(ballots: Mapping[str, int], options: int) -> list[int]:
    """Count the ballots for each of so many options; what names none of them does not count."""
    return [sum(choice == option for choice in ballots.values()) for option in range(options)]


# ---- What the questions look at


@cache
def grey_crop(name: str, row: int, col: int, size: int) -> np.ndarray:
    """Cut (size, size) grey values, 0-255, out of a sample photo that was made SHRUNK pixels wide."""
    photo = photos.resize(photos.square(photos.sample(name)), SHRUNK)
    return photos.crop(photos.grey(photo), row, col, size, size)


def sobel() -> np.ndarray:
    return ops.KERNELS["sobel_x"](3)


def _on(crop: np.ndarray) -> convolution.Setting:
    """Return the setting of the 3x3 Sobel kernel on a grey crop (h, w)."""
    return convolution.Setting(crop[..., None].astype(float), sobel()[..., None])


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


def _scores(name: str) -> np.ndarray:
    return outputs(name)[-2].values.astype(float)


def _class(place: int) -> str:
    return class_name(shipped().recipe().classes[place])


# ---- The questions


SURE = ("rocket", "cat", "motorcycle", "coffee")


def sure() -> Question:
    """Ask of which of four photos the network is most sure: sure is not right."""
    answers = [outputs(name)[-1].values for name in SURE]
    sureness = [float(p.max()) for p in answers]
    most = int(np.argmax(sureness))
    titles = [photos.samples()[name] for name in SURE]
    said = "; ".join(
        _("{photo}: {said} {share}").format(
            photo=title, said=_class(int(p.argmax())), share=percent(p.max(), 0)
        )
        for title, p in zip(titles, answers, strict=True)
    )
    truth, named = photos.SAMPLES[SURE[most]].cifar10, shipped().recipe().classes[int(answers[most].argmax())]
    verdict = _("There it is right.") if truth == named else _("There it is wrong: sure is not right.")
    return Question(
        "home",
        _("Which photo is it most sure of?"),
        _(
            "A network that knows {count} kinds of things sees these photos. Of which is it **most sure**?"
        ).format(count=number(len(answers[0]))),
        tuple(titles),
        most,
        _("{said}. {verdict} It has to name one of its kinds, whatever it sees.").format(
            said=said, verdict=verdict
        ),
        tuple(Sight(t, network_photo(name), "photo") for t, name in zip(titles, SURE, strict=True)),
    )


BRIGHT = ("motorcycle", 0, 48, 6)


def bright() -> Question:
    """Ask which of two windows gets the stronger output: bright is not strong."""
    crop = grey_crop(*BRIGHT)
    two = convolution.two_windows(_on(crop))
    letters = two.letters
    marks = (Mark(*two.bright, 3, letters[0]), Mark(*two.strong, 3, letters[1]))
    reveal = _(
        "Window {strong} gives {most}; window {bright}, the brightest, gives {less}. The weights add up to "
        "{sum}: this kernel answers to differences, not to brightness."
    )
    return Question(
        "convolution",
        _("Bright or strong?"),
        _("The kernel lies once on window **A** and once on **B**. Where is its output **farther from 0**?"),
        (_("window A"), _("window B")),
        "AB".index(letters[1]),
        reveal.format(
            strong=letters[1],
            bright=letters[0],
            most=number(two.sum_strong),
            less=number(two.sum_bright),
            sum=number(sobel().sum()),
        ),
        (Sight(_("Pixels"), crop, "pixels", marks), Sight(_("Kernel"), sobel(), "weights")),
    )


FEEDS = ("cat", 24, 20, 5)


def feeds() -> Question:
    """Ask how many outputs one pixel feeds: windows overlap, and borders differ."""
    crop = grey_crop(*FEEDS)
    found = convolution.feeds(_on(crop))
    text = _("A 3 × 3 kernel moves over all of these pixels, one by one. In how many windows does **P** lie?")
    reveal = _("{rows} × {cols} windows reach it (down × across). Away from the border it would be {most}.")
    return Question(
        "convolution",
        _("How many outputs does one pixel feed?"),
        text,
        tuple(number(option) for option in found.options),
        found.options.index(found.answer),
        reveal.format(rows=len(found.rows), cols=len(found.cols), most=number(sobel().size)),
        (Sight(_("Pixels"), crop, "pixels", (Mark(found.row, found.col, 1, "P"),)),),
    )


def even() -> Question:
    """Ask what comes out on an even patch: value * sum of the weights."""
    found = convolution.even_patch(_on(grey_crop(*FEEDS)))
    value, weights = convolution.PATCH, sobel()
    reveal = _("{value} × the sum of the weights, {sum}, is {answer}: where nothing changes, it is silent.")
    return Question(
        "convolution",
        _("An even patch"),
        _("The kernel lies on a patch where every pixel is **{value}**. What comes out?").format(value=value),
        tuple(number(option) for option in found.options),
        found.options.index(found.answer),
        reveal.format(value=value, sum=number(weights.sum()), answer=number(found.answer)),
        (
            Sight(_("Pixels"), np.full((3, 3), value), "pixels"),
            Sight(_("Kernel"), weights, "weights"),
        ),
    )


def _second_convolution() -> tuple[int, int, int, int]:
    """Return the shape of its kernels: rows, columns, maps in, maps out."""
    recipe = shipped().recipe()
    convolutions = [place for place in recipe.layers() if place["kind"] == "conv"]
    before, second = convolutions[:2]
    return second["kernel"], second["kernel"], before["filters"], second["filters"]


def weights() -> Question:
    """Ask how many weights one kernel has: kernels are not flat."""
    kh, kw, c_in, c_out = shape = _second_convolution()
    found = layer.weights(shape)
    text = _(
        "A layer reads **{c_in} maps**. It has {c_out} kernels of {kh} × {kw}. How many weights has **one** "
        "of its kernels?"
    )
    return Question(
        "layer",
        _("How many weights has one kernel?"),
        text.format(c_in=c_in, c_out=c_out, kh=kh, kw=kw),
        tuple(number(option) for option in found.options),
        found.options.index(found.answer),
        _(
            "{kh} × {kw} × {c_in} = {answer}: one slice for every map that comes in, and a bias besides."
        ).format(kh=kh, kw=kw, c_in=c_in, answer=number(found.answer)),
    )


def relu() -> Question:
    """Ask what ReLU passes on of a negative sum."""
    crop = grey_crop(*RELU)
    found = layer.passed(_on(crop).sums())
    here = crop[found.row : found.row + 3, found.col : found.col + 3]
    return Question(
        "layer",
        _("What does ReLU pass on?"),
        _("The kernel's output on these pixels is **{value}**. What does **ReLU** pass on?").format(
            value=number(found.value)
        ),
        tuple(number(option) for option in found.options),
        found.options.index(found.answer),
        _(
            "ReLU keeps what is above 0 and makes {answer} of everything else: max(0, {value}) = {answer}."
        ).format(value=number(found.value), answer=number(found.answer)),
        (Sight(_("Pixels"), here, "pixels"), Sight(_("Kernel"), sobel(), "weights")),
    )


RELU = ("cat", 0, 27, 6)
POOLED = ("cat", 20, 18, 8)


def _pooled() -> pooling.Setting:
    return pooling.Setting(grey_crop(*POOLED), 2, 2, "valid")


def shift() -> Question:
    """Ask what share of the max values stays when the crop moves by one pixel."""
    name, row, col, _size = POOLED
    whole, setting = grey_crop(name, 0, 0, SHRUNK), _pooled()
    changes = pooling.shift_test(whole, row, col, setting, [1])
    shares, right = pooling.share_options(changes, 0, setting.pooled("max").size)
    text = _(
        "The crop moves **one pixel** to the right over the photo. What share of the **max** values stays "
        "the same?"
    )
    reveal = _(
        "Each window now holds other pixels, and often another winner. Without pooling {none} stay: pooling "
        "dampens a small move, it is not indifferent to it."
    )
    return Question(
        "pooling",
        _("The photo moves by one pixel"),
        text,
        tuple(percent(share / 100, 0) for share in shares),
        shares.index(right),
        reveal.format(none=percent(changes["none"][0].same, 0)),
        (Sight(_("Pixels, pooled in windows of 2 × 2"), setting.values, "pixels"),),
    )


def brighter() -> Question:
    """Ask which outputs change when a pixel that is not the largest becomes brighter."""
    setting = _pooled()
    found = pooling.loser(setting)
    names = {
        "max": _("only the maximum"),
        "average": _("only the average"),
        "both": _("both"),
        "neither": _("neither"),
    }
    text = _(
        "Pixel **P** is {value}, not the largest of its window. It becomes **{more} brighter**. Which output "
        "changes?"
    )
    reveal = _(
        "P would be {now}, the largest is {largest}: the maximum is {largest} → {max}. The average takes "
        "every pixel in: {average} → {after}."
    )
    plain = {"value": found.value, "more": found.more, "now": found.value + found.more}
    plain |= {"largest": found.largest, "max": found.max_after}
    numbers = {name: number(value) for name, value in plain.items()}
    numbers |= {"average": number(found.average, 2), "after": number(found.average_after, 2)}
    top, left = (2 * place for place in found.cell)
    window = setting.values[top : top + 2, left : left + 2]
    mark = Mark(found.row - top, found.col - left, 1, "P")
    return Question(
        "pooling",
        _("A pixel that loses becomes brighter"),
        text.format(**numbers),
        tuple(names.values()),
        list(names).index(found.outcome),
        reveal.format(**numbers),
        (Sight(_("One window"), window, "pixels", (mark,)),),
    )


ADDS = "motorcycle"


def adds() -> Question:
    """Ask which input adds most to a score: neither the largest value nor the largest weight."""
    kernel, bias = (shipped().weights()[f"scores/{part}"].astype(float) for part in ("kernel", "bias"))
    inputs = outputs(ADDS)[-3].values.astype(float)
    unit = answer.telling_unit(inputs, kernel, bias)
    step = ops.contributions(inputs, kernel, bias, unit)
    found = answer.largest_input(step)
    remarks = {
        found.value: _("the one with the largest value: {value}"),
        found.weight: _("the one whose weight is farthest from 0: {weight}"),
        found.product: _("neither of these two"),
    }
    products = {
        name: _("{value} × {weight} = {product}").format(
            value=number(step.inputs[place], 2),
            weight=number(step.weights[place], 2),
            product=number(step.products[place], 2),
        )
        for name, place in vars(found).items()
    }
    reveal = _(
        "Largest value: {value}. Weight farthest from 0: {weight}. But {product}: what counts is the product."
    )
    return Question(
        "answer",
        _("Which input adds most to a score?"),
        _(
            "The network sees this photo. Which of the {count} inputs adds **most** to its score of "
            "**{name}**?"
        ).format(count=number(len(inputs)), name=_class(unit)),
        tuple(
            text.format(value=number(step.inputs[place], 2), weight=number(step.weights[place], 2))
            for place, text in remarks.items()
        ),
        list(remarks).index(found.product),
        reveal.format(**products),
        (Sight(photos.samples()[ADDS], network_photo(ADDS), "photo"),),
    )


RISES = "cat"


def rises() -> Question:
    """Ask what one rising score does to another class: classes are not judged apart."""
    found = answer.one_score_rises(_scores(RISES))
    raised, watched, other = (_class(place) for place in (found.raised, found.watched, found.other))
    outcomes = {
        (False, True): _("both stay as they are"),
        (True, True): _("it falls; the ratio stays"),
        (True, False): _("it falls; the ratio changes too"),
    }
    text = _(
        "Only the score of **{raised}** rises by 1. What happens to the probability of **{watched}**, and to "
        "the ratio {watched} : {other}?"
    )
    reveal = _(
        "The total grows, so {watched} falls from {before} to {after}, and {other} by the same factor: their "
        "ratio is {ratio} before and {same} after."
    )
    before, after = (percent(p[found.watched]) for p in (found.before, found.after))
    ratio, same = (number(value, 3) for value in found.ratios)
    words = {"raised": raised, "watched": watched, "other": other}
    return Question(
        "answer",
        _("One score alone rises"),
        text.format(**words),
        tuple(outcomes.values()),
        list(outcomes).index((found.falls, found.ratio_stays)),
        reveal.format(**words, before=before, after=after, ratio=ratio, same=same),
        (Sight(photos.samples()[RISES], network_photo(RISES), "photo"),),
    )


def reach() -> Question:
    """Ask how wide a piece of the photo reaches a cell of the third convolution: more than 3 x 3."""
    found = network.reach(shipped().recipe().layers(), "conv_3", (SIDE, SIDE, 3))
    steps = " → ".join(number(step.width) for step in found.steps)
    text = _(
        "Three convolutions of 3 × 3, with a pooling of 2 × 2 after the first and after the second. How "
        "**wide** is the piece of the photo that can reach one cell of the **third**?"
    )
    return Question(
        "network",
        _("How far does a deep cell see?"),
        text,
        tuple(_("{width} pixels").format(width=number(option)) for option in found.options),
        found.options.index(found.width),
        _("Layer by layer the piece grows: {steps} pixels. Each pooling doubles the steps after it.").format(
            steps=steps
        ),
    )


DOUBLED = "motorcycle"


def double() -> Question:
    """Ask what doubling all scores does, where the answer is wrong: loss is not error rate."""
    scores = _scores(DOUBLED)
    named, second = (int(place) for place in np.argsort(-scores, kind="stable")[:2])
    found = learning.doubled(scores, second)
    options = {
        "same_falls": _("same answer, the loss falls"),
        "same_rises": _("same answer, the loss rises"),
        "other_falls": _("another answer, the loss falls"),
        "other_rises": _("another answer, the loss rises"),
    }
    text = _(
        "The largest scores are {named} {first} and {second} {next}. Say {second} were right. **All** scores "
        "are doubled: what happens?"
    )
    reveal = _(
        "The largest score stays the largest, so the answer is as wrong as before, only surer: the loss goes "
        "from {before} to {after}. Loss is not the number of errors."
    )
    return Question(
        "learning",
        _("All scores are doubled"),
        text.format(
            named=_class(named),
            second=_class(second),
            first=number(scores[named], 2),
            next=number(scores[second], 2),
        ),
        tuple(options.values()),
        list(options).index(found.answer),
        reveal.format(before=number(found.before, 3), after=number(found.after, 3)),
    )


QUESTIONS: dict[str, Callable[[], Question]] = {
    function.__name__: function
    for function in (sure, bright, feeds, even, weights, relu, shift, brighter, adds, rises, reach, double)
}
