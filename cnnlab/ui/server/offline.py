"""Why does the app ask nobody on the internet?

Streamlit asks a computer of Amazon's for this one's outside address: at the start of a server without a
screen, to print it, and whenever a page from elsewhere wants to connect, to see whether that is its address.
It waits for the answer in its event loop; where no name server answers, as in a class without internet, all
pages stand still for some twenty seconds. A class needs no outside address.
"""

from typing import Any

from cnnlab.ui.server.patch import Inside, Patch


def ask_nobody(net_util: Any) -> None:
    """Let Streamlit go without the outside address, as it does when nobody tells it."""
    net_util.get_external_ip = lambda: None


PATCH = Patch(
    without="Streamlit may ask the internet for this computer's outside address.",
    made_for="Streamlit 1.67",
    needs={"net_util": Inside("streamlit.net_util", {"get_external_ip": ""})},
    put_in=ask_nobody,
)
