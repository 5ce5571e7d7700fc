"""Do the largest files come in through a real browser and server, and does what is larger get a sentence?"""

import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnlab.data import decode_photo
from cnnlab.export import archive
from cnnlab.ui.server.upload_account import MEGABYTE
from tests.conftest import wait_for
from tests.support.browser import choose, jpeg, settled


@pytest.fixture
def file(tmp_path):
    """Make a file that begins with these bytes and has so many; return its path."""

    def made(name: str, start: bytes, size: int) -> Path:
        path = tmp_path / name
        path.write_bytes(start + bytes(size - len(start)))
        return path

    return made


def held(app) -> int:
    """Return how many bytes of uploads the server has."""
    with urllib.request.urlopen(f"{app.url}/_stcore/metrics") as answer:
        found = re.search(r'"UploadedFileManager".*\} (\d+)', answer.read().decode())
    return int(found[1]) if found else 0


def said(page: Page, words: str) -> None:
    expect(page.locator("[data-testid=stAlert]").filter(has_text=words)).to_be_visible()


def test_photos_of_the_largest_size_come_in_as_long_as_there_is_room(page, app, file):
    page.goto(f"{app.url}/classify?run=article")
    settled(page)
    choose(page, "Photo", "A photo of yours …")
    field = page.locator("input[type=file]")
    field.set_input_files(
        file("larger.jpg", jpeg("coffee"), decode_photo.MAX_BYTES + 1)
    )  # kept back by the browser
    expect(page.get_by_text("it has more than 25 MB or is of another kind")).to_be_visible()
    expect(page.get_by_text("larger.jpg")).to_be_visible()
    photos = [file(f"{name}.jpg", jpeg(name), decode_photo.MAX_BYTES) for name in ("coffee", "rocket", "cat")]
    field.set_input_files(photos)
    said(page, "64 MB fit at once")  # and two are there
    expect(page.get_by_text("Remove this photo")).to_be_visible()
    expect(page.get_by_role("heading", name="What is on this photo?")).to_be_visible()
    wait_for(lambda: held(app) == 0, "the server has let go of what it has read")


def test_an_archive_of_the_largest_size_is_read(page, app, file):
    page.goto(f"{app.url}/train")
    settled(page)
    page.get_by_text("Bring in a training run from elsewhere").click()
    field = page.locator("input[type=file]")
    field.set_input_files(file("larger.zip", b"PK", archive.LARGEST + 1))
    expect(page.get_by_text("it has more than 32 MB or is of another kind")).to_be_visible()
    expect(page.get_by_text("larger.zip")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    field.set_input_files(file("largest.zip", b"PK", archive.LARGEST))
    said(page, "cannot be unpacked")  # so it was read to its end
    wait_for(lambda: held(app) < MEGABYTE, "the server has let go of it")
