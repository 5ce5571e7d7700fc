"""Do the views' JavaScript modules compute what they say, as a browser loads them, and join into one?"""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnlab.ui.components import data
from cnnlab.ui.components.sources import HERE, joined, sources

ENTRIES = sorted(path for path in HERE.glob("*/*.js") if path.stem == path.parent.name)
SITE = "http://localhost:9"


@pytest.fixture(scope="module")
def called(chromium) -> Callable:
    """Call a function that a module exports, in the browser; what it cannot load or run fails the test."""
    page = chromium.new_page()

    def served(route) -> None:
        path = HERE / route.request.url.removeprefix(f"{SITE}/")
        known = path.suffix == ".js" and path.is_file()
        body, kind = (path.read_text("utf-8"), "text/javascript") if known else ("", "text/html")
        route.fulfill(body=body, content_type=kind)

    page.route(f"{SITE}/**", served)
    page.goto(SITE)

    def call(module: str, name: str, *arguments):
        script = "async ([url, name, given]) => (await import(url))[name](...given)"
        return page.evaluate(script, [f"{SITE}/{module}", name, list(arguments)])

    call.page = page
    yield call
    page.close()


# ---- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "digits", "plus", "text"),
    [
        (0, 0, False, "0"),
        (0, 2, True, "0.00"),
        (5, 0, True, "+5"),
        (-5, 1, False, "−0.5"),
        (-12345, 0, False, "−12,345"),
        (1234567, 2, True, "+12,345.67"),
        (100000000, 3, False, "100,000.000"),
    ],
)
def test_a_number_is_written(called, whole, digits, plus, text):
    assert called("numbers.js", "written", whole, digits, plus) == text


def test_numbers_are_written_as_python_writes_them(called):
    rng = np.random.default_rng(0)
    for digits in range(4):
        for value in rng.integers(-(10**8), 10**8, 20).tolist():
            expected = f"{value / 10**digits:,.{digits}f}".replace("-", "−")
            assert called("numbers.js", "written", value, digits) == expected


@pytest.mark.parametrize("values", [[[1.5, -2.25]], [[0.0, 90000.5]], [[-1e6, 3.0]]])
def test_what_python_packs_is_unpacked(called, values):
    packed = data.pack(np.array(values), 2)
    read = """async ([url, packed]) => {
      const numbers = (await import(url)).unpack(packed);
      const places = Array.from({ length: numbers.length }, (_nothing, place) => place);
      const cells = places.map((place) => [numbers.at(place), numbers.write(place), numbers.tone(place)]);
      return [numbers.shape, cells, numbers.longest()];
    }"""
    shape, cells, longest = called.page.evaluate(read, [f"{SITE}/numbers.js", packed])
    assert shape == [1, 2]
    for value, (whole, text, tone) in zip(values[0], cells, strict=True):
        assert whole == round(100 * value)
        assert text == f"{value:,.2f}".replace("-", "−")
        assert tone == ("zero" if value == 0 else "positive" if value > 0 else "negative")
    assert longest == max(len(text) for _whole, text, _tone in cells)


def test_a_sentence_is_filled_and_unknown_words_stay(called):
    said = called("numbers.js", "fill", "row {row}, {what} {row}", {"row": 4})
    assert said == "row 4, {what} 4"


# ---- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "index", "step"),
    [
        ("ArrowRight", 0, 1),
        ("ArrowRight", 8, 8),
        ("ArrowLeft", 3, 2),
        ("ArrowLeft", 0, 0),
        ("Home", 5, 0),
        ("End", 5, 8),
        ("ArrowUp", 5, None),
        ("x", 5, None),
    ],
)
def test_keys_lead_to_steps_and_no_farther(called, key, index, step):
    assert called("keys.js", "stepFor", key, index, 9) == step


@pytest.mark.parametrize(
    ("key", "index", "columns", "step"),
    [
        ("ArrowDown", 1, 3, 4),
        ("ArrowUp", 4, 3, 1),
        ("ArrowUp", 2, 3, None),
        ("ArrowDown", 6, 3, None),
        ("ArrowDown", 0, 0, None),
        ("Enter", 4, 3, None),
    ],
)
def test_keys_lead_up_and_down(called, key, index, columns, step):
    assert called("keys.js", "rowFor", key, index, columns, 9) == step


# ---- sizes -----------------------------------------------------------------------------------------

CONVOLUTION = {
    "inputCols": 8,
    "inputRows": 8,
    "outputCols": 6,
    "kernelCols": 3,
    "hasKernel": True,
    "several": False,
    "beside": False,
    "least": 150,
    "most": 40,
}


def test_numbers_fit_their_cells(called):
    for unit in (8, 20, 44, 90):
        for letters in (1, 4, 9):
            size = called("cell_size.js", "letterFor", unit, letters)
            assert 0 < size <= 15 and size * 0.6 * letters <= unit
    side = called("cell_size.js", "cellFor", 6, 24)
    assert called("cell_size.js", "letterFor", side, 6, 24) == 24
    assert called("cell_size.js", "letterFor", side - 1, 6, 24) == 0, "on a projector as large, or not at all"


@pytest.mark.parametrize("room", [320, 360, 500])
def test_a_phone_has_input_and_output_side_by_side(called, room):
    sizes = called("windows/layout.js", "narrowSizes", room, CONVOLUTION)
    assert sizes["unit"] * (8 + 6) + 14 <= room
    assert 2 * 3 * sizes["small"] + 40 <= room
    assert sizes["middle"] is None


@pytest.mark.parametrize("room", [680, 900, 1200, 2000])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("columns", [1, 2])
def test_wide_panels_fit_the_room(called, room, several, columns):
    shape = CONVOLUTION | {"several": several, "beside": columns == 2, "outputCols": 6 * columns}
    sizes = called("windows/layout.js", "wideSizes", room, shape)
    outputs = called("windows/layout.js", "outputsWidth", sizes["unit"], 6, columns, 150)
    assert sizes["unit"] * 8 + sizes["middle"] + outputs <= room
    assert 23 <= sizes["small"] <= 44 and sizes["unit"] <= 44
    assert sizes["unit"] == int(sizes["unit"]) or sizes["unit"] < 8


def test_a_projector_has_cells_as_large_as_their_numbers(called):
    shape = CONVOLUTION | {"width": 4, "inputCols": 6, "outputs": 1}
    shape["letters"] = {"input": 3, "output": 6, "small": 4}
    sizes = called("windows/layout.js", "largeSizes", 1250, 24, shape)
    for part, letters in shape["letters"].items():
        assert sizes[part] == called("cell_size.js", "cellFor", letters, 24)
    assert sizes["stacked"] is False
    two = called("windows/layout.js", "largeSizes", 1250, 24, shape | {"outputs": 2})
    assert two["stacked"] is True, "two outputs of that size do not stand side by side"
    large = called("windows/layout.js", "largeSizes", 1250, 24, shape | {"inputCols": 32})
    assert large["input"] * 32 <= 1250 / 2, "a grid of many cells keeps to its half"


def test_two_outputs_stand_on_top_of_each_other_where_they_are_low(called):
    stacks = [called("windows/layout.js", "stacks", *given) for given in ((2, 5, 8, False), (2, 6, 8, False))]
    assert stacks == [True, False]
    assert called("windows/layout.js", "stacks", 2, 6, 8, True) and not called(
        "windows/layout.js", "stacks", 1, 2, 8, True
    )


@pytest.mark.parametrize(
    ("room", "cells", "cols", "blocks", "per_row", "tall"),
    [
        (1200, 9, 3, 1, 9, False),
        (500, 9, 3, 1, 3, False),
        (200, 9, 3, 1, 3, True),
        (1200, 25, 5, 1, 5, False),
        (800, 9, 3, 3, 3, True),  # the three channels beside each other
    ],
)
def test_terms_stand_in_a_line_where_they_fit(called, room, cells, cols, blocks, per_row, tall):
    given = {"cells": cells, "cols": cols, "blocks": blocks, "pixels": 3, "weights": 2, "number": 0}
    sizes = called("windows/layout.js", "termSizes", room, given)
    assert (sizes["perRow"], sizes["tall"]) == (per_row, tall)


# ---- what a view keeps when data changes -----------------------------------------------------------


def sent(rows: int, cols: int, start=(0, 0), seed=0) -> dict:
    values = data.pack(np.full((2, 2), seed))
    shape = {"rows": [[0]] * rows, "cols": [[0]] * cols, "start": list(start)}
    return shape | {"inputs": [{"values": values}], "outputs": [{"kernel": values}]}


@pytest.mark.parametrize(
    ("before", "after", "was", "now"),
    [
        (None, sent(3, 3, (1, 2)), (0, -1), (5, -1)),
        (sent(3, 3), sent(3, 3, seed=1), (4, 6), (4, 6)),  # another kernel at the same place
        (sent(3, 3), sent(4, 5), (4, 6), (6, 6)),  # row 1, column 1 of a larger grid
        (sent(3, 3), sent(4, 5), (4, 8), (6, 19)),  # all was computed, so all is
        (sent(4, 4), sent(2, 2), (15, 15), (0, 3)),  # that place is gone
        (sent(3, 3), sent(3, 3, (2, 0)), (4, 8), (6, 8)),  # sent to another place
        (sent(3, 3), sent(3, 3, (2, 0), seed=1), (4, 8), (6, 6)),  # and there with another picture
    ],
)
def test_the_place_on_the_grid_is_kept_where_it_can_be(called, before, after, was, now):
    state = {"index": was[0], "reached": was[1]}
    found = called("windows/trace.js", "stepAfter", before, after, state)
    assert (found["index"], found["reached"]) == now


# ---- joining ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_each_component_is_a_module_with_one_entry(called, entry):
    text = joined(entry)
    assert not re.search(r"^(import|export (?!default))", text, re.MULTILINE)
    address = "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()
    exports = called.page.evaluate(
        "async (url) => Object.entries(await import(url)).map(([k, v]) => [k, typeof v])", address
    )
    assert exports == [["default", "function"]]
    loaded = called.page.evaluate(
        "async (url) => Object.keys(await import(url))", f"{SITE}/{entry.relative_to(HERE).as_posix()}"
    )
    assert loaded == ["default"], "it is the same as it stands, with its imports"


def test_what_several_need_is_there_once():
    text = sources("windows")["js"]
    for name in ("function element(", "class Player ", "class Grid ", "function written("):
        assert text.count(name) == 1
    assert text.index("class Grid ") < text.index("class Block ") < text.index("class WindowsView ")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"a": 'import { x } from "./b.js";\n', "b": "function x() {}\n"},
            "a.js imports x, which ./b.js does not",
        ),
        (
            {"a": 'import { x } from "./b.js";\nconst y = 1;\n', "b": "export const x = 1;\nlet y;\n"},
            "both declare y",
        ),
        (
            {
                "a": 'import { x } from "./b.js";\nexport const y = 1;\n',
                "b": 'import { y } from "./a.js";\nexport const x = 1;\n',
            },
            "import each other",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, files, why):
    for name, text in files.items():
        (tmp_path / f"{name}.js").write_text(text)
    with pytest.raises(ValueError, match=why):
        joined(tmp_path / "a.js")


def test_no_name_is_used_that_a_module_neither_has_nor_imports(called):
    """A module alone, with what it imports, has all that it needs: nothing comes from the page by chance."""
    shared = {
        "element",
        "fill",
        "written",
        "bytes",
        "unpack",
        "leastNumber",
        "cellFor",
        "letterFor",
        "within",
    }
    shared |= {"stepFor", "rowFor", "Player", "Grid", "Bars"}
    for path in HERE.rglob("*.js"):
        text = re.sub(r"//.*", "", path.read_text("utf-8"))
        used = {name for name in shared if re.search(rf"(?<![.\w]){name}\(|new {name}\b", text)}
        own = set(re.findall(r"(?:function|class|const) (\w+)", text))
        imported = {
            name.strip() for names in re.findall(r"import \{([^}]+)\}", text) for name in names.split(",")
        }
        assert used <= own | imported, (path.name, json.dumps(sorted(used - own - imported)))
