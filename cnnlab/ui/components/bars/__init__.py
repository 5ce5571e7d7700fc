"""Probabilities as bars on a true scale from 0 to 100 %, for one answer or several side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.figures.tiles import data_uri
from cnnlab.i18n import _, percent
from cnnlab.ui.components.sources import joined

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.bars", js=joined(HERE / "bars.js"), css=(HERE / "bars.css").read_text("utf-8")
)


@dataclass(frozen=True, eq=False)
class Answer:
    """One column: probabilities (classes,) with what stands above them, and the picture they belong to."""

    probabilities: np.ndarray
    title: str = ""
    words: str = ""
    picture: np.ndarray | None = None  # (h, w, 3) uint8


def bars(answers: Sequence[Answer], classes: Sequence[str], *, key: str, true: int | None = None) -> None:
    """Show answers side by side; the largest bar of each is darker, `true` is the class with a check mark."""
    columns = [
        {
            "title": answer.title,
            "words": answer.words,
            "picture": None if answer.picture is None else data_uri(answer.picture),
            **written(answer.probabilities),
        }
        for answer in answers
    ]
    data = {"columns": columns, "labels": labels(classes, true)}
    _component(key=key, data=data)


def labels(classes: Sequence[str], true: int | None) -> dict[str, object]:
    """What the browser writes around the bars of any answer."""
    return {
        "names": list(classes),
        "true": true,
        "axis": _("probability"),
        "ticks": [percent(share, 0) for share in (0, 0.25, 0.5, 0.75, 1)],
    }


def written(probabilities: np.ndarray) -> dict[str, object]:
    """One answer for the browser: lengths in per cent of the scale, the numbers as texts, the largest one."""
    return {
        "lengths": [round(100 * float(p), 2) for p in probabilities],
        "texts": [percent(float(p)) for p in probabilities],
        "top": int(np.argmax(probabilities)),
    }
