"""Do figures for a page or a slide show the runs' numbers, at the right size, the same each time?"""

import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from cnnlab.evaluation.metrics import reliability
from cnnlab.figures import colours, static
from cnnlab.figures.curves import TRAINING, VALIDATION
from cnnlab.figures.static.space import EXTENT, MOST
from cnnlab.runs.history import COLUMNS
from tests.conftest import ROOT

ROWS = [
    dict.fromkeys(COLUMNS, 0.5) | {"epoch": n, "accuracy": n / 5, "val_accuracy": n / 6, "loss": 1 / n}
    for n in (1, 2, 3)
]
COUNTS, CLASSES = np.array([[3, 1, 0], [0, 5, 0], [1, 1, 2]]), ("cat", "$x_2$ <b>", "猫")


PLACES = np.random.default_rng(5).normal(size=(40, 2))


def reliable():
    rng = np.random.default_rng(0)
    return reliability(rng.dirichlet(np.full(3, 0.4), 300), rng.integers(0, 3, 300))


FIGURES = {
    "accuracy": lambda: static.curve(ROWS, "accuracy", 0.1, title="Accuracy", note="brave-otter"),
    "loss": lambda: static.curve(ROWS, "loss", 0.1, title="Loss"),
    "confusion": lambda: static.confusion_matrix(COUNTS, CLASSES, title="Confusion matrix"),
    "reliability": lambda: static.reliability_diagram(reliable(), title="Reliability diagram"),
    "robustness": lambda: static.panels(
        {name: ((0, 1, 2), (0.7, 0.5, 0.2)) for name in "abcd"}, 1000, 0.1, title="Changed photos"
    ),
    "space": lambda: static.space(
        {"t-SNE": PLACES, "PCA": 2 * PLACES},
        [np.full((32, 32, 3), n, np.uint8) for n in range(40)],
        title="40",
    ),
    "kernels": lambda: static.kernel_sheets({"now": np.zeros((7, 15, 3), np.uint8)}, title="Kernels"),
}
EVERY = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def texts(svg: bytes) -> list[str]:
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@EVERY
def test_a_slide_is_16_to_9_and_sharp(draw):
    picture = Image.open(io.BytesIO(static.png(draw())))
    assert picture.size == (1920, 1080)
    edge = np.asarray(picture.convert("RGB"))[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (edge == colours.rgb("#fcfaf6")).all(), "nothing runs over the edge"


@EVERY
def test_the_same_figure_has_the_same_bytes_whoever_draws_at_the_same_time(draw):
    first = static.svg(draw()), static.png(draw())
    with ThreadPoolExecutor(4) as threads:
        for later in threads.map(lambda _n: (static.svg(draw()), static.png(draw())), range(4)):
            assert later == first
    assert b"<metadata" not in first[0] and b"<dc:" not in first[0]


@EVERY
def test_letters_can_be_read_from_the_back_of_a_room(draw):
    sizes = [float(size) for size in re.findall(rb"font(?:-size)?: (?:\d+ )?([\d.]+)px", static.svg(draw()))]
    assert sizes and min(sizes) >= 540 / 36


def test_the_text_is_text_and_nothing_of_a_name_becomes_a_formula_or_markup():
    svg = static.svg(FIGURES["confusion"]())
    assert {*CLASSES, "Confusion matrix", "true class", "75", "25", "100", "50"} <= set(texts(svg))


def test_the_curves_are_the_histories_with_their_last_values_at_the_end():
    drawn = FIGURES["accuracy"]()
    [axes] = drawn.axes
    training, validation = (line for line in axes.lines if len(line.get_xdata()) == 3)
    assert training.get_ydata() == pytest.approx([20, 40, 60])
    assert validation.get_ydata() == pytest.approx([100 / 6, 200 / 6, 50])
    assert (training.get_color(), validation.get_color()) == (TRAINING, VALIDATION)
    assert {"training 60.0\u00a0%", "validation 50.0\u00a0%", "guessing: 10\u00a0%"} <= set(
        texts(static.svg(drawn))
    )


def test_names_at_the_ends_stand_apart_in_their_order():
    rows = [ROWS[-1] | {"epoch": 1, "accuracy": 0.5, "val_accuracy": 0.501}]
    drawn = static.curve(rows, "accuracy", 0.1)
    drawn.draw_without_rendering()
    boxes = {note.get_text().split()[0]: note.get_window_extent() for note in drawn.axes[0].texts}
    assert boxes["training"].y1 <= boxes["validation"].y0


def test_a_curve_without_validation_has_one_line():
    rows = [row | {"val_loss": float("nan")} for row in ROWS]
    assert not [text for text in texts(static.svg(static.curve(rows, "loss", 0.1))) if "validation" in text]


def test_pictures_lie_at_their_places_with_up_above():
    colours_of = {"left below": (255, 0, 0), "right above": (0, 0, 255), "middle": (0, 255, 0)}
    pictures = [np.full((32, 32, 3), colour, np.uint8) for colour in colours_of.values()]
    drawn = static.space({"map": np.array([[0.0, 0.0], [4.0, 2.0], [2.0, 1.0]])}, pictures)
    [image] = drawn.axes[0].get_images()
    canvas = image.get_array()
    height, width, _channels = canvas.shape
    assert width == EXTENT and height == pytest.approx(EXTENT / 2, abs=MOST)
    seen = [canvas[place].tolist() for place in ((-1, 0), (0, -1), (height // 2, width // 2))]
    assert seen == [[*colour, 255] for colour in colours_of.values()]
    assert canvas[0, 0, 3] == 0 and (canvas[..., 3] > 0).sum() == 3 * MOST**2


def test_many_classes_with_long_names_leave_room_for_their_matrix():
    names = [f"a class whose name goes on and on {n}" for n in range(40)]
    [axes] = (drawn := static.confusion_matrix(np.eye(40, dtype=int), names)).axes
    drawn.draw_without_rendering()
    box = axes.get_window_extent()
    assert box.width > 0.5 * static.SLIDE.width and box.height > 0.4 * static.SLIDE.height
    assert axes.get_xticklabels()[0].get_text() == "a class whose nam…"
    assert not axes.texts, "numbers that nobody could read"


def test_several_drawings_on_a_page_share_no_id():
    page = "".join(
        static.inline(static.curve(ROWS, what, 0.1, on=static.PAGE), what) for what in ("accuracy", "loss")
    )
    ids = re.findall(r' id="(.*?)"', page)
    assert ids and len(set(ids)) == len(ids)
    assert {name for _by, name in re.findall(r'(url\(|href=")#([^")]+)', page)} == set(ids)
    assert page.count('role="img" aria-label="loss"') == 1


def test_a_page_that_draws_and_exports_nothing_does_not_wait_for_libraries():
    code = "import sys, cnnlab.ui.inside.measures, cnnlab.ui.train.take_home; "
    code += "assert not {'matplotlib', 'nbformat', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
