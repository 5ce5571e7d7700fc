"""What can a class vote on at *One kernel*?"""

import numpy as np

from cnnlab.i18n import _, number
from cnnlab.lessons.questions import convolution
from cnnlab.lessons.votes.question import Mark, Question, Sight, certain
from cnnlab.lessons.votes.sights import grey_crop, sobel, under_sobel

BRIGHT = ("motorcycle", 0, 48, 6)


def bright() -> Question:
    """Ask which of two windows gets the stronger output: bright is not strong."""
    crop = grey_crop(*BRIGHT)
    two = certain(convolution.two_windows(under_sobel(crop)))
    letters = two.letters
    places = zip((two.bright, two.strong), letters, strict=True)
    marks = tuple(Mark(row, col, 3, letter) for (row, col), letter in places)
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
    found = convolution.feeds(under_sobel(crop))
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
    found = certain(convolution.even_patch(under_sobel(grey_crop(*FEEDS))))
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
