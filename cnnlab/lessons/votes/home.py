"""What can a class vote on at *Can it tell?*"""

import numpy as np

from cnnlab.data import datasets, photos
from cnnlab.i18n import _, number, percent
from cnnlab.lessons.votes.question import Question, Sight
from cnnlab.lessons.votes.sights import class_title, network_photo, outputs, shipped

SURE = ("rocket", "cat", "motorcycle", "coffee")


def sure() -> Question:
    """Ask of which of four photos the network is most sure: sure is not right."""
    answers = [outputs(name)[-1].values for name in SURE]
    sureness = [float(p.max()) for p in answers]
    most = int(np.argmax(sureness))
    titles = [photos.samples()[name] for name in SURE]
    said = "; ".join(
        _("{photo}: {said} {share}").format(
            photo=title, said=class_title(int(p.argmax())), share=percent(p.max(), 0)
        )
        for title, p in zip(titles, answers, strict=True)
    )
    recipe = shipped().recipe()
    truth = (datasets.find(recipe.config.dataset).samples or {}).get(SURE[most])
    named = recipe.classes[int(answers[most].argmax())]
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
