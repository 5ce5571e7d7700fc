"""Do the figures show what they were given? Judged by their data and their pixels."""

import base64
import io
import json
import tomllib

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import datasets, drawn_digit
from cnnlab.data.digits import digit_image
from cnnlab.evaluation import metrics
from cnnlab.figures import colours, tiles
from cnnlab.figures.bars import probability_bars
from cnnlab.figures.confusion import confusion_matrix
from cnnlab.figures.curves import curve
from cnnlab.figures.descent import descent
from cnnlab.figures.enlarge import enlarge
from cnnlab.figures.heatmap import heatmap
from tests.conftest import ROOT


def contrast(one, other):
    """Contrast ratio of two colours, 0-255, as WCAG 2.2 defines it."""

    def luminance(colour):
        parts = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


# ---- colours and tiles


def test_orange_is_positive_blue_negative_and_paper_zero():
    low, zero, high, beyond = colours.signed(np.array([-2.0, 0.0, 2.0, 7.0]), 2.0).astype(int)
    assert low.tolist() == [31, 102, 176] and high.tolist() == [209, 96, 12]
    assert zero.tolist() == [251, 249, 244]
    assert beyond.tolist() == high.tolist()
    half = colours.signed(np.array(1.0), 2.0).astype(int)
    assert np.abs(half - (zero + high) / 2).max() <= 0.5


def test_nothing_but_zeros_is_paper():
    assert (colours.signed(np.zeros((2, 2)), 0.0) == [251, 249, 244]).all()


def test_text_reads_on_every_fill():
    fills = colours.signed(np.linspace(-1, 1, 401), 1.0)
    for fill in fills:
        ink = colours.rgb(colours.text_on(fill))
        assert contrast(fill, ink) >= 4.5, fill


def test_the_colour_range_goes_across_map_layer_or_network():
    maps = np.zeros((2, 2, 3))
    maps[0, 0] = (1, -4, 2)
    assert tiles.limits(maps, "map").tolist() == [1, 4, 2]
    assert tiles.limits(maps, "layer").tolist() == [4, 4, 4]
    assert tiles.limits(maps, "network", 9.0).tolist() == [9, 9, 9]
    with pytest.raises(ValueError, match="'photo'"):
        tiles.limits(maps, "photo")
    first, second, _third = tiles.signed_tiles(maps, tiles.limits(maps, "layer"))
    assert second[0, 0].tolist() == [31, 102, 176]  # -4 of 4: full blue
    assert first[0, 0, 2] > second[0, 0, 0] and first[0, 0, 0] > first[0, 0, 2]  # 1 of 4: pale orange


def test_colour_kernels_show_weights_on_red_green_and_blue():
    kernels = np.zeros((3, 3, 3, 2))
    kernels[0, 1, 0, 1], kernels[2, 2, 2, 1] = 0.5, -0.25
    quiet, loud = tiles.colour_tiles(kernels)
    assert (quiet == 128).all()
    assert loud[0, 1].tolist() == [255, 128, 128] and loud[2, 2].tolist() == [128, 128, 64]


def test_enlarging_repeats_and_shrinking_averages():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 20
    large = tiles.enlarge(image, 7)
    assert large.shape == (8, 8, 3)
    for row, col in np.ndindex(8, 8):
        assert large[row, col].tolist() == image[row // 4, col // 4].tolist()
    assert (tiles.shrink(large, 2) == image).all()
    assert tiles.shrink(image, 5) is image


def test_the_frame_pales_what_lies_outside_and_keeps_what_lies_inside():
    image = np.full((20, 30, 3), 100, np.uint8)
    image[8, 14] = (1, 2, 3)
    framed = tiles.framed(image, 5, 10, 10).astype(int)
    assert framed[8, 14].tolist() == [1, 2, 3]
    assert (framed[:5] > 150).all() and (framed[:, :10] > 150).all() and (framed[:, 20:] > 150).all()
    assert (framed[5, 10:20] == 0).all() and (framed[14, 10:20] == 0).all()  # black without ...
    assert (framed[6, 11:19] == 255).all() and (framed[6:14, 18] == 255).all()  # ... white within
    assert (image[0] == 100).all()  # the photo itself stays


def test_a_data_address_gives_the_picture_back():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    head, _comma, body = tiles.data_uri(image).partition(",")
    assert head == "data:image/png;base64"
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))) == image).all()


# ---- charts


def test_a_small_grid_bears_its_numbers_in_legible_ink():
    values = np.array([[-1.0, 0.5], [0.25, 2.0]])
    figure = heatmap(values, 2.0)
    grid, texts = figure.data
    assert (grid.z == values).all() and (grid.zmin, grid.zmax) == (-2.0, 2.0)
    placed = dict(zip(zip(texts.x, texts.y, strict=True), texts.text, strict=True))
    assert placed == {(1, 1): "−1.00", (2, 1): "0.50", (1, 2): "0.25", (2, 2): "2.00"}
    for x, y, colour in zip(texts.x, texts.y, texts.textfont.color, strict=True):
        assert contrast(colours.signed(values[y - 1, x - 1], 2.0), colours.rgb(colour)) >= 4.5
    assert figure.layout.yaxis.autorange == "reversed"  # row 1 on top


def test_a_large_grid_has_a_bar_with_its_range_instead():
    values = np.linspace(-3, 1, 900).reshape(30, 30)
    (grid,) = heatmap(values, 3.0).data
    assert grid.showscale and list(grid.colorbar.ticktext) == ["−3.00", "0.00", "3.00"]
    assert grid.customdata[29][29] == "1.00"


def test_bars_are_as_long_as_the_probabilities_on_a_scale_to_100():
    p = np.array([0.125, 0.5, 0.375])
    figure = probability_bars(p, ("cat", "dog", "ship"), true=2)
    (bar,) = figure.data
    assert bar.x.tolist() == [12.5, 50.0, 37.5]
    assert list(figure.layout.xaxis.range) == [0, 100]
    assert list(bar.text) == ["12.5\u00a0%", "<b>50.0\u00a0%</b>", "37.5\u00a0%"]
    assert list(bar.y) == ["cat", "<b>dog</b>", "✓ ship"]
    darkest = min(range(3), key=lambda i: colours.rgb(bar.marker.color[i]).sum())
    assert darkest == 1


def test_the_confusion_matrix_shows_shares_of_each_row():
    counts = np.array([[3, 1], [0, 5]])
    figure = confusion_matrix(counts, ("cat", "dog"))
    grid, texts = figure.data
    assert grid.z.tolist() == [[0.75, 0.25], [0, 1]]
    assert [list(cell) for row in grid.customdata for cell in row][1] == ["cat", "dog", "1"]
    assert list(texts.text) == ["75", "25", "", "100"]
    assert [(s.x0, s.y1) for s in figure.layout.shapes] == [(-0.5, 0.5), (0.5, 1.5)]
    empty = confusion_matrix(np.zeros((2, 2), int), ("cat", "dog"))
    assert (empty.data[0].z == 0).all()


def test_descent_draws_its_points_on_the_curve():
    figure = descent(lambda w: (w - 2) ** 2, [-3.0, 0.0, 50.0, 2.0], low=-5, high=9)
    curve, path = figure.data
    assert np.allclose(curve.y, (curve.x - 2) ** 2)
    assert list(path.x) == [-3.0, 0.0, 2.0] and list(path.y) == [25.0, 4.0, 0.0]
    assert list(path.text) == ["0", "1", "3"]  # the third left the picture


def test_a_curve_of_squared_errors_tells_its_epochs_apart():
    rows = [{"epoch": i + 1, "loss": loss, "val_loss": loss} for i, loss in enumerate((0.08994, 0.08989))]
    training = next(trace for trace in curve(rows, "loss", 2, None, 0.1).data if len(trace.y) == 2)
    assert training.customdata[0] != training.customdata[1]


ROWS = [{"epoch": 1, "accuracy": 0.5, "val_accuracy": 0.6, "loss": 1.5, "val_loss": 1.2}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_names_of_the_curves_read_on_the_page(theme):
    looks = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
    ground = colours.rgb(looks[theme]["backgroundColor"])
    figure = curve(ROWS, "accuracy", 10, 0.7, 0.1, theme)
    names = [note.font.color for note in figure.layout.annotations if note.font.color]
    assert names == [line.line.color for line in figure.data[:2]]
    assert min(contrast(colours.rgb(name), ground) for name in names) >= 4.5


@pytest.mark.parametrize(
    "figure",
    [curve(ROWS, "loss", 10, 0.7, 0.1), probability_bars(np.full(4, 0.25), "abcd")],
    ids=["curve", "bars"],
)
def test_an_enlarged_chart_has_no_small_letters(figure):
    def letters(part):
        """Every size that a part of a chart gives its letters."""
        if isinstance(part, dict):
            fonts = [value["size"] for name, value in part.items() if name.endswith("font")]
            return fonts + [size for value in part.values() for size in letters(value)]
        return [size for one in part for size in letters(one)] if isinstance(part, list) else []

    before = figure.to_json()
    large = enlarge(figure, 20)
    shown = json.loads(large.to_json())
    shown["layout"].pop("template")  # Plotly's own look, which the page replaces
    assert min(letters(shown)) == 20
    assert {"tickfont", "title"} <= set(large.layout.xaxis.to_plotly_json()), (
        "named, else the page's sizes hold"
    )
    assert large.layout.height > figure.layout.height
    assert figure.to_json() == before, "the chart itself stays: it may be shared"


# ---- numbers behind the figures


def test_confusion_counts_every_pair():
    rng = np.random.default_rng(1)
    p, labels = rng.random((200, 4)), rng.integers(0, 4, 200)
    expected = [[sum((labels == i) & (p.argmax(1) == j)) for j in range(4)] for i in range(4)]
    assert metrics.confusion(p, labels).tolist() == expected


def test_the_worst_mistakes_are_the_surest_wrong_answers():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    labels = np.array([1, 1, 0, 1])
    assert metrics.worst_mistakes(p, labels, 5).tolist() == [0, 3, 2]
    assert metrics.worst_mistakes(p, labels, 1).tolist() == [0]


# ---- drawings


def test_a_drawing_becomes_what_the_dataset_makes_of_the_same_ink():
    from sklearn.datasets import load_digits

    digits, data = load_digits().images, datasets.load("digits")
    for digit in digits[:50]:
        ink = np.zeros((32, 32), bool)
        for row, col in np.ndindex(8, 8):  # as many pixels of ink in each block as the dataset counted
            block = np.zeros(16, bool)
            block[: int(digit[row, col])] = True
            ink[4 * row : 4 * row + 4, 4 * col : 4 * col + 4] = block.reshape(4, 4)
        assert (drawn_digit.block_counts(ink) == digit).all()
        image = digit_image(drawn_digit.block_counts(ink))
        same = (data.train_images == image).all((1, 2, 3)).any() or (data.test_images == image).all(
            (1, 2, 3)
        ).any()
        assert same


def test_a_small_drawing_in_a_corner_is_centred_and_fills_the_frame():
    ink = np.zeros((32, 32), bool)
    ink[1:9, 2:6] = True  # twice as high as wide
    filled = drawn_digit.filling(ink)
    rows, cols = np.flatnonzero(filled.any(1)), np.flatnonzero(filled.any(0))
    assert (rows[0], rows[-1]) == (0, 31)
    assert (cols[0], cols[-1]) == (8, 23)
    assert (drawn_digit.filling(filled) == filled).all()
    seen = drawn_digit.network_input(ink)
    assert seen[16, 16].tolist() == [255] * 3 and seen[16, 2].tolist() == [0] * 3  # bright on dark


def test_what_the_pad_sends_is_decoded_and_nonsense_is_nothing():
    ink = np.zeros((32, 32), bool)
    ink[0, 1] = ink[31, 31] = True
    assert (drawn_digit.read("4" + "0" * 254 + "1") == ink).all()
    for nonsense in ("", "0" * 256, "zz", "f" * 255, "f" * 258, None, 7):
        assert drawn_digit.read(nonsense) is None
