"""Where does the app open? Its addresses for the terminal, found without asking anybody.

Streamlit's own welcome is switched off (`logger.hideWelcomeMessage`): on a server without a screen it asks
the internet for an address, before any code of the app runs.
"""

import streamlit as st

from cnnlab import network_address
from cnnlab.ui.classroom import address


def welcome() -> str:
    """Return what the terminal shows once the app can be opened."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    port, path = int(st.get_option("server.port")), address.path()
    told = st.get_option("server.address")
    hosts = {"Local URL": "localhost"}
    if told not in (None, "", "0.0.0.0", "::"):
        hosts = {"URL": f"[{told}]" if ":" in told else told}
    elif networks := network_address.networks():
        hosts["Network URL"] = networks[0].ip
    lines = [f"  {name}: {scheme}://{host}:{port}{path}" for name, host in hosts.items()]
    return "\n".join(["", "  Open the app in a browser:", "", *lines, "", ""])
