"""Meilisearch's HTTP API, as far as we speak it. Everything that writes is a task there: told first, done later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from nself.errors import DatabaseError, NetworkError, NselfError, PermissionDeniedError, TimedOutError, UsageError

if TYPE_CHECKING:
    import httpx

PATIENCE_S: Final = 600.0
_ENDED: Final = frozenset({"succeeded", "failed", "canceled"})


class Client:
    """One Meilisearch, signed in with its master key."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; every refusal is an error of ours that says what Meilisearch said."""
        import httpx

        try:
            response = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise NetworkError(
                f"Meilisearch at {self._http.base_url} does not answer: {error or type(error).__name__}",
                fixes=["nself start meilisearch", "nself logs meilisearch"],
            ) from error
        if response.is_success:
            return response.json() if response.content else None
        raise _refusal(response.status_code, _json(response))

    async def done(self, method: str, path: str, body: Any = None, *, may_miss: bool = False) -> None:
        """Give a task and wait until it has succeeded. `may_miss`: that its index is not there is fine too."""
        try:
            given = await self.call(method, path, body)
        except IndexMissingError:
            if may_miss:
                return
            raise
        await self.finished(given["taskUid"], may_miss=may_miss)

    async def finished(self, task: int, *, may_miss: bool = False) -> None:
        pause, deadline = 0.01, time.monotonic() + PATIENCE_S
        while (state := await self.call("GET", f"/tasks/{task}"))["status"] not in _ENDED:
            if time.monotonic() > deadline:
                raise TimedOutError(
                    f"Meilisearch has not finished its task {task} in {PATIENCE_S:.0f} seconds",
                    fixes=["nself logs meilisearch"],
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        error = state.get("error") or {}
        if state["status"] != "succeeded" and not (may_miss and error.get("code") == "index_not_found"):
            raise DatabaseError(
                f"Meilisearch could not do it: {error.get('message') or state['status']}",
                fixes=["nself logs meilisearch"],
            )


class IndexMissingError(UsageError):
    """Meilisearch has no such index."""


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[Client]:
    import httpx

    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        yield Client(http)


def index(uid: str, below: str = "") -> str:
    return f"/indexes/{quote(uid, safe='')}{below}"


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": f"HTTP status {response.status_code}", "code": ""}


def _refusal(status: int, said: Mapping[str, Any]) -> NselfError:
    message, code = str(said.get("message")), said.get("code")
    if status in (401, 403):
        return PermissionDeniedError(
            "Meilisearch runs with another key than MEILISEARCH_MASTER_KEY now says",
            fixes=["nself restart meilisearch", "put the old MEILISEARCH_MASTER_KEY back"],
        )
    if code == "index_not_found":
        return IndexMissingError(f"Meilisearch: {message}", fixes=["nself service search setup"])
    if status < 500:
        return UsageError(f"Meilisearch: {message}", fixes=["nself service search list"])
    return NetworkError(f"Meilisearch: {message}", fixes=["nself logs meilisearch"])
