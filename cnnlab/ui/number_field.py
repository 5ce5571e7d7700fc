"""What happens while a number field is empty? The last number stays, and a sentence says so."""

import streamlit as st

from cnnlab.text import _, number
from cnnlab.ui import state


def number_field(label: str, low, high, first, *, key: str, digits: int = 0):
    """Draw a field for numbers from `low` to `high`, at first `first`; return its number, or its last one."""
    state.default(key, first)
    value = st.number_input(label, low, high, value=None, step=type(first)(1), key=key)  # None: can be empty
    if value is None:
        value = st.session_state.get(f"{key}.last", first)
        text = _("“{label}” is empty: type a number. Until then {value} stays.")
        st.error(text.format(label=label, value=number(value, digits)))
    st.session_state[f"{key}.last"] = value
    return value
