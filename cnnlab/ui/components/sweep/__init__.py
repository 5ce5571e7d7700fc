"""One change of a photo at many strengths: a slider, the picture, ten bars that follow, and a chart.

All answers are computed before and travel at once, so moving the slider needs no server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri, enlarge
from cnnlab.i18n import _, percent
from cnnlab.ui.components.bars import labels, written
from cnnlab.ui.components.sources import joined

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.sweep",
    js=joined(HERE / "sweep.js"),
    css=(HERE.parent / "bars/bars.css").read_text("utf-8") + (HERE / "sweep.css").read_text("utf-8"),
)
LINES = 4  # classes in the chart, at most: those that lead somewhere come first


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a network says of a photo at each of n strengths, written for learners; `start` is no change.

    probabilities: (n, classes). pictures: n pictures (32, 32, 3) uint8. extra: one more picture with its
    caption, or None.
    """

    label: str
    strengths: Sequence[str]
    pictures: np.ndarray
    probabilities: np.ndarray
    start: int
    extra: tuple[np.ndarray, str] | None = None


def sweep(swept: Sweep, classes: Sequence[str], *, key: str, true: int | None = None) -> None:
    """Show the slider and what follows it."""
    answers = swept.probabilities.argmax(axis=1)
    first = int(answers[swept.start])
    changes = [i for i in range(len(answers)) if answers[i] != first]
    nearest = min(changes, key=lambda i: abs(i - swept.start), default=None)
    words = _("The answer stays {name} throughout.").format(name=classes[first])
    if nearest is not None:
        text = _("The answer turns from {first} to {other} at {strength}.")
        other = classes[int(answers[nearest])]
        words = text.format(first=classes[first], other=other, strength=swept.strengths[nearest])
    data = {
        "label": swept.label,
        "strengths": list(swept.strengths),
        "start": swept.start,
        "strip": data_uri(np.concatenate(list(swept.pictures), axis=1)),
        "answers": [written(row) for row in swept.probabilities],
        "labels": labels(classes, true),
        "lines": [{"name": classes[c], "class": c} for c in leading(swept.probabilities, swept.start, true)],
        "scale": [percent(share, 0) for share in (0, 0.5, 1)],
        "chart": _("Probability against strength; the line stands at the strength on show."),
        "words": words,
        "table": [_("The same as text"), swept.label, _("answer"), _("probability")],
        "extra": None,
    }
    if swept.extra is not None:
        picture, caption = swept.extra
        data["extra"] = {"picture": data_uri(enlarge(picture, 96)), "caption": caption}
    _component(key=key, data=data)


def leading(probabilities: np.ndarray, start: int, true: int | None) -> list[int]:
    """Return the LINES classes to draw: the answer at `start`, the true one, then those that reach most."""
    order = np.argsort(-probabilities.max(axis=0), kind="stable")
    wanted = [int(probabilities[start].argmax()), *([] if true is None else [true]), *order.tolist()]
    return list(dict.fromkeys(wanted))[:LINES]
