"""Why does the app ask nobody on the internet?

Streamlit 1.67 asks a computer of Amazon's for this one's outside address: at the start of a server without a
screen, to print it, and whenever a page from elsewhere wants to connect, to see whether that is its address.
It waits for the answer in its event loop; where no name server answers, as in a class without internet, all
pages stand still for some twenty seconds. A class needs no outside address.
"""

from streamlit import net_util


def ask_nobody() -> None:
    """Let Streamlit go without the outside address, as it does when nobody tells it.

    A later Streamlit that has no such function any more is left as it is; the tests say whether it asks.
    """
    if hasattr(net_util, "get_external_ip"):
        net_util.get_external_ip = lambda: None
