"""What can a class vote on at *Pooling*?"""

from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions import pooling
from cnnlab.lessons.votes.question import Mark, Question, Sight, certain
from cnnlab.lessons.votes.sights import SHRUNK, grey_crop

POOLED = ("cat", 20, 18, 8)


def _pooled() -> pooling.Setting:
    return pooling.Setting(grey_crop(*POOLED), 2, 2, "valid")


def shift() -> Question:
    """Ask what share of the max values stays when the crop moves by one pixel."""
    name, row, col, _size = POOLED
    whole, setting = grey_crop(name, 0, 0, SHRUNK), _pooled()
    changes = pooling.shift_test(whole, row, col, setting, [1])
    shares, right = certain(pooling.share_options(changes, 0, setting.pooled("max").size))
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
    found = certain(pooling.loser(setting))
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
