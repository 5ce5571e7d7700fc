"""Is the receptive field the part of the photo that really changes the cell?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import ops

PHOTO = 32, 32, 3


def test_the_article_s_third_convolution_sees_18_pixels(article):
    field = ops.receptive_field(article, "conv_3", 1, 0, PHOTO)
    assert field.size == (18, 18)
    assert field.jump == (4, 4)
    assert field.rows == (4, 21)
    assert field.cols == (0, 17)
    assert field.centre == (12.5, 8.5)


def test_the_article_layer_by_layer(article):
    # r += (k - 1) j; j *= s
    known = {"rescale": (1, 1), "conv_1": (3, 1), "pool_1": (4, 2), "conv_2": (8, 2), "pool_2": (10, 4)}
    for name, (size, jump) in known.items():
        field = ops.receptive_field(article, name, 0, 0, PHOTO)
        assert (field.size, field.jump) == ((size, size), (jump, jump))
        assert field.rows == field.cols == (0, size - 1)


def test_a_dense_layer_sees_what_the_last_maps_see(article):
    # Pooling 13 rows by twos leaves one over, so the last two pixels reach nothing.
    for name in ("flatten", "dense_1", "softmax"):
        field = ops.receptive_field(article, name, None, None, PHOTO)
        assert (field.rows, field.cols) == ((0, 29), (0, 29))
    assert field == ops.receptive_field(article, "conv_3_relu", None, None, PHOTO)


def test_a_network_without_maps_of_its_own_sees_the_whole_photo():
    layers = [ops.Flatten("flatten"), ops.Dense("scores", 10)]
    field = ops.receptive_field(layers, "scores", None, None, (6, 8, 3))
    assert (field.rows, field.cols) == ((0, 5), (0, 7))
    assert (field.size, field.jump) == ((6, 8), (1, 1))


def test_a_zero_border_is_cut_off_but_counts_in_the_size():
    layers = [ops.Conv(name, 1, kernel=3, padding="same") for name in ("first", "second")]
    corner = ops.receptive_field(layers, "second", 0, 3, (6, 8, 1))
    assert (corner.rows, corner.cols) == ((0, 2), (1, 5))
    assert corner.size == (5, 5)
    assert corner.centre == (0, 3), "a zero border keeps every cell over its pixel"


def test_layers_and_cells_that_are_not_there(article):
    with pytest.raises(ops.GeometryError, match='no layer called "conv_9"'):
        ops.receptive_field(article, "conv_9", 0, 0, PHOTO)
    with pytest.raises(ops.GeometryError, match=r"4 rows and 4 columns, .* no cell \(4, 0\)"):
        ops.receptive_field(article, "conv_3", 4, 0, PHOTO)
    with pytest.raises(ops.GeometryError, match='"dense_1" has no rows and columns'):
        ops.receptive_field(article, "dense_1", 0, 0, PHOTO)


@st.composite
def networks(draw, paddings=("valid", "same")):
    """Draw a photo's shape and layers of maps that fit it, branches included."""
    shape = draw(st.integers(6, 14)), draw(st.integers(6, 14)), 1
    layers = [ops.Rescale("rescale", 1.0)]
    for number in range(draw(st.integers(1, 5))):
        shapes = ops.output_shapes(layers, shape)
        height, width, _channels = shapes[-1]
        twins = [layer.name for layer, other in zip(layers, shapes, strict=True) if other == shapes[-1]][:-1]
        kind = draw(st.sampled_from(["conv", "conv", "pool", "norm", "activation", "add"]))
        name = f"layer_{number}"
        window = {
            "stride": draw(st.integers(1, 3)),
            "padding": draw(st.sampled_from(paddings)),
        }
        side = draw(st.integers(1, min(4, height, width)))
        if kind == "conv":
            layers.append(ops.Conv(name, 1, side, **window))
        elif kind == "pool":
            layers.append(ops.Pool(name, draw(st.sampled_from(["max", "average"])), side, **window))
        elif kind == "norm":
            layers.append(ops.BatchNorm(name))
        elif kind == "activation":
            layers.append(ops.Activation(name, "relu"))
        elif twins:
            layers.append(ops.Add(name, draw(st.sampled_from(twins))))
    *_, (height, width, _channels) = ops.output_shapes(layers, shape)
    return shape, layers, draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))


@settings(deadline=None)
@given(networks())
def test_equals_the_pixels_that_change_the_cell(drawn):
    (height, width, _channels), layers, row, col = drawn
    # Nothing is negative and nothing saturates: a brighter pixel cannot cancel out on its way.
    weights = {
        name: np.full(size, 0.0 if name.split("/")[1] in ("bias", "beta", "mean") else 1.0)
        for name, size in ops.network_shapes(layers, (height, width, 1)).items()
    }
    reached = []
    for pixel in np.ndindex(height, width):
        photo = np.zeros((height, width, 1))
        photo[pixel] = 1
        if ops.forward(layers, weights, photo)[-1].values[row, col, 0] > 0:
            reached.append(pixel)
    rows, cols = zip(*reached, strict=True)
    field = ops.receptive_field(layers, layers[-1].name, row, col, (height, width, 1))
    assert field.rows == (min(rows), max(rows))
    assert field.cols == (min(cols), max(cols))
    assert field.size >= (max(rows) - min(rows) + 1, max(cols) - min(cols) + 1)


@settings(deadline=None)
@given(networks(paddings=["valid"]))
def test_without_borders_size_and_jump_tell_every_field(drawn):
    shape, layers, row, col = drawn
    name = layers[-1].name
    first = ops.receptive_field(layers, name, 0, 0, shape)
    field = ops.receptive_field(layers, name, row, col, shape)
    for axis, (cell, reach) in enumerate([(row, field.rows), (col, field.cols)]):
        start = first.jump[axis] * cell
        assert reach == (start, start + first.size[axis] - 1)
