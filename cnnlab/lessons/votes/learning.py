"""What can a class vote on at *How weights change*?"""

import numpy as np

from cnnlab.i18n import _, number
from cnnlab.lessons.questions import learning
from cnnlab.lessons.votes.question import Question, certain
from cnnlab.lessons.votes.sights import class_title, scores_of

DOUBLED = "motorcycle"


def double() -> Question:
    """Ask what doubling all scores does, where the answer is wrong: loss is not error rate."""
    scores = scores_of(DOUBLED)
    named, second = (int(place) for place in np.argsort(-scores, kind="stable")[:2])
    found = certain(learning.doubled(scores, second))
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
            named=class_title(named),
            second=class_title(second),
            first=number(scores[named], 2),
            next=number(scores[second], 2),
        ),
        tuple(options.values()),
        list(options).index(found.answer),
        reveal.format(before=number(found.before, 3), after=number(found.after, 3)),
    )
