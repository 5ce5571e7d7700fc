"""At which address do other computers reach this one, who is connected to it now, and from where?

A computer has one address for each network that it is in. None of this sends anything into the network.
"""

import ipaddress
import platform
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psutil

from cnnlab.i18n import Sentence, _

PATIENCE = 4.0  # seconds
HERE = "here"  # the client that is this computer itself
ELSEWHERE = ("198.51.100.1", 9)  # an address that belongs to nobody (RFC 5737, TEST-NET-2)
# Networks that exist within a computer alone, or lead to a company: Docker, virtual machines, tunnels.
VIRTUAL = re.compile(
    r"docker|br-|veth|virbr|vmnet|vboxnet|virtualbox|vmware|vethernet|utun|tun|tap|wg|zt|tailscale|bridge"
)
# How a name or an address of a computer is written, with or without scheme and port.
WRITTEN = re.compile(r"(?:(https?)://)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?/?")


class AddressError(Sentence, ValueError):
    """What is wrong with an address that somebody typed, as a sentence."""


@dataclass(frozen=True)
class Network:
    """One of the networks that this computer is in: its own IPv4 address there, and the interface's name.

    `usual` marks the one through which traffic to other networks leaves: mostly the school's.
    """

    ip: str
    interface: str
    usual: bool = False

    @property
    def virtual(self) -> bool:
        return VIRTUAL.match(self.interface.lower()) is not None


def networks() -> list[Network]:
    """Return the networks that are up, the likeliest first; none while the computer is in no network."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    usual = outgoing()
    found = [
        Network(entry.address, name, entry.address == usual)
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if name in up and entry.family == socket.AF_INET and _reachable(entry.address)
    ]
    return sorted(found, key=lambda network: (network.virtual, not network.usual))


def outgoing() -> str | None:
    """Return the own address for traffic to other networks, None where there is no way out.

    Connecting a UDP socket sends nothing: the system only looks up the way.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(ELSEWHERE)
        except OSError:
            return None
        return str(asking.getsockname()[0])


def written(text: str, scheme: str, port: int | None, path: str = "") -> str:
    """Return a whole address for what somebody typed, such as "192.168.1.20" or "lab.school:8501".

    What is not typed is taken from scheme and port (None: the scheme's own). AddressError.
    """
    match = WRITTEN.fullmatch(text.strip())
    host, typed = (match[2], match[3]) if match else ("", None)
    if not match or not 0 < int(typed or 1) < 65536:
        words = _("“{text}” is not an address. It looks like 192.168.1.20 or like 192.168.1.20:8501.")
        raise AddressError(words.format(text=text.strip()[:60]))
    scheme = match[1] or scheme
    port = int(typed) if typed else None if match[1] else port
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}" + (f":{port}" if port not in (None, usual) else "") + path


def is_local(host: str | None) -> bool:
    """Say whether a host is the computer itself, as only its own browser can use it."""
    return not host or host == "localhost" or host.endswith(".localhost") or not _outside(host)


def open_to_others(port: int) -> bool | None:
    """Say whether this process takes connections from other computers; None where it does not listen."""
    ours = [
        entry.laddr.ip
        for entry in psutil.Process().net_connections("tcp")
        if entry.status == psutil.CONN_LISTEN and entry.laddr.port == port
    ]
    return any(_outside(ip) for ip in ours) if ours else None


def connected(port: int) -> set[str]:
    """Return the addresses of the other devices that are connected to this process now."""
    own = {entry.address for entries in psutil.net_if_addrs().values() for entry in entries}
    peers = {
        _plain(entry.raddr.ip)
        for entry in psutil.Process().net_connections("tcp")
        if entry.status == psutil.CONN_ESTABLISHED and entry.laddr.port == port and entry.raddr
    }
    return {ip for ip in peers - own if _outside(ip)}


def answers(address: str) -> bool:
    """Say whether this app answers at an address, asked from this computer, within some seconds.

    A name server that does not answer would take many: nobody waits for it.
    """
    found: list[bool] = []
    asking = threading.Thread(target=lambda: found.append(_answers(address)), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return found == [True]


def _answers(address: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # schools sign certificates themselves
    direct = urllib.request.ProxyHandler({})  # a proxy would be asked instead of this computer
    opener = urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(f"{address.rstrip('/')}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200 and answer.read(8) == b"ok")
    except (OSError, ValueError, urllib.error.URLError):
        return False


System = Literal["wsl", "container", "windows", "macos", "linux"]


def system() -> System:
    """Return what this process runs on: it decides which advice helps."""
    if "microsoft" in platform.release().lower():
        return "wsl"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "container"
    match platform.system():
        case "Darwin":
            return "macos"
        case "Windows":
            return "windows"
    return "linux"


def parts(address: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port (None: the scheme's own) of an address."""
    split = urlsplit(address)
    return split.scheme, split.hostname, split.port


def network_of(client: str) -> str:
    """Return what one device cannot change in its address: IPv4 the whole of it, of IPv6 the first half.

    Within that half an IPv6 device takes another address whenever it likes; one that comes through 6to4 (RFC
    3056) has 65,536 such halves, and an IPv4 address within them. HERE stands for this computer.
    """
    try:
        address = ipaddress.ip_address(_plain(client))
    except ValueError:
        return client
    if address.is_loopback:
        return HERE
    if through := getattr(address, "sixtofour", None):
        return str(through)
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _reachable(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)


def _outside(host: str) -> bool:
    """Say whether an address is not the loopback; names count as outside, "any address" as well."""
    try:
        return not ipaddress.ip_address(_plain(host)).is_loopback
    except ValueError:
        return True


def _plain(ip: str) -> str:
    """Write an IPv4 address that arrived through an IPv6 socket as what it is."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)
