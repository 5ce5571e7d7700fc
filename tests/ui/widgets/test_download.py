"""Are the figures of a page to be had for a slide, and drawn no sooner than somebody asks?"""

import io

import pytest
import streamlit as st
from PIL import Image

from cnnlab.figures.static import sheet
from tests.support.pages import open_page


@pytest.fixture
def offered(monkeypatch):
    """What a page hands to Streamlit's download buttons: file name -> maker."""
    made, real = {}, st.download_button

    def download_button(label, data, file_name, **settings):
        made[file_name] = data
        return real(label, data=data, file_name=file_name, **settings)

    monkeypatch.setattr(st, "download_button", download_button)
    return made


@pytest.fixture
def drawn(monkeypatch):
    """The sheets that figures have been drawn on."""
    sheets, real = [], sheet.figure

    def figure(on, *words, **given):
        sheets.append(on)
        return real(on, *words, **given)

    monkeypatch.setattr(sheet, "figure", figure)
    return sheets


PAGES = {
    "train": ({"run": "article"}, {}, ["article-accuracy", "article-kernels"]),
    "inside": (
        {"run": "article"},
        {"_inside.more": True, "_inside.more.tab": "How sure is it rightly? · University"},
        ["article-reliability"],
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_charts_of_a_page_are_drawn_when_they_are_asked_for(name, offered, drawn):
    query, state, figures = PAGES[name]
    open_page(name, query=query, state=state)
    assert drawn == []
    assert {f"{figure}{ending}" for figure in figures for ending in (".png", ".svg")} <= set(offered)
    for figure in figures:
        assert Image.open(io.BytesIO(offered[f"{figure}.png"]())).size == (1920, 1080)
        svg = offered[f"{figure}.svg"]().decode()
        assert svg.startswith("<?xml") and "Baseline (the article" in svg
    assert len(drawn) == 2 * len(figures)
