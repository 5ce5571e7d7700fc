"""How is a number typed? A decimal one shows all its digits; while a field is empty the last number stays."""

from typing import Any, TypeVar

import streamlit as st

from cnnlab.i18n import _, number, plain
from cnnlab.ui.session import widget_state

Number = TypeVar("Number", int, float)
SHOWN = "%.6g"  # in the browser: the six digits that count, and no exponent down to 0.000001


def decimal_field(
    label: str,
    low: float | None,
    high: float | None,
    *,
    key: str,
    value: float | None = None,
    step: float | None = None,
    **options: Any,
) -> float | None:
    """Draw a field for a decimal number of any size; return it, None while the field is empty.

    value: what stands there at first. A field in a popover needs it, as one that is drawn only when it is
    opened never hears of a number that the session has set before; elsewhere the session sets it.
    step: how far + and - move it; None: half a power of ten of what stands there, for numbers whose size
    is what matters, as a learning rate: 0.001 by 0.0005, 0.00001 by 0.000005.
    """
    step = step or _half_a_power(st.session_state.get(key, value))
    return st.number_input(label, low, high, value=value, step=step, format=SHOWN, key=key, **options)


def _half_a_power(value: float | None) -> float:
    """Return half of the power of ten just below a value; a usual step where there is none to speak of."""
    return float(f"5e{int(f'{value:e}'.split('e')[1]) - 1}") if value and value > 1e-12 else 0.0001


def number_field(label: str, low: Number, high: Number, first: Number, *, key: str) -> Number:
    """Draw a field for numbers from `low` to `high`, at first `first`; return its number, or its last one."""
    widget_state.default(key, first)
    if isinstance(first, float):
        decimal_field(label, low, high, step=1.0, key=key)
    else:
        st.number_input(label, low, high, value=None, step=1, key=key)  # None: can be empty
    value: Number | None = st.session_state[key]
    if value is None:
        value = st.session_state.get(f"{key}.last", first)
        shown = plain(value) if isinstance(first, float) else number(value)
        text = _("“{label}” is empty: type a number. Until then {value} stays.")
        st.error(text.format(label=label, value=shown))
    st.session_state[f"{key}.last"] = value
    return value
