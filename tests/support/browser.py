"""A page in a real browser: wait until it is settled, choose, read the numbers that it shows."""

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from cnnlab.data import photos
from tests.support.pages import number

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LAPTOP = {"viewport": {"width": 1280, "height": 900}}


def no_trouble(page: Page) -> None:
    expect(page.locator("[data-testid='stException']")).to_have_count(0)


def settled(page: Page) -> None:
    """Wait until the page has a title and no script runs."""
    page.locator("h1").wait_for()
    expect(page.locator("[data-test-script-state='running'], [data-testid='stSkeleton']")).to_have_count(0)
    no_trouble(page)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a selectbox."""
    page.get_by_label(label, exact=True).or_(page.get_by_role("combobox", name=label)).first.click()
    page.get_by_role("option", name=option).click()


def values(page: Page, grid: str, part: str) -> np.ndarray:
    """Read a grid of a step-through view back from the page, in rows and columns; pending cells are nan."""
    cells = page.locator(f"[data-part={grid}] [data-part={part}]").evaluate_all(
        "cells => cells.map(c => [+c.dataset.row, +c.dataset.col, c.textContent])"
    )
    result = np.full((1 + max(c[0] for c in cells), 1 + max(c[1] for c in cells)), np.nan)
    for row, col, text in cells:
        if re.fullmatch(r"[−\d.,]+", text.strip()):
            result[row, col] = number(text)
    return result


def jpeg(name: str) -> bytes:
    """Return a sample photo as the file that a phone would send."""
    buffer = io.BytesIO()
    Image.fromarray(photos.sample(name)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
