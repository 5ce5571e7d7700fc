"""Does an address switch projector mode on and off, and does it stay from page to page?"""

import re

import pytest

from cnnlab.ui.components.sources import HERE
from tests.support.pages import go, open_page

CROPS = ("pixels", "convolution", "layer", "pooling")


pytestmark = pytest.mark.usefixtures("store")


def test_it_stays_over_page_changes_until_it_is_ended():
    at = open_page("pooling", query={"projector": "1"})
    assert not at.sidebar.radio
    at.query_params.clear()
    go(at, "layer")
    assert at.query_params["projector"] == "1" and not at.sidebar.radio
    at.button(key="_lesson.unproject").click().run()
    assert "projector" not in at.query_params and at.sidebar.radio


def test_an_address_can_end_it_too():
    at = open_page("pooling", query={"projector": "1"})
    at.query_params["projector"] = "0"
    assert at.run().sidebar.radio


@pytest.mark.parametrize("page", CROPS)
def test_every_crop_is_small_and_the_chosen_size_comes_back(page):
    at = open_page(page)
    size = at.select_slider(key=f"{page}.crop.size")
    chosen = size.options[1]
    size.set_value(type(size.value)(chosen)).run()
    at.query_params["projector"] = "1"
    at.run()
    assert not at.select_slider
    assert any("6 × 6" in caption.value for caption in at.caption)
    at.button(key="_lesson.unproject").click().run()
    assert at.select_slider(key=f"{page}.crop.size").value == int(chosen)


def test_every_size_of_letters_in_a_view_follows_the_projector():
    """A size in plain pixels would stay small; only drawings that are scaled as a whole have one."""
    for css in HERE.glob("*/*.css"):
        sizes = re.findall(r"font(?:-size)?:[^;}]*px[^;}]*", css.read_text("utf-8"))
        assert [size for size in sizes if "--cnnlab" not in size and "3.6px" not in size] == [], css.name
