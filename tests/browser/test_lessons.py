"""Does a student with mouse, keyboard, touch or screen reader get through the lessons? Is each number right?

What a page shows is read back from it and compared with `cnnlab.ops`, computed here from the page's own
inputs. A lesson is opened once per kind of window, so no test relies on where another left the view; what is
asked once only, a prediction, gets a window of its own.
"""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.runs import Store
from cnnlab.ui.lessons.learning.steps import RACERS
from tests.conftest import PATIENCE, wait_for
from tests.support.browser import LAPTOP, PHONE, settled, values
from tests.support.pages import number

LESSONS = ("pixels", "convolution", "layer", "pooling", "answer", "network", "learning")
# Views that play: their lesson, which of its views it is, and its part that takes the keys.
PLAYED = {
    "convolution": ("convolution", 0, "output-grid"),
    "layer": ("layer", 0, "output-grid"),
    "pooling": ("pooling", 0, "output-grid"),
    "softmax": ("answer", 0, "table"),
    "network": ("network", 0, "output-grid"),
    "loss": ("learning", 0, "table"),
    "update": ("learning", 1, "table"),
}


class Window:
    """A lesson in a window of its own; `sent` grows with all that goes to the server."""

    def __init__(self, chromium, url: str, **context):
        self.context = chromium.new_context(**context)
        self.context.set_default_timeout(1000 * PATIENCE)
        self.page, self.sent = self.context.new_page(), []
        self.page.on("request", lambda request: self.sent.append(request.url))
        self.page.on("websocket", self._listen)
        self.page.goto(url)
        settled(self.page)

    def _listen(self, socket) -> None:
        socket.on("framesent", lambda _payload: self.sent.append("a message"))

    @property
    def view(self) -> Locator:
        return self.page.locator("[data-part=view]").first


@pytest.fixture(scope="module")
def opened(light, chromium):
    """Return a function that opens a lesson for a laptop or a phone: once, later calls get its window."""
    windows: dict[tuple[str, bool], Window] = {}

    def get(name: str, phone: bool = False) -> Window:
        if (name, phone) not in windows:
            context = PHONE if phone else LAPTOP
            windows[name, phone] = Window(chromium, f"{light.url}/{name}", **context)
        return windows[name, phone]

    yield get
    for window in windows.values():
        window.context.close()


@pytest.fixture
def fresh(light, chromium):
    """Return a function that opens a lesson in a session of its own."""
    windows = []

    def get(name: str, **context) -> Page:
        windows.append(Window(chromium, f"{light.url}/{name}", **(LAPTOP | context)))
        return windows[-1].page

    yield get
    for window in windows:
        window.context.close()


def numbers(texts: list[str]) -> list[float]:
    return [number(text.replace("+", "")) for text in texts]


def step(view: Locator) -> int:
    return int(view.locator("[data-part=slider]").input_value())


def counts(view: Locator) -> int:
    """Return how many steps a view has."""
    return int(view.locator("[data-part=slider]").get_attribute("max")) + 1


def expect_step(view: Locator, index: int) -> None:
    expect(view.locator("[data-part=slider]")).to_have_value(str(index))


def expect_cell(view: Locator, row: int, col: int) -> None:
    """Expect the view to stand at an output cell, counted from 0."""
    expect(view.locator("[data-part=position]")).to_have_text(f"row {row + 1} · column {col + 1}")


def cell(view: Locator, part: str, row: int, col: int, grid: int = 0) -> Locator:
    """Return a cell of the input or output grid, counted from 0."""
    inside = view.locator(f"[data-part={part}-grid]").nth(grid)
    return inside.locator(f"[data-part={part}-cell][data-row='{row}'][data-col='{col}']")


def photo_as_input() -> np.ndarray:
    """Return the first sample photo as a network gets it, (32, 32, 3)."""
    return photos.resize(photos.square(photos.sample(next(iter(photos.samples())))))


@pytest.fixture(scope="module")
def article(light):
    """The shipped network and what it makes of the first sample photo, by layer."""
    run = Store(light.runs).get("article")
    layers, weights = run.recipe().layers(), run.weights()
    return layers, weights, {out.name: out for out in ops.forward(layers, weights, photo_as_input())}


# ---- play and keys ----------------------------------------------------------------------------------


def watch(view: Locator) -> None:
    """Note from now on what the view shows as its position, and what a screen reader hears."""
    view.evaluate(
        """view => {
            view.noted = {};
            for (const part of ["position", "live"]) {
                const texts = (view.noted[part] = []), node = view.querySelector(`[data-part=${part}]`);
                new MutationObserver(() => texts.push(node.textContent)).observe(node, {childList: true});
            }
        }"""
    )


def noted(view: Locator, part: str) -> list[str]:
    return view.evaluate("(view, part) => view.noted[part]", part)


def played(opened, name: str) -> tuple[Window, Locator, Locator]:
    """Return a lesson's window, its view that plays, and the part of it that takes the keys."""
    lesson, place, part = PLAYED[name]
    window = opened(lesson)
    view = window.page.locator("[data-part=view]").nth(place)
    return window, view, view.locator(f"[data-part={part}]").first


@pytest.mark.parametrize("name", PLAYED)
def test_it_plays_without_the_server_and_speaks_only_when_it_stops(opened, name):
    window, view, taker = played(opened, name)
    play = view.locator("[data-part=play]")
    taker.press("Home")
    expect_step(view, 0)
    view.locator("[data-part=speed]").select_option("2")
    watch(view)
    before = len(window.sent)
    play.click()
    wait_for(lambda: len(noted(view, "position")) >= 2, "two steps were played")
    heard = noted(view, "live")
    view.locator("[data-part=play][data-playing=true]").click()
    expect(play).to_have_attribute("data-playing", "false")
    assert len(window.sent) == before, "playing needs no server"
    assert heard == [], "a screen reader must not hear every frame"
    assert len(noted(view, "live")) == 1, "the step where it stops is heard"
    assert step(view) == len(noted(view, "position"))


@pytest.mark.parametrize("name", PLAYED)
def test_arrows_home_end_and_space_step(opened, name):
    window, view, taker = played(opened, name)
    last = counts(view) - 1
    before = len(window.sent)
    for key, index in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last)]:
        taker.press(key)
        expect_step(view, index)
    taker.press("ArrowLeft")
    watch(view)
    taker.press("ArrowRight")
    assert len(noted(view, "live")) == 1, "a step by hand is heard"
    taker.press("Home")
    expect_step(view, 0)
    taker.press(" ")
    expect(view.locator("[data-part=play]")).to_have_attribute("data-playing", "true")
    taker.press(" ")
    expect(view.locator("[data-part=play]")).to_have_attribute("data-playing", "false")
    assert len(window.sent) == before


@pytest.mark.parametrize("name", ["convolution", "layer", "pooling"])
def test_up_and_down_change_the_row_and_the_step_is_heard_with_its_value(opened, name):
    view = opened(name).view
    grid = view.locator("[data-part=output-grid]").first
    grid.press("End")
    shown = values(view, "output-grid", "output-cell")
    rows, cols = shown.shape
    row, col = next(
        (r, c) for r in range(rows - 2, 0, -1) for c in range(1, cols) if not np.isnan(shown[r, c])
    )
    grid.press("Home")
    for _time in range(row):
        grid.press("ArrowDown")
    for _time in range(col):
        grid.press("ArrowRight")
    expect_cell(view, row, col)
    live = view.locator("[data-part=live]")
    text = cell(view, "output", row, col).inner_text()
    expect(live).to_have_text(f"Output row {row + 1}, column {col + 1}: {text}")
    grid.press("ArrowUp")
    expect_cell(view, row - 1, col)


def test_reduced_motion_is_honoured(opened, fresh):
    how = "frame => getComputedStyle(frame).transitionDuration"
    frame = "[data-part=input-grid] [data-frame=window]"
    assert opened("convolution").view.locator(frame).evaluate(how) != "0s"
    view = fresh("convolution", reduced_motion="reduce").locator("[data-part=view]").first
    assert view.locator(frame).evaluate(how) == "0s"
    view.locator("[data-part=play]").click()
    wait_for(lambda: step(view) >= 1, "it still plays")


# ---- point and tap: the same on a laptop and on a phone ----------------------------------------------


@pytest.fixture(params=[False, True], ids=["point", "tap"])
def phone(request):
    return request.param


def touch(where: Locator, phone: bool) -> None:
    where.tap() if phone else where.hover()


def boxes(view: Locator, *parts: str) -> list[dict]:
    return [view.locator(part).first.bounding_box() for part in parts]


def expect_window_at(view: Locator, row: int, col: int, size: int) -> None:
    """Expect the outline of the window, on the input, exactly around the cells from (row, col) on."""
    frame = view.locator("[data-part=input-grid] [data-part=window]").bounding_box()
    first = cell(view, "input", row, col).bounding_box()
    last = cell(view, "input", row + size - 1, col + size - 1).bounding_box()
    ends = {
        "left": (frame["x"], first["x"]),
        "top": (frame["y"], first["y"]),
        "right": (frame["x"] + frame["width"], last["x"] + last["width"]),
        "bottom": (frame["y"] + frame["height"], last["y"] + last["height"]),
    }
    for side, (found, wanted) in ends.items():
        assert found == pytest.approx(wanted, abs=4), side


def computed_cell(view: Locator) -> tuple[int, int]:
    """Return an output cell below and right of the first that shows a number once all are computed."""
    view.locator("[data-part=output-grid]").first.press("End")
    shown = values(view, "output-grid", "output-cell")
    view.locator("[data-part=output-grid]").first.press("Home")
    return next((r, c) for r, c in np.argwhere(~np.isnan(shown)).tolist() if r and c)


def still(view: Locator) -> None:
    """Wait until the frames have arrived where they glide to."""
    wait_for(lambda: view.evaluate("view => view.getAnimations({subtree: true}).length === 0"), "frames rest")


def test_an_output_cell_shows_its_window_and_its_sum(opened, phone):
    view = opened("convolution", phone).view
    row, col = computed_cell(view)
    pixels, kernel = values(view, "input-grid", "input-cell"), values(view, "kernel-grid", "kernel-cell")
    touch(cell(view, "output", row, col), phone)
    window = pixels[row : row + 3, col : col + 3]
    found = ops.conv2d_step(pixels[..., None], kernel[..., None, None], row=row, col=col)
    expect(view.locator("[data-part=where]")).to_have_text(
        f"row {row + 1} · column {col + 1} ← window rows {row + 1}–{row + 3}, columns {col + 1}–{col + 3}"
    )
    assert number(view.locator("[data-part=sum]").inner_text()) == found.output
    np.testing.assert_array_equal(values(view, "window-grid", "window-cell"), window)
    for part, wanted in {"pixel": window, "weight": kernel, "product": found.products}.items():
        shown = numbers(view.locator(f"[data-part=term-{part}]").all_inner_texts())
        np.testing.assert_array_equal(shown, wanted.ravel(), part)
    still(view)
    expect_window_at(view, row, col, 3)
    if phone:
        expect_cell(view, row, col)


@pytest.mark.parametrize("name", ["convolution", "layer", "pooling"])
def test_an_input_pixel_tells_how_many_outputs_it_feeds(opened, phone, name):
    view = opened(name, phone).view
    view.locator("[data-part=output-grid]").first.press("End")
    size = len(values(view, "input-grid", "input-cell"))
    k, stride = (2, 2) if name == "pooling" else (3, 1)
    for row, col in [(0, 1), (3, 4), (size - 2, size - 1)]:
        pixel = cell(view, "input", row, col)
        touch(pixel, phone)
        rows, cols = (ops.outputs_fed(size, k, stride, "valid", 1, place) for place in (row, col))
        count = len(rows) * len(cols)
        expect(view.locator("[data-part=hint]")).to_have_text(
            f"Input row {row + 1}, column {col + 1} ({pixel.inner_text()}) feeds "
            f"{count} output cell{'s' if count > 1 else ''}."
        )
        for grid in view.locator("[data-part=output-grid]").all():
            frame, corner = (
                grid.locator("[data-part=fed]"),
                grid.locator(f"[data-row='{rows[0]}'][data-col='{cols[0]}']"),
            )
            unit = corner.bounding_box()
            box = frame.bounding_box()
            assert (box["width"] / unit["width"], box["height"] / unit["height"]) == pytest.approx(
                (len(cols), len(rows)), abs=0.25
            )
            assert (box["x"], box["y"]) == pytest.approx((unit["x"], unit["y"]), abs=4)


def test_a_layer_adds_three_channels_a_bias_and_relu(opened, phone):
    view = opened("layer", phone).view
    planes = []
    for tab in view.locator("[data-part=plane]").all():
        tab.tap() if phone else tab.click()
        expect(tab).to_have_attribute("aria-pressed", "true")
        planes.append(values(view, "input-grid", "input-cell"))
    image = np.stack(planes, axis=-1)
    assert len({plane.tobytes() for plane in planes}) == 3
    for place, tab in enumerate(view.locator("[data-part=map]").all()):
        tab.tap() if phone else tab.click()
        expect(view.locator("[data-part=output-grid]")).to_have_attribute("data-output", str(place))
        slices = [
            numbers(grid.locator("[data-part=kernel-cell]").all_inner_texts())
            for grid in view.locator("[data-part=kernel-grid]").all()
        ]
        kernel = np.array(slices).T.reshape(3, 3, 3, 1)
        bias = number(view.locator("[data-part=bias]").inner_text())
        # The first map hides the cell that is asked about.
        row, col = computed_cell(view)
        touch(cell(view, "output", row, col), phone)
        found = ops.conv2d_step(image, kernel, np.array([bias]), row=row, col=col)
        sums = numbers(view.locator("[data-part=channel-sum]").all_inner_texts())
        np.testing.assert_array_equal(sums, found.channel_sums)
        assert number(view.locator("[data-part=sum]").inner_text()) == found.output
        assert number(view.locator("[data-part=activated]").inner_text()) == ops.relu(found.output)
    view.locator("[data-part=plane]").first.click()
    view.locator("[data-part=map]").first.click()


def test_pooling_shows_the_largest_its_place_and_the_mean(opened, phone):
    view = opened("pooling", phone).view
    row, col = computed_cell(view)
    pixels = values(view, "input-grid", "input-cell")
    for grid in (0, 1):
        touch(cell(view, "output", row, col, grid), phone)
        result = view.locator("[data-part=result]")
        best, mean = (
            next(
                found
                for found in ops.pool_steps(pixels[..., None], 2, mode=mode)
                if (found.row, found.col) == (row, col)
            )
            for mode in ("max", "average")
        )
        expect(view.locator("[data-part=where]")).to_contain_text(f"window rows {2 * row + 1}–{2 * row + 2}")
        assert number(result.nth(0).locator("[data-part=sum]").inner_text()) == best.output
        place = "row {} · column {}".format(*(n + 1 for n in best.winner))
        expect(result.nth(0).locator("[data-part=winner]")).to_have_text(f"★ {place}")
        assert number(result.nth(1).locator("[data-part=window-sum]").inner_text()) == mean.total
        assert number(result.nth(1).locator("[data-part=count]").inner_text()) == mean.count
        assert number(result.nth(1).locator("[data-part=sum]").inner_text()) == pytest.approx(
            mean.output, abs=0.005
        )
        still(view)
        expect_window_at(view, 2 * row, 2 * col, 2)


@pytest.mark.parametrize("name", ["convolution", "layer", "pooling"])
def test_on_a_phone_window_cell_and_sum_are_visible_together(opened, name):
    window = opened(name, phone=True)
    view = window.view
    row, col = computed_cell(view)
    sums = view.locator("[data-part=sum]").last
    sums.evaluate("chip => chip.scrollIntoView({block: 'end'})")
    cell(view, "output", row, col).tap()
    still(view)
    expect_cell(view, row, col)
    header = window.page.locator("[data-testid=stHeader]").bounding_box()
    for part in (
        view.locator("[data-part=input-grid] [data-part=window]"),
        view.locator("[data-part=output-grid] [data-part=current]").last,
        sums,
    ):
        box = part.bounding_box()
        assert box["y"] >= header["y"] + header["height"] - 1  # places are rounded to pixels
        assert box["y"] + box["height"] <= 845
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_pixel_is_read_in_three_colours(opened, phone):
    window = opened("pixels", phone)
    view, live = window.view, window.view.locator("[data-part=live]")
    watch(view)
    before = len(window.sent)
    for grid, index in [("crop", 9), ("green", 20), ("blue", 62)]:
        touch(view.locator(f"[data-part={grid}-grid] [data-index='{index}']"), phone)
        expect_cell(view, *divmod(index, 8))
        for role in ("red", "green", "blue"):
            value = number(view.locator(f"[data-part={role}-grid] [data-index='{index}']").inner_text())
            assert number(view.locator(f"[data-part={role}-value]").inner_text()) == value
            share = view.locator(f"[data-part={role}-share]").inner_text()
            assert float(share.split("=")[1]) == pytest.approx(ops.rescale(value, 1 / 255), abs=0.0005)
    assert len(noted(view, "live")) == (3 if phone else 0), "a tap is heard, a passing mouse is not"
    if not phone:
        window.page.mouse.move(0, 0)  # lest the page scrolls under a resting mouse
        grids = view.locator("[data-part=grids]")
        row, col = divmod(62, 8)
        for key, (down, right) in {"ArrowUp": (-1, 0), "ArrowLeft": (0, -1), "ArrowDown": (1, 0)}.items():
            grids.press(key)
            row, col = row + down, col + right
            expect_cell(view, row, col)
            expect(live).to_contain_text(f"Row {row + 1}, column {col + 1}: red ")
    assert len(window.sent) == before


# ---- from maps to an answer ---------------------------------------------------------------------------


def table_rows(view: Locator, kind: str = "term") -> list[list[str]]:
    return view.locator(f"[data-part=row][data-kind={kind}]").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('[data-part=cell]')].map(cell => cell.textContent))"
    )


def test_softmax_is_that_of_the_networks_scores(opened, phone, article):
    view = opened("answer", phone).view
    view.locator("[data-part=table]").press("End")
    rows = table_rows(view)
    scores, shares = article[2]["scores"].values, article[2]["softmax"].values
    np.testing.assert_allclose(numbers([row[1] for row in rows]), scores, atol=0.0051)
    np.testing.assert_allclose([number(row[4][:-1]) / 100 for row in rows], shares, atol=0.0001)
    view.locator("[data-part=table]").press("Home")
    row = view.locator("[data-part=row]").nth(3)
    row.tap() if phone else row.click()
    exponential = np.exp(scores[3] - scores.max())
    chips = numbers(view.locator("[data-part=result] [data-part=number]").all_inner_texts())
    assert chips[-1] == pytest.approx(exponential, abs=0.0001)
    total = number(view.locator("[data-part=sum]").inner_text())
    assert total == pytest.approx(np.exp(scores[:4] - scores.max()).sum(), abs=0.0002)
    expect(view.locator("[data-part=live]")).to_contain_text("total so far")


def test_the_inputs_of_a_score_add_up_once_the_student_has_predicted(fresh, article):
    page = fresh("answer")
    _layers, weights, outputs = article
    expect(page.get_by_text(re.compile("Which of the 64 inputs adds most"))).to_be_visible()
    view = page.locator("[data-part=view]").filter(has_text="adding up")
    expect(view).to_have_count(0)
    page.get_by_role("radio", name=re.compile("its weight is farthest from 0")).click()
    view.wait_for()
    name = re.search(r"Inputs: .* weight for (\w+);", page.locator("[data-testid=stMain]").inner_text())[1]
    unit = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck").index(
        name
    )
    inputs, score = outputs["dense_1_relu"].values, outputs["scores"].values[unit]
    found = ops.contributions(inputs, weights["scores/kernel"], weights["scores/bias"], unit)
    view.locator("[data-part=table]").press("End")
    rows = table_rows(view)
    order = np.argsort(-np.abs(found.products), kind="stable")
    for row, place in list(zip(rows, order, strict=False))[:10]:
        assert row[0] == f"unit {place + 1}"
        assert number(row[3].replace("+", "")) == pytest.approx(found.products[place], abs=0.0051)
    adds = numbers([row[3] for row in rows])
    assert sum(adds) == pytest.approx(score, abs=0.01 * len(adds))
    assert number(view.locator("[data-part=sum]").inner_text()) == pytest.approx(score, abs=0.0051)
    answer = page.get_by_text(re.compile("You said .*farthest from 0|The largest value gives"))
    expect(answer.first).to_be_visible()


def test_a_cell_of_a_map_is_found_in_the_flattened_row(opened, phone, article):
    page = opened("answer", phone).page
    names = list(article[2])
    maps = article[2][names[names.index("flatten") - 1]].values
    picked = page.get_by_role("group", name=re.compile("is chosen")).first
    values_ = picked.locator("[data-part=value]")
    expect(values_).to_have_count(maps.shape[0] * maps.shape[1])
    target = values_.nth(2 * maps.shape[1] + 3)
    target.tap() if phone else target.click()
    place = ops.flat_index(maps.shape, 2, 3, 0)
    expect(page.get_by_label(re.compile("around position"))).to_have_value(str(place + 1))
    chosen = page.locator("[data-part=value][data-chosen=true]")
    expect(chosen).to_have_count(2)
    for text in chosen.all_inner_texts():
        assert number(text) == pytest.approx(ops.flatten(maps)[place], abs=0.0051)
    page.keyboard.press("ArrowLeft")
    place = ops.flat_index(maps.shape, 2, 2, 0)
    expect(page.get_by_label(re.compile("around position"))).to_have_value(str(place + 1))


# ---- one photo, all layers ----------------------------------------------------------------------------


def choose_tile(page: Page, layer: str, tile: int) -> None:
    small = page.locator(f"[data-layer={layer}] label").nth(tile - 1)
    small.evaluate(
        "small => small.scrollIntoView({block: 'center'})"
    )  # the header covers the top of the page
    small.click()


def test_a_cell_of_any_layer_has_the_number_that_the_network_computed(opened, phone, article):
    page = opened("network", phone).page
    outputs = article[2]
    for layer, tile, (row, col) in [
        ("conv_2_relu", 6, (3, 8)),
        ("pool_1", 2, (4, 1)),
        ("conv_1", 3, (0, 29)),
    ]:
        choose_tile(page, layer, tile)
        field, says = page.locator("[data-part=map][role=application]"), page.locator("[data-part=says]")
        expect(field).to_have_attribute("aria-label", re.compile(rf"^Map {tile}\."))
        plane = outputs[layer].values[..., tile - 1]
        height, width = plane.shape
        expect(page.get_by_text(f"{height} × {width}").first).to_be_visible()
        box = field.bounding_box()
        spot = {"x": (col + 0.5) * box["width"] / width, "y": (row + 0.5) * box["height"] / height}
        steps = page.locator("[data-part=view]").first
        position = steps.locator("[data-part=position]")
        computed = f"row {row + 1} · column {col + 1}"
        field.tap(position=spot) if phone else field.hover(position=spot)
        expect(says).to_contain_text(f"Row {row + 1}, column {col + 1}: ")
        value = number(re.search(r": ([−\d.,]+)", says.inner_text())[1])
        assert value == pytest.approx(plane[row, col], abs=0.0051)
        if not phone:
            expect(position).not_to_have_text(computed)  # pointing alone asks nothing of the server
            field.click(position=spot)
        expect(position).to_have_text(computed)
        chip = steps.locator("[data-part=activated], [data-part=sum]").last
        wait_for(
            lambda chip=chip, wanted=plane[row, col]: abs(number(chip.inner_text()) - wanted) <= 0.0051,
            f"the arithmetic ends in {plane[row, col]:.3f}",
        )


def test_arrow_keys_walk_over_a_map(opened, article):
    page = opened("network").page
    choose_tile(page, "pool_2", 1)
    field, says = page.locator("[data-part=map][role=application]"), page.locator("[data-part=says]")
    plane = article[2]["pool_2"].values[..., 0]
    expect(field).to_have_attribute("aria-label", re.compile(r"^Map 1\."))
    expect(says).to_contain_text(f"Row {plane.shape[0] // 2 + 1}, column {plane.shape[1] // 2 + 1}: ")
    row, col = plane.shape[0] // 2 - 1, plane.shape[1] // 2 + 1
    field.press("ArrowUp")
    field.press("ArrowRight")
    expect(says).to_contain_text(f"Row {row + 1}, column {col + 1}: ")
    value = number(re.search(r": ([−\d.,]+)", says.inner_text())[1])
    assert value == pytest.approx(plane[row, col], abs=0.0051)
    expect_cell(page.locator("[data-part=view]").first, row, col)


@pytest.mark.parametrize("layer", ["conv_1_relu", "conv_2_relu", "conv_3_relu", "pool_2"])
def test_a_tapped_map_its_cell_and_the_arithmetic_stand_on_one_phone_screen(fresh, layer):
    page = fresh("network", **PHONE)
    choose_tile(page, layer, 6)
    field = page.locator("[data-part=map][role=application]")
    expect(field).to_have_attribute("aria-label", re.compile(r"^Map 6\."))
    header = page.locator("[data-testid=stHeader]").bounding_box()
    top = header["y"] + header["height"] - 1  # places are rounded to pixels
    wait_for(lambda: top <= field.bounding_box()["y"] <= top + 40, "the page has come to the map")
    steps, says = page.locator("[data-part=view]").first, page.locator("[data-part=says]")
    for _time in range(2):  # as it comes, and with another cell tapped
        name = says.inner_text().split(":")[0].lower().replace(",", " ·")
        expect(steps.locator("[data-part=position]")).to_have_text(name)
        wait_for(
            lambda: steps.evaluate(
                """async view => {
                    const top = () => view.getBoundingClientRect().top, before = top();
                    await new Promise(requestAnimationFrame);
                    await new Promise(requestAnimationFrame);
                    return top() === before;
                }"""
            ),
            "the page has stopped scrolling",
        )
        for part in (
            field,
            says,
            steps.locator("[data-part=input-grid] [data-part=window]"),
            steps.locator("[data-part=output-grid] [data-part=current]"),
            steps.locator("[data-part=window-grid]").first,
            steps.locator("[data-part=sum], [data-part=activated]").last,
        ):
            box = part.bounding_box()
            assert box["y"] >= top and box["y"] + box["height"] <= 845
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        field.tap(position={"x": 20, "y": 30})


def test_the_piece_of_the_photo_shows_once_the_student_has_predicted(fresh, article):
    page = fresh("network")
    layers = article[0]
    choose_tile(page, "conv_2", 1)
    says, piece = page.locator("[data-part=says]"), page.locator("[data-part=piece]")
    expect(says).to_contain_text("Predict above")
    expect(piece).to_be_hidden()
    field = page.locator("[data-part=map][role=application]")
    expect(field).to_have_attribute("aria-label", re.compile(r"^Map 1\."))
    assert "wide" not in says.inner_text()
    page.get_by_text(re.compile("can reach one cell of")).wait_for()
    page.locator("[data-testid=stMain]").get_by_role("radio", name=re.compile(r"^\d+$")).first.click()
    expect(piece).to_be_visible()
    row, col = map(int, re.search(r"Row (\d+), column (\d+)", says.inner_text()).groups())
    reach = ops.receptive_field(layers, "conv_2", row - 1, col - 1, (32, 32, 3))
    (top, bottom), (left, right) = reach.rows, reach.cols
    expect(says).to_contain_text(
        f"{right - left + 1} pixels wide, {bottom - top + 1} high: "
        f"rows {top + 1}–{bottom + 1}, columns {left + 1}–{right + 1} of the photo"
    )
    still(page.locator("section.field"))
    frame, photo = piece.bounding_box(), page.locator("figure.photo .stage").bounding_box()
    assert frame["width"] / photo["width"] == pytest.approx((right - left + 1) / 32, abs=0.01)
    assert (frame["x"] - photo["x"]) / photo["width"] == pytest.approx(left / 32, abs=0.01)


# ---- how weights change -------------------------------------------------------------------------------


def test_a_popover_shows_what_is_set_however_often_the_page_was_drawn_before(light, page):
    page.goto(f"{light.url}/learning")
    settled(page)
    page.get_by_role("radio", name="dog").first.click()
    settled(page)
    page.get_by_role("button", name="Change the pixels").click()
    sliders = page.get_by_role("slider", name=re.compile("^Pixel"))
    expect(sliders).to_have_count(3)
    shown = " · ".join(f"{float(slider.input_value()):.2f}" for slider in sliders.all())
    assert shown != "0.00 · 0.00 · 0.00"
    expect(page.get_by_text(f"Three pixels: {shown}")).to_be_visible()


def test_the_loss_and_the_update_are_computed_from_the_numbers_on_the_page(opened):
    page = opened("learning").page
    loss, update = (page.locator("[data-part=view]").nth(n) for n in (0, 1))
    for view in (loss, update):
        view.locator("[data-part=table]").press("End")
    pixels = re.search(
        r"Three pixels: ([\d.]+) · ([\d.]+) · ([\d.]+)", page.locator("[data-testid=stMain]").inner_text()
    )
    x = np.array([float(text) for text in pixels.groups()])
    old = (
        np.array(numbers([row[1] for row in table_rows(update)])).reshape(3, 4).T
    )  # pixels and bias, classes
    truth = numbers([row[3] for row in table_rows(loss)])
    rate = float(page.get_by_role("slider", name="Learning rate").first.input_value())
    found = ops.update(x, old[:3], old[3], truth.index(1), rate)
    np.testing.assert_allclose(numbers([row[1] for row in table_rows(loss)]), found.scores, atol=0.00051)
    np.testing.assert_allclose(
        numbers([row[2] for row in table_rows(loss)]), found.probabilities, atol=0.00051
    )
    np.testing.assert_allclose(
        numbers([row[4] for row in table_rows(loss)]), found.score_gradient, atol=0.00051
    )
    assert number(table_rows(loss, "total")[0][2]) == pytest.approx(found.loss, abs=0.00051)
    new = np.array(numbers([row[4] for row in table_rows(update)])).reshape(3, 4).T
    np.testing.assert_allclose(new, np.vstack([found.new_weights, found.new_bias]), atol=0.00051)
    expect(
        page.get_by_text(re.compile(rf"is {found.new_loss:.3f} instead of {found.loss:.3f}"))
    ).to_be_visible()


def test_the_race_is_played_to_where_the_optimisers_really_arrive(opened, phone):
    window = opened("learning", phone)
    page = window.page
    view = page.locator("[data-part=view]").filter(has=page.locator("[data-part=racers]"))
    if not view.is_visible():
        page.get_by_text("More: race the optimisers").click()
    view.press("Home")
    view.locator("[data-part=speed]").select_option("4")
    watch(view)
    before = len(window.sent)
    play = view.locator("[data-part=play]")
    play.tap() if phone else play.click()
    wait_for(lambda: len(noted(view, "position")) >= 2, "two steps were played")
    assert noted(view, "live") == []
    view.press(" ")
    expect(play).to_have_attribute("data-playing", "false")
    view.press("End")
    expect(view.locator("[data-part=position]")).to_have_text("step 80 of 80")
    assert len(window.sent) == before
    surface = ops.SURFACES["ravine"]
    for place, runner in enumerate(RACERS):
        if runner.noisy or not runner.drawn:
            continue
        letter = "ABCDEFG"[place]
        racer = view.locator(f"[data-part=racer][data-letter={letter}]")
        path = ops.descend(runner.step, surface.start, surface.gradient, runner.rate, 80)
        loss = racer.locator("[data-part=loss]").inner_text()
        assert number(loss) == pytest.approx(float(surface.value(path[-1])), abs=0.0005)
        line = view.locator("[data-part=path]").nth("ABCDEFG".index(letter))
        points = line.get_attribute("points").split()
        assert len(points) == 81
        across, down = map(float, points[-1].split(","))
        wanted = 50 + 50 * path[-1] * [1, -1] / surface.reach
        assert (across, down) == pytest.approx(tuple(wanted), abs=0.006)
        disc = view.locator("[data-part=disc]").filter(has_text=letter)
        assert disc.get_attribute("transform") == f"translate({points[-1]})"
    racer = view.locator("[data-part=racer][data-letter=F]")
    racer.tap() if phone else racer.click()
    expect(racer).to_have_attribute("aria-pressed", "false")
    expect(view.locator("[data-part=path]").nth(5)).to_be_hidden()
    racer.tap() if phone else racer.click()
    expect(view.locator("[data-part=path]").nth(5)).to_be_visible()


def test_doubled_scores_and_a_step_are_revealed_after_the_answer(fresh):
    page = fresh("learning")
    expect(page.get_by_text("the largest score stays the largest")).to_have_count(0)
    page.get_by_role("radio", name="same answer, the loss rises").click()
    text = page.get_by_text("the largest score stays the largest")
    expect(text).to_be_visible()
    scores = re.search(
        r"[Ss]cores ([−\d.]+) · ([−\d.]+) · ([−\d.]+): it says",
        page.locator("[data-testid=stMain]").inner_text(),
    )
    shown = re.search(r"goes from ([\d.]+) to ([\d.]+)\.", text.inner_text())
    z = np.array(numbers(list(scores.groups())))
    for found, factor in zip(shown.groups(), (1, 2), strict=True):
        wanted = ops.cross_entropy(ops.softmax(factor * z), 0)  # it is a cat
        assert float(found) == pytest.approx(wanted, abs=0.02)
    step = re.compile(r"w = ([−\d.]+) − ([\d.]+) × \(([−\d.]+)\) = ([−\d.]+)")
    expect(page.get_by_text(step)).to_have_count(0)
    page.get_by_role("radio", name="left, the loss falls").click()
    expect(page.get_by_text(step)).to_be_visible()
    weight, rate, slope, new = numbers(list(step.search(page.get_by_text(step).inner_text()).groups()))
    assert new == pytest.approx(weight - rate * slope, abs=0.006 + 0.06 * rate + 0.006 * abs(slope))


# ---- predict, then reveal -----------------------------------------------------------------------------


def as_text(page: Page) -> str:
    return "\n".join(page.locator("[data-testid=stCode]").all_text_contents())


def test_relu_is_predicted_before_its_cell_shows(fresh):
    page = fresh("layer")
    view = page.locator("[data-part=view]").first
    cells = view.locator("[data-part=output-grid] [data-part=output-cell]")
    view.locator("[data-part=last]").click()
    hidden = cells.filter(has_text="?")
    expect(hidden).to_have_count(1)
    place = hidden.evaluate("cell => [+cell.dataset.row, +cell.dataset.col]")
    expect(hidden).to_have_attribute("aria-label", "hidden until you have predicted")
    hidden.click()
    for part in ("channel-sum", "sum", "activated", "term-product"):
        assert set(view.locator(f"[data-part={part}]").all_inner_texts()) == {"?"}, part
    expect(view.locator("[data-part=live]")).to_contain_text("hidden until you have predicted")
    assert as_text(page).count("?") == 1
    expect(page.get_by_text("ReLU is max(0, z).")).to_have_count(0)
    asked = page.get_by_text(re.compile(r"add up to [−\d,]+\. What does ReLU pass on")).inner_text()
    total = number(re.search(r"add up to ([−\d,]+)\.", asked)[1])
    page.get_by_role("radio", name="0", exact=True).click()
    expect(page.get_by_text("ReLU is max(0, z).")).to_be_visible()
    expect(hidden).to_have_count(0)
    expect_cell(view, *place)
    assert number(view.locator("[data-part=sum]").inner_text()) == total
    assert number(view.locator("[data-part=activated]").inner_text()) == ops.relu(total) == 0
    assert "?" not in as_text(page)


def test_a_brighter_loser_is_predicted_before_its_windows_show(fresh):
    page = fresh("pooling")
    view = page.locator("[data-part=view]").first
    view.locator("[data-part=last]").click()
    hidden = view.locator("[data-part=output-cell]").filter(has_text="?")
    expect(hidden).to_have_count(2)
    row, col = hidden.first.evaluate("cell => [+cell.dataset.row, +cell.dataset.col]")
    hidden.first.click()
    assert set(view.locator("[data-part=result] [data-part$=sum]").all_inner_texts()) == {"?"}
    expect(view.locator("[data-part=winner]").first).to_have_text("")
    expect(page.get_by_text("P would be")).to_have_count(0)
    asked = page.get_by_text(re.compile("not the largest of its window")).inner_text()
    at = re.search(r"row (\d+), column (\d+)\) is ([\d]+)", asked)
    more = int(re.search(r"(\d+) brighter", asked)[1])
    p_row, p_col, value = int(at[1]) - 1, int(at[2]) - 1, int(at[3])
    page.get_by_role("radio", name="neither").click()
    expect(page.get_by_text(re.compile("P would be"))).to_be_visible()
    expect(hidden).to_have_count(0)
    expect_cell(view, row, col)
    pixels = values(view, "input-grid", "input-cell")
    assert pixels[p_row, p_col] == value
    changed = pixels.copy()
    changed[p_row, p_col] += more
    said = re.search(
        r"maximum is ([\d,]+) → ([\d,]+).*: ([\d.,]+) → ([\d.,]+)\.",
        page.get_by_text(re.compile("P would be")).inner_text(),
    )
    for group, pixels_now, pool in [
        (1, pixels, ops.max_pool),
        (2, changed, ops.max_pool),
        (3, pixels, ops.average_pool),
        (4, changed, ops.average_pool),
    ]:
        assert number(said[group]) == pytest.approx(pool(pixels_now[..., None], 2)[row, col, 0], abs=0.0051)
    expect(page.get_by_text(re.compile(r"right is (only the average|both)"))).to_be_visible()


def test_the_count_of_numbers_shows_after_the_prediction(fresh):
    page = fresh("pixels")
    photo = photo_as_input()
    assert ", 3,072 numbers" not in page.locator("[data-testid=stMain]").inner_text()
    page.get_by_role("radio", name="1,024", exact=True).click()
    expect(page.get_by_text(f"What the network gets: 32 × 32 pixels, {photo.size:,} numbers")).to_be_visible()
    expect(page.get_by_text(re.compile("You said “1,024”; right is 3,072"))).to_be_visible()


# ---- the switch: numbers, formulas, code ---------------------------------------------------------------

TAUGHT = {
    "pixels": "def rescale(",
    "convolution": "def conv2d(",
    "layer": "def relu(",
    "pooling": "def max_pool(",
    "answer": "def softmax_steps(",
    "network": "def receptive_field(",
    "learning": "def update(",
}


def set_level(page: Page, name: str) -> None:
    page.locator("[data-testid=stSidebar]").get_by_text(name, exact=True).click()
    settled(page)


def latex(page: Page) -> str:
    return "\n".join(page.locator(".katex annotation").all_text_contents())


@pytest.mark.parametrize("name", LESSONS)
def test_formulas_and_code_come_with_the_switch(opened, name):
    page = opened(name).page
    expect(page.locator(".katex")).to_have_count(0) if name != "network" else None
    expect(page.get_by_text("The code that computed this page")).to_have_count(0)
    set_level(page, "+ Code")
    code = page.get_by_text("The code that computed this page")
    code.click()
    expect(page.locator("[data-testid=stCode]").filter(has_text=TAUGHT[name]).first).to_be_visible()
    assert latex(page)
    set_level(page, "Numbers")
    expect(code).to_have_count(0)


def test_the_formula_has_the_numbers_of_the_step(fresh):
    page = fresh("convolution?level=formulas")
    view = page.locator("[data-part=view]").first
    for row, col in [(2, 3), (4, 1)]:
        cell(view, "output", row, col).click()
        wait_for(
            lambda row=row, col=col: f"z({row + 1},{col + 1}) =" in latex(page), "the formula of the cell"
        )
        pixels, kernel = values(view, "input-grid", "input-cell"), values(view, "kernel-grid", "kernel-cell")
        text = latex(page).replace("{,}", "")
        terms = re.findall(r"(\d+) \\cdot \(?(-?\d+)\)?", text)
        window = pixels[row : row + 3, col : col + 3]
        assert terms == [
            (f"{x:.0f}", f"{w:.0f}") for x, w in zip(window.ravel(), kernel.ravel(), strict=True)
        ]
        total = re.search(r"= (-?\d+) \\end", text)[1]
        assert int(total) == (window * kernel).sum()


def in_formulas(page: Page) -> list[float]:
    """Return all numbers of the formulas on the page."""
    text = latex(page).replace("{,}", "")
    return [float(found) for found in re.findall(r"(?<![\d_{])-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("name", [name for name in PLAYED if name != "convolution"])
def test_the_formula_follows_the_step_and_ends_in_its_number(light, chromium, name):
    lesson, place, part = PLAYED[name]
    window = Window(chromium, f"{light.url}/{lesson}?level=formulas", **LAPTOP)
    view = window.page.locator("[data-part=view]").nth(place)
    taker, result = view.locator(f"[data-part={part}]").first, view.locator("[data-part=sum]").first
    for keys in (["End"], ["Home", "ArrowRight", "ArrowRight"], ["ArrowLeft"]):
        for key in keys:
            taker.press(key)
        if result.inner_text() == "?":  # not predicted yet
            taker.press("ArrowLeft")
        text = result.inner_text()
        if "%" in text:
            wanted = number(text.replace("%", "")) / 100
        elif name == "softmax":  # the exponential itself; the sum is the total so far
            wanted = number(view.locator("[data-part=number]").last.inner_text())
        else:
            wanted = number(text.replace("+", ""))
        wait_for(
            lambda wanted=wanted: any(abs(found - wanted) < 0.006 for found in in_formulas(window.page)),
            f"a formula holds {wanted}",
        )
    settled(window.page)
    view.locator("[data-part=speed]").select_option("2")
    watch(view)
    before = len(window.sent)
    view.locator("[data-part=play]").click()
    wait_for(lambda: len(noted(view, "position")) >= 2, "two steps were played")
    assert len(window.sent) == before, "playing needs no server with formulas either"
    window.context.close()
