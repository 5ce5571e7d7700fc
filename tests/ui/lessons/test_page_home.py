"""Does the first page show what the network really answers, and the way through the app?"""

import numpy as np
import pytest

from cnnlab.lessons.page_list import LESSONS
from cnnlab.ui.lessons.home.exhibit import four_photos
from tests.support.networks import probabilities
from tests.support.pages import open_page, sound, words
from tests.support.runs import network

pytestmark = pytest.mark.usefixtures("nothing_shipped")


@pytest.mark.parametrize("present", [True, False])
def test_the_vote_is_answered_by_the_network(store, monkeypatch, present):
    run = network(store, dataset="digits" if present else "cifar10")
    if not present:
        monkeypatch.setenv("CNNLAB_CIFAR10", "/nowhere")
    at = open_page("home")
    four = four_photos(run.recipe().config.dataset, run.recipe().classes, present)
    truths = [truth for _photo, truth in four]
    assert truths.count(None) == (1 if present else 3)
    answers = [probabilities(run, photo) for photo, _truth in four]
    assert "✓" not in words(at) and "wrong:" not in words(at)  # hidden until the vote
    vote = at.get("button_group")[0]
    sound(vote.set_value("Photo 1").run())
    most = int(np.argmax([p.max() for p in answers]))
    assert f"**Photo {most + 1}**" in words(at)
    classes = run.recipe().classes
    for p, truth in zip(answers, truths, strict=True):
        said = int(p.argmax())
        assert f"**{classes[said]}**, {100 * p.max():.0f}\u00a0% sure" in words(at)
        if truth is not None:
            verdict = "check_circle: right: ✓" if said == truth else "cancel: wrong: it is ✓"
            assert f":material/{verdict} {classes[truth]}" in words(at)
    assert words(at).count("wrong: it is none of its kinds") == truths.count(None)


def test_the_path_ahead_leads_to_every_lesson_in_their_order(store):
    links = [link.proto.page for link in open_page("home").get("page_link")]
    path = [name for name, page in LESSONS.items() if page.deed]
    assert path[0] == "pixels" and path[-1] == "faq" and links[-len(path) :] == path
