"""Live updates over the websocket, in Mailpit's shape."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from nself.mail.events import BACKLOG, Hub
from tests.mail.conftest import Inbox, Running, letter


def listen(inbox: Inbox, origin: str | None = None) -> ClientConnection:
    url = str(inbox.http.base_url).replace("http", "ws", 1).rstrip("/")
    headers = {"Origin": origin} if origin else None
    return connect(f"{url}/api/events", additional_headers=headers, proxy=None)


def next_event(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=60))


def test_every_listener_hears_of_new_read_and_deleted_messages(inbox: Inbox) -> None:
    with listen(inbox) as first, listen(inbox) as second:
        inbox.send(letter(Subject="live"))
        for socket in (first, second):
            event = next_event(socket)
            assert (event["Type"], event["Data"]["Subject"]) == ("new", "live")
        id = inbox.latest()["ID"]
        assert next_event(first) == {"Type": "update", "Data": {"IDs": [id], "Read": True}}
        inbox.http.delete("/api/v1/messages")
        assert next_event(first) == {"Type": "delete", "Data": {"IDs": []}}


def test_a_listener_that_left_is_forgotten(inbox: Inbox) -> None:
    with listen(inbox):
        pass
    with listen(inbox) as socket:
        inbox.send(letter())
        assert next_event(socket)["Type"] == "new"


def test_other_sites_may_not_listen(inbox: Inbox) -> None:
    with pytest.raises(InvalidStatus):
        listen(inbox, origin="https://evil.example")
    with listen(inbox, origin=str(inbox.http.base_url).rstrip("/")):
        pass


def test_listeners_are_let_go_when_the_server_stops(running: Running) -> None:
    with ExitStack() as until_the_end:
        with running() as inbox:
            socket = until_the_end.enter_context(listen(inbox))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)


def test_telling_never_waits_for_a_listener_that_does_not_read() -> None:
    hub = Hub()
    queue = hub.subscribe()
    for number in range(BACKLOG + 5):
        hub.tell("new", number)
    assert queue.get_nowait() is None
    assert queue.empty()
