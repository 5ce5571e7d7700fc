"""Which choices does a session keep when the student walks from page to page?

Streamlit forgets a widget's value when a run of the script does not draw it. Every key with a dot in it
(`convolution.stride`) is kept; keys of buttons, uploads and step-through views, which cannot be set, begin
with an underscore (`_train.start`).
"""

import streamlit as st


def keep() -> None:
    """Keep the choices of the pages that are not on show; called once in every run of the script."""
    for key, value in st.session_state.items():
        if "." in str(key) and not str(key).startswith("_"):
            st.session_state[key] = value


def default(key: str, value, allowed=None):
    """Give a widget's key its first value, also where the kept one is no longer allowed; return the key."""
    if key not in st.session_state or (allowed is not None and st.session_state[key] not in allowed):
        st.session_state[key] = value
    return key
