"""What does one picture become on its way through a network: the last maps, the last inputs, the scores?"""

from dataclasses import dataclass

import numpy as np

from cnnlab import ops
from cnnlab.data import photos
from cnnlab.i18n import _
from cnnlab.ui.widgets import layer_words, network_choice, network_input


@dataclass(frozen=True, eq=False)
class Look:
    """One picture through a network: what the last dense layer read, and the scores that it gave."""

    about: tuple[str, ...]  # names network and picture: questions are asked anew when it changes
    picture: np.ndarray  # (32, 32, 3) uint8
    outputs: list[ops.LayerOutput]
    inputs: np.ndarray  # (n,)
    weights: np.ndarray  # (n, classes)
    bias: np.ndarray  # (classes,)
    scores: np.ndarray  # (classes,)


def look(net: network_choice.Network) -> Look | None:
    """Draw the choice of a picture and send it through the network; None where there is no picture."""
    picture = network_input.choose(net)
    if picture is None:
        return None
    outputs = net.forward(picture)
    place = [out.name for out in outputs].index("scores")
    weights, bias = (net.weights[f"scores/{part}"] for part in ("kernel", "bias"))
    # In float64 the terms add up to the last digit that is shown.
    inputs, weights, bias = (a.astype(float) for a in (outputs[place - 1].values, weights, bias))
    about = (net.run.id, net.mark, f"picture {photos.checksum(picture):08x}")
    return Look(about, picture, outputs, inputs, weights, bias, ops.dense(inputs, weights, bias))


def input_names(seen: Look) -> tuple[list[str], str]:
    """Name each input of the last dense layer, and say in a few words what they are."""
    place = [out.name for out in seen.outputs].index("scores")
    for i in range(place - 1, 0, -1):
        layer, shape = seen.outputs[i].layer, seen.outputs[i - 1].values.shape
        count = range(1, len(seen.inputs) + 1)
        match layer:
            case ops.Dense():
                title = layer_words.title(seen.outputs[place - 1].layer)
                return [_("unit {n}").format(n=n) for n in count], title
            case ops.GlobalAverage() | ops.GlobalMax():
                return [_("map {n}").format(n=n) for n in count], _("one number of each map")
            case ops.Flatten():
                cells = [ops.map_index(shape, n - 1) for n in count]
                return [cell_name(cell) for cell in cells], _("the flattened maps")
    raise ValueError("the scores stand behind no layer that makes a row of numbers")


def cell_name(cell: tuple[int, int, int]) -> str:
    row, col, channel = (n + 1 for n in cell)
    return _("map {n}, row {row}, column {col}").format(n=channel, row=row, col=col)
