"""What can a class vote on at *A layer*?"""

from cnnlab import ops
from cnnlab.i18n import _, number
from cnnlab.lessons.questions import layer
from cnnlab.lessons.votes.question import Question, Sight, certain
from cnnlab.lessons.votes.sights import grey_crop, shipped, sobel, under_sobel

RELU = ("cat", 0, 27, 6)


def _second_convolution() -> tuple[int, int, int, int]:
    """Return the shape of its kernels: rows, columns, maps in, maps out."""
    recipe = shipped().recipe()
    before, second, *_more = (one for one in recipe.layers() if isinstance(one, ops.Conv))
    return second.kernel, second.kernel, before.filters, second.filters


def weights() -> Question:
    """Ask how many weights one kernel has: kernels are not flat."""
    kh, kw, c_in, c_out = shape = _second_convolution()
    found = certain(layer.weights(shape))
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
    found = certain(layer.passed(under_sobel(crop).sums()))
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
