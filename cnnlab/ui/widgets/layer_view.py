"""How do a network's layers look for one photo: as strips of maps, and as the steps that make one map?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cnnlab import ops
from cnnlab.data.datasets import class_name
from cnnlab.figures import tiles
from cnnlab.figures.colours import signed
from cnnlab.i18n import _, fine, language, number, percent
from cnnlab.ui.components import colours
from cnnlab.ui.components.strips import Strip, packed, strips
from cnnlab.ui.widgets import layer_words, network_choice

SHOWN = 256  # maps of a layer that stand in its strip; the others are reached by their number
SIDE = 18  # of a small map on the screen, in pixels
MOST_CELLS = 100_000  # in all strips together; beyond that they get coarser
RGB = ("red", "green", "blue")
FOLLOWING = (ops.BatchNorm, ops.Activation, ops.Softmax, ops.Dropout)  # belong to the layer before them


@dataclass(frozen=True, eq=False)
class View:
    """One network on one picture: every layer's output, and what came into each."""

    net: network_choice.Network
    image: np.ndarray  # (32, 32, 3) uint8
    outputs: list[ops.LayerOutput]

    @property
    def names(self) -> list[str]:
        return [output.name for output in self.outputs]

    def place(self, name: str) -> int:
        return self.names.index(name)

    def before(self, place: int) -> np.ndarray:
        """Return what comes into a layer: the output before it, or the photo (32, 32, 3)."""
        return self.outputs[place - 1].values if place else self.image.astype(np.float32)

    def maps(self, place: int) -> np.ndarray:
        """Return a layer's output as maps (h, w, c); a row of n numbers as n maps of one cell."""
        return as_maps(self.outputs[place].values)

    def block(self, place: int) -> range:
        """Return the places of the layer with weights or windows and of what treats its cells one by one.

        A convolution, its normalisation and its activation belong together: they make one map in three steps.
        """
        start = end = place
        while start and isinstance(self.outputs[start].layer, FOLLOWING):
            start -= 1
        while end + 1 < len(self.outputs) and isinstance(self.outputs[end + 1].layer, FOLLOWING):
            end += 1
        return range(start, end + 1)


def view(net: network_choice.Network, image: np.ndarray) -> View:
    """Compute all layers; the last few pictures of a session are remembered."""
    return View(net, image, _forward(str(net.run.folder), net.stamp, image, net))


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _forward(
    folder: str, stamp: int, image: np.ndarray, _net: network_choice.Network
) -> list[ops.LayerOutput]:
    return _net.forward(image)


def as_maps(values: np.ndarray) -> np.ndarray:
    return values if values.ndim == 3 else values[np.newaxis, np.newaxis]  # (n,) -> (1, 1, n)


def in_colours(see: View, place: int) -> bool:
    """Say whether the layer's maps are still the photo's three colours."""
    return isinstance(see.outputs[place].layer, ops.Rescale)


def map_name(see: View, place: int, number_: int) -> str:
    """Name one map (from 0) of a layer: "map 3", "red", "unit 3" or a class."""
    values = see.outputs[place].values
    if in_colours(see, place):
        return (_("red"), _("green"), _("blue"))[number_]
    if values.ndim == 3:
        return _("map {n}").format(n=number_ + 1)
    if see.names[place] in ("scores", "softmax"):
        return class_name(see.net.classes[number_])
    return _("number {n}").format(n=number(number_ + 1))


def shape_text(values: np.ndarray) -> str:
    """Write a layer's shape: "32 maps of 15 × 15" or "64 numbers"."""
    if values.ndim == 1:
        return _("{n} numbers").format(n=number(len(values)))
    height, width, count = values.shape
    return _("{n} maps of {height} × {width}").format(n=count, height=height, width=width)


def ranges() -> dict[str, str]:
    """Return what one colour range can be for: name, as `ends` takes it -> words."""
    return {"map": _("each map"), "layer": _("the whole layer"), "network": _("the whole network")}


def ends(see: View, place: int, across: str) -> np.ndarray:
    """Return the value at the end of each map's colour range: one for the map, its layer, or the network."""
    if across == "map" and see.outputs[place].values.ndim == 1:
        across = "layer"  # of a single number the range would say nothing
    return tiles.limits(see.maps(place), across, _largest(see))


def picture(see: View, place: int, channel: int, limit: float) -> np.ndarray:
    """Colour one map of a layer: (h, w, 3) uint8."""
    maps = see.maps(place)
    if in_colours(see, place):
        return _colour_planes(maps)[:, :, channel]
    return signed(maps[..., channel], limit)


def overview(see: View, across: str, chosen: tuple[str, int], choose: Callable[[str, int], None]) -> None:
    """Draw every layer as a strip of small maps, of which one can be chosen."""
    folder, stamp = str(see.net.run.folder), see.net.stamp
    rows = _overview(folder, stamp, see.image, across, language.get(), see)
    strips(_("All layers"), rows, key="_network.strips", chosen=chosen, choose=choose)


@st.cache_data(scope="session", max_entries=4, show_spinner=False)
def _overview(
    folder: str, stamp: int, image: np.ndarray, across: str, lang: str, _see: View
) -> list[dict[str, Any]]:
    coarser = 1
    places = range(len(_see.outputs))
    while sum(_small(_see.maps(place), coarser).size for place in places) > MOST_CELLS:
        coarser *= 2
    rows = []
    for place, output in enumerate(_see.outputs):
        maps = _see.maps(place)
        shown, limit = _small(maps, coarser), ends(_see, place, across)[:SHOWN]
        rgb = in_colours(_see, place)
        strip = Strip(
            name=output.name,
            title=layer_words.heading(output.layer),
            note=_note(_see, place),
            tiles=_colour_planes(maps) if rgb else _painted(shown, limit),
            captions=[_caption(_see, place, n) for n in range(shown.shape[-1])],
            lead=image if place == 0 else None,
            side=40 if rgb else SIDE if maps.shape[-1] <= 128 else 8,
            labels=_labels(_see, place),
        )
        rows.append(packed(strip))
    return rows


def _small(maps: np.ndarray, coarser: int) -> np.ndarray:
    """Leave out rows and columns that a small map has no pixels for; at least 4 stay. (h, w, c) -> fewer."""
    side = max(maps.shape[:2])
    step = min(coarser * -(-side // (SIDE + 2)), max(1, side // 4))
    return maps[::step, ::step, :SHOWN]


def _note(see: View, place: int) -> str:
    values = see.outputs[place].values
    if see.names[place] == "softmax":
        top = int(values.argmax())
        return f"{class_name(see.net.classes[top])}: {percent(float(values[top]), 0)}"
    if see.maps(place).shape[-1] > SHOWN:
        return _("{shape}, the first {shown}").format(shape=shape_text(values), shown=SHOWN)
    return shape_text(values)


def _labels(see: View, place: int) -> list[str]:
    """Return the classes where a layer has one number for each, as long as they fit."""
    if see.names[place] not in ("scores", "softmax") or len(see.net.classes) > 12:
        return []
    return [class_name(name) for name in see.net.classes]


def _caption(see: View, place: int, n: int) -> str:
    values = see.maps(place)[..., n]
    name = map_name(see, place, n)
    if values.size == 1:
        return f"{name}: {fine(float(values[0, 0]), 2)}"
    text = _("{name}: {low} to {high}")
    return text.format(name=name, low=fine(float(values.min()), 2), high=fine(float(values.max()), 2))


def _largest(see: View) -> float:
    """Return the largest magnitude in the network's maps and rows, the photo left out."""
    return max((float(np.abs(output.values).max()) for output in see.outputs[1:]), default=1.0)


def _colour_planes(planes: np.ndarray) -> np.ndarray:
    """Tint planes (h, w, 3) from 0 to 1 in red, green and blue: pictures (h, w, 3, 3) uint8."""
    tinted = [colours.fills(role)[colours.levels(planes[..., i], role, 1.0)] for i, role in enumerate(RGB)]
    return np.stack(tinted, axis=2)


def _painted(maps: np.ndarray, limits: np.ndarray | float) -> np.ndarray:
    """Colour all maps (h, w, n) at once, each to its own limit (n,): (h, w, n, 3) uint8."""
    return signed(maps / np.where(np.equal(limits, 0), 1, limits), 1.0)


def partial_maps(x: np.ndarray, kernels: np.ndarray, channel: int, conv: ops.Conv) -> np.ndarray:
    """Return what each input channel alone gives to one output map: (H, W, c_in); they add up to it.

    x: (h, w, c_in); kernels: (kh, kw, c_in, c_out). One convolution does it: with kernels that each read a
    single channel.
    """
    kh, kw, c_in, _c_out = kernels.shape
    alone = np.zeros((kh, kw, c_in, c_in), kernels.dtype)
    alone[:, :, range(c_in), range(c_in)] = kernels[..., channel]
    return ops.conv2d(x, alone, stride=conv.stride, padding=conv.padding)


def making_of(see: View, conv: ops.Conv, channel: int, choose: Callable[[str, int], None]) -> None:
    """Draw how a convolution makes one map: input maps, slices, each convolved, the sum, bias, activation."""
    start = see.place(conv.name)
    x, kernels = see.before(start), see.net.weights[f"{conv.name}/kernel"]
    partials = partial_maps(x, kernels, channel, conv)
    names = [map_name(see, start - 1, n) for n in range(x.shape[-1])]
    first = in_colours(see, start - 1)
    side = 46 if len(names) <= 8 else 24

    def strip(
        name: str, heading: str, maps: np.ndarray, captions: Sequence[str], pictures: np.ndarray | None = None
    ) -> Strip:
        limit = float(np.abs(maps).max())
        note = _("from {low} to {high}").format(low=fine(maps.min(), 2), high=fine(maps.max(), 2))
        painted = _painted(maps, limit) if pictures is None else pictures
        return Strip(name, heading, note, painted, captions, side=side if maps.shape[-1] > 1 else 58)

    weights = kernels[..., channel]  # (kh, kw, c_in)
    text = _("{n} input maps").format(n=len(names)) if not first else _("The photo’s three colours")
    rows = [
        strip("inputs", text, x, names, _colour_planes(x) if first else None),
        strip("slices", _("× the kernel’s slice for each"), weights, names),
        strip("partials", _("= what each adds"), partials, names),
    ]
    total = partials.sum(axis=-1, keepdims=True)
    rows.append(strip("sum", _("All added up"), total, [_("sum")]))
    for place in see.block(start):
        output = see.outputs[place]
        heading = layer_words.words(output.layer).after
        if place == start:
            bias = float(see.net.weights[f"{conv.name}/bias"][channel]) if conv.bias else None
            heading = _("No bias here") if bias is None else _("+ bias {bias}").format(bias=fine(bias, 3))
        elif not heading:
            continue
        rows.append(strip(output.name, heading, output.values[..., channel : channel + 1], [heading]))
    went_in = {"inputs", "slices", "partials"}

    def go(name: str, tile: int) -> None:
        if name in went_in:
            choose(see.names[start - 1], tile)
        elif name in see.names:
            choose(name, channel)

    key = "_network.making"
    strips(_("How this map is made"), [packed(row) for row in rows], key=key, choose=go, numbered=True)
