"""Sessions from an authentication webhook: it sees the request's headers and names the role."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import httpx

from nself.graphql.authenticate import ROLE, Headers, denied
from nself.graphql.errors import ApiError
from nself.graphql.jwks import lifetime
from nself.graphql.outgoing import forwarded
from nself.graphql.session import Session
from nself.graphql.settings import HookMode

LOG = logging.getLogger("nself.graphql")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMode:
    url: str
    http: httpx.AsyncClient
    mode: HookMode = HookMode.get

    async def session(self, headers: Headers, body: object) -> Session:
        try:
            reply = await self._ask(headers, body)
        except httpx.HTTPError as error:
            LOG.warning("the authentication webhook is out of reach: %s: %s", type(error).__name__, error)
            raise ApiError("unexpected", "webhook authentication request failed", status=500) from error
        if reply.status_code == 401:
            raise denied("Authentication hook unauthorized this request")
        if reply.status_code != 200:
            LOG.warning("the authentication webhook answered %d", reply.status_code)
            raise ApiError("unexpected", "Invalid response from authorization hook", status=500)
        return _session(reply)

    async def _ask(self, headers: Headers, body: object) -> httpx.Response:
        if self.mode is HookMode.get:
            return await self.http.get(self.url, headers=forwarded(headers))
        asked = body if isinstance(body, dict) and "query" in body else None
        request = asked and {key: asked.get(key) for key in ("query", "variables", "operationName")}
        return await self.http.post(self.url, json={"headers": dict(headers), "request": request})


def _session(reply: httpx.Response) -> Session:
    try:
        said: Any = reply.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        LOG.warning("the authentication webhook did not answer with an object of texts")
        raise ApiError("unexpected", "Invalid response from authorization hook", status=500)
    variables = {name.lower(): value for name, value in said.items() if name.lower().startswith("x-hasura-")}
    if not variables.get(ROLE):
        raise ApiError("unexpected", f"missing {ROLE!r} in the authentication webhook's answer", status=500)
    return Session(role=variables[ROLE], variables=variables, expires_at=_until(reply.headers))


def _until(headers: httpx.Headers) -> float | None:
    """A cache lifetime in the answer bounds a websocket's."""
    if "cache-control" not in headers and "expires" not in headers:
        return None
    return time.time() + lifetime(headers)
