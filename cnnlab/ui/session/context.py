"""What does a browser say of itself? Its colours and the address that it has opened; all of it is foreign."""

import re
from urllib.parse import urlsplit

import streamlit as st

HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")
LONGEST = 2000  # characters of an address


def theme() -> str:
    """Return "dark" or "light"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def address() -> str:
    """Return the address that the browser has opened, "" where it tells none that can be one."""
    url = st.context.url
    if not isinstance(url, str) or len(url) > LONGEST:
        return ""
    try:
        parts = urlsplit(url)
        possible = parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc) and parts.port != 0
    except ValueError:  # no address, or no port
        return ""
    return url if possible else ""
