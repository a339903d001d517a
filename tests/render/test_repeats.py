"""Services found by name, whose addresses come and go: what a real nginx does with a request that reached nobody."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from nself.model.loopback import LoopbackNetwork
from nself.model.spec import Endpoint
from tests.render.proxy import Proxy, proxy, service
from tests.services.projects import project

GONE, LIVING = "127.0.0.2", "127.0.0.3"
HEADER = 12
SYN_SENT = "02"
FOUND, NO_SUCH_NAME = b"\x81\x80", b"\x81\x83"


class Names(socketserver.UDPServer):
    """A name server for which every name is at `address`, or nowhere."""

    address: str | None = GONE

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Answer(socketserver.DatagramRequestHandler):
    """RFC 1035, 4.1: the header, the question as it came, and a record of type A that points back at its name."""

    server: Names

    def handle(self) -> None:
        question = self.rfile.read()
        asked = question[HEADER : question.index(b"\0", HEADER) + 5]
        address = self.server.address
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(address) if address else b""
        head = question[:2] + (FOUND if address else NO_SUCH_NAME) + b"\0\1" + (b"\0\1" if address else b"\0\0")
        self.wfile.write(head + bytes(4) + asked + record)


@contextmanager
def names() -> Iterator[Names]:
    with Names() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.05,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@contextmanager
def silent(port: int) -> Iterator[Callable[[], int]]:
    """At `GONE` nobody answers, not even to refuse, as at the address of a container that ended: its queue is full. How
    many wait there is what comes back."""
    with ExitStack() as held:
        queue = held.enter_context(socket.socket())
        queue.bind((GONE, port))
        queue.listen(0)
        for _ in range(2):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((GONE, port))
        first = _waiting(port)
        yield lambda: _waiting(port) - first


def _waiting(port: int) -> int:
    """Connections to `GONE` that are being made, as the kernel lists them."""
    address = socket.inet_aton(GONE)[::-1].hex().upper()
    return Path("/proc/net/tcp").read_text().count(f" {address}:{port:04X} {SYN_SENT} ")


class Named(LoopbackNetwork):
    """Services are found by name."""

    resolver = "nobody"

    def endpoints(self, service: str, port: str = "http") -> list[Endpoint]:
        return [Endpoint(f"{service}.test", self.ports[(service, port)])]


@pytest.fixture
def dns() -> Iterator[Names]:
    with names() as found:
        yield found


@pytest.fixture
def running(tmp_path: Path, dns: Names) -> Iterator[Proxy]:
    """Every service is found by its name, which leads to `GONE` at first."""

    def named(net: LoopbackNetwork) -> Named:
        found = Named(**{each.name: getattr(net, each.name) for each in fields(net) if each.name != "resolver"})
        object.__setattr__(found, "resolver", dns.at)
        return found

    with proxy(project(tmp_path), tmp_path, among=named) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "service_name", "host", "size"),
    [
        ("GET", "graphql", "api.localhost", 0),
        ("POST", "graphql", "api.localhost", 300_000),
        ("GET", "storage", "storage.localhost", 0),
    ],
)
def test_who_waits_at_an_address_that_went_is_answered_at_the_new_one(
    running: Proxy, dns: Names, method: str, service_name: str, host: str, size: int
) -> None:
    port = running.net.endpoint(service_name).port
    with silent(port) as waiting, service(port, LIVING), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.client.request, method, running.url(host, "/x"), content=b"x" * size)
        while waiting() < 1:
            time.sleep(0.02)
        dns.address = LIVING
        found = answer.result()
    assert (found.status_code, found.json()["size"]) == (200, size)


def test_an_upload_that_was_passed_on_as_it_arrived_is_not_sent_again(running: Proxy, dns: Names) -> None:
    dns.address = None
    found = running.client.put(running.url("storage.localhost", "/x"), content=b"x" * 300_000)
    assert (found.status_code, found.json()["error"]) == (502, "service-unavailable")
    (line,) = running.logged_of("/x")
    assert (line["status"], " : " in line["upstream"]) == ("502", False)


def test_who_finds_nobody_the_second_time_either_is_told_so(running: Proxy, dns: Names) -> None:
    dns.address = None
    found = running.get("api.localhost", "/x")
    assert (found.status_code, found.json()["error"]) == (502, "service-unavailable")
    (line,) = running.logged_of("/x")
    assert (line["status"], " : " in line["upstream"]) == ("502", True)
    page = running.get("api.localhost", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_may_have_had_its_effect_is_not_repeated(running: Proxy, dns: Names, method: str) -> None:
    dns.address = LIVING
    arrived: list[bytes] = []

    class Ends(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            arrived.append(self.request.recv(65536))

    with socketserver.TCPServer((LIVING, running.net.endpoint("graphql").port), Ends) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        while not arrived:
            found = running.client.request(method, running.url("api.localhost", "/x"))
        server.shutdown()
        thread.join()
    assert (found.status_code, len(arrived)) == (502, 1)
