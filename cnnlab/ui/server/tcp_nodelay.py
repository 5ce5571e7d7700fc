"""Why does a small answer not wait? Streamlit's server leaves Nagle's algorithm on, which holds small packets
back until the browser has acknowledged the one before: about 40 ms in every interaction.
"""

import os
import socket

import psutil


def send_at_once() -> None:
    """Turn Nagle's algorithm off on every socket this process listens on; new connections inherit that."""
    for connection in psutil.Process().net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.fd >= 0:
            with socket.socket(fileno=os.dup(connection.fd)) as listening:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
