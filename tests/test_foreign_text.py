"""Is text from elsewhere nothing but text? No picture, no link, no tag, whichever way it comes in."""

import inspect
import json
import pkgutil
import re
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import cnnlab
from cnnlab.data.datasets import load
from cnnlab.data.spec import DatasetError
from cnnlab.i18n import Sentence, foreign
from cnnlab.lessons.page_list import CONTROLS, FOLDER
from tests.conftest import ROOT
from tests.support.pages import open_page
from tests.support.runs import network

HOST = "evil.test"
HOSTILE = (
    f"![x](http://{HOST}/p.png)",
    f"<img src='http://{HOST}/p.png'>",
    f"[x](http://{HOST}) http://{HOST} www.{HOST} a@{HOST} :red[{HOST}] ${HOST}$ :{HOST.split('.')[0]}:",
)
# What makes something of the name in any of these texts.
LIVE = re.compile(
    rf"\]\([^)]*{HOST}|<[^>]*{HOST}|\w://{HOST}|\bwww\.{HOST}|\w@{HOST}|\[{HOST}|\$[^$]*{HOST}|:evil:"
)
# What no page shows as it stands; and one that says where the data are from, and makes plain what it quotes.
EXCEPT = {"GeometryError", "PayloadError", "SettingError", "DatasetError"}


@given(st.text() | st.sampled_from(HOSTILE))
def test_nothing_is_left_of_pictures_links_tags_formulas_and_icons(text):
    made = foreign(text)
    assert not re.search(r"[<>\[\]$@\n\r]|://|:[a-z_+-]+:|www\.", made, re.IGNORECASE)
    assert foreign(made) == made and len(foreign(text, 20)) <= 20


def test_plain_words_stay_as_they_are():
    for text in (
        "kite-421",
        "config.json: 3 + 4 × (5 − 1) = 16",
        "2026-12-01T08:10:27+00:00",
        "Ærø, 猫 & dog_2*",
    ):
        assert foreign(text) == text


def test_every_sentence_that_a_page_may_show_makes_what_it_quotes_plain():
    found = {}
    for module in pkgutil.walk_packages(cnnlab.__path__, "cnnlab."):
        if not re.search(r"\.(worker|nanny|ship|train)$", module.name):
            found |= dict(inspect.getmembers(import_module(module.name), inspect.isclass))
    errors = {
        name: kind for name, kind in found.items() if name.endswith("Error") and "cnnlab" in kind.__module__
    }
    assert len(errors) >= 10 and set(errors) > EXCEPT
    for name, kind in errors.items():
        assert issubclass(kind, Sentence) != (name in EXCEPT), name
    with pytest.raises(DatasetError) as caught:
        load(HOSTILE[0])
    assert not LIVE.search(str(caught.value))


def said(at: AppTest) -> list[str]:
    """Return every text of a page, of elements and of what stands around them, wherever it travels."""
    texts = []

    def walk(message) -> None:
        for field, content in message.ListFields():
            for each in content if field.is_repeated else [content]:
                if isinstance(each, str):
                    texts.extend(json_texts(each))
                elif hasattr(each, "ListFields"):
                    walk(each)

    def down(block) -> None:
        for child in block.children.values():
            if getattr(child, "proto", None) is not None:
                walk(child.proto)
            if hasattr(child, "children"):
                down(child)

    down(at._tree)
    return texts


def json_texts(text: str) -> list[str]:
    """Return a text, or the texts in it where it is JSON."""
    try:
        inner = json.loads(text) if text[:1] in "{[" else None
    except ValueError:
        inner = None
    if not isinstance(inner, dict | list):
        return [text]
    parts = [inner]
    for part in parts:
        if isinstance(part, dict | list):
            parts.extend([*part, *part.values()] if isinstance(part, dict) else part)
    return [part for part in parts if isinstance(part, str)]


def quoted(at: AppTest) -> list[str]:
    """Return the texts that quote what came in; fail where one is more than text."""
    found = [text for text in said(at) if HOST.split(".")[0] in text]
    live = [text for text in found if LIVE.search(text)]
    assert not live
    return found


def parameters() -> set[str]:
    """Return every name that the app reads from an address."""
    sources = [path.read_text() for path in [*FOLDER.glob("*.py"), *(ROOT / "cnnlab").rglob("*.py")]]
    reads = r"(?:st\.query_params|\baddress)(?:\.get\(|\[)\"(\w+)\""
    found = {name for source in sources for name in re.findall(reads, source)}
    return found | {control.parameter for control in CONTROLS.values() if control.parameter}


def configs(text: str) -> list[str]:
    """Return links to the form with a hostile text at every kind of place."""
    return [
        json.dumps(changes)
        for changes in (
            {"preset": text},
            {text: 1},
            {"dataset": text},
            {"optimizer": text},
            {"epochs": text},
            {"model": {"blocks": [{"filters": 8, text: 1}]}},
            {"augmentation": {text: text}},
        )
    ]


@pytest.mark.parametrize("page", sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))
def test_no_page_makes_more_than_text_of_an_address(store, page):
    names = parameters()
    assert {"run", "config", "lesson", "level", "projector"} <= names
    first, second, _all = HOSTILE
    quoted(open_page(page, query=dict.fromkeys(names, first)))
    found = quoted(open_page(page, query=dict.fromkeys(names - {"lesson"}, second)))
    assert found or page not in ("train", "network", "answer", "inside", "classify")


@pytest.mark.parametrize("place", range(6))
def test_the_form_says_what_a_link_asks_for_and_makes_no_more_of_it(store, place):
    text = HOSTILE[place % 3]
    changes = (
        {"preset": text},
        {text: 1},
        {"dataset": text},
        {"optimizer": text, "epochs": text},
        {"model": {"blocks": [{"filters": 8, text: 1}]}},
        {"augmentation": {text: text}},
    )
    assert (
        quoted(open_page("train", query={"config": json.dumps(changes[place])})) or place == 3
    )  # which names the field


@pytest.mark.parametrize("page", ["home", "answer", "network", "inside", "classify", "train", "layer"])
def test_nobodys_network_brings_more_than_text(store, nothing_shipped, page):
    run = network(store)
    path = run.folder / "config.json"
    recipe = json.loads(path.read_text())
    classes = [f"{place} {HOSTILE[place % 3]}" for place in range(10)]
    path.write_text(json.dumps(recipe | {"classes": classes, "preset": HOSTILE[0], "note": HOSTILE[1]}))
    state = json.loads((run.folder / "state.json").read_text())
    (run.folder / "state.json").write_text(json.dumps(state | {"phase": "failed", "message": HOSTILE[2]}))
    found = quoted(open_page(page, query={"run": run.id, "level": "code"}))
    assert found or page in ("inside", "layer")  # where no class is named at first
