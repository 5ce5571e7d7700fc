"""What can a class vote on at *From maps to an answer*?"""

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.questions import answer
from cnnlab.lessons.votes.question import Question, Sight, certain
from cnnlab.lessons.votes.sights import class_title, network_photo, outputs, scores_of, shipped

ADDS = "motorcycle"


def adds() -> Question:
    """Ask which input adds most to a score: neither the largest value nor the largest weight."""
    kernel, bias = (shipped().weights()[f"scores/{part}"].astype(float) for part in ("kernel", "bias"))
    inputs = outputs(ADDS)[-3].values.astype(float)
    unit = answer.telling_unit(inputs, kernel, bias)
    step = ops.contributions(inputs, kernel, bias, unit)
    found = certain(answer.largest_input(step))
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
        ).format(count=number(len(inputs)), name=class_title(unit)),
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
    found = certain(answer.one_score_rises(scores_of(RISES)))
    raised, watched, other = (class_title(place) for place in (found.raised, found.watched, found.other))
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
