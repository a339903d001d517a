"""Keys from a JWKS address: fetched when first needed, again when their time is over or a token names a new one."""

from __future__ import annotations

import asyncio
import email.utils
import json
import logging
import re
import time
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from nself.graphql.errors import ApiError
from nself.web.tokens import TokenInvalidError, verify

LOG = logging.getLogger("nself.graphql")
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519"]
"""Public-key algorithms only: a published key must never be taken for a shared secret."""

_MAX_AGE = re.compile(r"\b(?:s-maxage|max-age)\s*=\s*(\d+)")
_UNCACHED = re.compile(r"\bno-(?:store|cache)\b")
_DEFAULT_AGE_S = 60.0
_SHORTEST_AGE_S = 1.0
_RETRY_UNKNOWN_KEY_S = 10.0
_PATIENCE_S = 10.0
_LARGEST = 1024 * 1024


class RemoteKeys:
    """A Verifier. With the address out of reach the keys it has stay in use."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url, self._http = url, http
        self._keys: KeySet | None = None
        self._good_until = self._fetched_at = 0.0
        self._one_fetch = asyncio.Lock()

    async def verify(self, token: str) -> dict[str, Any]:
        keys = await self._current()
        try:
            return verified(token, keys)
        except TokenInvalidError:
            if time.monotonic() - self._fetched_at < _RETRY_UNKNOWN_KEY_S:
                raise
            return verified(token, await self._fetched())

    async def _current(self) -> KeySet:
        if self._keys is not None and time.monotonic() < self._good_until:
            return self._keys
        return await self._fetched()

    async def _fetched(self) -> KeySet:
        asked_at = time.monotonic()
        async with self._one_fetch:
            if self._keys is None or self._fetched_at < asked_at:
                await self._fetch()
        if self._keys is None:
            raise ApiError("unexpected", "the keys that verify tokens are out of reach", status=500)
        return self._keys

    async def _fetch(self) -> None:
        self._fetched_at = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                headers, body = await self._downloaded()
            self._keys = KeySet.import_key_set(json.loads(body))
            self._good_until = time.monotonic() + lifetime(headers)
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, TimeoutError, RecursionError) as error:
            LOG.warning("JWKS %s cannot be fetched: %s: %s", self.url, type(error).__name__, error)
            self._good_until = time.monotonic() + _RETRY_UNKNOWN_KEY_S

    async def _downloaded(self) -> tuple[httpx.Headers, bytes]:
        """Whatever is at the address: no more of it than keys can need is read."""
        async with self._http.stream("GET", self.url, follow_redirects=True) as reply:
            reply.raise_for_status()
            body = bytearray()
            async for chunk in reply.aiter_bytes(_LARGEST):
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError(f"more than {_LARGEST} bytes are no set of keys")
            return reply.headers, bytes(body)


def verified(token: str, keys: KeySet) -> dict[str, Any]:
    """By the key that the token names; one that names none, or a strange one, may fit any."""
    try:
        return verify(token, keys, ALGORITHMS)
    except TokenInvalidError as error:
        refusal = error
    for key in keys.keys:
        try:
            return verify(token, key, ALGORITHMS)
        except TokenInvalidError as error:
            refusal = error if error.reason == "signature" else refusal
    raise refusal


def lifetime(headers: httpx.Headers) -> float:
    """Seconds for which the keys may be used without asking again: Cache-Control first, then Expires."""
    control = headers.get("cache-control", "").lower()
    if _UNCACHED.search(control):
        return _SHORTEST_AGE_S
    age = _MAX_AGE.search(control)
    if age:
        return max(float(age[1]), _SHORTEST_AGE_S)
    try:
        expires = email.utils.parsedate_to_datetime(headers["expires"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return _DEFAULT_AGE_S
    return max(expires - time.time(), _SHORTEST_AGE_S)
