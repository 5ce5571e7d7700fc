"""Connections to this process send small answers at once."""

import socket

from cnnlab.ui.server.tcp_nodelay import send_at_once


def test_connections_inherit_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        send_at_once()
        with socket.create_connection(server.getsockname()):
            accepted, _address = server.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
