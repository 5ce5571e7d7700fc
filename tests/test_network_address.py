"""At which address do students reach this computer: several networks, none, what somebody types, who came."""

import socket
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import psutil
import pytest

from cnnlab import network_address
from tests.conftest import wait_for

Entry = namedtuple("Entry", "family address")
State = namedtuple("State", "isup")


@pytest.fixture
def computer(monkeypatch):
    """Return a function that puts this computer into networks: interface -> (address, up)."""

    def put(networks: dict[str, tuple[str, bool]], usual: str | None) -> None:
        entries = {
            name: [Entry(socket.AF_INET6, "fe80::1"), Entry(socket.AF_INET, ip)]
            for name, (ip, _up) in networks.items()
        }
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: entries)
        states = {name: State(up) for name, (_ip, up) in networks.items()}
        monkeypatch.setattr(psutil, "net_if_stats", lambda: states)
        monkeypatch.setattr(network_address, "outgoing", lambda: usual)

    return put


def test_the_likeliest_network_comes_first_and_useless_ones_are_left_out(computer):
    computer(
        {
            "lo": ("127.0.0.1", True),
            "docker0": ("172.17.0.1", True),
            "eth1": ("10.0.0.7", True),
            "wlan0": ("192.168.1.20", True),
            "eth2": ("169.254.3.4", True),  # nobody gave it an address
            "eth3": ("10.9.9.9", False),  # unplugged
        },
        usual="192.168.1.20",
    )
    found = network_address.networks()
    assert [network.ip for network in found] == ["192.168.1.20", "10.0.0.7", "172.17.0.1"]
    assert [network.virtual for network in found] == [False, False, True]


def test_a_tunnel_never_comes_before_the_schools_network(computer):
    computer({"tun0": ("10.8.0.2", True), "en0": ("192.168.1.20", True)}, usual="10.8.0.2")
    assert [network.interface for network in network_address.networks()] == ["en0", "tun0"]


def test_without_a_network_there_is_no_address(computer):
    computer({"lo": ("127.0.0.1", True)}, usual=None)
    assert network_address.networks() == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("192.168.1.20", "http://192.168.1.20:8501/cnn"),
        (" 192.168.1.20:80 ", "http://192.168.1.20/cnn"),
        ("https://lab.school.org", "https://lab.school.org/cnn"),
        ("lab.school:9000/", "http://lab.school:9000/cnn"),
    ],
)
def test_what_somebody_types_becomes_a_whole_address(text, whole):
    assert network_address.written(text, "http", 8501, "/cnn") == whole


@pytest.mark.parametrize(
    "text", ["", "my laptop", "http://", "a:99999", "a:0", "javascript:alert(1)", "a/b?c"]
)
def test_what_is_no_address_gets_a_sentence(text):
    with pytest.raises(network_address.AddressError, match="is not an address"):
        network_address.written(text, "http", 8501)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "app.localhost", None])
def test_some_addresses_work_on_this_computer_alone(host):
    assert network_address.is_local(host)
    assert not network_address.is_local("192.168.1.20")


@pytest.fixture
def health():
    """A server on the loopback that says it is well, as the app does; returns its port."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            well = self.path == "/_stcore/health"
            self.send_response(200 if well else 404)
            self.end_headers()
            self.wfile.write(b"ok" if well else b"")

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_app_is_asked_whether_it_answers(health):
    assert network_address.answers(f"http://127.0.0.1:{health}")
    assert not network_address.answers(f"http://127.0.0.1:{health}/elsewhere")
    assert not network_address.answers("http://127.0.0.1:9")


def test_nobody_waits_for_a_name_server_that_does_not_answer(monkeypatch):
    over = Event()

    def look_up(*_asked, **_how):
        over.wait(300)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(network_address, "PATIENCE", 0.1)
    answered = Thread(target=lambda: network_address.answers("http://lab.school:8501"), daemon=True)
    answered.start()
    wait_for(lambda: not answered.is_alive(), "it has given up")
    assert not over.is_set()
    over.set()


def test_listening_on_the_loopback_alone_is_noticed(health):
    assert network_address.open_to_others(health) is False
    assert network_address.open_to_others(9) is None
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        assert network_address.open_to_others(everywhere.getsockname()[1]) is True


def test_this_computers_own_connections_prove_nothing(health):
    own = network_address.outgoing() or "127.0.0.1"
    with (
        socket.create_server(("0.0.0.0", 0)) as server,
        socket.create_connection((own, server.getsockname()[1])),
        server.accept()[0],
    ):
        port = server.getsockname()[1]
        accepted = lambda: any(  # noqa: E731
            entry.laddr.port == port and entry.status == psutil.CONN_ESTABLISHED
            for entry in psutil.Process().net_connections("tcp")
        )
        wait_for(accepted, "the connection stands")
        assert network_address.connected(port) == set()


def test_other_devices_are_counted_once_each(monkeypatch):
    Side = namedtuple("Side", "ip port")
    Connection = namedtuple("Connection", "status laddr raddr")

    def connection(ip: str, port: int = 8501, status: str = psutil.CONN_ESTABLISHED):
        return Connection(status, Side("::ffff:192.168.1.20", port), Side(ip, 50000))

    found = [
        connection("::ffff:192.168.1.31"),
        connection("192.168.1.31"),
        connection("192.168.1.32"),
        connection("::1"),
        connection("192.168.1.33", port=9000),
        connection("192.168.1.34", status=psutil.CONN_TIME_WAIT),
        Connection(psutil.CONN_LISTEN, Side("::", 8501), ()),
    ]
    monkeypatch.setattr(psutil.Process, "net_connections", lambda self, kind: found)
    assert network_address.connected(8501) == {"192.168.1.31", "192.168.1.32"}
