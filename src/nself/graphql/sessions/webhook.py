"""Sessions from an authentication webhook: it sees the request's headers and names the role."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import httpx

from nself.graphql.errors import ApiError
from nself.graphql.sessions.authenticate import ROLE, Headers, denied
from nself.graphql.sessions.jwks import lifetime
from nself.graphql.sessions.session import Session
from nself.graphql.settings import HookMode
from nself.graphql.webhooks.outgoing import Call, Outgoing, OutgoingError, Reply, forwarded, sendable
from nself.records import dataclass
from nself.web.json import encode

LOG = logging.getLogger("nself.graphql")
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMode:
    url: str
    outgoing: Outgoing
    mode: HookMode = HookMode.get

    async def session(self, headers: Headers, body: object) -> Session:
        try:
            reply = await self._ask(headers, body)
        except OutgoingError as error:
            LOG.warning("the authentication webhook is out of reach: %s", error)
            raise ApiError("unexpected", "webhook authentication request failed", status=500) from error
        if reply.status == 401:
            raise denied("Authentication hook unauthorized this request")
        if reply.status != 200:
            LOG.warning("the authentication webhook answered %d", reply.status)
            raise ApiError("unexpected", "Invalid response from authorization hook", status=500)
        return _session(reply)

    async def _ask(self, headers: Headers, body: object) -> Reply:
        if self.mode is HookMode.get:
            seen = {name: value for name, value in forwarded(headers).items() if sendable(name, value)}
            return await self.outgoing.send(Call(url=self.url, method="GET", headers=seen, timeout_s=_PATIENCE_S))
        asked = encode({"headers": dict(headers), "request": _request(body)})
        return await self.outgoing.send(Call(url=self.url, body=asked, timeout_s=_PATIENCE_S))


def _request(body: object) -> object:
    """A GraphQL request's own parts; of a batch, those of each."""
    match body:
        case dict() as one if "query" in one:
            return {key: one.get(key) for key in ("query", "variables", "operationName")}
        case [*requests]:
            return [_request(request) for request in requests]
        case _:
            return None


def _session(reply: Reply) -> Session:
    try:
        said: Any = None if reply.cut else json.loads(reply.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        LOG.warning("the authentication webhook did not answer with an object of texts")
        raise ApiError("unexpected", "Invalid response from authorization hook", status=500)
    variables = {name.lower(): value for name, value in said.items() if name.lower().startswith("x-hasura-")}
    if not variables.get(ROLE):
        raise ApiError("unexpected", f"missing {ROLE!r} in the authentication webhook's answer", status=500)
    cookies = tuple(value for name, value in reply.headers if name == "set-cookie")
    expires = _until(httpx.Headers(reply.headers))
    return Session(role=variables[ROLE], variables=variables, expires_at=expires, cookies=cookies)


def _until(headers: httpx.Headers) -> float | None:
    """A cache lifetime in the answer bounds a websocket's."""
    if "cache-control" not in headers and "expires" not in headers:
        return None
    return time.time() + lifetime(headers)
