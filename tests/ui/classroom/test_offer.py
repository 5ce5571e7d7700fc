"""A lesson link that the teacher offers: does every student see the way, and only as long as it holds?"""

import json
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.access import TeacherPass
from cnnlab.classroom import Classroom
from cnnlab.lessons.lesson_link import LIMIT, LessonLink, write
from cnnlab.ui.classroom import actions
from cnnlab.ui.session import class_state, teacher_pass
from tests.support.pages import again, open_page, owner, press
from tests.support.runs import create

TEXT = write(LessonLink("pooling", {"window": 3}, frozenset({"window"})))
OTHER = write(LessonLink("pooling", {"window": 4}))
CALL = "Your teacher opens a lesson: **Pooling**"


def called(at: AppTest) -> bool:
    """Say whether the page shows the way to TEXT; where it does, the way leads exactly there."""
    links = [link.proto for link in at.get("page_link") if link.proto.label == "Go there"]
    assert all((link.page, parse_qs(link.query_string)) == ("pooling", {"lesson": [TEXT]}) for link in links)
    assert [CALL in text.value for text in at.markdown].count(True) == len(links)
    return bool(links)


def test_an_offer_lasts_until_the_next_class(classroom):
    assert classroom.rules().offered is None
    classroom.change(offered=TEXT)
    classroom.change(epochs=9)
    assert Classroom(classroom.root).rules().offered == TEXT
    classroom.new_class()
    assert (classroom.rules().offered, classroom.rules().epochs) == (None, 9)


def test_every_page_shows_the_way_but_the_one_it_leads_to(classroom):
    anna = open_page("faq", "anna")
    assert not called(anna)
    classroom.change(offered=TEXT)
    assert called(again(anna))
    assert called(open_page("pooling", "anna")), "the same page without the link's settings"
    assert called(open_page("pooling", "anna", {"lesson": OTHER}))
    assert not called(open_page("pooling", "anna", {"lesson": TEXT}))
    assert called(open_page("vote", "anna", {"lesson": TEXT})), "the way back from a vote"
    assert not called(open_page("faq", "anna", {"projector": "1"}))
    assert not called(open_page("faq", "teacher"))
    classroom.change(offered=None)
    assert not called(again(anna))


def test_a_vote_goes_first_until_its_answer_is_shown(classroom):
    classroom.change(offered=TEXT)
    anna = open_page("faq", "anna")
    vote = classroom.ask("relu").vote
    assert not called(again(anna)) and any("teacher asks" in text.value for text in anna.markdown)
    classroom.cast(owner("anna"), 0, vote)
    for stage, shown in (("first", False), ("first_shown", False), ("second", False), ("second_shown", True)):
        classroom.change(vote=vote.model_dump() | {"stage": stage})
        assert called(again(anna)) is shown, stage
    classroom.change(vote=None)
    assert called(again(anna))


TEXTS = [TEXT.replace("window:3", "window:4"), TEXT[:-1], "", "kitchen~00000000", "<b>" * LIMIT]


@pytest.mark.parametrize(("kept", "epochs"), [*((text, 9) for text in TEXTS), (7, 9), ("\ud800", 30)])
def test_what_is_no_link_is_no_offer_and_breaks_no_page(classroom, kept, epochs):
    rules = classroom.change(epochs=9).model_dump(by_alias=True)
    (classroom.folder / "rules.json").write_text(json.dumps(rules | {"offered": kept}))
    for token in ("anna", "teacher"):
        links = open_page("pooling", token, {"lesson": OTHER}).get("page_link")
        assert "Go there" not in [link.proto.label for link in links]
    assert class_state.rules().epochs == epochs, "the other rules hold, unless the file is damaged"


def test_the_teacher_offers_the_link_that_is_open_and_nobody_else_can(classroom):
    assert not offers(open_page("pooling", "anna", {"lesson": TEXT}))
    assert not offers(open_page("pooling", "teacher"))
    teacher = open_page("pooling", "teacher", {"lesson": TEXT})
    classroom.change(offered=OTHER)
    press(teacher, "Offer this to the class")
    assert classroom.rules().offered == TEXT and offers(teacher) == ["Take the offer back"]
    press(teacher, "Take the offer back")
    assert classroom.rules().offered is None
    teacher_pass._inside.clear()  # the pass is gone: the next click does nothing
    press(teacher, "Offer this to the class")
    assert classroom.rules().offered is None


def offers(at: AppTest) -> list[str]:
    return [button.label for button in at.button if "ffer" in button.label]


def test_the_class_is_called_to_a_training_run_also_from_a_lesson_link(store, classroom):
    followed = create(store, owner=owner("ben"))
    classroom.change(offered=write(LessonLink("pooling")))
    actions.follow(TeacherPass(), followed.id)
    assert classroom.rules().offered is None, "the newest wish of the teacher holds"
    at = open_page("faq", "anna", {"lesson": write(LessonLink("faq"))})
    assert f"follows **{followed.id}**" in "\n".join(text.value for text in at.markdown)
    [link] = [link.proto for link in at.get("page_link") if link.proto.label == "Watch it"]
    assert (link.page, link.query_string) == ("train", f"run={followed.id}")
