"""The GraphQL engine as auth sees it: a query as admin, a metadata call."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx

from nself.auth.settings import AuthSettings
from nself.errors import NetworkError
from nself.web.client import client
from nself.web.server import Peers

_ENDPOINT = "/v1/graphql"


class Engine:
    """Reached in process when the engine is a peer, over HTTP otherwise."""

    def __init__(self, settings: AuthSettings, peers: Peers) -> None:
        base = settings.graphql_url.rstrip("/").removesuffix(_ENDPOINT) or "http://graphql"
        self._http = client(base, peer="graphql", peers=peers, timeout_s=10)
        self._headers = {"x-hasura-admin-secret": settings.admin_secret} if settings.admin_secret else {}

    @classmethod
    def configured(cls, settings: AuthSettings, peers: Peers) -> Engine | None:
        """None where there is no engine to talk to."""
        return cls(settings, peers) if settings.graphql_url or "graphql" in peers else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def query(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """`data` of a query that had no errors."""
        reply = await self._post(_ENDPOINT, {"query": document, "variables": variables})
        if not isinstance(reply, dict) or reply.get("errors") or not isinstance(reply.get("data"), dict):
            errors = reply.get("errors") if isinstance(reply, dict) else reply
            raise NetworkError(f"the GraphQL engine answered with errors: {str(errors)[:300]}")
        return dict(reply["data"])

    async def metadata(self, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One result an operation, in order. A failed one stops none of the others."""
        reply = await self._post("/v1/metadata", {"type": "bulk_keep_going", "args": operations})
        if not isinstance(reply, list):
            raise NetworkError(f"the GraphQL engine refused the metadata: {str(reply)[:300]}")
        return reply

    async def _post(self, path: str, body: Any) -> Any:
        try:
            response = await self._http.post(path, json=body, headers=self._headers)
            return response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NetworkError(f"the GraphQL engine cannot be reached: {error or type(error).__name__}") from error
