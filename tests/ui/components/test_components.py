"""Do the step-through views send what the operations computed, in colours that can be read?"""

import base64
import json
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnnlab import ops
from cnnlab.ui.components import colours, data, sources, terms, windows
from cnnlab.ui.components.windows import payload

# ---- colours ---------------------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it, written out once more."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("role", colours.ROLES)
def test_text_on_every_fill_keeps_the_contrast(role):
    palette = colours.palette(role)
    fills, letters = bytes.fromhex(palette["fill"]), palette["text"]
    assert len(fills) == 3 * len(letters) == 3 * 256
    for row, letter in enumerate(letters):
        ink = {"k": 0.0, "w": 1.0}[letter]
        darker, lighter = sorted((luminance(fills[3 * row : 3 * row + 3]), ink))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"row {row}"


def test_signed_values_are_orange_or_blue_and_zero_is_neither():
    fills = colours.fills("signed").astype(int)
    low, zero, high = colours.levels(np.array([-3, 0, 3]), "signed", 3)
    assert fills[high][0] > fills[high][2] + 100  # red over blue: orange
    assert fills[low][2] > fills[low][0] + 100  # blue over red
    assert fills[zero].min() > 240  # paper
    beyond = colours.levels(np.array([-9, 9]), "signed", 3)
    assert colours.fills("signed")[beyond].tolist() == fills[[low, high]].tolist()


def test_pixels_run_from_black_to_white():
    rows = colours.levels(np.array([0, 128, 255, 300]), "pixel", 255)
    assert colours.fills("pixel")[rows].tolist() == [[0] * 3, [128] * 3, [255] * 3, [255] * 3]


def test_a_scale_without_extent_is_refused():
    with pytest.raises(ValueError, match="must be positive, not 0"):
        colours.levels(np.zeros(3), "signed", 0)


# ---- numbers ---------------------------------------------------------------------------------------


def unpack(packed):
    """What the browser reads: whole numbers and where the point stands."""
    kind = {"int16": "<i2", "int32": "<i4"}[packed["type"]]
    whole = np.frombuffer(base64.b64decode(packed["base64"]), kind).reshape(packed["shape"])
    return whole / 10 ** packed["digits"]


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=30), st.integers(0, 3))
def test_packed_numbers_are_the_rounded_ones(values, digits):
    back = unpack(data.pack(np.array(values), digits))
    assert np.abs(back - values).max() <= 0.5 * 10**-digits + 1e-9


def test_tight_numbers_give_up_digits_for_16_bits():
    values = np.array([-4000.25, 12.5])
    loose, tight = data.pack(values, 2), data.pack(values, 2, tight=True)
    assert (loose["type"], loose["digits"]) == ("int32", 2)
    assert (tight["type"], tight["digits"]) == ("int16", 0)
    assert unpack(tight).tolist() == [-4000, 12]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e9])
def test_numbers_that_cannot_be_shown_are_refused(bad):
    with pytest.raises(ValueError, match=r"finite|32 bits"):
        data.pack(np.array([1.0, bad]))


def test_as_many_digits_as_numbers_need():
    assert data.digits_for(np.array([3, -200])) == 0
    assert data.digits_for(np.array([0.5, 2])) == 1
    assert data.digits_for(np.array([0.25])) == 2
    assert data.digits_for(np.array([1 / 3])) == 3
    assert data.digits_for(np.array([100 / 3])) == 2
    assert data.digits_for(np.array([1000 / 3])) == 1


# ---- windows ---------------------------------------------------------------------------------------


def convolution(
    side=6, size=3, channels=1, *, stride=1, padding="valid", dilation=1, bias=4.0, seed=0, **more
):
    """The payload of one map over a random image, and the steps it came from."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (side, side, channels)).astype(float)
    kernels = rng.integers(-4, 5, (size, size, channels, 1)).astype(float)
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    steps = list(ops.conv2d_steps(image, kernels, np.array([bias]), **geometry))
    settings = {name: more.pop(name) for name in ("hidden", "activation", "values") if name in more}
    index = ops.window_index(side, size, stride, padding, dilation)
    return steps, payload.payload(
        inputs=[windows.Plane(image[..., channel], f"channel {channel}") for channel in range(channels)],
        outputs=[windows.convolved(steps, "map", **settings)],
        index_rows=index,
        index_cols=index,
        **more,
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(3, 9),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["valid", "same"]),
    st.integers(1, 2),
    st.integers(0, 99),
)
def test_each_number_that_travels_belongs_to_the_others(
    side, size, channels, stride, padding, dilation, seed
):
    """Pixel x weight = product; products + bias = output: as a student checks it by hand."""
    dilation = 1 if stride > 1 else dilation
    assume(padding == "same" or ops.window_span(size, dilation) <= side)
    _steps, sent = convolution(
        side, size, channels, stride=stride, padding=padding, dilation=dilation, seed=seed
    )
    output = sent["outputs"][0]
    planes = [unpack(plane["values"]) for plane in sent["inputs"]]
    kernel, products = unpack(output["kernel"]), unpack(output["products"])
    values, sums = unpack(output["values"]), unpack(output["channel_sums"])
    for row, rows in enumerate(sent["rows"]):
        for col, cols in enumerate(sent["cols"]):
            for p, y in enumerate(rows):
                for q, x in enumerate(cols):
                    inside = 0 <= y < side and 0 <= x < side
                    for channel, plane in enumerate(planes):
                        pixel = plane[y, x] if inside else 0
                        assert products[row, col, p, q, channel] == pixel * kernel[p, q, channel]
            assert np.allclose(products[row, col].sum(axis=(0, 1)), sums[row, col])
            assert values[row, col] == sums[row, col].sum() + unpack(output["bias"])
    assert output["rounded"] is False


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_border_and_reverse_look_up_follow_the_geometry(stride, padding):
    _steps, sent = convolution(7, 3, stride=stride, padding=padding)
    before, after = ops.padding_amounts(7, 3, stride, padding)
    border = sent["border"]
    assert (border["top"], border["left"]) == (before, before)
    if padding == "same":
        assert (border["bottom"], border["right"]) == (after, after)
    for cell in range(7):
        expected = ops.outputs_fed(7, 3, stride, padding, 1, cell).tolist()
        assert sent["fed_rows"][cell] == sent["fed_cols"][cell] == expected


def test_window_rows_in_words():
    assert convolution(5, 3)[1]["row_spans"] == ["1–3", "2–4", "3–5"]
    assert convolution(3, 3, padding="same")[1]["row_spans"] == ["border, 1–2", "1–3", "2–3, border"]
    assert convolution(5, 3, dilation=2)[1]["col_spans"] == ["1, 3, 5"]
    assert convolution(2, 1)[1]["row_spans"] == ["1", "2"]


def test_activation_keeps_the_sum_before_it():
    image = np.array([[1.0, 2.0]])[..., None]
    steps = list(ops.conv2d_steps(image, np.full((1, 1, 1, 1), -3.0), None))
    before = np.array([[step.output for step in steps]])
    output = windows.convolved(steps, "map", values=ops.relu(before), activation="ReLU")
    index = ops.window_index(1, 1, 1, "valid", 1), ops.window_index(2, 1, 1, "valid", 1)
    sent = payload.payload(
        inputs=[windows.Plane(image[..., 0], "input")],
        outputs=[output],
        index_rows=index[0],
        index_cols=index[1],
    )["outputs"][0]
    assert unpack(sent["sums"]).tolist() == [[-3, -6]]
    assert unpack(sent["values"]).tolist() == [[0, 0]]
    assert sent["activation"] == "ReLU"


def test_hidden_cells_do_not_travel():
    hidden = np.zeros((4, 4), bool)
    hidden[1, 2] = True
    steps, sent = convolution(hidden=hidden)
    output = sent["outputs"][0]
    assert output["hidden"] == [6]
    for name in ("values", "sums", "products", "channel_sums"):
        assert not unpack(output[name])[1, 2].any(), name
        assert unpack(output[name])[1, 1].any(), name
    assert base64.b64decode(output["levels"])[6] == 0
    assert unpack(output["values"])[1, 1] == steps[5].output


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling_sends_winners_sums_and_counts(padding):
    maps = np.random.default_rng(0).integers(0, 256, (5, 5, 2)).astype(float)
    index = ops.window_index(5, 2, 2, padding)
    settings = {"padding": padding, "channel": 1}
    largest, mean = (
        windows.pooled(ops.pool_steps(maps, 2, mode=mode, **settings), mode, mode=mode, channel=1)
        for mode in ("max", "average")
    )
    sent = payload.payload(
        inputs=[windows.Plane(maps[..., channel], "plane") for channel in range(2)],
        outputs=[largest, mean],
        index_rows=index,
        index_cols=index,
    )
    largest, mean = sent["outputs"]
    assert np.array_equal(unpack(largest["values"]), ops.max_pool(maps, 2, padding=padding)[..., 1])
    winners = [maps[row, col, 1] for row, col in largest["winner"]]
    assert winners == unpack(largest["values"]).ravel().tolist()
    assert np.allclose(unpack(mean["sums"]) / unpack(mean["counts"]), unpack(mean["values"]), atol=0.05)
    assert unpack(mean["counts"])[-1, -1] == (4 if padding == "valid" else 1)
    assert sent["border"]["text"] == ""  # pooling leaves the border out; there is no 0 to see


@pytest.mark.parametrize("channels", [1, 3])
def test_the_largest_grid_stays_under_half_a_megabyte(channels):
    _steps, sent = convolution(32, 7, channels, padding="same")
    assert 100_000 < len(json.dumps(sent, allow_nan=False)) < 500_000


def test_more_than_that_is_refused_with_the_size():
    with pytest.raises(windows.PayloadError, match=r"take [\d,]+ bytes; at most 500,000 .* smaller crop"):
        convolution(32, 7, 6, padding="same")


def test_shapes_that_disagree_are_refused():
    plane = windows.Plane(np.zeros((4, 4)), "input")
    index = ops.window_index(4, 2, 1, "valid", 1)
    settings = {"index_rows": index, "index_cols": index}
    with pytest.raises(ValueError, match=r"output map should have shape \(3, 3\), but has \(2, 3\)"):
        payload.payload(inputs=[plane], outputs=[windows.Output(np.zeros((2, 3)), "map")], **settings)
    other = windows.Plane(np.zeros((5, 4)), "input")
    with pytest.raises(ValueError, match=r"input channel should have shape \(4, 4\)"):
        payload.payload(inputs=[plane, other], outputs=[windows.Output(np.zeros((3, 3)), "map")], **settings)


def test_a_flat_map_has_a_colour_scale_too():
    output = windows.Output(np.zeros((3, 3)), "map")
    index = ops.window_index(4, 2, 1, "valid", 1)
    sent = payload.payload(
        inputs=[windows.Plane(np.zeros((4, 4)), "input")],
        outputs=[output],
        index_rows=index,
        index_cols=index,
    )
    assert set(base64.b64decode(sent["outputs"][0]["levels"])) == {colours.MIDDLE}


# ---- terms -----------------------------------------------------------------------------------------


def read(text):
    """A shown number back as a number."""
    return float(text.replace("−", "-").replace(",", "").replace("+", "").replace("%", ""))


def fills_completely(table):
    """Each cell that a step uncovers is uncovered once, and none of them is empty."""
    uncovered = [tuple(cell) for step in table.steps for cell in step.reveal]
    assert len(uncovered) == len(set(uncovered))
    for row, column in uncovered:
        entry = table.rows[row].cells[column]
        assert entry.text or entry.width is not None
    return uncovered


@pytest.mark.parametrize("inputs", [1, 5, 24, 25, 26, 400])
def test_contributions_add_up_to_the_score(inputs):
    rng = np.random.default_rng(inputs)
    step = ops.contributions(rng.normal(size=inputs), rng.normal(size=(inputs, 3)), rng.normal(size=3), 1)
    table = terms.contributions_table(step, [f"unit {i}" for i in range(inputs)], result="score")
    fills_completely(table)
    *lines, total = table.rows
    amounts = [read(row.cells[3].text) for row in lines]
    single = inputs if inputs <= 25 else 24
    assert len(lines) == single + (inputs > single) + 1  # the rest in one line, and the bias
    assert sum(amounts) == pytest.approx(step.output, abs=0.006 * len(lines))
    assert read(total.cells[4].text) == pytest.approx(step.output, abs=0.006)
    sizes = [abs(amount) for amount in amounts[:single]]
    assert sizes == sorted(sizes, reverse=True)
    for row in table.rows:
        bar = row.cells[5]
        assert bar.left >= 0 and bar.left + bar.width <= 100.02
    # Each bar starts where the one before it ended, and the first one at zero.
    ends = table.zero
    for row in lines:
        bar = row.cells[5]
        sides = [bar.left, bar.left + bar.width]
        start, end = sides[::-1] if bar.tone == "negative" else sides
        assert start == pytest.approx(ends, abs=0.03)
        ends = end


def test_softmax_arrives_term_by_term():
    steps = ops.softmax_steps(np.array([1.0, 3.0, -2.0]))
    table = terms.softmax_table(steps, ["cat", "dog", "ship"])
    uncovered = fills_completely(table)
    assert [step.row for step in table.steps] == [0, 1, 2, 0, 1, 2]
    assert (3, 3) in table.steps[2].reveal and (3, 4) in table.steps[5].reveal  # totals when they are known
    assert len(uncovered) == 3 * 4 + 2
    assert [row.cells[2].text for row in table.rows[:3]] == ["−2", "0", "−5"]
    exponentials = [read(row.cells[3].text) for row in table.rows]
    assert sum(exponentials[:3]) == pytest.approx(exponentials[3], abs=2e-4)
    shares = [read(row.cells[4].text) for row in table.rows]
    assert shares[:3] == pytest.approx((100 * steps.probabilities).round(2).tolist())
    assert shares[3] == 100
    assert table.rows[1].cells[5].width == pytest.approx(100 * steps.probabilities[1], abs=1e-3)


def test_temperature_stands_in_the_column_and_in_the_arithmetic():
    table = terms.softmax_table(ops.softmax_steps(np.array([1.0, 3.0]), 2.0), ["cat", "dog"])
    assert table.columns[2].title == "(score − 3) ÷ 2.00"
    assert [row.cells[2].text for row in table.rows[:2]] == ["−1", "0"]
    assert "2.00" in [piece.text for piece in table.steps[0].pieces]


# ---- the components in the app ---------------------------------------------------------------------


def test_labels_are_translated_when_the_page_runs(monkeypatch):
    monkeypatch.setattr(sources, "_", str.upper)
    for module in (payload, terms):
        monkeypatch.setattr(module, "_", str.upper)
        assert all(label == label.upper() for label in module._labels().values())


@pytest.mark.parametrize("name", ["windows", "terms"])
def test_sources_are_self_contained(name):
    found = sources.sources(name)
    assert "\n" in found["js"].strip() and "\n" in found["css"].strip()  # else Streamlit takes them for paths
    assert "http" not in found["js"].replace("http://www.w3.org/2000/svg", "") and "http" not in found["css"]
    assert "innerHTML" not in found["js"] and "eval(" not in found["js"]
    assert found["js"].count("export default") == 1


def test_each_sentence_that_the_view_asks_for_is_sent():
    for module, name in ((payload, "windows"), (terms, "terms")):
        asked = set(re.findall(r"labels\.(\w+)", sources.sources(name)["js"]))
        assert len(asked) > 3 and asked <= set(module._labels()), name


def page():
    import numpy as np
    import streamlit as st

    from cnnlab import ops
    from cnnlab.ui.components.terms import softmax_table, terms
    from cnnlab.ui.components.windows import Mark, Plane, convolved, windows

    image = np.arange(25.0).reshape(5, 5, 1)
    steps = ops.conv2d_steps(image, np.ones((3, 3, 1, 1)))
    index = ops.window_index(5, 3)
    chosen = windows(
        key="view",
        inputs=[Plane(image[..., 0], "Input")],
        outputs=[convolved(steps, "Output")],
        index_rows=index,
        index_cols=index,
        marks=[Mark(0, 0, "A")],
        choose=True,
    )
    st.write(f"chosen: {chosen}")
    terms(softmax_table(ops.softmax_steps(np.array([1.0, 2.0])), ["cat", "dog"]), key="softmax")


def test_both_views_run_in_a_page():
    app = AppTest.from_function(page, default_timeout=300).run()
    assert not app.exception
    assert app.markdown[0].value == "chosen: None"
