"""Can students reach me? The address to give out, large and as a QR code, and what to do when it fails."""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from cnnlab import network_address
from cnnlab.classroom import qr
from cnnlab.i18n import _, number
from cnnlab.ui.classroom.advice import advice
from cnnlab.ui.session import context, widget_state

CHOSEN = "teacher.address"


def address() -> str | None:
    """Return the address that students open: the one this session has chosen, else the likeliest."""
    offered = _offered()
    try:
        return _whole(st.session_state[CHOSEN], offered)
    except (
        KeyError,
        network_address.AddressError,
    ):  # nothing chosen; or what was typed is none, the field says so
        return next(iter(offered), None)


def _whole(chosen: str | None, offered: dict[str, str]) -> str:
    """Return the address that was chosen, or typed, as a whole one; AddressError."""
    return chosen if chosen in offered else network_address.written(chosen or "", *_scheme_and_port(), path())


def card() -> None:
    """Draw the address with its QR code, who is connected, and the advice."""
    with st.container(border=True):
        st.markdown(_("**Can students reach me?** They open this address in a browser:"))
        _choose(_offered())
        found = address()
        if found is None:
            text = _("This computer is in no network: join the students' Wi-Fi, then open this page again.")
            st.warning(text)
            _connected()
        else:
            with st.container(horizontal=True, gap="medium"):
                alt = _("QR code of {address}").format(address=found)
                st.image(qr.svg(found), width=190, alt=alt)
                with st.container(width=420):
                    st.markdown(f"### [{found}]({found})")
                    if st.button(_("Project this"), icon=":material/fullscreen:", key="_teacher.project"):
                        st.dialog(_("Open this address"), width="large")(_poster)(found)
                    _connected()
        _trouble()
        advice(found)


def _choose(offered: dict[str, str]) -> None:
    """Draw the choice of a network where there is one to make; another address can be typed."""
    if len(offered) < 2 and network_address.system() not in ("wsl", "container"):
        return
    elsewhere = _("typed, or of a network that was left")
    widget_state.default(CHOSEN, next(iter(offered), None))
    typed = st.session_state[CHOSEN]
    st.selectbox(
        _("Choose the network that your students are in, or type an address"),
        [*offered] if typed is None or typed in offered else [*offered, typed],
        format_func=lambda one: f"{one} · {offered.get(one, elsewhere)}",
        key=CHOSEN,
        accept_new_options=True,
        help=_("This computer has an address in each of its networks; students can open one of them."),
    )
    try:
        _whole(st.session_state[CHOSEN], offered)
    except network_address.AddressError as error:
        st.error(str(error))


def _offered() -> dict[str, str]:
    """Return the addresses that students may be able to open, the likeliest first, and what each is."""
    scheme, port = _scheme_and_port()
    offered = {}
    url = urlsplit(context.address())
    if url.netloc and not network_address.is_local(url.hostname):
        offered[f"{scheme}://{url.netloc}{path()}"] = _("as in your own browser")
    for network in network_address.networks():
        name = network.interface
        if network.virtual:
            name = _("{name}, perhaps only within this computer").format(name=name)
        offered.setdefault(network_address.written(network.ip, scheme, port, path()), name)
    return offered


def _scheme_and_port() -> tuple[str, int | None]:
    """Return scheme and port as the teacher's browser uses them, else as the server was told."""
    if url := context.address():
        return urlsplit(url).scheme, urlsplit(url).port
    return "https" if st.get_option("server.sslCertFile") else "http", int(st.get_option("server.port"))


def path() -> str:
    """Return the part of the address after the port, "" for none."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _poster(found: str) -> None:
    st.image(poster(found), width="stretch", alt=_("QR code of {address}").format(address=found))


def poster(found: str) -> str:
    """Return address and QR code as one SVG, 1000 x 420 units: flat, so that a projector shows all of it."""
    size = min(64, 940 / (0.6 * len(found)))  # a character of a fixed-width face is 0.6 of its size wide
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 420">'
        '<rect width="1000" height="420" fill="#fff"/>'
        f'<svg x="330" y="80" width="340" height="340">{qr.svg(found)}</svg>'
        f'<text x="500" y="66" text-anchor="middle" font-family="monospace" font-weight="700" '
        f'font-size="{size:.1f}" fill="#000">{escape(found)}</text></svg>'
    )


def _trouble() -> None:
    """Say what is known to keep others out."""
    if network_address.open_to_others(int(st.get_option("server.port"))) is False:
        text = _(
            "The app was started for this computer alone (`server.address`). Start it again without that "
            "option, or with `--server.address 0.0.0.0`."
        )
        st.error(text)
    if network_address.system() == "wsl":
        text = _(
            "The app runs in WSL2, which has a network of its own: others may need the address of Windows "
            "instead. See the advice below."
        )
        st.warning(text)


@st.fragment(run_every=5)
def _connected() -> None:
    """Say how many other devices are connected: the one proof that they can reach this computer."""
    count = len(network_address.connected(int(st.get_option("server.port"))))
    if count:
        text = _(":green[:material/check_circle:] **{count} other devices are connected now.**")
        one = _(":green[:material/check_circle:] **One other device is connected now.**")
        st.markdown(one if count == 1 else text.format(count=number(count)))
    else:
        text = _(
            "No other device is connected yet. Open the address on a phone in the students' Wi-Fi: only that "
            "proves that it works."
        )
        st.markdown(f":material/hourglass_empty: {text}")
