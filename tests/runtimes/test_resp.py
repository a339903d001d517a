"""Redis' protocol, against answers no Redis would give. What a real one answers is in tests/services/test_redis.py."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nself.runtimes.resp import Connection
from nself.runtimes.wire import RefusedError


@contextmanager
def answering(*replies: bytes) -> Iterator[int]:
    """A server that gives each connection these bytes, one reply a request, then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            for reply in replies:
                connection.recv(65536)
                connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)


def connect(port: int) -> Connection:
    return Connection("127.0.0.1", port, "secret", timeout_s=60)


def test_every_kind_of_reply_is_read() -> None:
    with answering(b"+OK\r\n", b"*5\r\n:7\r\n$3\r\na\r\n\r\n$-1\r\n*0\r\n*-1\r\n") as port, connect(port) as connection:
        assert connection.call("X") == [7, b"a\r\n", None, [], None]


def test_a_refusal_in_a_pipeline_leaves_the_connection_usable() -> None:
    replies = (b"+OK\r\n", b":1\r\n-ERR no such thing\r\n:3\r\n", b"+PONG\r\n")
    with answering(*replies) as port, connect(port) as connection:
        with pytest.raises(RefusedError, match="no such thing") as refused:
            connection.pipeline([("A",), ("B",), ("C",)])
        assert refused.value.code == "ERR"
        assert connection.call("PING") == "PONG"


@pytest.mark.parametrize("reply", [b"", b"$5\r\nab", b"+OK"])
def test_a_server_that_hangs_up_is_an_error_of_the_network(reply: bytes) -> None:
    with answering(b"+OK\r\n", reply) as port, connect(port) as connection, pytest.raises(ConnectionError):
        connection.call("GET", "a")


def test_another_program_on_its_port_is_told_apart() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, pytest.raises(ConnectionError, match="not Redis"):
        connect(port)
