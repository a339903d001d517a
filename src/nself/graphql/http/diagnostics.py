"""GET /dev/...: what the server is doing, for the administrator."""

from __future__ import annotations

import asyncio
import gc
import resource
import time

from starlette.requests import Request
from starlette.responses import Response

from nself.graphql.errors import ApiError
from nself.graphql.http.exchange import require_admin, session_of
from nself.graphql.surface import Surface
from nself.web.json import JsonResponse

_STARTED = time.monotonic()


async def endpoint(surface: Surface, request: Request) -> Response:
    require_admin(await session_of(surface, request))
    match request.path_params["name"]:
        case "plan_cache" | "plan_cache/extended":
            return JsonResponse(surface.engine.plan_counts())
        case "rts_stats":
            return JsonResponse(_process())
        case "metadata":
            version, found = surface.live.stored.version, surface.live.inconsistencies
            return JsonResponse({"resource_version": version, "inconsistent_objects": len(found)})
        case _:
            raise ApiError("not-found", "resource does not exist", status=404)


def _process() -> dict[str, object]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "uptime_seconds": round(time.monotonic() - _STARTED, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_memory_kilobytes": used.ru_maxrss,
        "tasks": len(asyncio.all_tasks()),
        "collections": [entry["collections"] for entry in gc.get_stats()],
    }
