from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nself.graphql.errors import ApiError
from nself.graphql.sessions.jwks import RemoteKeys, lifetime
from nself.web.tokens import Signer, TokenInvalidError


def signer() -> Signer:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer.from_secret({"type": "RS256", "key": pem.decode()})


class Publisher:
    """A JWKS address whose keys, headers and health can be changed; it counts its callers."""

    def __init__(self, *signers: Signer) -> None:
        self.signers, self.calls, self.status = list(signers), 0, 200
        self.headers = {"cache-control": "max-age=600"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        keys = [key for one in self.signers for key in one.public_keys()]
        return httpx.Response(self.status, json={"keys": keys}, headers=self.headers)


def play(publisher: Publisher, script: Callable[[RemoteKeys], Coroutine[Any, Any, None]]) -> None:
    async def go() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(publisher)) as http:
            await script(RemoteKeys("https://auth.test/jwks", http))

    asyncio.run(go())


def test_keys_are_fetched_once_within_their_time_also_by_many_at_once() -> None:
    one = signer()
    publisher = Publisher(one)

    async def script(keys: RemoteKeys) -> None:
        token = one.sign({"sub": "1"})
        assert all(found == {"sub": "1"} for found in await asyncio.gather(*(keys.verify(token) for _ in range(20))))

    play(publisher, script)
    assert publisher.calls == 1


def test_keys_are_fetched_again_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = signer(), signer()
    publisher, clock = Publisher(old), [1000.0]
    monkeypatch.setattr("nself.graphql.sessions.jwks.time.monotonic", lambda: clock[0])

    async def script(keys: RemoteKeys) -> None:
        await keys.verify(old.sign({}))
        publisher.signers = [new]
        clock[0] += 601
        await keys.verify(new.sign({}))
        with pytest.raises(TokenInvalidError):
            await keys.verify(old.sign({}))

    play(publisher, script)
    assert publisher.calls == 2


def test_a_token_of_a_new_key_makes_them_fetched_at_once_but_not_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new, stranger = signer(), signer(), signer()
    publisher, clock = Publisher(old), [1000.0]
    monkeypatch.setattr("nself.graphql.sessions.jwks.time.monotonic", lambda: clock[0])

    async def script(keys: RemoteKeys) -> None:
        await keys.verify(old.sign({}))
        publisher.signers.append(new)
        clock[0] += 20
        await keys.verify(new.sign({}))
        for _ in range(5):
            with pytest.raises(TokenInvalidError):
                await keys.verify(stranger.sign({}))

    play(publisher, script)
    assert publisher.calls == 2


def test_keys_stay_in_use_while_the_address_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    one = signer()
    publisher, clock = Publisher(one), [1000.0]
    monkeypatch.setattr("nself.graphql.sessions.jwks.time.monotonic", lambda: clock[0])

    async def script(keys: RemoteKeys) -> None:
        await keys.verify(one.sign({}))
        publisher.status = 503
        clock[0] += 700
        await keys.verify(one.sign({}))

    play(publisher, script)


def test_what_is_too_large_for_keys_is_not_read_to_its_end() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65536
            yield b" " * 65536

    async def go() -> None:
        handler = httpx.MockTransport(lambda request: httpx.Response(200, content=endless()))
        async with httpx.AsyncClient(transport=handler) as http:
            with pytest.raises(ApiError, match="out of reach"):
                await RemoteKeys("https://auth.test/jwks", http).verify("a.b.c")

    asyncio.run(go())
    assert read < 3 * 1024 * 1024


def test_without_any_keys_the_server_says_so() -> None:
    publisher = Publisher()
    publisher.status = 404

    async def script(keys: RemoteKeys) -> None:
        with pytest.raises(ApiError) as caught:
            await keys.verify("a.b.c")
        assert (caught.value.code, caught.value.http_status) == ("unexpected", 500)

    play(publisher, script)


def test_a_published_key_is_no_shared_secret() -> None:
    shared = Signer.from_secret({"type": "HS256", "key": "k" * 64})

    async def script(keys: RemoteKeys) -> None:
        with pytest.raises(TokenInvalidError):
            await keys.verify(shared.sign({}))

    play(Publisher(signer()), script)


def test_a_token_that_names_no_key_is_tried_with_each() -> None:
    one, other, stranger = signer(), signer(), signer()

    async def script(keys: RemoteKeys) -> None:
        unnamed = Signer(algorithm=other.algorithm, key=other.key)
        assert await keys.verify(unnamed.sign({"a": 1})) == {"a": 1}
        misnamed = Signer(algorithm=other.algorithm, key=other.key, key_id="strange")
        assert await keys.verify(misnamed.sign({"a": 1})) == {"a": 1}
        with pytest.raises(TokenInvalidError, match="signature"):
            await keys.verify(Signer(algorithm=stranger.algorithm, key=stranger.key).sign({}))

    play(Publisher(one, other), script)


def test_how_long_keys_are_good() -> None:
    assert lifetime(httpx.Headers({"cache-control": "no-store, max-age=300"})) == 1
    assert lifetime(httpx.Headers({"cache-control": "No-Cache"})) == 1
    assert lifetime(httpx.Headers({"cache-control": "public, max-age=300"})) == 300
    assert lifetime(httpx.Headers({"cache-control": "max-age=0"})) == 1
    assert lifetime(httpx.Headers({"expires": "never"})) == 60
    assert lifetime(httpx.Headers({})) == 60
    assert 90 < lifetime(httpx.Headers({"expires": formatdate(time.time() + 100, usegmt=True)})) <= 101
