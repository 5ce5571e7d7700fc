"""Is what the teacher's guide says true: its links, its answer key, and the numbers of the worksheet?"""

import re
from functools import cache

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.config.presets import ARTICLE
from cnnlab.data.spec import SIDE
from cnnlab.i18n import number, percent
from cnnlab.lessons import lesson_link
from cnnlab.lessons.votes import QUESTIONS, sights
from tests.conftest import ROOT
from tests.support.pages import open_page

GUIDE = (ROOT / "docs" / "teaching.md").read_text("utf-8")
SHEET = (ROOT / "docs" / "worksheet.html").read_text("utf-8")
LINKS = sorted(set(re.findall(r"\((/[a-z]*\?lesson=[^)]*)\)", GUIDE)))


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("**", "")


def key(name: str) -> list[tuple[str, ...]]:
    """Return the rows of a part of the answer key, cell by cell."""
    part = GUIDE.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in part.splitlines()]


# ---- the links


@cache
def opened(address: str) -> AppTest:
    """Open a link of the guide as a browser does."""
    page, query = address.strip("/").split("?")
    return open_page(page, query=dict(part.split("=", 1) for part in query.split("&")))


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    """No class, and no training runs but those that come with the app."""
    monkeypatch.setenv("CNNLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("CNNLAB_TEACHER_PIN", raising=False)


@pytest.mark.parametrize("address", LINKS)
def test_a_link_of_the_guide_opens_its_page(address):
    link = lesson_link.read(re.search(r"lesson=([^&]*)", address)[1])
    assert address.startswith(f"/{link.page}?")
    at = opened(address)
    assert not [warning.value for warning in at.warning if "link" in warning.value]
    for setting, value in link.values().items():
        assert at.session_state[setting] == value


def test_the_plan_shows_each_link_as_it_is():
    shown = re.findall(r"\[([^\]]*lesson=[^\]]*)\]\(([^)]*)\)", GUIDE)
    assert len(shown) >= len(LINKS) > 4
    assert all(text == target for text, target in shown)


# ---- the answer key


def vote_rows() -> list[tuple[str, ...]]:
    """Return (title, right option, why) of every question that a class can vote on."""
    questions = [ask() for ask in QUESTIONS.values()]
    return [tuple(map(plain, (one.title, one.options[one.right], one.reveal))) for one in questions]


def predictions() -> list[tuple[str, ...]]:
    """Answer the questions on the pages that the guide links to; return (name, right answer, why)."""
    found = []
    for address in LINKS:
        if not address.startswith(("/convolution", "/pooling", "/answer")) or "projector" in address:
            continue
        at = opened(address)
        choice = [group for group in at.get("button_group") if group.key == "convolution.question"]
        for question in ("windows", "feeds", "patch") if choice else (None,):
            if question:
                at.session_state["convolution.question"] = question
                at.run()
            for name in [group.key for group in at.get("button_group") if asks(group)]:
                found.append((name[1:].split(":")[0], *answer(at, name)))
    return sorted(found)


def asks(group) -> bool:
    return group.key.startswith("_") and ":" in group.key


def answer(at: AppTest, name: str) -> tuple[str, str]:
    """Give an answer to a question; return the right one and why, as the page then says."""
    before = [text.value for text in at.markdown]
    group = next(group for group in at.get("button_group") if group.key == name)
    group.set_value(group.options[0]).run()
    said = [text.value for text in at.markdown if text.value not in before]
    verdict = next(text for text in said if text.startswith((":green[", ":material/cancel:")))
    right, why = re.search(r"\*\*([^*]+)\*\* — (.*)", verdict, re.DOTALL).groups()
    return plain(right), plain(why)


def numbers(name: str) -> np.ndarray:
    """Return the table of the worksheet with this id, as numbers."""
    table = re.search(rf'id="{name}">.*?</table>', SHEET, re.DOTALL)[0]
    rows = [re.findall(r"<td>([−\d]+)", row) for row in table.split("<tr>")[1:]]
    return np.array([[float(cell.replace("−", "-")) for cell in row] for row in rows])


def marked(name: str) -> float:
    return float(re.search(rf'id="{name}">([−\d]+)<', SHEET)[1].replace("−", "-"))


def worksheet() -> list[tuple[str, ...]]:
    """Compute what a student should have written, from the numbers printed on the worksheet."""
    window, kernel, grey = numbers("window"), numbers("kernel"), numbers("map")
    products = (window * kernel).ravel()
    total = ops.conv2d(window[..., None], kernel[..., None, None])[0, 0, 0]
    sizes = [shape[0] for shape in ops.output_shapes(ARTICLE.layers(10), (SIDE, SIDE, 3))]
    kinds = [layer.kind for layer in ARTICLE.layers(10)]
    along = [size for kind, size in zip(kinds, sizes, strict=True) if kind in ("conv", "pool")][:4]
    pooled = {
        name: " · ".join(number(value, digits) for value in pool(grey[..., None], 2).ravel())
        for name, pool, digits in (("largest", ops.max_pool, 0), ("average", ops.average_pool, 2))
    }
    scores = np.array([2.0, 1.0, 0.0])
    before, after = ops.softmax(scores), ops.softmax(scores + np.array([0, 1, 0]))
    even = ops.conv2d(np.full((3, 3, 1), marked("even")), kernel[..., None, None])[0, 0, 0]
    return [
        ("1", f"products, row by row: {' · '.join(map(number, products))}; sum {number(total)}"),
        ("1, ReLU", f"{number(ops.relu(total))}; {number(ops.relu(marked('negative')))}"),
        ("1, weights", f"they add up to {number(kernel.sum())}; so the sum is {number(kernel.sum())}"),
        ("2, sizes", " · ".join(map(number, along))),
        ("3, largest", pooled["largest"]),
        ("3, average", pooled["average"]),
        ("4, e^score", " · ".join(number(value, 2) for value in [*np.exp(scores), np.exp(scores).sum()])),
        ("4, probability", " · ".join(plain(percent(value)) for value in before)),
        (
            "4, dog rises",
            f"cat falls to {plain(percent(after[0]))}; "
            f"cat : bird stays {number(before[0] / before[2], 2)} ({number(after[0] / after[2], 2)} after)",
        ),
        ("exit 1", number(even)),
        ("exit 2", "the weights"),
    ]


def test_the_key_of_the_votes_is_what_the_app_says():
    assert key("votes") == vote_rows()


def test_the_key_of_the_predictions_is_what_the_pages_say():
    assert key("predictions") == predictions()


def test_the_key_of_the_worksheet_is_computed_from_the_numbers_printed_there():
    assert key("worksheet") == worksheet()


def test_the_worksheet_shows_pieces_of_a_photo_that_comes_with_the_app():
    np.testing.assert_array_equal(numbers("window"), sights.grey_crop("cat", 24, 20, 3))
    np.testing.assert_array_equal(numbers("map"), sights.grey_crop("cat", 20, 18, 4))
    np.testing.assert_array_equal(numbers("kernel"), sights.sobel())
    corner = sights.grey_crop("cat", 20, 18, 3)[..., None].astype(float)
    assert marked("negative") == ops.conv2d(corner, sights.sobel()[..., None, None])[0, 0, 0]
    assert plain(percent(marked("sure") / 100, 0)) in plain(QUESTIONS["sure"]().reveal)


def test_pictures_are_there_and_small():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", GUIDE)
    assert pictures
    assert all((ROOT / "docs" / picture).stat().st_size <= 150_000 for picture in pictures)
