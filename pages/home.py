"""Can a network tell what is on a photo? A vote first, then its answer; and the path ahead."""

from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from cnnlab.data import datasets
from cnnlab.data.datasets import class_name
from cnnlab.figures import tiles
from cnnlab.i18n import _, percent
from cnnlab.lessons.page_list import LESSONS
from cnnlab.ui.lessons.home import exhibit
from cnnlab.ui.session import lesson_link_state, projector
from cnnlab.ui.widgets import lesson, network_choice


def vote(net: network_choice.Network) -> None:
    """Let the student vote on which photo the network is most sure about, then show its four answers."""
    classes = [class_name(name) for name in net.classes]
    photos = exhibit.four_photos(net.dataset, net.classes, net.spec.present())
    answers = [net.probabilities(photo) for photo, _truth in photos]
    names = [_("Photo {n}").format(n=n) for n in range(1, 5)]
    text = _("This network knows {count} kinds of things: {classes}. Not every photo here shows one of them.")
    large = projector.on()
    st.markdown(
        text.format(count=len(classes), classes=", ".join(classes)), width="stretch" if large else 760
    )
    with st.container(horizontal=True):  # on a projector each takes a fifth of the width
        slots = st.columns(5)[:4] if large else [st.container(width=150) for _photo in photos]
    for slot, name, (photo, _truth) in zip(slots, names, photos, strict=True):
        slot.image(tiles.enlarge(photo, 320 if large else 144), name, width="stretch" if large else 150)
    sureness = [float(p.max()) for p in answers]
    most = int(np.argmax(sureness))
    truth = photos[most][1]
    said = classes[int(answers[most].argmax())]
    if truth is None:
        reveal = _(
            "It says {said} with {sureness}, yet the photo shows none of its kinds: sure is not right."
        )
    elif truth == answers[most].argmax():
        reveal = _(
            "It says {said} with {sureness}, and that is right. Sure is not always right: look at the others."
        )
    else:
        reveal = _("It says {said} with {sureness}, and that is wrong: sure is not right.")
    question = _("Of which photo is the network most sure?")
    reveal = reveal.format(said=said, sureness=percent(sureness[most]))
    reveal += " " + _("It has to name one of its {count} kinds, whatever it sees.").format(count=len(classes))
    answered = lesson.predict("home.sure", question, names, names[most], reveal, about=net.run.id)
    for slot, p, (_photo, truth) in zip(slots, answers, photos, strict=True):
        if not answered:
            slot.markdown(_("It says **?**"))  # keeps the place of the answer: nothing jumps
            slot.caption(_("right or wrong?"))
            continue
        text = _("It says **{said}**, {sureness} sure")
        slot.markdown(text.format(said=classes[p.argmax()], sureness=percent(p.max(), 0)))
        slot.caption(verdict(int(p.argmax()), truth, classes))


def verdict(said: int, truth: int | None, classes: list[str]) -> str:
    """Say whether an answer is right; the true class has a check mark."""
    if truth is None:
        return _(":material/cancel: wrong: it is none of its kinds")
    if said == truth:
        return _(":material/check_circle: right: ✓ {truth}").format(truth=classes[truth])
    return _(":material/cancel: wrong: it is ✓ {truth}").format(truth=classes[truth])


lesson.opening(
    _("Can it tell what is on a photo?"),
    _(
        "A **convolutional network** (CNN) turns the numbers of a photo into a name, with sums whose weights "
        "it learned from examples. This one never saw these four photos. You vote first, then it answers."
    ),
)
net = exhibit.network_on_show()
if net is None:
    st.info(_("No network has been trained here yet. Train one first: on Digits it takes seconds."))
    lesson.next_lesson("train", _("Train a network"))
else:
    vote(net)
lesson.way_on("home")
if lesson_link_state.current() is None:
    st.subheader(_("The path ahead"), anchor=False)
for place, page in enumerate((page for page in LESSONS.values() if page.deed), start=1):
    with suppress(StreamlitPageNotFoundError):  # only pages that are in the navigation
        lesson.next_lesson(page.name, f"{place} · **{_(page.title)}** · {_(page.deed)}")
with lesson.more(_("About this app, and its sources")):
    text = _(
        "You step through a convolutional network with every number in sight, train one yourself, look "
        "inside it, and let it judge photos. What is computed on a page is computed there and then."
    )
    sources = [spec.words().credit for spec in datasets.known().values()]
    sources += [
        _("Sample photos: scikit-image."),
        _(
            "The Baseline network comes from the article that this app grew from; where the article is "
            "wrong, the page concerned says so."
        ),
    ]
    st.markdown("\n".join([text, "", *(f"- {source}" for source in sources)]))
