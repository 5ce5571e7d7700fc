"""The picture of the architecture is that of the imports; its ways lead through modules that there are."""

import importlib.util
import runpy

from tests.conftest import ROOT

DRAWING = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))


def test_the_picture_is_drawn_from_the_imports_of_now():
    drawn = (ROOT / "docs" / "architecture.svg").read_text("utf-8")
    assert drawn == DRAWING["draw"](), "python docs/draw_architecture.py draws it anew"


def test_each_package_stands_above_all_that_it_imports():
    imports = DRAWING["imports"]()
    heights = {room: level for level, rooms in enumerate(DRAWING["floors"](imports)) for room in rooms}
    assert all(heights[other] < heights[room] for room, others in imports.items() for other in others)
    assert len(heights) == len(imports) > 20


def test_the_ways_lead_through_modules_that_there_are():
    for _colour, steps in DRAWING["WAYS"].values():
        for module, what in steps:
            assert importlib.util.find_spec(module), module
            assert what


def test_every_package_says_in_one_line_what_it_is_for():
    for room in DRAWING["imports"]():
        assert 20 < len(DRAWING["purpose"](room)) < 125, room


def test_the_page_names_every_package():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for room in DRAWING["imports"]():
        assert room == DRAWING["SHARED"] or f"`{room.removeprefix('cnnlab.')}`" in text, room
