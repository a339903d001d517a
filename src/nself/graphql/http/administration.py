"""/v1/metadata, /v2/query and the older /v1/query: commands, alone or in bulk."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from nself.graphql.errors import ApiError
from nself.graphql.http.exchange import json_of, require_admin, session_of
from nself.graphql.metadata import dispatch
from nself.graphql.surface import Surface
from nself.web.json import JsonResponse


async def metadata(surface: Surface, request: Request) -> Response:
    body = await json_of(surface, request)
    session = await session_of(surface, request)
    require_admin(session)
    task, expected = dispatch.read(body, "metadata"), _expected(body)
    if not task.changes and expected is None:
        return JsonResponse(await dispatch.run(task, await surface.live.view(session, fresh=True)))
    async with surface.live.draft(session, expected=expected) as draft:
        return JsonResponse(await dispatch.run(task, draft))


async def query(surface: Surface, request: Request) -> Response:
    """Row commands are for every role; everything else for the administrator."""
    body = await json_of(surface, request)
    session = await session_of(surface, request)
    task = dispatch.read(body, "query")
    if task.admin_only:
        require_admin(session)
    surface.engine.check_batch(session, task.size)
    if not task.changes:
        return JsonResponse(await dispatch.run(task, await surface.live.view(session)))
    async with surface.live.draft(session) as draft:
        return JsonResponse(await dispatch.run(task, draft))


def _expected(body: object) -> int | None:
    version = body.get("resource_version") if isinstance(body, dict) else None
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise ApiError("parse-failed", "resource_version must be a whole number", path="$.resource_version")
    return version
