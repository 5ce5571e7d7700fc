"""A ranked table in letters that the back row can read; on a phone each row has two lines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.standings",
    js=(HERE / "standings.js").read_text("utf-8"),
    css=(HERE / "standings.css").read_text("utf-8"),
)


@dataclass(frozen=True)
class Row:
    """One line: `values` are written as they are, one for each heading after place and name."""

    place: str
    name: str
    values: tuple[str, ...]
    kind: str = "student"  # or "own", or "shipped"


def standings(label: str, heads: Sequence[str], rows: Sequence[Row], *, main: int, key: str) -> None:
    """Draw the table. heads: of the name and of the values; the first `main` values are the large ones."""
    data = {"label": label, "heads": list(heads), "rows": [asdict(row) for row in rows], "main": main}
    _component(key=key, data=data)
