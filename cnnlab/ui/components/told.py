"""Which places in a view has the browser told? What it tells is foreign: places of the view, or nothing."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def told(key: str, event: str) -> Any:
    """Return what the view under this session key has reported last as `event`; None where nothing."""
    return getattr(st.session_state.get(key), event, None)


def whole(number: object, count: int) -> int | None:
    """Return a whole number from 0 to below `count`; None for anything else."""
    return number if type(number) is int and 0 <= number < count else None


def places(report: object, **counts: int) -> tuple[int, ...] | None:
    """Return the places that a report names, each below its count: {"row": 2, "col": 0} -> (2, 0); else None.

    A report may be a list instead, in the order of the counts.
    """
    if isinstance(report, list) and len(report) == len(counts):
        report = dict(zip(counts, report, strict=True))
    if not isinstance(report, Mapping):
        return None
    told = [whole(report.get(name), count) for name, count in counts.items()]
    found = tuple(place for place in told if place is not None)
    return found if len(found) == len(counts) else None
