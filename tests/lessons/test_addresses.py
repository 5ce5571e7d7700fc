"""Do addresses that were given out, in guides and on blackboards, still open what they opened?

`addresses.json` was written by the app when it kept each control twice; entries may come, none may change.
"""

import json
from pathlib import Path

import pytest

from cnnlab.lessons.lesson_link import read, write
from tests.support.pages import open_page

GIVEN_OUT = json.loads(Path(__file__).with_name("addresses.json").read_text("utf-8"))


def test_a_link_means_what_it_meant_and_is_written_as_it_was():
    assert len(GIVEN_OUT["links"]) > 150
    for given in GIVEN_OUT["links"]:
        link = read(given["link"])
        values = link.values()
        assert values == given["sets"] and list(values) == list(given["sets"]), given["link"]
        assert [type(value) for value in values.values()] == [type(v) for v in given["sets"].values()]
        assert sorted(link.values(link.locked)) == given["locked"]
        assert write(link) == given["link"]


@pytest.mark.parametrize("given", GIVEN_OUT["addresses"], ids=lambda given: given["page"])
def test_an_address_opens_what_it_opened(given, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    at = open_page(given["page"], query=given["query"])
    assert {key: at.session_state[key] for key in given["session"]} == given["session"]
