"""What the server says about itself: health, version, configuration."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nself import __version__
from nself.graphql.errors import ApiError
from nself.graphql.http.exchange import require_admin, session_of
from nself.graphql.surface import Surface
from nself.graphql.version import COMPATIBLE_WITH
from nself.pg.database import CONNECTION_LOST, PostgresError
from nself.web.json import JsonResponse
from nself.web.tokens import HASURA_CLAIMS

_PATIENCE_S = 3.0


async def healthz(surface: Surface, request: Request) -> Response:
    try:
        await asyncio.wait_for(surface.live.store.version(), _PATIENCE_S)
    except (*CONNECTION_LOST, PostgresError, TimeoutError):
        return PlainTextResponse("ERROR", status_code=500)
    if not surface.live.inconsistencies:
        return PlainTextResponse("OK")
    if request.query_params.get("strict") == "true":
        return PlainTextResponse("ERROR: inconsistent objects in schema", status_code=500)
    return PlainTextResponse("WARN: inconsistent objects in schema")


async def version(surface: Surface, request: Request) -> Response:
    return JsonResponse({"version": COMPATIBLE_WITH, "server_type": "ce", "nself": __version__})


async def config(surface: Surface, request: Request) -> Response:
    session = await session_of(surface, request)
    if not session.is_admin:
        raise ApiError("access-denied", "restricted access : admin only")
    settings = surface.settings
    return JsonResponse(
        {
            "version": COMPATIBLE_WITH,
            "is_admin_secret_set": settings.admin_secret is not None,
            "is_auth_hook_set": settings.auth_hook is not None,
            "is_jwt_set": settings.jwt_secret is not None,
            "jwt": _claims(surface),
            "is_function_permissions_inferred": settings.infer_function_permissions,
            "is_remote_schema_permissions_enabled": settings.enable_remote_schema_permissions,
            "is_allow_list_enabled": settings.enable_allowlist,
            "live_queries": {
                "batch_size": settings.live_queries_batch_size,
                "refetch_delay": settings.live_queries_interval_ms / 1000,
            },
            "streaming_queries": {
                "batch_size": settings.streaming_queries_batch_size,
                "refetch_delay": settings.streaming_queries_interval_ms / 1000,
            },
            "console_assets_dir": None,
            "experimental_features": list(settings.experimental_features),
            "is_prometheus_metrics_enabled": False,
        }
    )


async def subscriptions(surface: Surface, request: Request) -> Response:
    require_admin(await session_of(surface, request))
    return JsonResponse(surface.subscriptions.described())


def _claims(surface: Surface) -> list[dict[str, object]]:
    secret = surface.settings.jwt_secret
    if secret is None:
        return []
    path = secret.get("claims_namespace_path")
    return [
        {
            "claims_namespace": None if path else secret.get("claims_namespace", HASURA_CLAIMS),
            "claims_namespace_path": path,
            "claims_format": secret.get("claims_format", "json"),
            "claims_map": secret.get("claims_map"),
        }
    ]
