from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from nself.runtimes import wire
from nself.runtimes.wire import Login, RefusedError
from tests.cluster import Cluster, free_port


def login(cluster: Cluster, **changes: str) -> Login:
    values = {"user": "postgres", "password": "", "database": "postgres", **changes}
    return Login(host="127.0.0.1", port=cluster.port, **values)


def test_a_trusted_user_is_answered(cluster: Cluster) -> None:
    wire.select_1(login(cluster), timeout_s=60)


def test_postgres_says_why_it_refuses(cluster: Cluster) -> None:
    with pytest.raises(RefusedError) as refused:
        wire.select_1(login(cluster, database="no such one"), timeout_s=60)
    assert refused.value.code == "3D000"


def test_the_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Login(host="h", port=1, user="u", password="hunter2"))


def test_a_verifier_is_what_postgres_itself_would_store(new_database: Callable[[], str], cluster: Cluster) -> None:
    cluster.run("postgres", f"CREATE ROLE verified LOGIN PASSWORD '{wire.verifier('ünï ⅷ code')}'")
    # PostgreSQL takes a text of this form as it is; anything else it would hash as a plain password.
    cluster.run(
        "postgres",
        "DO $$ BEGIN ASSERT (SELECT rolpassword LIKE 'SCRAM-SHA-256$4096:%' FROM pg_authid "
        "WHERE rolname = 'verified'); END $$",
    )


def test_nobody_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused"):
        wire.select_1(Login(host="127.0.0.1", port=free_port(), user="u", password=""), timeout_s=1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"R\x00\x00\x00\x08\x00\x00"])
def test_something_else_on_the_port_is_an_os_error(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answering, args=(server, answer))
        thread.start()
        with pytest.raises(OSError, match=r"hung up|timed out|reset"):
            port = server.getsockname()[1]
            wire.select_1(Login(host="127.0.0.1", port=port, user="u", password=""), timeout_s=1)
        thread.join()


def answering(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(answer)
