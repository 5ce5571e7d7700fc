"""What can a class vote on at *One photo, all layers*?"""

from cnnlab.data.spec import SIDE
from cnnlab.i18n import _, number
from cnnlab.lessons.questions import network
from cnnlab.lessons.votes.question import Question, certain
from cnnlab.lessons.votes.sights import shipped


def reach() -> Question:
    """Ask how wide a piece of the photo reaches a cell of the third convolution: more than 3 x 3."""
    found = certain(network.reach(shipped().recipe().layers(), "conv_3", (SIDE, SIDE, 3)))
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
