"""The websocket steps of the cases: a request over a socket, and whole dialogues."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from tests.conformance import server
from tests.conformance.compare import difference
from tests.websocket import Socket, SocketClosed, connected

Json = Any
TRANSPORT = "graphql-transport-ws"
NEVER = 600.0


class DialogueFailed(Exception):  # noqa: N818 - a verdict, not an error of the runner
    """A line of a dialogue did not hold."""


class Conversation:
    """A socket with its messages sorted: those with an id wait for whoever asks for that id."""

    def __init__(self, socket: Socket, protocol: str | None) -> None:
        self.socket, self.transport = socket, protocol == TRANSPORT
        self._waiting: list[Json] = []

    async def init(self, headers: Mapping[str, Any]) -> None:
        await self.socket.send({"type": "connection_init", "payload": {"headers": headers}})
        message = await self.next(None, 10)
        if message["type"] != "connection_ack":
            raise DialogueFailed(f"instead of connection_ack came {message}")

    async def start(self, id_: str, payload: Json) -> None:
        await self.socket.send({"id": id_, "type": "subscribe" if self.transport else "start", "payload": payload})

    async def stop(self, id_: str) -> None:
        await self.socket.send({"id": id_, "type": "complete" if self.transport else "stop"})

    async def next(self, id_: str | None, within: float) -> Json:
        """The next message of that id, of no id if None. Keep-alives do not count. TimeoutError when none comes."""
        async with asyncio.timeout(within):
            while True:
                found = next((one for one in self._waiting if one.get("id") == id_), None)
                if found is not None:
                    self._waiting.remove(found)
                    return found
                message = await self.socket.receive(NEVER)
                if message["type"] != "ka" and not is_keepalive(message):
                    self._waiting.append(message)

    async def any(self, within: float) -> Json:
        """The next message of whatever id."""
        if self._waiting:
            return self._waiting.pop(0)
        async with asyncio.timeout(within):
            while True:
                message = await self.socket.receive(NEVER)
                if message["type"] != "ka" and not is_keepalive(message):
                    return message


def is_keepalive(message: Json) -> bool:
    return bool(message["type"] == "ping" and message.get("payload") == {"message": "keepalive"})


@contextlib.asynccontextmanager
async def conversation(client: server.Client, url: str, protocol: str | None) -> AsyncIterator[Conversation]:
    async with connected(client.app, url, subprotocols=[protocol] if protocol else []) as socket:
        yield Conversation(socket, protocol)


async def asked(client: server.Client, url: str, query: Json, headers: Mapping[str, str], step: Json) -> Json:
    """The body that HTTP would have answered with, from the first reply."""
    protocol = step.get("protocol")
    subscribes = step["transport"] == "subscription"
    try:
        async with conversation(client, url, protocol) as talk:
            await talk.init(headers)
            await talk.start("case", as_subscription(query) if subscribes else query)
            reply = await talk.next("case", 10)
            if subscribes:
                await talk.stop("case")
            elif reply["type"] == "error":
                if not talk.transport:
                    await _completed(talk)
            else:
                await _completed(talk)
    except SocketClosed as closed:
        raise DialogueFailed(f"the server closed the socket: {closed}") from closed
    expected = "next" if protocol == TRANSPORT else "data"
    if reply["type"] not in (expected, "error"):
        raise DialogueFailed(f"unexpected message {reply}")
    payload = reply["payload"]
    return {"errors": payload} if isinstance(payload, list) else payload


async def _completed(talk: Conversation) -> None:
    message = await talk.next("case", 10)
    if message["type"] != "complete":
        raise DialogueFailed(f"instead of complete came {message}")


def as_subscription(query: Json) -> Json:
    text = query["query"].lstrip()
    text = "subscription" + text.removeprefix("query")
    return {**query, "query": text.replace("{", " @_multiple_top_level_fields {", 1)}


async def dialogue(client: server.Client, step: Json, filled: Callable[[Json], Json]) -> None:
    headers = dict(filled(step.get("headers", {})))
    if step.get("add_auth", True):
        headers.setdefault("X-Hasura-Admin-Secret", server.ADMIN_SECRET)
    async with conversation(client, step.get("url", "/v1/graphql"), step.get("protocol")) as talk:
        if step.get("init", True):
            await talk.init(headers)
        for number, entry in enumerate(filled(step["script"])):
            try:
                await _line(client, talk, entry)
            except (SocketClosed, TimeoutError) as failed:
                raise DialogueFailed(f"line {number}, {entry}: {type(failed).__name__} {failed}") from failed
            except DialogueFailed as failed:
                raise DialogueFailed(f"line {number}: {failed}") from failed


async def _line(client: server.Client, talk: Conversation, entry: Json) -> None:
    lines: dict[str, Callable[[], Awaitable[None]]] = {
        "send": lambda: talk.socket.send(entry["send"]),
        "subscribe": lambda: talk.start(entry["id"], entry["subscribe"]),
        "stop": lambda: talk.stop(entry["stop"]),
        "request": lambda: _request(client, entry),
        "expect_data": lambda: _expect_payload(talk, entry),
        "expect_errors": lambda: _expect_payload(talk, entry),
        "expect_type": lambda: _expect_type(talk, entry),
        "expect_silence": lambda: _expect_silence(talk, entry),
        "expect_closed": lambda: _expect_closed(talk, entry),
        "sleep": lambda: asyncio.sleep(entry["sleep"]),
    }
    kind = next((name for name in lines if name in entry), None)
    if kind is None:
        raise DialogueFailed(f"the runner has no line {entry}")
    await lines[kind]()


async def _request(client: server.Client, entry: Json) -> None:
    headers = {"X-Hasura-Admin-Secret": server.ADMIN_SECRET}
    reply = await client.post(entry["url"], json=entry["request"], headers=headers)
    verdict = "response" in entry and difference(entry["response"], reply.json())
    if verdict:
        raise DialogueFailed(verdict)


async def _expect_payload(talk: Conversation, entry: Json) -> None:
    message = await talk.next(entry["id"], entry.get("within", 10))
    payload = message.get("payload")
    if "expect_data" in entry:
        if message["type"] not in ("data", "next"):
            raise DialogueFailed(f"expected data, got {message}")
        verdict = difference({"data": entry["expect_data"]}, payload)
    else:
        errors = payload if isinstance(payload, list) else (payload or {}).get("errors")
        wanted = entry["expect_errors"]
        verdict = None if errors and wanted is None else difference(wanted, errors)
    if verdict:
        raise DialogueFailed(f"{verdict}; got {message}")


async def _expect_type(talk: Conversation, entry: Json) -> None:
    within = entry.get("within", 10)
    message = await (talk.next(entry["id"], within) if "id" in entry else talk.any(within))
    if message["type"] != entry["expect_type"]:
        raise DialogueFailed(f"expected {entry['expect_type']}, got {message}")


async def _expect_silence(talk: Conversation, entry: Json) -> None:
    within = entry["expect_silence"]
    try:
        message = await (talk.next(entry["id"], within) if "id" in entry else talk.any(within))
    except TimeoutError:
        return
    raise DialogueFailed(f"expected silence, got {message}")


async def _expect_closed(talk: Conversation, entry: Json) -> None:
    await talk.socket.closed(entry["expect_closed"])
