from __future__ import annotations

import asyncio

import bcrypt
import pytest

from nself.auth.passwords import Passwords


def test_the_event_loop_stays_free_while_hashing() -> None:
    async def go() -> int:
        passwords, turns = Passwords(), 0
        hashing = asyncio.gather(*(passwords.hash("secret") for _ in range(4)))
        while not hashing.done():
            turns += 1
            await asyncio.sleep(0)
        passwords.close()
        return turns

    assert asyncio.run(go()) > 50


@pytest.mark.parametrize("prefix", [b"2a", b"2b"])
def test_hashes_of_other_servers_are_understood(prefix: bytes) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4, prefix=prefix)).decode()

    async def go() -> list[bool]:
        passwords = Passwords()
        tries = [("secret", hashed), ("secreT", hashed), ("secret", None), ("secret", ""), ("secret", "plain")]
        matches = [await passwords.matches(*attempt) for attempt in tries]
        passwords.close()
        return matches

    assert asyncio.run(go()) == [True, False, False, False, False]
