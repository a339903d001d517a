"""Which passwords are refused: too short, or known from leaks."""

from __future__ import annotations

import asyncio
import hashlib

import httpx

from nself.auth.errors import AuthError, Code
from nself.errors import NetworkError
from nself.records import dataclass

LEAKS_URL = "https://api.pwnedpasswords.com"
TRIES = 3


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """`leaks` is a client of the range API, or None when nobody asked for the check."""

    min_length: int
    leaks: httpx.AsyncClient | None = None

    async def check(self, password: str) -> None:
        if len(password) < self.min_length:
            raise AuthError(Code.PASSWORD_TOO_SHORT)
        if self.leaks and await leaked(password, self.leaks):
            raise AuthError(Code.PASSWORD_LEAKED)


async def leaked(password: str, client: httpx.AsyncClient) -> bool:
    """Five hex digits of the SHA-1 leave this machine; the answer lists all leaked hashes that begin with them."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    for attempt in range(TRIES):
        try:
            response = await client.get(f"/range/{digest[:5]}", headers={"Add-Padding": "true"})
        except httpx.HTTPError as error:
            raise NetworkError(f"leaked passwords cannot be looked up: {error}") from error
        if response.status_code != 429:
            break
        await asyncio.sleep(attempt + 1)
    if response.status_code != 200:
        raise NetworkError(f"leaked passwords cannot be looked up: status {response.status_code}")
    rows = (line.partition(":") for line in response.text.splitlines())
    return any(tail == digest[5:] and count.strip() != "0" for tail, _, count in rows)
