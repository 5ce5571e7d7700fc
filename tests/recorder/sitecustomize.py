"""Whom does a process ask? Loaded by each Python that has this folder on its PYTHONPATH.

What it sends beyond this computer, or asks a name server, goes into the file that ASKED names and fails, as
where no cable is plugged in. Connecting a UDP socket sends nothing, and fails here for that reason alone.
"""

import errno
import ipaddress
import os
import socket
import sys
import traceback

LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
CONNECTIONS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def is_here(host) -> bool:
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def record(event: str, what) -> None:
    with open(os.environ["ASKED"], "a") as file:  # noqa: PTH123 (pathlib is not imported for this)
        place = "".join(traceback.format_stack(limit=8)[:-2])
        file.write(f"{event} {what} in {sys.argv[:3]}\n{place}\n")


def listen(event: str, arguments: tuple) -> None:
    if event in LOOKUPS:
        asked = arguments[0][0] if event == "socket.getnameinfo" else arguments[0]
        numeric = event == "socket.getaddrinfo" and _is_address(asked)
        if not (is_here(asked) or numeric):
            record(event, asked)
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
    elif event in CONNECTIONS:
        connection, address = arguments[:2]
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not address or is_here(address[0]):
            return
        if event != "socket.connect" or connection.type != socket.SOCK_DGRAM:
            record(event, address)
        raise OSError(errno.ENETUNREACH, "there is no way out")


def _is_address(host) -> bool:
    try:
        return bool(ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host))
    except ValueError:
        return False


if "ASKED" in os.environ:
    sys.addaudithook(listen)
