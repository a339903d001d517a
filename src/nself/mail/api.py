"""The JSON API: Mailpit's public v1 paths and parameters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from nself import __version__
from nself.errors import NselfError
from nself.mail import compose, message, view, wire
from nself.mail.events import Hub
from nself.mail.message import Letter
from nself.mail.store import Envelope, NoMessageError, Received, Store, Summary
from nself.web.json import JsonResponse

log = logging.getLogger("nself.mail")
MOST = 1000
"""Messages in one answer."""


class BadRequestError(NselfError):
    http_status = 400


class Chosen(msgspec.Struct):
    """Which messages a request is about: these, or those a search finds, or all."""

    IDs: list[str] = msgspec.field(default_factory=list)
    Search: str = ""
    Read: bool = False


class Api:
    """The endpoints over one inbox."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self.store, self.hub = store, hub

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route("/api/v1/info", self.info),
            Route("/api/v1/messages", self.list),
            Route("/api/v1/messages", self.mark, methods=["PUT"]),
            Route("/api/v1/messages", self.delete, methods=["DELETE"]),
            Route("/api/v1/send", self.send, methods=["POST"]),
            Route("/api/v1/search", self.search),
            Route("/api/v1/search", self.delete_found, methods=["DELETE"]),
            Route("/api/v1/message/{id}", self.message),
            Route("/api/v1/message/{id}/headers", self.headers),
            Route("/api/v1/message/{id}/raw", self.raw),
            Route("/api/v1/message/{id}/html", self.html),
            Route("/api/v1/message/{id}/part/{number}", self.part),
            Route("/view/{id}.html", self.html),
            Route("/view/{id}.txt", self.text),
            WebSocketRoute("/api/events", self.events),
        )

    async def info(self, request: Request) -> Response:
        total, unread = await self.store.counts()
        return JsonResponse({"Version": f"nself {__version__}", "Messages": total, "Unread": unread, "Tags": {}})

    async def list(self, request: Request) -> Response:
        return await self._page(request, query="")

    async def search(self, request: Request) -> Response:
        return await self._page(request, query=_query(request))

    async def mark(self, request: Request) -> Response:
        chosen = await _chosen(request)
        await self.store.set_read(chosen.Read, ids=chosen.IDs or None, query=message.shown(chosen.Search))
        self.hub.tell("update", {"IDs": chosen.IDs, "Read": chosen.Read})
        return PlainTextResponse("ok")

    async def delete(self, request: Request) -> Response:
        chosen = await _chosen(request)
        await self.store.delete(ids=chosen.IDs or None)
        self.hub.tell("delete", {"IDs": chosen.IDs})
        return PlainTextResponse("ok")

    async def delete_found(self, request: Request) -> Response:
        await self.store.delete_found(_query(request))
        self.hub.tell("delete", {"IDs": []})
        return PlainTextResponse("ok")

    async def message(self, request: Request) -> Response:
        received, letter = await self._letter(request)
        await self.store.set_read(True, ids=[received.id])
        self.hub.tell("update", {"IDs": [received.id], "Read": True})
        return JsonResponse(await asyncio.to_thread(wire.message, received, letter))

    async def send(self, request: Request) -> Response:
        try:
            raw, envelope = compose.message(await request.body())
        except compose.CannotComposeError as error:
            return JsonResponse({"Error": error.message}, status_code=error.http_status)
        return JsonResponse({"ID": (await self.keep(raw, envelope)).id})

    async def keep(self, raw: bytes, envelope: Envelope) -> Summary:
        """Store a message, whichever way it came, and tell who listens."""
        summary = await self.store.add(raw, envelope)
        log.info("kept message %s, %d bytes for %d recipients", summary.id, summary.size, len(envelope.recipients))
        self.hub.tell("new", wire.summary(summary))
        return summary

    async def headers(self, request: Request) -> Response:
        _, letter = await self._letter(request)
        return JsonResponse(wire.headers(letter))

    async def raw(self, request: Request) -> Response:
        received = await self.store.get(request.path_params["id"])
        headers = {"x-content-type-options": "nosniff"}
        if "dl" in request.query_params:
            headers["content-disposition"] = f'attachment; filename="{received.id}.eml"'
        return PlainTextResponse(received.raw, headers=headers)

    async def html(self, request: Request) -> Response:
        received, letter = await self._letter(request)
        if not letter.html:
            raise NoMessageError(f"{received.id} with an HTML part")
        return view.html(letter, received.id, remote_images="remote" in request.query_params)

    async def text(self, request: Request) -> Response:
        _, letter = await self._letter(request)
        return PlainTextResponse(letter.text, headers={"x-content-type-options": "nosniff"})

    async def part(self, request: Request) -> Response:
        received, letter = await self._letter(request)
        found = letter.part(request.path_params["number"])
        if found is None:
            raise NoMessageError(f"{received.id} with a part {request.path_params['number']}")
        return view.part(found)

    async def events(self, socket: WebSocket) -> None:
        await self.hub.listen(socket)

    async def _page(self, request: Request, *, query: str) -> Response:
        start, limit = _number(request, "start", 0), _number(request, "limit", 50)
        found = await self.store.page(query, start=start, limit=min(limit, MOST))
        return JsonResponse(wire.page(found, start=start))

    async def _letter(self, request: Request) -> tuple[Received, Letter]:
        received = await self.store.get(request.path_params["id"])
        return received, await asyncio.to_thread(message.parse, received.raw)


async def _chosen(request: Request) -> Chosen:
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=Chosen) if body else Chosen()
    except msgspec.MsgspecError as error:
        raise BadRequestError(f"the request's body: {error}") from error


def _query(request: Request) -> str:
    return message.shown(request.query_params.get("query", ""))


def _number(request: Request, name: str, default: int) -> int:
    text: Any = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequestError(f"{name} must be a whole number, got {text}")
    return int(text)
