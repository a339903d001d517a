"""Calls to other people's webhooks: bounded in time and size, whatever the other side does.

A call ends within its time even if the reply trickles, reads no more than its limit even if the reply never ends, and
follows no redirect: where a request with secrets in its headers goes is for the configuration to say.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import ssl
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Literal

import httpx

from nself.errors import NselfError
from nself.graphql.version import COMPATIBLE_WITH
from nself.graphql.webhooks.tls_allowlist import TlsAllowlist
from nself.records import dataclass

USER_AGENT: Final = f"hasura-graphql-engine/{COMPATIBLE_WITH}"
REPLY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a reply that are kept unless the caller says otherwise."""

_IDLE_S: Final = 4
"""An unused connection is let go before the other side does so: many servers close theirs after 5 s, and a request that
is on its way just then is lost, with no word of whether it was done."""

NOT_FORWARDED: Final = frozenset(
    {
        "accept", "accept-datetime", "accept-encoding", "accept-language", "cache-control", "connection",
        "content-length", "content-md5", "content-type", "dnt", "host", "keep-alive", "origin", "proxy-authorization",
        "referer", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
        "x-hasura-admin-secret", "x-hasura-access-key",
    }
)  # fmt: skip
"""Headers of a client that are about its own connection and content, and the secret that is between it and us."""

_POOL_SIZE: Final = 10

if importlib.util.find_spec("sniffio") is None:
    # httpcore asks for this optional module several times a call; that it is absent need not be found out each time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class OutgoingError(NselfError):
    """No reply: the request is none, nobody answered, or not in time. The message holds neither headers nor body."""

    def __init__(self, reason: Literal["invalid-request", "timeout", "connection"], message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. Header names given here win over our own."""

    url: str
    body: bytes | None = None
    method: str = "POST"
    headers: Mapping[str, str] | None = None
    timeout_s: float = 60
    limit: int = REPLY_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`cut` says that the body went on beyond the limit, or could not be unpacked within it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Outgoing:
    """Shares connections between calls, at most about `at_once` of them open.

    They are in several small pools, a call takes the least busy: a pool looks through all of its connections several
    times a call.
    """

    def __init__(self, make: Callable[[], Connections], allowlist: TlsAllowlist) -> None:
        self._make, self.allowlist = make, allowlist
        self._made: Connections | None = None
        self._one_makes = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, *, at_once: int = 100, allowlist: TlsAllowlist | None = None) -> AsyncIterator[Outgoing]:
        """Certificates are verified, but for the services of `allowlist`."""
        outgoing = cls(partial(Connections.of, at_once), allowlist or TlsAllowlist())
        try:
            yield outgoing
        finally:
            await outgoing._close()

    async def send(self, call: Call) -> Reply:
        """The reply, whatever its status. Raises OutgoingError; the time includes waiting for a free connection."""
        try:
            connections = await self._connections()
            async with asyncio.timeout(call.timeout_s):
                return await self._exchange(call, connections)
        except TimeoutError as error:
            raise OutgoingError("timeout", f"no complete reply within {call.timeout_s:g} seconds") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise OutgoingError("invalid-request", f"not a URL that can be called: {error}") from error
        except (httpx.HTTPError, OSError) as error:
            raise OutgoingError("connection", f"{type(error).__name__}: {error}") from error

    async def _exchange(self, call: Call, connections: Connections) -> Reply:
        headers = _headers(call)
        for name, value in headers.items():
            if not sendable(name, value):
                raise OutgoingError("invalid-request", f"HTTP cannot carry the value or name of the header {name!r}")
        encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]
        pool = connections.pool(verified=not self.allowlist.trusts(httpx.URL(call.url)))
        pool.calls += 1
        try:
            async with pool.http.stream(call.method, call.url, content=call.body, headers=encoded) as reply:
                body, cut = await _within(reply, call.limit)
                return Reply(
                    status=reply.status_code,
                    headers=tuple((name.lower(), value) for name, value in reply.headers.multi_items()),
                    body=body,
                    cut=cut,
                )
        finally:
            pool.calls -= 1

    async def _connections(self) -> Connections:
        """Made for the first call: reading the certificates takes longer than anything else a server does before it
        answers, and many call nobody. In a thread, where only that call waits for it."""
        async with self._one_makes:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        return self._made

    async def _close(self) -> None:
        if self._made is not None:
            for pool in (*self._made.verified, self._made.unverified):
                await pool.http.aclose()


@dataclass(slots=True)
class Pool:
    http: httpx.AsyncClient
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Connections:
    verified: Sequence[Pool]
    unverified: Pool

    @classmethod
    def of(cls, at_once: int) -> Connections:
        size = min(at_once, _POOL_SIZE)
        limits = httpx.Limits(max_connections=size, max_keepalive_connections=size, keepalive_expiry=_IDLE_S)
        verified = [Pool(_client(limits, _verification())) for _ in range(-(-at_once // size))]
        return cls(verified, Pool(_client(limits, _no_verification())))

    def pool(self, *, verified: bool) -> Pool:
        return min(self.verified, key=lambda one: one.calls) if verified else self.unverified


@cache
def _verification() -> ssl.SSLContext:
    """Reading the certificates takes longer than anything else: once is enough."""
    return httpx.create_ssl_context(trust_env=False)


@cache
def _no_verification() -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=False, trust_env=False)


def _client(limits: httpx.Limits, verify: ssl.SSLContext) -> httpx.AsyncClient:
    # What a webhook sets as a cookie for one caller must not come back to it with another's call.
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        timeout=None,
        trust_env=False,
        follow_redirects=False,
        limits=limits,
        cookies=cookies,
        verify=verify,
    )


def _headers(call: Call) -> dict[str, str]:
    """Names as they were written: what reads them should not care, and sometimes does."""
    own = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if call.body is not None:
        own["Content-Type"] = "application/json"
    by_name = {name.lower(): (name, value) for name, value in (*own.items(), *(call.headers or {}).items())}
    return dict(by_name.values())


async def _within(reply: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """As much of the body as the limit allows, and whether there was more. Leaving early closes the connection."""
    chunks, size = [], 0
    async for chunk in reply.aiter_raw():
        chunks.append(chunk[: limit - size])
        size += len(chunk)
        if size > limit:
            return _unpacked(reply, b"".join(chunks), limit)[0], True
    return _unpacked(reply, b"".join(chunks), limit)


def _unpacked(reply: httpx.Response, body: bytes, limit: int) -> tuple[bytes, bool]:
    """Some servers compress without being asked; a small body can unpack to a huge one."""
    if reply.headers.get("content-encoding", "identity").lower() not in ("gzip", "deflate"):
        return body, False
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, limit)
    except zlib.error:
        return b"", True
    return plain, not unpacker.eof


def forwarded(headers: Mapping[str, str], *, ignored: frozenset[str] = frozenset()) -> dict[str, str]:
    """Headers of a client (lower-case names) that a webhook may see."""
    return {name: value for name, value in headers.items() if name not in NOT_FORWARDED and name not in ignored}


def vouched_for(
    headers: Mapping[str, str], variables: Mapping[str, str], *, ignored: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The same, of x-hasura-* ones only what the session says too: who gets them takes them for verified."""
    found = forwarded(headers, ignored=ignored)
    return {
        name: value for name, value in found.items() if not name.startswith("x-hasura-") or variables.get(name) == value
    }


def sendable(name: str, value: str) -> bool:
    """Whether HTTP can carry such a header."""
    return bool(_HEADER_NAME.fullmatch(name)) and value == value.strip() and not _CONTROL.search(value)
