"""Over real sockets, in a process of its own: what only uvicorn and TCP can show."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graphql.process import running
from tests.graphql.sockets import TRANSPORT

UPGRADE = (
    b"GET /v1/graphql HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


def note(url: str) -> None:
    """A table with one row to subscribe to."""
    sql = "CREATE TABLE note (id int PRIMARY KEY, body text); INSERT INTO note VALUES (1, 'first')"
    post(url, {"type": "run_sql", "args": {"sql": sql}})
    post(url, {"type": "track_table", "args": {"name": "note", "schema": "public"}})


def post(url: str, command: object) -> None:
    httpx.post(f"{url}/v1/query", json=command, trust_env=False, timeout=90).raise_for_status()


def test_a_server_that_ends_asks_its_clients_to_come_again(dsn: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as server:
        url = server.enter_context(running(dsn, tmp_path))
        note(url)
        address = url.replace("http", "ws", 1) + "/v1/graphql"
        with connect(address, subprotocols=[Subprotocol(TRANSPORT)], proxy=None, open_timeout=90) as client:
            client.send('{"type": "connection_init"}')
            assert client.recv() == '{"type":"connection_ack"}'
            client.send('{"type": "subscribe", "id": "1", "payload": {"query": "subscription { note { body } }"}}')
            assert json.loads(client.recv())["payload"] == {"data": {"note": [{"body": "first"}]}}
            server.close()
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    client.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


def test_a_client_that_does_not_read_loses_its_connection(dsn: str, tmp_path: Path) -> None:
    with running(dsn, tmp_path) as url:
        note(url)
        deaf = socket.create_connection((urlsplit(url).hostname, urlsplit(url).port))
        deaf.sendall(UPGRADE)
        assert deaf.recv(4096).startswith(b"HTTP/1.1 101 ")
        query = '{"type": "subscribe", "id": "1", "payload": {"query": "subscription { note { body } }"}}'
        deaf.sendall(masked('{"type": "connection_init"}') + masked(query))
        wait_for(url, 1)
        deadline, number = time.monotonic() + 300, 0
        while subscribers(url):
            assert time.monotonic() < deadline
            number += 1
            sql = f"UPDATE note SET body = {number} || repeat('x', 2000000)"
            post(url, {"type": "run_sql", "args": {"sql": sql}})
            time.sleep(0.15)  # so that each change is a push of its own
        deaf.close()


def masked(text: str) -> bytes:
    """A frame; a mask of zeros leaves the text as it is."""
    return struct.pack("!BB", 0x81, 0x80 | len(text)) + b"\0\0\0\0" + text.encode()


def subscribers(url: str) -> int:
    return int(httpx.get(f"{url}/dev/subscriptions", trust_env=False).json()["subscribers"])


def wait_for(url: str, wanted: int) -> None:
    deadline = time.monotonic() + 90
    while subscribers(url) != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.05)
